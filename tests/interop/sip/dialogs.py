# SPDX-License-Identifier: Apache-2.0
"""Phones and the dialogs between them, for conversations about calls."""
import queue
import re

from harness.case import Case
from harness.sip import Client, answer, request

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
