# SPDX-License-Identifier: Apache-2.0
"""Sessions of our users: what devices agree on among themselves passes.

* An IM session (m=message): messages and typing notices inside of it; the offer
  and the answer of MSRP pass byte for byte.
* Call waiting: one device is busy, another one rings and answers. Declined by
  one (603): the others stop ringing, and the caller hears 603.
* Hold and resume (re-INVITE), each offer byte for byte.
* Transfer: REFER with Refer-To, the INVITE with Replaces that it leads to, and
  the NOTIFY that tells of it.
"""
from harness.sip import answer, request
from sip.dialogs import Dialog, Talk, ok_to

MSRP = (b"v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns= \r\nc=IN IP4 192.0.2.1\r\n"
        b"t=0 0\r\nm=message 2855 TCP/TLS/MSRP *\r\n"
        b"a=accept-types:message/cpim text/plain image/jpeg\r\n"
        b"a=path:msrps://192.0.2.1:2855/9di4eae923wzd;tcp\r\n"
        b"a=setup:actpass\r\na=x-odd:   spaces \t and \xc3\xa9\r\n")
HOLD = (b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
        b"t=0 0\r\nm=audio 40000 RTP/AVP 0 8\r\na=%s\r\n")


class Sessions(Talk):
    def offer(self, one, other, body):
        """A re-INVITE; the answer has the same body."""
        waiting = one.ask("INVITE", body)
        got = other.phone.next("INVITE")
        self.assertEqual(got.body, body)
        ok = ok_to(got, other.phone)
        ok.headers.append(("Content-Type", "application/sdp"))
        ok.body = body.replace(b"192.0.2.1", b"192.0.2.2")
        other.phone.send(ok)
        reply = one.phone.final(waiting)
        self.assertStatus(reply, 200)
        self.assertEqual(reply.body, ok.body)
        one.phone.send(one.build("ACK", cseq=one.cseq))
        other.phone.next("ACK")

    def test_im_session(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.establish(alice, bob)
        typing = (b"<?xml version='1.0'?><KeyboardActivity>"
                  b"<status status='type'/></KeyboardActivity>")
        for one, other in ((a, b), (b, a)):
            for method, body in (("INFO", typing), ("MESSAGE", b"hello"),
                                 ("INFO", typing), ("MESSAGE", b"\x00\xff")):
                waiting = one.ask(method, body)
                got = other.phone.next(method)
                self.assertEqual(got.body, body)
                other.phone.send(answer(got, 200))
                self.assertStatus(one.phone.final(waiting), 200)
        self.offer(a, b, MSRP)
        self.offer(b, a, MSRP)
        self.bye(a, b)

    def test_hold(self):
        alice = self.phone(self.contoso, "alice", 0)
        carol = self.phone(self.contoso, "carol", 1)
        a, c = self.establish(alice, carol)
        for one, other in ((a, c), (c, a)):
            for direction in (b"sendonly", b"inactive", b"sendrecv"):
                self.offer(one, other, HOLD % direction)
        self.bye(c, a)

    def ring_both(self):
        alice = self.phone(self.contoso, "alice")
        desk = self.phone(self.fabrikam, "bob", 0)
        mobile = self.phone(self.fabrikam, "bob", 1)
        _, waiting = alice.invite("bob@fabrikam.test")
        return alice, waiting, [(p, p.next("INVITE")) for p in (desk, mobile)]

    def test_call_waiting(self):
        alice, waiting, ((desk, at_desk), (mobile, at_mobile)) = \
            self.ring_both()
        mobile.send(answer(at_mobile, 180, "Ringing"))
        desk.send(answer(at_desk, 486, "Busy Here"))
        desk.next("ACK")
        mobile.send(ok_to(at_mobile, mobile))
        self.assertStatus(alice.final(waiting), 200)

    def test_declined(self):
        alice, waiting, ((desk, at_desk), (mobile, at_mobile)) = \
            self.ring_both()
        mobile.send(answer(at_mobile, 180, "Ringing"))
        desk.send(answer(at_desk, 603, "Decline"))
        desk.next("ACK")
        mobile.send(answer(mobile.next("CANCEL"), 200))
        mobile.send(answer(at_mobile, 487, "Request Terminated"))
        mobile.next("ACK")
        self.assertStatus(alice.final(waiting), 603)

    def test_transfer(self):
        alice = self.phone(self.contoso, "alice", 0)
        carol = self.phone(self.contoso, "carol", 1)
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.establish(alice, bob)
        target = ("<sip:carol@contoso.test?Replaces=abc%40host%3Bto-tag"
                  "%3D1%3Bfrom-tag%3D2>")
        m = a.build("REFER")
        m.headers += [("Refer-To", target), ("Referred-By",
                                             "<sip:alice@contoso.test>")]
        waiting = alice.ask(m)
        got = bob.next("REFER")
        self.assertEqual(got.get("Refer-To"), target)
        bob.send(answer(got, 202, "Accepted"))
        self.assertStatus(alice.final(waiting), 202)
        replaces = "abc@host;to-tag=1;from-tag=2"
        invite = request("INVITE", f"sip:{carol.aor}", bob.aor, carol.aor,
                         "softphone.invalid",
                         [("Contact", f"<{bob.contact}>"),
                          ("Require", "replaces"), ("Replaces", replaces)])
        ringing = bob.ask(invite)
        got = carol.next("INVITE")
        self.assertEqual(got.get("Replaces"), replaces)
        self.assertEqual(got.get("Require"), "replaces")
        ok = ok_to(got, carol)
        carol.send(ok)
        reply = bob.final(ringing)
        self.assertStatus(reply, 200)
        bob.send(Dialog.caller(bob, reply).build("ACK", cseq=1))
        carol.next("ACK")
        notify = b.build("NOTIFY", b"SIP/2.0 200 OK")
        notify.headers += [("Event", "refer"),
                           ("Subscription-State", "terminated")]
        notify.headers = [(n, "message/sipfrag" if n == "Content-Type" else v)
                          for n, v in notify.headers]
        waiting = bob.ask(notify)
        got = alice.next("NOTIFY")
        self.assertEqual(got.body, b"SIP/2.0 200 OK")
        alice.send(answer(got, 200))
        self.assertStatus(bob.final(waiting), 200)
        self.bye(a, b)
