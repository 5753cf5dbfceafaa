# SPDX-License-Identifier: Apache-2.0
"""Credentials of the relay for people who have an account, by HTTPS on 443.

* GET /turn?service=turn, signed with the account's password (Digest, SHA-256),
  answers JSON: username, password, ttl, uris, as WebRTC is configured. It
  opens an allocation; curl gets it too.
* Wrong passwords, unknown and locked users, used nonces and other addresses
  get the same challenge; nobody gets one for another; wrong passwords are
  counted by source (SIP-21 to SIP-23).
* No page of another origin is answered, nothing is cached, no secret is
  logged, one request is served on a connection (ADM-05).
"""
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import unittest

from harness.case import Case
from harness.sip import HASHES, params

from relay.test_credentials import Rfc

TARGET = "/turn?service=turn"


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1]) if lines[0] else 0
        self.headers = {n.lower(): v.strip() for n, _, v in
                        (line.partition(":") for line in lines[1:])}


def sign(challenge, user, password, target, nc=1, method="GET"):
    p = params(challenge)
    h = lambda s: HASHES[p["algorithm"]](s.encode()).hexdigest()
    cnonce = secrets.token_hex(8)
    ha1 = h(f"{user}:{p['realm']}:{password}")
    response = h(f"{ha1}:{p['nonce']}:{nc:08x}:{cnonce}:auth:"
                 + h(f"{method}:{target}"))
    return (f'Digest username="{user}", realm="{p["realm"]}", '
            f'nonce="{p["nonce"]}", uri="{target}", algorithm=SHA-256, '
            f'response="{response}", qop=auth, nc={nc:08x}, '
            f'cnonce="{cnonce}"')


class Minting(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        base = 20000 + os.getpid() * 64 % 30000
        self.contoso.extra = f"""\
relay:
  listen: ["{self.contoso.address}:13478"]
  range: {base}-{base + 63}
  credential_life_s: 7200
"""
        self.contoso.start()
        for user in ("alice", "bob", "carol"):
            self.contoso.add_user(user)
        self.contoso.run("user", "disable", "carol@contoso.test")

    def connect(self):
        raw = socket.create_connection(
            (self.contoso.address, self.contoso.client_port), 10)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(str(self.contoso.ca.pem))
        return context.wrap_socket(raw, server_hostname=self.contoso.edge)

    def send(self, data):
        with self.connect() as s:
            s.settimeout(20)
            s.sendall(data)
            got = b""
            try:
                while more := s.recv(65536):
                    got += more
            except (ConnectionResetError, ssl.SSLError):
                pass
        return Answer(got)

    def get(self, target=TARGET, method="GET", **headers):
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self.contoso.edge}"]
        lines += [f"{n}: {v}" for n, v in headers.items()]
        return self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def challenge(self):
        answer = self.get()
        self.assertEqual(answer.status, 401)
        return answer.headers["www-authenticate"]

    def ask(self, user, password=None, target=TARGET, **headers):
        """Challenge and answer."""
        signed = sign(self.challenge(), user,
                      password or self.contoso.passwords[user], target)
        return self.get(target, Authorization=signed, **headers)

    def test_json_that_opens_an_allocation(self):
        answer = self.ask("alice")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertNotIn("access-control-allow-origin", answer.headers)
        told = json.loads(answer.body)
        self.assertEqual(told["ttl"], 7200)
        self.assertTrue(told["username"].endswith(":alice@contoso.test"))
        edge = self.contoso.edge
        self.assertEqual(told["uris"], [
            f"turn:{edge}:13478?transport=udp",
            f"turn:{edge}:13478?transport=tcp",
            f"turns:{edge}:{self.contoso.client_port}?transport=tcp"])
        for _ in range(3):
            c = self.stage.later(Rfc((self.contoso.address, 13478),
                                     told["username"].encode(),
                                     told["password"].encode()))
            self.assertEqual(c.allocate(), 0)
        log = "\n".join(self.contoso.log.lines)
        self.assertNotIn(told["password"], log)
        self.assertNotIn(self.contoso.passwords["alice"], log)

    def test_whom_it_is_for(self):
        for target, status in (
                (TARGET + "&username=alice", 200),
                (TARGET + "&username=alice%40contoso.test", 200),
                ("/turn", 200),
                (TARGET + "&username=bob", 403),
                (TARGET + "&username=bob@contoso.test", 403),
                ("/turn?service=ftp", 400),
                (TARGET + "&username=%zz", 400)):
            answer = self.ask("alice", target=target)
            self.assertEqual(answer.status, status, target)
            self.assertEqual(b"password\"" in answer.body, status == 200)

    def test_who_gets_none(self):
        seen, bodies = set(), set()  # the same is said to all of them
        for user, password in (("alice", "wrong"), ("nobody", "wrong"),
                               ("carol", self.contoso.passwords["carol"])):
            answer = self.ask(user, password)
            self.assertEqual(answer.status, 401)
            seen.add(re.sub(r'nonce="\w+"', "nonce",
                            answer.headers["www-authenticate"]))
            bodies.add(answer.body)
        self.assertEqual((len(seen), len(bodies)), (1, 1), seen)

    def test_a_signature_counts_once(self):
        challenge = self.challenge()
        signed = sign(challenge, "alice", self.contoso.passwords["alice"],
                      TARGET)
        self.assertEqual(self.get(Authorization=signed).status, 200)
        again = self.get(Authorization=signed)
        self.assertEqual(again.status, 401)
        self.assertIn("stale=true", again.headers["www-authenticate"])
        other = self.get("/turn?x=y", Authorization=sign(
            challenge, "alice", self.contoso.passwords["alice"], TARGET, 2))
        self.assertEqual(other.status, 400)
        basic = self.get(Authorization="Basic YWxpY2U6eA==")
        self.assertEqual(basic.status, 401)

    def test_guessing_ends(self):
        for _ in range(10):
            self.assertEqual(self.ask("alice", "wrong").status, 401)
        self.contoso.log.wait("auth.blocked")
        self.assertEqual(self.ask("alice").status, 401)

    def test_what_http_does_not_take(self):
        self.assertEqual(self.get(method="POST").status, 405)
        self.assertEqual(self.get("/turn/").status, 404)
        self.assertEqual(self.get(Origin="https://evil.test").status, 403)
        same = self.get(Origin=f"https://{self.contoso.edge}")
        self.assertEqual(same.status, 401)
        head = f"GET {TARGET} HTTP/1.1\r\nHost: x\r\n"
        for more, status in (("Content-Length: 5\r\n\r\nhello", 413),
                             ("Transfer-Encoding: chunked\r\n\r\n", 501),
                             ("Content-Length: -1\r\n\r\n", 400),
                             ("X: " + "y" * 9000 + "\r\n\r\n", 431),
                             ("\r\n" + head + "\r\n", 413)):
            self.assertEqual(self.send((head + more).encode()).status, status,
                             more[:30])

    def test_without_home(self):
        """Killed: come again, or its successor answers."""
        os.kill(self.contoso.pid_of("home"), 9)
        answer = self.get()
        self.assertIn(answer.status, (401, 503))

    @unittest.skipUnless(shutil.which("curl"), "no curl")
    def test_curl(self):
        done = subprocess.run(
            ["curl", "-sS", "--digest", "-u",
             f"alice:{self.contoso.passwords['alice']}", "--cacert",
             self.contoso.ca.pem, "--connect-to",
             f"{self.contoso.edge}:443:{self.contoso.address}:"
             f"{self.contoso.client_port}",
             f"https://{self.contoso.edge}{TARGET}"],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout)["ttl"], 7200)


if __name__ == "__main__":
    unittest.main()
