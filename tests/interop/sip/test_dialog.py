# SPDX-License-Identifier: Apache-2.0
"""Dialogs across the wall: INVITE, ACK, re-INVITE, INFO, BYE, CANCEL.

* Requests inside a dialog find their way by the sealed routes of both edges,
  in both directions, whichever workers the connections sit on, and skip home.
* A forked INVITE rings every device; the first 2xx wins, the others are
  cancelled; CANCEL ends all of them with 487.
* A route token that somebody changed, or that leads nowhere, is refused.
"""
import secrets

from harness.sip import answer, request
from harness.stage import wait_for
from sip.dialogs import SDP, Dialog, Talk, ok_to


class Calls(Talk):
    def test_call_across_the_wall(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.establish(alice, bob)
        self.exchange(a, b)
        self.bye(a, b)
        a, b = self.establish(bob, alice)
        self.bye(b, a)

    def test_on_every_worker(self):
        alice = [self.phone(self.contoso, f"a{s}", s) for s in range(3)]
        bob = [self.phone(self.fabrikam, f"b{s}", s) for s in range(3)]
        for s in range(3):
            a, b = self.establish(alice[s], bob[(s + 1) % 3])
            self.exchange(a, b)
            self.bye(b, a)

    def test_inside_one_organisation(self):
        alice = self.phone(self.contoso, "alice", 0)
        carol = self.phone(self.contoso, "carol", 2)
        a, b = self.establish(alice, carol)
        self.exchange(a, b)
        self.bye(a, b)
        self.contoso.log.wait("sip.message", method="BYE")
        passed = self.contoso.log.find("sip.message", method="BYE")
        self.assertTrue(all(e["out"] != "home" for e in passed),
                        "the dialog goes through home")

    def test_cancel(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        invite, waiting = alice.invite(bob.aor)
        got = bob.next("INVITE")
        bob.send(answer(got, 180, "Ringing"))
        wait_for(lambda: self.provisional(waiting, 180), 5, "ringing")
        cancel = self.cancel_of(invite)
        self.assertStatus(alice.final(alice.ask(cancel)), 200)
        cancelled = bob.next("CANCEL")
        bob.send(answer(cancelled, 200))
        bob.send(answer(got, 487, "Request Terminated"))
        bob.next("ACK")
        self.assertStatus(alice.final(waiting), 487)

    def test_cancel_by_another_connection_of_the_partner(self):
        """The CANCEL may land on a worker that has no such transaction."""
        from harness.sip import Partner
        self.fabrikam.stop()
        partner = self.stage.later(Partner(
            (self.fabrikam.address, self.fabrikam.federation_port),
            self.fabrikam.edge, self.fabrikam.ca, self.fabrikam.cert,
            self.contoso.ca.pem))
        alice = self.phone(self.contoso, "alice")
        for _ in range(6):
            first = self.stage.later(partner.dial(self.contoso))
            second = self.stage.later(partner.dial(self.contoso))
            invite = request("INVITE", f"sip:{alice.aor}",
                             "bob@fabrikam.test", alice.aor,
                             "edge.fabrikam.test",
                             [("Contact", "<sip:bob@edge.fabrikam.test>")])
            waiting = first.ask(invite)
            got = alice.next("INVITE")
            alice.send(answer(got, 180, "Ringing"))
            wait_for(lambda: self.provisional(waiting, 180), 5, "ringing")
            self.assertStatus(second.final(
                second.ask(self.cancel_of(invite))), 200)
            alice.send(answer(alice.next("CANCEL"), 200))
            alice.send(answer(got, 487, "Request Terminated"))
            alice.next("ACK")
            self.assertStatus(first.final(waiting), 487)
        nobody = request("INVITE", f"sip:{alice.aor}", "bob@fabrikam.test",
                         alice.aor, "edge.fabrikam.test")
        self.assertStatus(first.final(first.ask(self.cancel_of(nobody))), 481)

    def test_forked_call(self):
        """Two devices ring; one answers, the other is cancelled."""
        alice = self.phone(self.contoso, "alice")
        desk = self.phone(self.fabrikam, "bob", 0)
        mobile = self.phone(self.fabrikam, "bob", 1)
        _, waiting = alice.invite("bob@fabrikam.test")
        at_desk, at_mobile = desk.next("INVITE"), mobile.next("INVITE")
        desk.send(answer(at_desk, 180, "Ringing"))
        mobile.send(answer(at_mobile, 180, "Ringing"))
        desk.send(ok_to(at_desk, desk))
        reply = alice.final(waiting)
        self.assertStatus(reply, 200)
        cancel = mobile.next("CANCEL")
        mobile.send(answer(cancel, 200))
        mobile.send(answer(at_mobile, 487, "Request Terminated"))
        mobile.next("ACK")
        a = Dialog.caller(alice, reply)
        alice.send(a.build("ACK", cseq=1))
        desk.next("ACK")

    def test_busy_everywhere(self):
        alice = self.phone(self.contoso, "alice")
        desk = self.phone(self.fabrikam, "bob", 0)
        mobile = self.phone(self.fabrikam, "bob", 1)
        _, waiting = alice.invite("bob@fabrikam.test")
        desk.send(answer(desk.next("INVITE"), 486, "Busy Here"))
        mobile.send(answer(mobile.next("INVITE"), 603, "Decline"))
        self.assertStatus(alice.final(waiting), 603)

    def test_subscribe_and_notify(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        m = request("SUBSCRIBE", f"sip:{bob.aor}", alice.aor, bob.aor,
                    "softphone.invalid",
                    [("Contact", f"<{alice.contact}>"), ("Event", "x-test"),
                     ("Expires", "60")])
        waiting = alice.ask(m)
        got = bob.next("SUBSCRIBE")
        ok = ok_to(got, bob)
        bob.send(ok)
        self.assertStatus(alice.final(waiting), 200)
        b = Dialog.callee(bob, got, ok)
        notify = b.build("NOTIFY", b"state")
        notify.headers += [("Event", "x-test"),
                           ("Subscription-State", "active")]
        waiting = bob.ask(notify)
        alice.send(answer(alice.next("NOTIFY"), 200))
        self.assertStatus(bob.final(waiting), 200)

    def test_route_that_was_tampered_with(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.establish(alice, bob)
        kept = a.routes
        for routes in ([kept[0].replace("sip:", "sip:x", 1)] + kept[1:],
                       [f"<sip:p-{secrets.token_hex(20)}@edge.contoso.test"
                        ";lr>"] + kept[1:]):
            a.routes = routes
            reply = alice.final(a.ask("INFO", b"x"))
            self.assertIn(reply.status, (430, 481))
        a.routes = kept
        self.bye(a, b)

    def test_route_of_a_device_that_is_gone(self):
        alice = self.phone(self.contoso, "alice")
        bob = self.phone(self.fabrikam, "bob")
        a, b = self.establish(alice, bob)
        bob.close()
        self.fabrikam.log.wait("conn.end", kind="client")
        reply = alice.final(a.ask("BYE"), 5)
        self.assertIsNotNone(reply)
        self.assertIn(reply.status, (430, 480, 481))
        self.assertIsNotNone(b)
