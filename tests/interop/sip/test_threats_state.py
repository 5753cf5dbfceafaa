# SPDX-License-Identifier: Apache-2.0
"""SIP-31, SIP-32, SIP-34: what is remembered, and for whom.

* The same MESSAGE again, before or after its answer, is delivered once and
  answered alike; it may come by another connection and another worker.
* A registration is changed by its owner only, in order, within its limits, and
  what was refused has changed nothing.
* Calls that nobody finishes fill one source's share and nobody else's.
"""
import queue
import re
import threading

from harness.case import Walled
from harness.sip import answer, digest, request
from harness.stage import wait_for


class State(Walled):
    def setUp(self):
        super().setUp()
        self.carol = self.client(self.contoso, "carol")
        self.alice = self.client(self.contoso, "alice")

    # SIP-31

    def again(self, m):
        """The same request in a transaction of its own."""
        copy = type(m)(m.start, list(m.headers), m.body)
        fresh = request("MESSAGE", "sip:x@x", "x@x", "x@x", "x.invalid")
        copy.headers = [(n, fresh.get("Via") if n == "Via" else v)
                        for n, v in m.headers]
        return copy

    def message(self, text, sender="alice@contoso.test"):
        return request("MESSAGE", f"sip:{self.carol.aor}", sender,
                       self.carol.aor, "softphone.invalid",
                       body=text.encode())

    def hold(self):
        held = queue.Queue()
        self.carol.on_request = lambda m, c: held.put(m)
        return held

    def test_sip_31_retransmission(self):
        """The very same bytes: absorbed, before and after the answer."""
        held = self.hold()
        m = self.message("once")
        waiting = self.alice.ask(m)
        asked = held.get(timeout=5)
        self.alice.send_bytes(m.encode() * 500)
        self.carol.send(answer(asked, 202))
        self.assertStatus(self.alice.final(waiting), 202)
        q = self.alice.ask(m)
        self.alice.send_bytes(m.encode() * 499)
        self.alice.final(q, 2)
        self.assertStatus(self.alice.message("nobody@contoso.test", "x"), 404)
        self.assertEqual(len(self.carol.requests), 1)

    def test_sip_31_again_before_the_answer(self):
        """By other transactions, from every worker and from this one."""
        held = self.hold()
        m = self.message("once")
        others = [self.client_on(self.contoso, "alice", slot)
                  for slot in range(3)]
        waiting = [(self.alice, self.alice.ask(m))]
        asked = held.get(timeout=5)
        for _ in range(30):
            waiting += [(c, c.ask(self.again(m)))
                        for c in others + [self.alice]]
            # one place a connection: the queues have the same name
            for c, q in waiting[-4:]:
                c.waiting.clear()
                c.waiting[m.get("Call-ID"), m.get("CSeq")] = q
        self.assertStatus(self.alice.message("nobody@contoso.test", "x"), 404)
        self.carol.send(answer(asked, 202))
        for c in others:
            self.assertStatus(c.final(c.waiting[
                m.get("Call-ID"), m.get("CSeq")]), 202)
        self.assertEqual(len(self.carol.requests), 1)

    def test_sip_31_again_after_the_answer(self):
        for status in (200, 202, 486, 603):
            self.carol.status_for_messages = status
            before = len(self.carol.requests)
            m = self.message(f"once, {status}")
            self.assertStatus(self.alice.final(self.alice.ask(m)), status)
            self.carol.status_for_messages = 200
            other = self.client(self.contoso, "alice")
            for c in (self.alice, other) * 125:
                self.assertStatus(c.final(c.ask(self.again(m))), status)
            self.assertEqual(len(self.carol.requests), before + 1)

    def test_sip_31_from_a_partner(self):
        outside = [self.dial() for _ in range(4)]
        m = self.message("once", "bob@fabrikam.test")
        for c in outside * 5:
            self.assertStatus(c.final(c.ask(self.again(m))), 200)
        self.assertEqual(len(self.carol.requests), 1)

    def test_sip_31_nobody_spoils_it(self):
        """Somebody else's request with the same names is another one, and
        what was refused for its sender takes nothing away."""
        m = self.message("mine")
        thief = self.client(self.contoso, "dave")
        self.assertStatus(thief.final(thief.ask(self.again(m))), 403)
        outside = self.dial()
        theirs = self.again(m)
        theirs.headers = [(n, v.replace("alice@contoso", "bob@fabrikam"))
                          for n, v in theirs.headers]
        self.assertStatus(outside.final(outside.ask(theirs)), 200)
        self.assertStatus(self.alice.final(self.alice.ask(m)), 200)
        self.assertEqual(len(self.carol.requests), 2)

    # SIP-32

    def contacts(self):
        """What stands in the registrar for alice, by URI."""
        reply = self.register([])
        self.assertStatus(reply, 200)
        return sorted(re.search("<([^>]+)>", v)[1]
                      for v in reply.all("Contact"))

    def register(self, contacts, extra=(), cseq=None, call_id=None, to=None,
                 user=None, uri="sip:contoso.test"):
        """As user (alice), for the address-of-record `to` (alice's)."""
        c, user = self.alice, user or "alice"
        to = to or "alice@contoso.test"
        reply, more = None, []
        for _ in range(2):
            if cseq is None:
                c.cseq += 1
            m = request("REGISTER", uri, to, to, "softphone.invalid",
                        [("Contact", v) for v in contacts] + list(extra)
                        + more, cseq=cseq or c.cseq,
                        call_id=call_id or c.reg_call_id)
            reply = c.final(c.ask(m))
            if reply is None or reply.status != 401:
                return reply
            more = [("Authorization", digest(
                reply.get("WWW-Authenticate"), user,
                self.contoso.passwords[user], "REGISTER", uri))]
        return reply

    def test_sip_32_too_many_contacts(self):
        for n in range(19):
            self.assertStatus(self.register([f"<sip:d{n}@192.0.2.1>"]), 200)
        before = self.contacts()
        self.assertEqual(len(before), 20)
        self.assertStatus(self.register(["<sip:d20@192.0.2.1>"]), 403)
        self.assertStatus(self.register(
            [f"<sip:e{n}@192.0.2.1>" for n in range(2)]), 403)
        self.assertEqual(self.contacts(), before)
        # room for as many as are taken back in the same breath
        self.assertStatus(self.register(
            ["<sip:d0@192.0.2.1>;expires=0", "<sip:new@192.0.2.1>"]), 200)
        self.assertEqual(len(self.contacts()), 20)

    def test_sip_32_21_contacts_at_once(self):
        """More than a message may have at all: 513; what it may have and the
        user may not: 403."""
        before = self.contacts()
        one = lambda n: f"<sip:d{n}@192.0.2.1>"
        self.assertStatus(self.register([one(n) for n in range(21)]), 513)
        self.assertStatus(self.register([", ".join(map(one, range(21)))]),
                          513)
        self.assertStatus(self.register([one(n) for n in range(20)]), 403)
        self.assertEqual(self.contacts(), before)

    def test_sip_32_star(self):
        self.assertStatus(self.register(["<sip:d@192.0.2.1>"]), 200)
        before = self.contacts()
        for contacts, expires in ((["*"], "3600"), (["*"], "1"), (["*"], ""),
                                  (["*", "<sip:e@192.0.2.1>"], "0"),
                                  (["<sip:e@192.0.2.1>", "*"], "0"),
                                  (["*, <sip:e@192.0.2.1>"], "0"),
                                  (["*", "*"], "0"), (["*;expires=0"], "0"),
                                  (["<*>"], "0")):
            reply = self.register(contacts, [("Expires", expires)]
                                  if expires else [])
            self.assertIsNotNone(reply, contacts)
            self.assertEqual(reply.status, 400, (contacts, expires))
        self.assertEqual(self.contacts(), before)
        self.assertStatus(self.register(["*"], [("Expires", "0")]), 200)
        self.assertEqual(self.contacts(), [])
        self.assertStatus(self.carol.message("alice@contoso.test", "x"), 202)

    def test_sip_32_order(self):
        """An older or the same CSeq of the same Call-ID changes nothing."""
        c = self.alice
        for contact in (f"<{c.contact}>;expires=0", f"<{c.contact}>", "*"):
            extra = [("Expires", "0")] if contact == "*" else []
            for cseq in (1, c.cseq):
                reply = self.register([contact], extra, cseq=cseq)
                self.assertStatus(reply, 400)
        self.assertEqual(self.contacts(), [c.contact])
        # another Call-ID is another device: the newer word counts
        self.assertStatus(self.register(
            [f"<{c.contact}>;expires=0"], call_id="another"), 200)
        self.assertEqual(self.contacts(), [])

    def test_sip_32_too_brief(self):
        for contact, extra in (("<sip:d@192.0.2.1>;expires=1", []),
                               ("<sip:d@192.0.2.1>", [("Expires", "1")]),
                               ("<sip:d@192.0.2.1>;expires=59", [])):
            reply = self.register([contact], extra)
            self.assertStatus(reply, 423)
            self.assertEqual(reply.get("Min-Expires"), "60")
        self.assertEqual(self.contacts(), [self.alice.contact])

    def test_sip_32_contact_of_another_user(self):
        """Nobody changes what another one registered: not in his name, not
        by naming his device."""
        for contacts, extra in ((["<sip:mine@192.0.2.1>"], []),
                                ([f"<{self.carol.contact}>;expires=0"], []),
                                (["*"], [("Expires", "0")]), ([], [])):
            reply = self.register(contacts, extra, to=self.carol.aor)
            self.assertStatus(reply, 403)
        self.assertStatus(self.register(
            [f"<{self.carol.contact}>;expires=0"]), 200)
        self.assertStatus(self.register([f"<{self.carol.contact}>"]), 200)
        dave = self.client(self.contoso, "dave")
        self.assertStatus(dave.message(self.carol.aor, "to carol"), 200)
        self.assertReceived(self.carol, "to carol")
        # what alice says is her device is reached by her connection
        self.assertStatus(dave.message("alice@contoso.test", "to alice"), 200)
        self.assertReceived(self.alice, "to alice")
        self.assertEqual(len(self.carol.received), 1)

    def test_sip_32_deregister_race(self):
        """Delivered or stored, never between: all arrive, in order."""
        bob = self.client(self.contoso, "bob")
        stop = threading.Event()

        def flicker():
            while not stop.is_set():
                for expires in (0, 600):
                    bob.register(expires=expires)
        racing = threading.Thread(target=flicker)
        racing.start()
        try:
            said = {}
            for n in range(300):
                reply = self.alice.message(bob.aor, f"{n}")
                self.assertIsNotNone(reply)
                self.assertIn(reply.status, (200, 202))
                said[f"{n}"] = reply.status
        finally:
            stop.set()
            racing.join()
        wait_for(lambda: len(bob.received) >= len(said), 10, "all arrive")
        self.assertEqual([t for _, t in bob.received], list(said))
        self.assertIn(202, said.values())

    # SIP-34

    INVITES = 1100

    def invite(self, c, to):
        return request("INVITE", f"sip:{to}", c.aor, to, "softphone.invalid",
                       [("Contact", f"<{c.contact}>")])

    def call(self, caller, callee):
        """A call that is set up as if nothing were the matter."""
        callee.on_request = lambda m, c: answer(m, 200, headers=[
            ("Contact", f"<{callee.contact}>")]) \
            if m.method == "INVITE" else None
        waiting = caller.ask(self.invite(caller, callee.aor))
        self.assertStatus(caller.final(waiting, 5), 200)

    def statuses(self, waiting):
        got = []
        for q in waiting:
            while not q.empty():
                got.append(q.get().status)
        return got

    def test_sip_34_invites_never_finished(self):
        """The greedy one gets 503 beyond its share. Calls of others are set
        up, whichever workers they and the greedy one's victim are on."""
        silent = self.client_on(self.contoso, "silent", 0,
                                on_request=lambda m, c: None)
        greedy = self.client_on(self.contoso, "greedy", 1)
        waiting = [greedy.ask(self.invite(greedy, silent.aor))
                   for _ in range(self.INVITES)]
        wait_for(lambda: len(silent.requests) >= 1000 and sum(
            not q.empty() for q in waiting) == self.INVITES, 20,
            "each has got an answer or rings")
        got = self.statuses(waiting)
        self.assertEqual(got.count(503), self.INVITES - 1000)
        self.assertEqual(len(silent.requests), 1000)
        for slot in range(3):
            caller = self.client_on(self.contoso, f"caller{slot}", slot)
            callee = self.client_on(self.contoso, f"callee{slot}",
                                    (slot + 1) % 3)
            self.call(caller, callee)
            # and to where the many went
            beside = self.client_on(self.contoso, f"beside{slot}", 0)
            self.call(caller, beside)
        self.assertStatus(greedy.message(self.carol.aor, "x"), 503)
        self.assertNoExit()

    def test_sip_34_cancel_and_ack_without_invite(self):
        c = self.alice
        for _ in range(300):
            m = self.invite(c, self.carol.aor)
            m.start = m.start.replace("INVITE", "CANCEL")
            m.headers = [(n, "1 CANCEL" if n == "CSeq" else v)
                         for n, v in m.headers]
            q = c.ask(m)
            m.start = m.start.replace("CANCEL", "ACK")
            m.headers = [(n, "1 ACK" if n == "CSeq" else v)
                         for n, v in m.headers]
            c.send_bytes(m.encode() * 10)
        self.assertStatus(c.final(q), 481)
        self.assertStatus(c.message(self.carol.aor, "after"), 200)
        self.assertNotIn("CANCEL", [m.method for m in self.carol.requests])
        wait_for(lambda: self.contoso.metric("sip_transactions") == 0, 5,
                 "nothing is kept")
