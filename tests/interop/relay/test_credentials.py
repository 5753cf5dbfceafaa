# SPDX-License-Identifier: Apache-2.0
"""Credentials of the relay, from the operator's command to an allocation.

* What `sallyport turn credential` prints opens an allocation at every relay
  process, for clients of RFC 8656 and of MS-TURN; another password does not.
* Who knows SHA-256 is offered it, and an offer that was changed on the way is
  refused (RFC 8489 9.2.4).
* coturn's client works with it.
* A rotated secret drops nobody; rotated twice, what was minted before is
  refused; a restarted relay or store changes nothing (TURN-13).
"""
import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import unittest

from harness.case import Case
from harness.stage import wait_for

COOKIE = bytes.fromhex("2112a442")
MS_COOKIE = bytes.fromhex("000f000472c64bc6")


def attributes(body, padded):
    found = {}
    while len(body) >= 4:
        kind, length = struct.unpack("!HH", body[:4])
        found.setdefault(kind, body[4:4 + length])
        body = body[4 + (length + 3 & ~3 if padded else length):]
    return found


def attr(kind, value, padded=True):
    pad = -len(value) % 4 if padded else 0
    return struct.pack("!HH", kind, len(value)) + value + bytes(pad)


class Rfc:
    """A client of RFC 8656: one Allocate, after the challenge."""
    USERNAME, REALM, NONCE, PADDED, BLOCK = 6, 0x14, 0x15, True, 1
    INTEGRITY, DIGEST, KEY = 8, hashlib.sha1, hashlib.md5
    FIRST = b""
    WISH = attr(0x19, b"\x11\0\0\0")

    def __init__(self, address, username, password):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(1)
        self.socket.connect(address)
        self.username, self.password = username, password

    def ask(self, body, key=None, method=3):
        id = COOKIE + os.urandom(12)
        body = self.FIRST + body
        more = 4 + self.DIGEST().digest_size if key else 0
        head = struct.pack("!HH", method, len(body) + more) + id
        if key:
            text = head + body
            text += bytes(-len(text) % self.BLOCK)
            mac = hmac.new(key, text, self.DIGEST).digest()
            body += attr(self.INTEGRITY, mac, self.PADDED)
        answer = self.exchange(head + body, id)
        return (struct.unpack("!H", answer[:2])[0],
                attributes(answer[20:], self.PADDED))

    def exchange(self, bytes, id):
        """Sent again until it is answered, as all clients over UDP do."""
        for _ in range(20):
            self.socket.send(bytes)
            try:
                while True:
                    answer = self.socket.recv(2048)
                    if answer[4:20] == id:
                        return answer
            except TimeoutError:
                continue
        raise AssertionError("no answer")

    def allocate(self):
        """The error code, or 0."""
        kind, found = self.ask(self.WISH)
        assert kind == 0x113 and found[9][2:4] == b"\x04\x01", (kind, found)
        realm, nonce = found[self.REALM], found[self.NONCE]
        self.key = self.KEY(b":".join((self.username, realm,
                                       self.password))).digest()
        self.signed = (self.named(realm)
                       + attr(self.REALM, realm, self.PADDED)
                       + attr(self.NONCE, nonce, self.PADDED)
                       + self.chosen(found))
        kind, found = self.ask(self.WISH + self.signed, self.key)
        return 0 if kind == 0x103 else found[9][2] * 100 + found[9][3]

    def named(self, realm):
        return attr(self.USERNAME, self.username, self.PADDED)

    def chosen(self, found):
        """Of the algorithms that the challenge offers."""
        return b""

    def refresh(self):
        """Of RFC 8656, with what it was allocated with; the code, or 0."""
        kind, found = self.ask(self.signed, self.key, 4)
        return 0 if kind == 0x104 else found[9][2] * 100 + found[9][3]

    def close(self):
        self.socket.close()


class Sha256(Rfc):
    """Takes the better algorithm of those that are offered, for the key and
    for the integrity (RFC 8489 9.2.3, 14.6)."""
    INTEGRITY, DIGEST, KEY = 0x1C, hashlib.sha256, hashlib.sha256

    def chosen(self, found):
        offered = found[0x8002]
        assert offered == b"\0\2\0\0\0\1\0\0", offered
        return attr(0x1D, offered[:4]) + attr(0x8002, offered)


class Ms(Rfc):
    """A client of MS-TURN: other numbers, no padding, padded HMAC."""
    NONCE, REALM, PADDED, BLOCK = 0x14, 0x15, False, 64
    FIRST = MS_COOKIE
    WISH = attr(0x8008, struct.pack("!I", 1))


