# SPDX-License-Identifier: Apache-2.0
"""What operators do with `sallyport`, against a running daemon.

* Accounts are made, changed and removed, and take effect at once.
* Status and metrics are complete, in words and as JSON; the level of the log
  changes at run time; exit codes tell done, no, usage, not there.
* A log that nobody reads, and hostile input on the control socket, stop
  nothing (LOG-01).
"""
import json
import os
import re
import signal
import socket
import subprocess

from harness.case import Case
from harness.sip import Client
from harness.stage import CLI, wait_for


class Operator(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()

    def test_accounts(self):
        alice = self.client(self.contoso, "alice")
        self.assertIn("alice@contoso.test",
                      self.contoso.run("user", "list").stdout)
        twice = self.contoso.run("user", "add", "alice@contoso.test",
                                 "--password-file", "-", stdin="x\n",
                                 check=False)
        self.assertEqual(twice.returncode, 1)
        self.contoso.run("user", "passwd", "alice@contoso.test",
                         "--password-file", "-", stdin="another\n")
        old = self.stage.later(Client(self.contoso, "alice"))
        self.assertStatus(old.register(), 401)
        new = self.stage.later(Client(self.contoso, "alice",
                                      password="another"))
        self.assertStatus(new.register(), 200)
        self.contoso.run("user", "remove", "alice@contoso.test")
        wait_for(new.closed.is_set, 5, "the connection ends")
        late = self.stage.later(Client(self.contoso, "alice",
                                       password="another"))
        self.assertStatus(late.register(), 401)
        carol = self.client(self.contoso, "carol")
        self.assertStatus(carol.message("alice@contoso.test", "gone"), 404)
        self.assertIsNotNone(alice)

    def test_status_and_metrics(self):
        self.client(self.contoso, "alice")
        status = self.contoso.status()
        roles = sorted((p["role"], p["slot"]) for p in status["processes"])
        self.assertEqual(roles, [("admin", 0), ("edge", 0), ("edge", 1),
                                 ("edge", 2), ("home", 0), ("resolver", 0),
                                 ("store", 0), ("supervisor", 0)])
        self.assertEqual({p["state"] for p in status["processes"]},
                         {"ready"})
        signed_in = sum(int(w["signed_in"])
                        for w in status["tables"]["workers"])
        self.assertEqual(signed_in, 1)
        text = self.contoso.run("metrics").stdout
        self.assertTrue(text.endswith("# EOF\n"))
        for line in text.splitlines():
            self.assertRegex(line, r'^(# .*|sallyport_\w+(\{.*\})? \d+(\.\d+)?)$')
        self.assertRegex(text, r'sallyport_home_bindings\{[^}]*\} 1')

    def test_what_went_on(self):
        """top, refusals, changes, config: as text and as JSON."""
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("nobody@contoso.test", "x"), 404)
        text = self.contoso.run("top", "--once").stdout
        self.assertRegex(text, r"(?m)^requests +[\d.]+ +[\d.]+ +1/s")
        self.assertRegex(text, r"(?m)^connections +\d+ +\d+")
        self.assertIn("not_found", text)
        self.assertNotIn("\033", text)
        day = json.loads(self.contoso.run("--json", "top", "--day").stdout)
        self.assertEqual(day["step"], 60)
        text = self.contoso.run("refusals").stdout
        self.assertRegex(text, r"(?m)^ *1 +not_found +\S")
        text = self.contoso.run("changes").stdout
        self.assertRegex(text, r"uid:0 +user\.add +alice@contoso\.test"
                         r" +- +- +done")
        text = self.contoso.run("config").stdout
        self.assertRegex(text, r"(?m)^edge\.name +edge\.contoso\.test$")
        rows = json.loads(self.contoso.run("--json", "config").stdout)["keys"]
        self.assertIn({"key": "workers", "value": "3"}, rows)

    def test_a_stopped_process_does_not_delay_the_others(self):
        pid = self.contoso.pid_of("home")
        os.kill(pid, signal.SIGSTOP)
        try:
            self.assertEqual(self.contoso.status()["silent"], ["home"])
        finally:
            os.kill(pid, signal.SIGCONT)

    def test_log_level(self):
        self.client(self.contoso, "alice")
        self.assertFalse([e for e in self.contoso.log.events
                          if e.level == "debug"])
        self.contoso.run("log-level", "debug")
        self.client(self.contoso, "carol")
        wait_for(lambda: [e for e in self.contoso.log.events
                          if e.level == "debug"], 5, "debug lines")
        self.contoso.run("log-level", "error")
        self.client(self.contoso, "dave")
        self.assertFalse([e for e in self.contoso.log.find("sip.message")
                          if "dave" in e["from"]])
        bad = self.contoso.run("log-level", "loud", check=False)
        self.assertIn(bad.returncode, (1, 2))

    def test_exit_codes(self):
        run = lambda *w: subprocess.run([CLI, *w], capture_output=True,
                                        text=True).returncode
        control = str(self.contoso.control)
        self.assertEqual(run("-s", control, "status"), 0)
        self.assertEqual(run("-s", control, "user", "remove",
                             "nobody@contoso.test"), 1)
        self.assertEqual(run("-s", control, "no-such-verb"), 2)
        self.assertEqual(run("-s", control, "user", "add"), 2)
        self.assertEqual(run("-s", control + ".no", "status"), 3)

    def test_one_record_per_message_and_no_body(self):
        alice = self.client(self.contoso, "alice")
        carol = self.client(self.contoso, "carol")
        secret = "this text is nobody's business"
        self.assertStatus(alice.message(carol.aor, secret), 200)
        self.contoso.log.wait("sip.message", method="MESSAGE")
        self.assertNotIn(secret, "\n".join(self.contoso.log.lines))
        self.assertNotIn(self.contoso.passwords["alice"],
                         "\n".join(self.contoso.log.lines))

    def test_hostile_control_socket(self):
        for data in (b"\0" * 100, b"{" * 70000, b"[]\n", b"{}\n",
                     b'{"id":1,"verb":"status"}', b'{"id":1,"verb":7}\n',
                     b'{"id":1,"verb":"no.such"}\n'):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(self.contoso.control))
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                s.settimeout(10)
                try:
                    while s.recv(65536):
                        pass
                except ConnectionResetError:
                    pass  # closed over what it did not want to read
        self.assertEqual(self.contoso.run("status").returncode, 0)
        self.assertEqual(self.contoso.log.find("proc.exit"), [])

    def test_log_that_nobody_reads(self):
        alice = self.client(self.contoso, "alice")
        pid = self.contoso.process.pid
        read_end = self.contoso.process.stderr.fileno()
        self.assertGreater(read_end, 0)
        self.contoso.run("log-level", "debug")
        self.contoso.log.pause()
        try:
            for n in range(60):
                asked = [alice.message_async(alice.aor, "x")
                         for _ in range(100)]
                for q in asked:
                    self.assertStatus(alice.final(q), 200)
        finally:
            self.contoso.log.resume()
        self.assertStatus(alice.message(alice.aor, "after"), 200)
        self.assertTrue(os.path.exists(f"/proc/{pid}"))
        wait_for(lambda: self.contoso.log.find("log.dropped"), 10,
                 "the drops are counted")


class Offline(Case):
    def test_manual_and_example(self):
        from harness.stage import DAEMON
        page = subprocess.run([DAEMON, "--manual"], capture_output=True,
                              text=True)
        self.assertEqual(page.returncode, 0)
        for key in ("edge", "partners", "workers", "tls", "limits"):
            self.assertIn(key, page.stdout)
        help_text = subprocess.run([CLI, "help"], capture_output=True,
                                   text=True).stdout
        verbs = re.findall(r"^  ([a-z-]+(?: [a-z]+)?)  ", help_text, re.M)
        self.assertGreater(len(verbs), 10)
        for verb in verbs:
            one = subprocess.run([CLI, *verb.split(), "--help"],
                                 capture_output=True, text=True)
            self.assertEqual(one.returncode, 0, verb)
            self.assertIn(verb.split()[-1], one.stdout)

    def test_version_is_json_too(self):
        out = subprocess.run([CLI, "--json", "version"], capture_output=True,
                             text=True)
        self.assertEqual(out.returncode, 0)
        json.loads(out.stdout)
