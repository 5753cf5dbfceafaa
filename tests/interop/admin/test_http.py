# SPDX-License-Identifier: Apache-2.0
"""The administrators' address: counters, health, signing in, the API.

* /metrics, /healthz and /readyz answer without an account, and nothing else
  does but the page itself (ADM-01).
* A right password signs in; the sixth wrong one waits, from that address only;
  sessions end with logout, with the account and with its password (ADM-08).
* What changes something needs a POST, an Origin and the session's token
  (ADM-02), a role (ADM-04), and to be confirmed; it is done by the same verbs
  as the operator's command, and stands in the log of changes.
* Malformed and endless HTTP is refused or ended (ADM-05); paths are a fixed
  list (ADM-04); no secret is ever shown (ADM-07).
"""
import json
import re

from harness.case import Case
from harness.pages import PORT, Pages, administrator, with_pages
from harness.stage import wait_for


class Address(Case):
    def setUp(self):
        super().setUp()
        self.contoso = with_pages(self.stage.org("contoso")).start()

    def test_counters_and_health(self):
        p = Pages(self.contoso)
        status, headers, text = p.ask("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn("openmetrics-text", headers["Content-Type"])
        self.assertTrue(text.decode().endswith("# EOF\n"))
        self.assertRegex(text.decode(),
                         r'sallyport_connections\{process="edge.0"\} \d')
        self.assertEqual(p.ask("GET", "/healthz")[0], 200)
        wait_for(lambda: p.ask("GET", "/readyz")[0] == 200, 20, "ready")
        pid = self.contoso.pid_of("home")
        import os
        import signal
        os.kill(pid, signal.SIGSTOP)
        os.kill(pid, signal.SIGKILL)
        since = len(self.contoso.log.events)
        self.contoso.log.wait("proc.ready", 30, role="home", since=since)
        wait_for(lambda: p.ask("GET", "/readyz")[0] == 200, 20, "ready again")

    def test_reload_moves_the_address(self):
        p = Pages(self.contoso)
        before = self.contoso.yaml()
        self.contoso.write(before.replace(f":{PORT}", f":{PORT + 1}"))
        self.contoso.run("reload")

        def gone():
            try:
                p.ask("GET", "/healthz")
            except ConnectionRefusedError:
                return True
            return False
        wait_for(gone, 20, "the old address is closed")
        self.contoso.write(before)
        self.contoso.run("reload")
        wait_for(lambda: not gone(), 20, "it is back")
        row = [r for r in json.loads(self.contoso.run(
            "ports", "--format", "json").stdout) if r["id"] == "admin"]
        self.assertEqual(str(row[0]["port"]), str(PORT))
        rules = self.contoso.run("firewall", "--ssh", "none").stdout
        self.assertNotIn(str(PORT), rules)

    def test_elsewhere_is_refused(self):
        text = self.contoso.yaml().replace(
            f"{self.contoso.address}:{PORT}", f"0.0.0.0:{PORT}")
        self.contoso.write(text)
        done = self.contoso.run("reload", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("plain HTTP", done.stderr)

    def test_nothing_without_an_account(self):
        p = Pages(self.contoso)
        for path in ("status", "history", "partner.list", "ports.svg",
                     "config", "changes", "relay.list", "session"):
            status, headers, data = p.ask("GET", "/api/v1/" + path)
            self.assertEqual((path, status), (path, 401))
            self.assertEqual(json.loads(data), {"error": "sign in first"})
        for path in ("drain", "reload", "logout", "partner.rule"):
            status, _, _ = p.ask("POST", "/api/v1/" + path, {})
            self.assertEqual((path, status), (path, 401))
        # the page is there for who wants to sign in
        status, headers, data = p.ask("GET", "/")
        self.assertEqual(status, 200)
        policy = headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertEqual(headers["X-Frame-Options"], "DENY")
        self.assertNotIn(b"<script>", data)

    def test_wrong_passwords(self):
        root = administrator(self.contoso)
        p = Pages(self.contoso, "root", "correct horse")
        for _ in range(5):
            status, data = p.login("wrong")
            self.assertEqual((status, data["error"]),
                             (401, "name or password is wrong"))
        status, headers, _ = p.ask("POST", "/api/v1/login",
                                   {"name": "root", "password": "x" * 9})
        self.assertEqual(status, 429)
        self.assertLessEqual(int(headers["Retry-After"]), 30)
        # who has signed in goes on
        self.assertEqual(root.get("session")[0], 200)
        self.assertTrue(self.contoso.log.find("admin.login_failed"))

    def test_unknown_names_say_the_same(self):
        administrator(self.contoso)
        p = Pages(self.contoso, "nobody-here", "correct horse")
        self.assertEqual(p.login(), (401, {"error":
                                           "name or password is wrong"}))
        p.name = "root' OR '1'='1"
        self.assertEqual(p.login()[0], 401)
        p.name = ""
        self.assertEqual(p.login()[0], 401)

    def test_sessions_end(self):
        root = administrator(self.contoso)
        self.assertIn("HttpOnly", root.set_cookie)
        self.assertIn("SameSite=Strict", root.set_cookie)
        other = Pages(self.contoso, "root", "correct horse")
        # a cookie that was there before is not taken over (fixation)
        other.cookie = "sallyport=" + "a" * 64
        other.login()
        self.assertNotEqual(other.cookie, root.cookie)
        self.assertNotEqual(other.cookie, "sallyport=" + "a" * 64)
        self.assertEqual(other.post("logout")[0], 200)
        self.assertEqual(other.get("session")[0], 401)
        self.assertEqual(root.get("session")[0], 200)
        self.contoso.run("admin", "passwd", "root", "--password-file", "-",
                         stdin="another one\n")
        self.assertEqual(root.get("session")[0], 401)
        self.assertEqual(root.login()[0], 401)
        self.assertEqual(root.login("another one")[0], 200)
        self.assertIn("root", self.contoso.run("admin", "list").stdout)
        self.contoso.run("admin", "remove", "root")
        self.assertEqual(root.get("session")[0], 401)
        self.assertEqual(root.login("another one")[0], 401)


class Verbs(Case):
    def setUp(self):
        super().setUp()
        self.contoso = with_pages(self.stage.org("contoso"))
        self.contoso.extra += ("relay:\n  listen: [\"%s:13478\"]\n"
                               "  users: [{name: device, password: "
                               "marker-of-a-secret}]\n"
                               % self.contoso.address)
        self.contoso.start()
        self.root = administrator(self.contoso)

    def test_everything_that_reads(self):
        status, s = self.root.get("status")
        self.assertEqual(status, 200)
        self.assertTrue(s["processes"] and s["certificates"])
        for span, step in (("now", 5), ("day", 60)):
            status, h = self.root.get("history", span=span)
            self.assertEqual((status, h["step"]), (200, step))
            self.assertIn("requests", h["series"])
        for verb in ("partner.list", "refusals", "relay.list", "bans",
                     "user.list", "messages", "changes", "commands"):
            self.assertEqual((verb, self.root.get(verb)[0]), (verb, 200))
        status, ports = self.root.get("ports", form="json")
        self.assertIn("admin", [r["id"]
                                for r in json.loads(ports["text"])])
        status, headers, svg = self.root.ask("GET",
                                             "/api/v1/ports.svg?lang=zh")
        self.assertEqual((status, headers["Content-Type"]),
                         (200, "image/svg+xml"))
        self.assertIn("<svg", svg.decode())
        self.assertEqual(self.root.get("history", span="year")[0], 400)
        self.assertEqual(self.root.get("status", x="1")[0], 400)

    def test_the_history_grows(self):
        wait_for(lambda: len(self.root.get("history", span="now")[1]
                             ["series"]["connections"]) >= 2, 30, "samples")

    def test_no_secret_is_shown(self):
        status, config = self.root.get("config")
        rows = {r["key"]: r["value"] for r in config["keys"]}
        self.assertEqual(rows["edge.name"], "edge.contoso.test")
        self.assertEqual(rows["relay.users[1].name"], "device")
        self.assertEqual(rows["relay.users[1].password"], "(hidden)")
        everything = json.dumps([self.root.get(v) for v in (
            "status", "config", "changes", "user.list", "relay.list")])
        self.assertNotIn("marker-of-a-secret", everything)
        self.assertNotIn("correct horse", everything)
        self.assertNotIn("scrypt", everything)
        self.assertFalse([l for l in self.contoso.log.lines
                          if "correct horse" in l or "scrypt:" in l])

    def test_changes(self):
        self.contoso.add_user("alice")
        steps = (("partner.rule", {"domain": "evil.test",
                                   "ruling": "block"}),
                 ("user.disable", {"aor": "alice@contoso.test"}),
                 ("reload", {}), ("partner.rule", {"domain": "evil.test",
                                                   "ruling": "clear"}))
        for verb, args in steps:
            status, data = self.root.post(verb, confirm=False, **args)
            self.assertEqual((verb, status), (verb, 409))
            status, data = self.root.post(verb, **args)
            self.assertEqual((verb, status), (verb, 200), data)
        users = self.root.get("user.list")[1]["users"]
        self.assertTrue(users[0]["disabled"])
        rows = self.root.get("changes")[1]["changes"]
        mine = [(r["what"], r["of"], r["old"], r["new"]) for r in rows
                if r["who"] == "admin:root"]
        self.assertEqual(mine, [
            ("partner.rule", "evil.test", "block", "none"),
            ("reload", "", "generation 1", "generation 2"),
            ("user.disable", "alice@contoso.test", "", "disabled"),
            ("partner.rule", "evil.test", "none", "block")])
        self.assertTrue(self.contoso.log.find(
            "admin.change", who="admin:root", of="evil.test", old="block",
            new="none"))
        # a verb's refusal is a sentence
        status, data = self.root.post("partner.rule", domain="contoso.test",
                                      ruling="block")
        self.assertEqual(status, 400)
        self.assertIn("domain of ours", data["error"])

    def test_drain(self):
        self.assertEqual(self.root.post("drain")[0], 200)
        self.assertEqual(self.contoso.process.wait(60), 0)

    def test_cross_site(self):
        rule = {"domain": "evil.test", "ruling": "block", "confirm": True}
        host = self.root.host
        tries = {
            "no origin": {"Origin": None},
            "another origin": {"Origin": "http://evil.test"},
            "null": {"Origin": "null"},
            "a name that begins alike": {"Origin": f"http://{host}.evil"},
            "no token": {"X-Sallyport-Token": None},
            "another token": {"X-Sallyport-Token": "0" * 64},
            "no cookie": {"Cookie": None},
            "form": {"Content-Type": "application/x-www-form-urlencoded"},
        }
        for name, headers in tries.items():
            status, _, _ = self.root.ask("POST", "/api/v1/partner.rule", rule,
                                         headers)
            self.assertIn((name, status), [(name, 401), (name, 403),
                                           (name, 415)])
        self.assertEqual(self.root.get("partner.rule", domain="evil.test",
                                       ruling="block")[0], 405)
        other = administrator(self.contoso, "second")
        status, _, _ = self.root.ask("POST", "/api/v1/partner.rule", rule,
                                     {"X-Sallyport-Token": other.token})
        self.assertEqual(status, 403)
        listed = self.contoso.run("partner", "list").stdout
        self.assertNotIn("evil.test", listed)

    def test_roles(self):
        reader = administrator(self.contoso, "reader", role="read")
        self.assertEqual(reader.get("status")[0], 200)
        changing = [("partner.rule", {"domain": "a.test", "ruling": "block"}),
                    ("user.disable", {"aor": "a@contoso.test"}),
                    ("drain", {}), ("reload", {}), ("relay.drain", {}),
                    ("ban", {"address": "192.0.2.1", "seconds": "60"})]
        for verb, args in changing:
            self.assertEqual((verb, reader.post(verb, **args)[0]),
                             (verb, 403))
        operator = administrator(self.contoso, "operator", role="operate")
        self.assertEqual(operator.post("reload")[0], 200)
        self.assertEqual(operator.post("user.disable",
                                       aor="a@contoso.test")[0], 403)
        # no account makes accounts, or reads what it may not, over HTTP
        for verb in ("admin.add", "admin.list", "user.add", "backup",
                     "turn.credential", "messages.of"):
            self.assertEqual((verb, self.root.ask(
                "GET", "/api/v1/" + verb)[0]), (verb, 404))

    def test_paths(self):
        tricks = ["/../", "/%2e%2e/", "/%252e%252e/", "/.%2e/", "/..%5c",
                  "/\\", "//", "/;", "/%00", "/healthz%00.html", "/HEALTHZ",
                  "/healthz/", "/healthz/..", "/./healthz", "/%ef%bc%8e",
                  "/api/v1/../../metrics", "/api/v1/", "/api/v1",
                  "/api//v1/status", "/api/v1/STATUS", "/api/v2/status",
                  "/api/v1/status%00", "/api/v1/status;a=b",
                  "/api/v1/%2fstatus", "/etc/passwd", "/index.html",
                  "/api/v1/admin.add%00", "/%", "/%zz", "/" + "a" * 4000]
        for path in tricks:
            for method in ("GET", "POST"):
                status, _, data = self.root.ask(method, path)
                self.assertEqual((path, status), (path, 404))
        self.assertEqual(self.root.ask("GET", "/%68ealthz")[0], 200)
        for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
            self.assertEqual(self.root.ask(method, "/healthz")[0], 405)

    def test_malformed_http(self):
        host = f"Host: {self.root.host}\r\n".encode()
        cases = {
            "two lengths": b"POST /api/v1/login HTTP/1.1\r\n" + host +
                           b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "length and chunks":
                b"POST /api/v1/login HTTP/1.1\r\n" + host +
                b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
                b"0\r\n\r\n",
            "negative": b"POST /api/v1/login HTTP/1.1\r\n" + host +
                        b"Content-Length: -5\r\n\r\n",
            "huge": b"POST /api/v1/login HTTP/1.1\r\n" + host +
                    b"Content-Length: 99999999999\r\n\r\n",
            "garbage chunk": b"POST /api/v1/login HTTP/1.1\r\n" + host +
                             b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            "header of 64 KiB": b"GET /healthz HTTP/1.1\r\n" + host +
                                b"X: " + b"a" * 65536 + b"\r\n\r\n",
            "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
        }
        for name, data in cases.items():
            got = self.root.raw(data)
            first = got.split(b"\r\n")[0].decode("latin-1")
            self.assertRegex(f"{name}: {first}",
                             r": (HTTP/1.1 (400|413|431) .*)?$")
        # more than a body may have, in chunks, and then in one
        chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
        got = self.root.raw(b"POST /api/v1/login HTTP/1.1\r\n" + host +
                            b"Transfer-Encoding: chunked\r\n\r\n" +
                            chunk * 3 + b"0\r\n\r\n")
        self.assertRegex(got.split(b"\r\n")[0], rb"^HTTP/1.1 413")
        self.assertEqual(self.root.get("session")[0], 200)

    def test_pipelining(self):
        """Three at once are answered one after the other, in order."""
        import socket
        head = b" HTTP/1.1\r\nHost: " + self.root.host.encode() + b"\r\n"
        end = b"Connection: close\r\n\r\n"
        with socket.create_connection((self.contoso.address, PORT),
                                      timeout=20) as s:
            s.sendall(b"GET /healthz" + head + b"\r\nGET /api/v1/nothing" +
                      head + b"\r\nGET /healthz" + head + end)
            got = b""
            while part := s.recv(65536):
                got += part
        self.assertEqual(re.findall(rb"HTTP/1.1 (\d+) ", got),
                         [b"200", b"404", b"200"])

    def test_many_connections(self):
        """Those that say nothing do not keep others out for good."""
        import socket
        held = []
        for _ in range(64):
            s = socket.create_connection((self.contoso.address, PORT))
            s.sendall(b"GET /healthz HTTP/1.1\r\n")
            held.append(s)
        self.assertTrue(self.contoso.status())
        for s in held:
            s.close()
        wait_for(lambda: self.reaches(), 20, "there is room again")

    def reaches(self):
        try:
            return self.root.get("session")[0] == 200
        except OSError:
            return False
