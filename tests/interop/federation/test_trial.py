# SPDX-License-Identifier: Apache-2.0
"""`sallyport partner test`: each step that can fail, with the refusal that
users get, beside a trial that succeeds.
"""
import json
import socket
import threading

from federation.world import PORT, World
from harness.sip import Message, Partner, answer

NAME = "sip1.fabrikam.test"


class Trial(World):
    records = (
        f"_sipfederationtls._tcp.fabrikam SRV 10 0 {PORT} sip1.fabrikam",
        "sip1.fabrikam A @A@",
        f"_sipfederationtls._tcp.litware SRV 10 0 {PORT} sip1.fabrikam",
        "_sipfederationtls._tcp.private SRV 10 0 9 sip.private",
        "sip.private A 127.0.0.9",
    )
    workers = 1
    stranger = "blocked:\n  - { domain: evil.test }\n"

    def setUp(self):
        super().setUp()
        for name in ("litware", "private", "nowhere"):
            allow = (', allow_addresses: ["127.0.0.0/8"]'
                     if name == "litware" else "")
            self.contoso.partner_lines.append(
                f"{{ domain: {name}.test{allow} }}")
        self.contoso.extra += self.stranger
        self.contoso.write()
        self.contoso.run("reload")

    def trial(self, domain="fabrikam.test"):
        """(exit status, steps)"""
        done = self.contoso.run("--json", "partner", "test", domain,
                                check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(done.stderr, "")
        result = json.loads(done.stdout)
        self.assertEqual(result["failed"], done.returncode == 1)
        return result["steps"]

    def fails(self, step, why, domain="fabrikam.test"):
        """Exactly the last step fails, for that reason."""
        steps = self.trial(domain)
        failed = [s for s in steps if s["state"] == "fail"]
        self.assertEqual(failed, steps[-1:], steps)
        self.assertEqual((failed[0]["step"], failed[0]["why"]), (step, why),
                         failed)
        return failed[0]

    def test_all_is_well(self):
        sip1 = self.server("sip1", self.a)
        steps = self.trial()
        self.assertEqual({s["state"] for s in steps}, {"pass"}, steps)
        self.assertEqual(
            [s["step"] for s in steps],
            ["policy", "dns", "dns", "tcp", "tls", "certificate", "seen",
             "options"])
        told = {s["step"]: s["text"] for s in steps}
        self.assertEqual(steps[1]["text"],
                         f"{NAME} port {PORT}, priority 10: {self.a}")
        self.assertIn("DNSSEC: the answers are proven", told["dns"])
        self.assertIn(NAME, told["certificate"])
        self.assertIn(self.contoso.edge, told["seen"])
        self.assertRegex(told["options"], r"^200 .*; round trip \d+ ms$")
        m, c = sip1.requests.get(timeout=5)
        self.assertTrue(m.start.startswith(f"OPTIONS sip:{NAME}"))
        self.assertIn(self.contoso.edge, m.get("Contact"))
        # the address that was told is the one that it saw
        self.assertIn(f"at {c.sock.getpeername()[0]} ", told["seen"])
        # nothing of it counts
        self.assertEqual(self.row()["state"], "idle")
        # for people: line by line
        done = self.contoso.run("partner", "test", "fabrikam.test")
        lines = done.stdout.splitlines()
        self.assertEqual(len(lines), len(steps), done.stdout)
        self.assertTrue(all(x.startswith("pass  ") for x in lines))

    def test_no_record(self):
        step = self.fails("dns", "partner_srv", "nowhere.test")
        self.assertEqual(step["diagnostics"], 1008)

    def test_record_names_a_host_elsewhere(self):
        self.fails("dns", "partner_srv_domain", "litware.test")

    def test_private_address(self):
        self.fails("dns", "partner_dns", "private.test")

    def test_dns_is_silent(self):
        self.zone.pause()
        try:
            self.fails("dns", "partner_dns")
        finally:
            self.zone.resume()

    def test_no_partner(self):
        self.fails("policy", "no_route", "woodgrove.test")

    def test_blocked(self):
        self.fails("policy", "blocked", "evil.test")

    def test_ours(self):
        self.fails("policy", "", "contoso.test")

    def test_connection_refused(self):
        step = self.fails("tcp", "partner_down")
        self.assertEqual(step["diagnostics"], 1046)

    def test_another_name(self):
        self.server("www", self.a)
        step = self.fails("certificate", "partner_tls")
        self.assertEqual(step["diagnostics"], 1010)
        self.assertIn(NAME, step["text"])

    def test_untrusted(self):
        other = self.stage.org("other")  # its authority is nobody's here
        cert = other.ca.leaf("sip1", [f"DNS:{NAME}"])
        self.stage.later(Partner((self.a, PORT), "sip1", other.ca, cert,
                                 self.contoso.ca.pem))
        self.fails("tls", "partner_tls")

    def test_no_tls(self):
        """Something listens there that speaks another protocol."""
        server = self.stage.later(socket.create_server((self.a, PORT)))
        self.stage.later(Greeter(server))
        self.fails("tls", "partner_tls")

    def test_our_certificate_is_not_taken(self):
        """It trusts other authorities only: TLS 1.3 tells so late."""
        cert = self.fabrikam.ca.leaf("sip1", [f"DNS:{NAME}"])
        self.stage.later(Partner((self.a, PORT), "sip1", self.fabrikam.ca,
                                 cert, self.fabrikam.ca.pem))
        step = self.fails("options", "partner_down")
        self.assertIn("our certificate", step["text"])

    def test_options_refused(self):
        sip1 = self.server("sip1", self.a)

        def refuse(m, c):
            return answer(m, 403, "Forbidden", [(
                "ms-diagnostics-public", '1027;reason="no route for you"')])
        sip1.reply = refuse
        step = self.fails("options", "")
        self.assertEqual(step["diagnostics"], 1027)
        self.assertIn("no route for you", step["text"])
        # who does not know the method speaks SIP all the same
        sip1.reply = lambda m, c: answer(m, 501)
        self.assertEqual([s["state"] for s in self.trial()[-1:]], ["warn"])

    def test_options_not_answered(self):
        self.server("sip1", self.a).reply = lambda m, c: None
        self.fails("options", "partner_silent")


class Greeter:
    """Says something to whoever connects, as a mail server would."""

    def __init__(self, server):
        self.server = server
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                c, _ = self.server.accept()
                c.sendall(b"220 mail.fabrikam.test\r\n")
                c.close()
            except OSError:
                return

    def close(self):
        self.server.close()
