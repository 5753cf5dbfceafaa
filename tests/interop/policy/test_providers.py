# SPDX-License-Identifier: Apache-2.0
"""Who may talk to whom: blocked domains, providers and policies in force.

* A public provider gets one-to-one messages and, when its entry and the
  policy of our user allow it, calls; neither transfers nor parties.
* Policies hold in both directions, and a reload changes them at once.
* A provider whose time is over is refused with the name of its successor.
* A blocked domain is refused whatever else says.
* Nobody outside marks himself as verified.
"""
from harness.case import Case
from harness.sip import Partner, request
from harness.stage import wait_for

SDP = (b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\n"
       b"t=0 0\r\nm=%s 40000 RTP/AVP 0\r\n")


class Providers(Case):
    """fabrikam.test is no partner here but a public provider."""

    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.fabrikam = self.stage.org("fabrikam")  # never started
        self.contoso.trusted.append(self.fabrikam.ca.pem)
        self.partner = self.stage.later(Partner(
            (self.fabrikam.address, 15061), "fabrikam", self.fabrikam.ca,
            self.fabrikam.cert, self.contoso.ca.pem))

    def start(self, entry="", rules=""):
        self.configure(entry, rules)
        self.contoso.start()
        self.alice = self.client(self.contoso, "alice")

    def configure(self, entry, rules):
        self.contoso.extra = f"""
providers:
  - name: messenger
    edge: {self.fabrikam.edge}
    address: "{self.fabrikam.address}:15061"
    domains: [fabrikam.test]
{entry}
{rules}
"""

    def change(self, entry="", rules=""):
        self.configure(entry, rules)
        self.contoso.write()
        self.contoso.run("reload")

    def out(self, method="MESSAGE", body=b"x", kind="text/plain", extra=()):
        m = request(method, "sip:bob@fabrikam.test", "alice@contoso.test",
                    "bob@fabrikam.test", "softphone.invalid",
                    [("Contact", f"<{self.alice.contact}>"),
                     ("Content-Type", kind), *extra])
        m.body = body
        return self.alice.final(self.alice.ask(m))

    def expect(self, ask, status, diagnostics=0):
        """Soon: each worker takes a configuration over in its own turn."""
        def answered():
            self.reply = ask()
            number = (self.reply.get("ms-diagnostics") or "0").split(";")[0]
            return (self.reply.status, int(number)) == (status, diagnostics)
        wait_for(answered, 10, f"{status} with {diagnostics}")

    def test_what_crosses(self):
        self.start("    audio_video: no")
        self.expect(self.out, 200)
        self.expect(lambda: self.out("REFER"), 403, 1027)
        self.expect(lambda: self.out(extra=[("Require",
                                     "com.microsoft.rtc-multiparty")]),
                    403, 1027)
        self.expect(lambda: self.out("INVITE", SDP % b"audio", "application/sdp"),
                    488, 1027)
        self.expect(lambda: self.out("INVITE", SDP % b"message",
                                   "application/sdp"), 200)
        self.change("    audio_video: yes")
        self.expect(lambda: self.out("INVITE", SDP % b"audio",
                                   "application/sdp"), 200)
        self.change("    audio_video: yes",
                    "policy: { public_im_audio_video: no }")
        self.expect(lambda: self.out("INVITE", SDP % b"video", "application/sdp"),
                    488, 1027)

    def test_policies(self):
        self.start(rules="policies: [{users: [alice@contoso.test], "
                         "public_im: no}]")
        self.expect(self.out, 403, 1001)
        self.change(rules="policy: { public_im: no, federation: no }")
        self.expect(self.out, 403, 1012)
        self.change(rules="policy: { public_im: no, federation: no }\n"
                          "policies: [{group: sales, "
                          "users: [alice@contoso.test], public_im: yes}]")
        self.expect(self.out, 200)

    def test_outside(self):
        self.start()
        self.change(rules="policies: [{users: [alice@contoso.test], "
                          "outside: no}]")
        self.expect(self.alice.register, 403, 4003)

    def test_the_end(self):
        self.start("    ends: 2013-03-15\n    successor: skype")
        self.expect(self.out, 403, 1005)
        self.assertIn('successor="skype"', self.reply.get("ms-diagnostics"))
        self.change("    ends: 2013-03-15\n    successor: skype\n"
                    "    kept_domains: [fabrikam.test]")
        self.expect(self.out, 200)
        self.change("    ends: 2999-01-01\n    successor: skype")
        self.expect(self.out, 200)

    def test_blocked_above(self):
        self.start()
        self.expect(self.out, 200)
        self.change(rules="blocked: [{domain: litware.test}]")
        self.expect(lambda: self.alice.message("x@a.litware.test", "x"),
                    403, 1005)
        self.contoso.write(self.contoso.yaml().replace(
            "litware.test", "fabrikam.test"))
        done = self.contoso.run("reload", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("allowed", done.stderr)
        self.assertIn("blocked", done.stderr)

    def inwards(self, headers=()):
        return request("MESSAGE", "sip:alice@contoso.test",
                       "bob@fabrikam.test", "alice@contoso.test",
                       self.fabrikam.edge, list(headers), b"hello")

    def test_inwards(self):
        """Contacts only: a stranger is refused, whatever it claims, and heard
        as soon as our user has it as a contact."""
        self.start("    verification: contacts")
        claims = ((), [("ms-edge-proxy-message-trust",
                        "ms-source-verified-user=verified")])
        for status in (403, 200):
            for claim in claims:
                c = self.stage.later(self.partner.dial(self.contoso))
                self.assertStatus(c.final(c.ask(self.inwards(claim))), status)
            self.contoso.run("user", "contacts", "alice@contoso.test",
                             "add", "bob@fabrikam.test")
        wait_for(lambda: len(self.alice.requests) == 2, 5, "both arrive")
        for m in self.alice.requests:
            self.assertEqual(m.get("ms-edge-proxy-message-trust"), "")
        self.change(rules="policies: [{users: [alice@contoso.test], "
                          "public_im: no}]")
        c = self.stage.later(self.partner.dial(self.contoso))
        self.expect(lambda: c.final(c.ask(self.inwards())), 403)
        reply = self.reply
        self.assertIn("1005", reply.get("ms-diagnostics-public"))
        wait_for(lambda: self.contoso.log.find("sip.reject",
                                               why="policy_addressee"), 5,
                 "the log says why")