class Credentials(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.port = 13478
        base = 20000 + os.getpid() * 64 % 30000
        self.contoso.extra = f"""\
relay:
  listen: ["{self.contoso.address}:{self.port}"]
  range: {base}-{base + 63}
"""
        self.contoso.start()

    def mint(self, *words):
        done = self.contoso.run("--json", "turn", "credential", "--user",
                                "alice@contoso.test", *words)
        return json.loads(done.stdout)

    def client(self, minted, ms=False, kind=Rfc):
        words = [minted["username"], minted["password"]]
        words = [base64.b64decode(w) if ms else w.encode() for w in words]
        kind = Ms if ms else kind
        return self.stage.later(kind((self.contoso.address, self.port),
                                     *words))

    def test_printed(self):
        told = self.mint("--ttl", "120")
        expires, user = told["username"].split(":")
        self.assertEqual(user, "alice@contoso.test")
        self.assertEqual(int(expires), told["expires"])
        self.assertEqual(told["ttl"], 120)
        self.assertEqual(told["realm"], "edge.contoso.test")
        self.assertEqual(told["uris"],
                         [f"turn:edge.contoso.test:{self.port}?transport={t}"
                          for t in ("udp", "tcp")])
        text = self.contoso.run("turn", "credential", "--user",
                                "alice@contoso.test").stdout
        self.assertIn("password", text)
        self.assertIn("ttl       28800 seconds", text)

    def test_both_dialects_at_every_process(self):
        for ms in (False, True):
            told = self.mint(*(["--ms"] if ms else []))
            for _ in range(5):
                self.assertEqual(self.client(told, ms).allocate(), 0)
            told["password"] = base64.b64encode(b"another").decode()
            self.assertEqual(self.client(told, ms).allocate(),
                             431 if ms else 401)
        sessions = self.contoso.status()["tables"]["relay"]
        self.assertEqual(sum(int(r["allocations"]) for r in sessions), 10)

    def test_better_algorithm(self):
        c = self.client(self.mint(), kind=Sha256)
        self.assertEqual(c.allocate(), 0)
        self.assertEqual(c.refresh(), 0)
        c.signed = c.signed.replace(attr(0x8002, b"\0\2\0\0\0\1\0\0"),
                                    attr(0x8002, b"\0\2\0\0"))
        self.assertEqual(c.refresh(), 400)  # somebody changed the offer

    def test_rotation(self):
        first = self.mint()
        first_ms = self.mint("--ms")
        kept = self.client(first)
        self.assertEqual(kept.allocate(), 0)
        self.contoso.run("turn", "rotate")
        second = self.mint()
        self.accepted(second, False)  # the relays have heard of it
        self.assertEqual(kept.refresh(), 0)
        for told, ms in ((first, False), (first_ms, True), (second, False)):
            self.accepted(told, ms)
        self.contoso.run("turn", "rotate")
        wait_for(lambda: len(self.contoso.log.find(
            "relay.secret_rotated")) == 2, 10, "both rotations are logged")
        self.refused(first, False, 401)
        self.refused(first_ms, True, 436)
        self.accepted(second, False)
        # what was minted outlives the processes
        for role in ("relay", "store"):
            seen = len(self.contoso.log.events)
            os.kill(self.contoso.pid_of(role), signal.SIGKILL)
            self.contoso.log.wait("proc.ready", since=seen, role=role,
                                  timeout=30)
        self.accepted(second, False)
        self.accepted(self.mint(), False)

    def accepted(self, told, ms):
        """The secrets travel by themselves: soon, if not at once."""
        wait_for(lambda: self.client(told, ms).allocate() == 0, 20,
                 "credential accepted")

    def refused(self, told, ms, code):
        wait_for(lambda: self.client(told, ms).allocate() == code, 20,
                 "credential refused")

    @unittest.skipUnless(shutil.which("turnutils_uclient"), "no coturn")
    def test_coturn(self):
        told = self.mint()
        self.contoso.stop()
        address = self.contoso.address
        # it draws channels from all of RFC 5766's
        self.contoso.extra += (f'  allow_peers: ["{address}/32"]\n'
                               "  wide_channels: yes\n")
        self.contoso.start()
        done = subprocess.run(
            ["turnutils_uclient", "-y", "-n", "20", "-m", "1", "-c",
             "-u", told["username"], "-w", told["password"], "-L", address,
             "-p", str(self.port), address],
            capture_output=True, text=True, timeout=120)
        self.assertIn("Total lost packets 0 (0.000000%)",
                      done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
