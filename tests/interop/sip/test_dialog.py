# SPDX-License-Identifier: Apache-2.0
"""Dialogs across the wall: INVITE, ACK, re-INVITE, INFO, BYE, CANCEL.

* Requests inside a dialog find their way by the sealed routes of both edges,
  in both directions, whichever workers the connections sit on, and skip home.
* A forked INVITE rings every device; the first 2xx wins, the others are
  cancelled; CANCEL ends all of them with 487.
* A route token that somebody changed, or that leads nowhere, is refused.
"""
import queue
import re
import secrets

from harness.case import Case
from harness.sip import Client, answer, request
from harness.stage import wait_for

SDP = (b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\n"
       b"t=0 0\r\nm=message 5060 sip null\r\na=accept-types:text/plain\r\n")


class Phone(Client):
    """A client that keeps the requests it gets, and answers when told."""

    def __init__(self, org, user, **kw):
        self.got = queue.Queue()
        super().__init__(org, user, on_request=self._keep, **kw)

    def _keep(self, m, _connection):
        self.got.put(m)

    def next(self, method, timeout=10):
        m = self.got.get(timeout=timeout)
        if m.method != method:
            raise AssertionError(f"{m.method} instead of {method}")
        return m

    def invite(self, to, body=SDP):
        m = request("INVITE", f"sip:{to}", self.aor, to, "softphone.invalid",
                    [("Contact", f"<{self.contact}>")], body)
        m.headers = [(n, "application/sdp" if n == "Content-Type" else v)
                     for n, v in m.headers]
        return m, self.ask(m)


class Dialog:
    """One side of a dialog, from the 2xx (caller) or the INVITE (callee)."""

    def __init__(self, phone, local, remote, call_id, target, routes, cseq):
        self.phone, self.local, self.remote = phone, local, remote
        self.call_id, self.target = call_id, target
        self.routes, self.cseq = routes, cseq

    @staticmethod
    def uri(contact):
        return re.search(r"<([^>]+)>", contact).group(1)

    @classmethod
    def routes_of(cls, m):
        return [r.strip() for value in m.all("Record-Route")
                for r in value.split(",")]

    @classmethod
    def caller(cls, phone, ok):
        return cls(phone, ok.get("From"), ok.get("To"), ok.get("Call-ID"),
                   cls.uri(ok.get("Contact")),
                   list(reversed(cls.routes_of(ok))), 1)

    @classmethod
    def callee(cls, phone, invite, ok):
        return cls(phone, ok.get("To"), ok.get("From"), ok.get("Call-ID"),
                   cls.uri(invite.get("Contact")), cls.routes_of(invite), 100)

    def build(self, method, body=b"", cseq=None):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        m = request(method, self.target, "x@x", "x@x", "softphone.invalid",
                    [("Route", r) for r in self.routes]
                    + [("Contact", f"<{self.phone.contact}>")], body,
                    cseq=cseq, call_id=self.call_id)
        m.headers = [(n, {"From": self.local, "To": self.remote}.get(n, v))
                     for n, v in m.headers]
        return m

    def ask(self, method, body=b""):
        return self.phone.ask(self.build(method, body))


def ok_to(invite, phone):
    return answer(invite, 200, headers=[
        ("Record-Route", v) for v in invite.all("Record-Route")
    ] + [("Contact", f"<{phone.contact}>")])


class Talk(Case):
    """Two organisations, and what their users do in calls."""

    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.start()
        self.fabrikam.start()

    def phone(self, org, user, slot=None):
        if user not in org.passwords:
            org.add_user(user)
        for _ in range(200):
            p = self.stage.later(Phone(org, user))
            if slot is None or self.slot_of(p) == slot:
                self.assertStatus(p.register(), 200)
                return p
            p.close()
        self.fail(f"no connection on worker {slot}")

    def establish(self, alice, bob):
        invite, waiting = alice.invite(bob.aor)
        got = bob.next("INVITE")
        self.assertEqual(got.body, SDP)
        ringing = answer(got, 180, "Ringing")
        bob.send(ringing)
        ok = ok_to(got, bob)
        ok.headers = [(n, v if n != "To" else ringing.get("To"))
                      for n, v in ok.headers]
        bob.send(ok)
        reply = alice.final(waiting)
        self.assertStatus(reply, 200)
        a = Dialog.caller(alice, reply)
        b = Dialog.callee(bob, got, ok)
        alice.send(a.build("ACK", cseq=1))
        bob.next("ACK")
        return a, b

    def exchange(self, a, b):
        """INFO, re-INVITE and MESSAGE both ways, then BYE."""
        for one, other in ((a, b), (b, a)):
            waiting = one.ask("INFO", b"typing")
            other.phone.send(answer(other.phone.next("INFO"), 200))
            self.assertStatus(one.phone.final(waiting), 200)
            waiting = one.ask("MESSAGE", b"in the session")
            got = other.phone.next("MESSAGE")
            self.assertEqual(got.body, b"in the session")
            other.phone.send(answer(got, 200))
            self.assertStatus(one.phone.final(waiting), 200)
            waiting = one.ask("INVITE", SDP)
            got = other.phone.next("INVITE")
            other.phone.send(ok_to(got, other.phone))
            self.assertStatus(one.phone.final(waiting), 200)
            one.phone.send(one.build("ACK", cseq=one.cseq))
            other.phone.next("ACK")

    def bye(self, one, other):
        waiting = one.ask("BYE")
        other.phone.send(answer(other.phone.next("BYE"), 200))
        self.assertStatus(one.phone.final(waiting), 200)


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

    @staticmethod
    def provisional(waiting, status):
        try:
            return waiting.get_nowait().status == status
        except queue.Empty:
            return False

    @staticmethod
    def cancel_of(invite):
        kept = [(n, v) for n, v in invite.headers
                if n in ("Via", "From", "To", "Call-ID", "Max-Forwards")]
        uri = invite.start.split()[1]
        m = type(invite)(f"CANCEL {uri} SIP/2.0", kept
                         + [("CSeq", "1 CANCEL"),
                            ("Reason", "SIP;cause=487;text=\"gone\"")])
        return m

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
