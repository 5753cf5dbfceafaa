# SPDX-License-Identifier: Apache-2.0
"""CFG-01, CFG-02: reloads under traffic, with good and with bad files.

* All or nothing: a bad file leaves everything as it was and says file, line
  and remedy; the same verdict comes from `sallyportd -t`.
* 1 000 reloads drop no connection and lose no message; afterwards all
  processes are on the same generation.
* A partner that is taken out is refused at once, one that is put in works.
"""
import os
import subprocess
import threading

from harness.case import Case
from harness.ledger import Ledger
from harness.stage import DAEMON, wait_for

RELOADS = int(os.environ.get("SALLYPORT_RELOADS", "1000"))

BAD = [
    ("unknown key", "edgee: { name: x }\n", "edgee"),
    ("range", "workers: 4096\n", "workers"),
    ("not available", "providers:\n  - { name: x }\n", "providers"),
    ("syntax", "partners: [\n", ""),
    ("duplicate", "state: /x\nstate: /y\n", "state"),
]


class Reload(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.start()
        self.fabrikam.start()

    def generations(self, org):
        return {p["generation"] for p in org.status()["processes"]
                if p["role"] != "supervisor"}

    def test_a_thousand_under_traffic(self):
        idle = [self.client_on(self.contoso, f"idle{s}", s) for s in range(3)]
        ledger = Ledger(self, (self.contoso, "alice"),
                        (self.fabrikam, "bob"))
        self.addCleanup(ledger.close)
        stop = threading.Event()

        def traffic():
            n = 0
            while not stop.is_set():
                ledger.send(20, first=n)
                n += 20

        thread = threading.Thread(target=traffic)
        thread.start()
        good, bad = self.contoso.yaml(), self.contoso.yaml() + BAD[0][1]
        accepted = refused = 0
        try:
            for n in range(RELOADS):
                self.contoso.write(bad if n % 10 == 9 else good)
                done = self.contoso.run("reload", check=False)
                accepted += done.returncode == 0
                refused += done.returncode == 1
        finally:
            stop.set()
            thread.join(60)
        self.assertEqual(refused, RELOADS // 10)
        self.assertEqual(accepted, RELOADS - RELOADS // 10)
        for c in idle:
            self.assertFalse(c.closed.is_set(), "a connection was dropped")
        self.assertEqual(ledger.refused, {})
        self.assertEqual(ledger.lost, set())
        self.assertGreater(len(ledger.acknowledged), 20)
        ledger.check()
        self.assertEqual(len(self.generations(self.contoso)), 1)
        self.assertEqual(self.contoso.log.find("proc.exit"), [])

    def test_bad_files_say_where_and_what(self):
        good = self.contoso.yaml()
        before = self.generations(self.contoso)
        for name, lines, word in BAD:
            with self.subTest(name):
                self.contoso.write(good + lines)
                since = len(self.contoso.log.events)
                done = self.contoso.run("reload", check=False)
                self.assertEqual(done.returncode, 1)
                offline = subprocess.run(
                    [DAEMON, "-t", "-c", self.contoso.config],
                    capture_output=True, text=True)
                self.assertEqual(offline.returncode, 1)
                line = (offline.stderr or offline.stdout).strip()
                self.assertRegex(line, rf"{self.contoso.config}:\d+: .*{word}")
                self.assertEqual(len(line.splitlines()), 1, line)
                self.assertIn(line.split(": ", 1)[1],
                              done.stdout + done.stderr)
                e = self.contoso.log.wait("config.rejected", since=since)
                self.assertEqual(e["line"], line.split(":")[1])
        self.assertEqual(self.generations(self.contoso), before)

    def test_empty_and_missing_file(self):
        for text in ("", None):
            if text is None:
                self.contoso.config.unlink()
            else:
                self.contoso.write("")
            self.assertEqual(
                self.contoso.run("reload", check=False).returncode, 1)
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.fabrikam, "bob")
        self.assertStatus(alice.message(bob.aor, "still there"), 200)

    def test_partner_out_and_in(self):
        """What `reload` has answered is in force at every worker."""
        clients = [self.client_on(self.contoso, "alice", slot)
                   for slot in range(3)]
        bob = self.client(self.fabrikam, "bob")
        kept = self.contoso.partners
        for _ in range(10):
            for partners, status in (([], 404), (kept, 200)):
                self.contoso.partners = partners
                self.contoso.write()
                self.contoso.run("reload")
                asked = [(c, c.message_async(bob.aor, "now"))
                         for c in clients]
                for c, waiting in asked:
                    self.assertStatus(c.final(waiting), status)
        for c in clients:
            self.assertFalse(c.closed.is_set())

    def test_listener_added_and_removed(self):
        import socket
        extra = f"{self.contoso.address}:10444"
        text = self.contoso.yaml()
        first = f'"{self.contoso.address}:10443"'
        self.contoso.write(text.replace(first, f'{first}, "{extra}"'))
        self.contoso.run("reload")
        socket.create_connection((self.contoso.address, 10444), 5).close()
        self.contoso.write(text)
        self.contoso.run("reload")

        def refused():
            try:
                socket.create_connection((self.contoso.address, 10444),
                                         1).close()
                return False
            except ConnectionRefusedError:
                return True

        wait_for(refused, 5, "removed listener refuses")

    def test_bad_certificate_keeps_the_old_one(self):
        """TLS-07: empty, or of another key: refused, service unchanged."""
        alice = self.client(self.contoso, "alice")
        certificate = self.contoso.cert[0]
        kept = certificate.read_bytes()
        other = self.contoso.ca.leaf("other", ["DNS:edge.contoso.test"])
        for content in (b"", other[0].read_bytes(), kept[:100]):
            certificate.write_bytes(content)
            done = self.contoso.run("reload", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn(str(certificate), done.stdout + done.stderr)
        certificate.write_bytes(kept)
        self.contoso.run("reload")
        self.assertFalse(alice.closed.is_set())
