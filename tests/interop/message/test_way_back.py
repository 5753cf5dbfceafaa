# SPDX-License-Identifier: Apache-2.0
"""Responses find the worker that owns their transaction (architecture 3).

* A response may come by another connection of the same proven peer.
* A response by a different peer's connection is dropped, and so is one that
  names no transaction of ours (SIP-30).
* When the connection that a request came by is gone, its answer goes by
  another live connection of the same peer, else it is dropped.
"""
import queue

from harness.case import Case, Six
from harness.sip import Partner, answer, request
from harness.stage import wait_for


class WayBack(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.fabrikam = self.stage.org("fabrikam")
        self.litware = self.stage.org("litware")
        for org in (self.fabrikam, self.litware):
            self.contoso.partner(org)
        self.contoso.start()
        self.partner = self.play(self.fabrikam)
        self.alice = self.client(self.contoso, "alice")

    def play(self, org):
        return self.stage.later(Partner(
            (org.address, org.federation_port), org.edge, org.ca, org.cert,
            self.contoso.ca.pem))

    def asked(self):
        """A request from alice that waits at the partner for its answer."""
        self.partner.reply = lambda m, c: None
        waiting = self.alice.message_async("bob@fabrikam.test", "hello")
        m, c = self.partner.requests.get(timeout=10)
        return waiting, m, c

    def test_by_another_connection_of_the_same_peer(self):
        for _ in range(6):  # so that some land on other workers
            waiting, m, _ = self.asked()
            other = self.stage.later(self.partner.dial(self.contoso))
            other.send(answer(m, 200))
            self.assertStatus(self.alice.final(waiting), 200)

    def test_by_a_different_peer(self):
        waiting, m, c = self.asked()
        litware = self.play(self.litware)
        other = self.stage.later(litware.dial(self.contoso))
        other.send(answer(m, 200))
        self.assertIsNone(self.alice.final(waiting, 1.5))
        c.send(answer(m, 486, "Busy Here"))
        self.assertStatus(self.alice.final(waiting), 486)

    def test_that_names_no_transaction(self):
        _, m, c = self.asked()
        stray = answer(m, 200)
        stray.headers = [(n, v.replace("branch=z9hG4bK", "branch=z9hG4bKx")
                          if n == "Via" else v) for n, v in stray.headers]
        c.send(stray)
        self.contoso.log.wait("sip.stray_response", why="via_not_ours")
        self.assertFalse(c.closed.is_set())

    def test_when_the_partner_s_connection_is_gone(self):
        """The sender is told at once that the branch failed."""
        waiting, _, c = self.asked()
        c.close()
        reply = self.alice.final(waiting, 5)
        self.assertIsNotNone(reply, "waits for a time-out")
        self.assertIn(reply.status, (503, 504, 500))

    def test_answer_by_another_connection_when_the_first_is_gone(self):
        held = queue.Queue()
        self.alice.on_request = lambda m, c: held.put(m)
        first = self.partner.dial(self.contoso)
        second = self.stage.later(self.partner.dial(self.contoso))
        m = request("MESSAGE", f"sip:{self.alice.aor}", "bob@fabrikam.test",
                    self.alice.aor, "edge.fabrikam.test", body=b"hi")
        first.ask(m)
        got = held.get(timeout=10)
        slot = self.slot(first)
        first.close()
        self.contoso.log.wait("conn.end", source=first.source)
        self.alice.send(answer(got, 200))
        reply = second.unasked.get(timeout=5)
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.get("Call-ID"), m.get("Call-ID"))
        self.assertIsNotNone(slot)

    def test_answer_is_dropped_when_no_connection_is_left(self):
        held = queue.Queue()
        self.alice.on_request = lambda m, c: held.put(m)
        first = self.partner.dial(self.contoso)
        first.ask(request("MESSAGE", f"sip:{self.alice.aor}",
                          "bob@fabrikam.test", self.alice.aor,
                          "edge.fabrikam.test", body=b"hi"))
        got = held.get(timeout=10)
        first.close()
        self.contoso.log.wait("conn.end", source=first.source)
        litware = self.stage.later(self.play(self.litware)
                                   .dial(self.contoso))
        self.alice.send(answer(got, 200))
        self.alice.on_request = self.alice._answer
        carol = self.client(self.contoso, "carol")
        self.assertStatus(carol.message(self.alice.aor, "fine"), 200)
        self.assertTrue(litware.unasked.empty())

    def slot(self, c):
        return int(self.contoso.log.wait("conn.open",
                                         source=c.source)["slot"])

    def test_device_that_lost_its_connection(self):
        """FLOW_DOWN: unreachable at once; its worker's death: the same."""
        carol = self.client(self.contoso, "carol")
        carol.close()

        def unreachable():
            reply = self.alice.message("carol@contoso.test", "x", timeout=3)
            return reply is not None and reply.status == 202

        wait_for(unreachable, 3, "known to be gone")


class WayBackSix(Six, WayBack):
    pass
