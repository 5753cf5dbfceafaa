# SPDX-License-Identifier: Apache-2.0
"""Who may talk to whom: blocked domains, providers and policies in force.

* A public provider gets one-to-one messages and, when its entry and the
  policy of our user allow it, calls; neither transfers nor parties.
* Policies hold in both directions, and a reload changes them at once.
* Domains behind an XMPP gateway are for whom the policy allows them.
* A provider whose time is over is refused with the name of its successor.
* A blocked domain is refused whatever else says.
* After the end a successor takes over whom it is configured to.
* Nobody outside marks himself as verified.
* Names that a provider writes in a domain of its own are undone inwards and
  done outwards, in requests, answers, ACK, CANCEL and dialogs; nobody speaks
  for more domains by it.
* A default route gets what is nobody's, and speaks for nobody else.
"""
from harness.case import Case
from harness.sip import Partner, answer, request
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

    def test_xmpp(self):
        """Domains behind a gateway have a gate of their own, shut unless
        somebody opens it."""
        self.start("    kind: xmpp")
        self.expect(self.out, 403, 1002)
        self.change("    kind: xmpp\n    audio_video: no", "policies: "
                    "[{users: [alice@contoso.test], xmpp: yes}]")
        self.expect(self.out, 200)
        self.expect(lambda: self.out("INVITE", SDP % b"audio",
                                     "application/sdp"), 488, 1027)

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

    def test_a_successor(self):
        """The same server stands for the one that took the contacts over."""
        after = f"""
  - name: skype
    edge: {self.fabrikam.edge}
    address: "{self.fabrikam.address}:15061"
    domains: [skype.test]
    decoration: skype.test
"""
        entry = "    ends: 2013-03-15\n    successor: skype\n"
        self.start()
        self.contoso.stop()
        self.contoso.extra = ""
        self.configure(entry + "    after_end: successor\n", "")
        self.contoso.extra = self.contoso.extra.replace(
            f"edge: {self.fabrikam.edge}", "edge: gone.messenger.test", 1
        ).replace("    address:", "    # address:", 1) + after
        self.contoso.start()
        self.alice = self.client(self.contoso, "alice")
        self.expect(self.out, 200)
        m, _ = self.partner.requests.get(timeout=5)
        self.assertEqual(m.start.split()[1],
                         "sip:bob(fabrikam.test)@skype.test")
        self.contoso.run("user", "contacts", "alice@contoso.test", "add",
                         "bob@fabrikam.test")
        c = self.stage.later(self.partner.dial(self.contoso))
        self.assertStatus(c.final(c.ask(self.inwards(
            sender="bob(fabrikam.test)@skype.test"))), 200)
        wait_for(lambda: self.alice.requests, 5, "it arrives")
        self.assertIn("<sip:bob@fabrikam.test>",
                      self.alice.requests[0].get("From"))

    DECORATION = ("    decoration: msn.test\n"
                  "    verification: always\n")

    def decorated(self):
        self.start()
        self.contoso.extra = self.contoso.extra.replace(
            "[fabrikam.test]", "[fabrikam.test, msn.test, hotmail.test]")
        self.contoso.extra += (self.DECORATION
                               + "    undecorated_domains: [hotmail.test]\n"
                               + "blocked: [{domain: spam.test}]\n")
        self.contoso.write()
        self.contoso.run("reload")

    def taken(self, method):
        """The next of that method that the provider got."""
        while True:
            m, c = self.partner.requests.get(timeout=10)
            if m.method == method:
                return m, c

    def test_decoration_outwards(self):
        self.decorated()
        outside = "sip:bob(fabrikam.test)@msn.test"

        def written():
            self.assertStatus(self.out(), 200)
            return self.taken("MESSAGE")[0].start.split()[1] == outside
        wait_for(written, 10, "every worker decorates")
        m = request("MESSAGE", "sip:bob@fabrikam.test;x=y",
                    "alice@contoso.test", "bob@fabrikam.test",
                    "softphone.invalid", body=b"x")
        m.headers = [(n, f'"B, ob" <sip:bob@fabrikam.test>;epid=1'
                      if n == "To" else v) for n, v in m.headers]
        reply = self.alice.final(self.alice.ask(m))
        self.assertStatus(reply, 200)
        self.assertRegex(reply.get("To"),
                         r'^"B, ob" <sip:bob@fabrikam\.test>;epid=1;tag=')
        got, _ = self.taken("MESSAGE")
        self.assertEqual(got.start.split()[1], outside + ";x=y")
        self.assertEqual(got.get("To"), f'"B, ob" <{outside}>;epid=1')
        self.assertIn("<sip:alice@contoso.test>", got.get("From"))
        for plain in ("bob@hotmail.test", "bob@msn.test"):
            self.assertStatus(self.alice.message(plain, "x"), 200)
            got, _ = self.taken("MESSAGE")
            self.assertEqual(got.start.split()[1], f"sip:{plain}")
            self.assertEqual(got.get("To"), f"<sip:{plain}>")
        self.assertStatus(self.alice.message("b(spam.test)@msn.test", "x"),
                          403)

    def test_decoration_of_a_call(self):
        """INVITE, refused and taken, ACK, CANCEL and BYE name one user."""
        self.decorated()
        wait_for(lambda: self.out().status == 200
                 and "(fabrikam.test)" in self.taken("MESSAGE")[0].start,
                 10, "every worker decorates")
        outside = "<sip:bob(fabrikam.test)@msn.test>"
        device = f"<sip:bob@{self.fabrikam.address}:15061;transport=tls>"
        replies = {"INVITE": 486}

        def reply(m, _):
            if m.method in ("ACK", "CANCEL"):
                return None
            status = replies.get(m.method, 200)
            back = [("Record-Route", v) for v in m.all("Record-Route")]
            return answer(m, status, "x", back + [("Contact", device)])
        self.partner.reply = reply

        def invite():
            m = request("INVITE", "sip:bob@fabrikam.test",
                        "alice@contoso.test", "bob@fabrikam.test",
                        "softphone.invalid",
                        [("Contact", f"<{self.alice.contact}>")])
            return m, self.alice.ask(m)
        _, waiting = invite()
        self.assertStatus(self.alice.final(waiting), 486)
        self.assertIn(outside, self.taken("ACK")[0].get("To"))

        replies["INVITE"] = 180
        m, waiting = invite()
        self.assertEqual(wait_for(lambda: waiting.get(timeout=5).status == 180
                                  and 180, 10, "ringing"), 180)
        cancel = request("CANCEL", "sip:bob@fabrikam.test",
                         "alice@contoso.test", "bob@fabrikam.test", "x",
                         call_id=m.get("Call-ID"))
        cancel.headers = [(n, m.get(n) if n in ("Via", "From", "To") else v)
                          for n, v in cancel.headers]
        self.assertStatus(self.alice.final(self.alice.ask(cancel)), 200)
        got, c = self.taken("CANCEL")
        self.assertEqual(got.get("To"), outside)
        asked = [r for r in c.requests if r.method == "INVITE"][-1]
        c.send(answer(got, 200))
        c.send(answer(asked, 487, "Request Terminated"))
        self.assertStatus(self.alice.final(waiting), 487)
        self.assertIn(outside, self.taken("ACK")[0].get("To"))

        replies["INVITE"] = 200
        _, waiting = invite()
        taken = self.alice.final(waiting)
        self.assertStatus(taken, 200)
        self.assertIn("<sip:bob@fabrikam.test>;tag=", taken.get("To"))
        routes = list(reversed(taken.all("Record-Route")))
        for n, method in ((1, "ACK"), (2, "BYE")):
            m = request(method, taken.get("Contact")[1:-1],
                        "alice@contoso.test", "bob@fabrikam.test",
                        "softphone.invalid", [("Route", r) for r in routes],
                        cseq=n, call_id=taken.get("Call-ID"))
            m.headers = [(h, taken.get(h) if h in ("From", "To") else v)
                         for h, v in m.headers]
            if method == "ACK":
                self.alice.send(m)
            else:
                self.assertStatus(self.alice.final(self.alice.ask(m)), 200)
            got, _ = self.taken(method)
            self.assertIn(outside + ";tag=", got.get("To"))
            self.assertEqual(got.start.split()[1], device[1:-1])

    def test_decoration_inwards(self):
        self.decorated()
        c = self.stage.later(self.partner.dial(self.contoso))
        sender = "bob(Fabrikam.test)@msn.test"

        def undone():
            reply = c.final(c.ask(self.inwards(sender=sender)))
            self.assertIn(f"<sip:{sender}>", reply.get("From"))
            return reply.status == 200 and self.alice.requests and \
                "<sip:bob@fabrikam.test>;tag=" in \
                self.alice.requests[-1].get("From")
        wait_for(undone, 10, "every worker undoes it")
        # listed nowhere, ours, blocked: never taken apart, the last refused
        for domain, status in (("other.test", 200), ("contoso.test", 200),
                               ("hotmail.test", 200), ("SPAM.test", 403)):
            sender = f"bob({domain})@msn.test"
            self.assertStatus(c.final(c.ask(self.inwards(sender=sender))),
                              status)
            if status == 200:
                wait_for(lambda: f"<sip:{sender}>" in
                         self.alice.requests[-1].get("From"), 5, sender)
        for sender in ("bob(fabrikam.test)@elsewhere.test",
                       "alice(msn.test)@contoso.test"):
            self.assertStatus(c.final(c.ask(self.inwards(sender=sender))),
                              403)

    def test_default_route(self):
        self.start()
        self.contoso.extra = ""
        self.contoso.write(self.contoso.yaml().replace(
            "federation: {", "federation: { default_route: "
            f"{self.fabrikam.edge}, default_route_address: "
            f'"{self.fabrikam.address}:15061", ') +
            "blocked: [{domain: spam.test}]\n")
        self.contoso.run("reload")
        wait_for(lambda: self.alice.message("x@any.test", "x").status == 200,
                 10, "it takes all")
        self.assertEqual(self.taken("MESSAGE")[0].start.split()[1],
                         "sip:x@any.test")
        self.assertStatus(self.alice.message("x@spam.test", "x"), 403)
        c = self.stage.later(self.partner.dial(self.contoso))
        mark = [("ms-edge-proxy-message-trust",
                 "ms-source-verified-user=verified")]
        for sender, status in (("bob@any.test", 200), ("bob@else.test", 200),
                               ("bob@spam.test", 403),
                               ("alice@contoso.test", 403)):
            self.assertStatus(c.final(c.ask(self.inwards(
                mark, sender=sender))), status)
        shown = self.contoso.run("partner", "list").stdout
        self.assertRegex(shown, r"\n\*  +direct +up ")

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

    def inwards(self, headers=(), sender="bob@fabrikam.test"):
        return request("MESSAGE", "sip:alice@contoso.test", sender,
                       "alice@contoso.test",
                       self.fabrikam.edge, list(headers), b"hello")

    def test_unmarked(self):
        """Who has to say whether a sender is verified, and does not."""
        self.start("    verification: source-strict")
        c = self.stage.later(self.partner.dial(self.contoso))
        reply = c.final(c.ask(self.inwards()))
        self.assertStatus(reply, 403)
        self.assertIn("1027", reply.get("ms-diagnostics-public"))
        self.assertTrue(self.contoso.log.wait("sip.reject", why="unmarked"))
        for word, status in (("verified", 200), ("unverified", 403),
                             ("perhaps", 403)):
            mark = [("ms-edge-proxy-message-trust",
                     f"ms-source-verified-user={word}")]
            self.assertStatus(c.final(c.ask(self.inwards(mark))), status)
        self.assertEqual(len(self.alice.requests), 1)

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
