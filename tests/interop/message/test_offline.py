# SPDX-License-Identifier: Apache-2.0
"""Messages for users who are away (RFC 3428 8; MSG-01, MSG-02, MSG-03).

* 202 for a user without a device; delivered once, in order, at the next
  registration, with the Date of sending; gone afterwards.
* From a partner across the wall too, with all workers and a restart between.
* A device that does not answer, or answers with an error that passes, loses
  nothing; one that refuses for good ends it.
* A typing notice, or what has expired, is never kept.
"""
import re
import time

from harness.case import Case, Six
from harness.stage import wait_for


class Offline(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.start()
        self.fabrikam.start()

    def texts(self, c):
        return [t for _, t in c.received]

    def test_waits_and_arrives_in_order(self):
        alice = self.client(self.contoso, "alice")
        self.contoso.add_user("bob")
        for n in range(20):
            self.assertStatus(alice.message("bob@contoso.test", f"m{n}"), 202)
        bob = self.client(self.contoso, "bob")
        wait_for(lambda: len(bob.received) >= 20, 10, "all arrive")
        self.assertEqual(self.texts(bob), [f"m{n}" for n in range(20)])
        for m in bob.requests:
            self.assertRegex(m.get("Date"),
                             r"^\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT$")
            self.assertNotIn("stored.invalid", m.encode().decode())
        # gone: the next registration brings nothing
        self.assertStatus(bob.register(), 200)
        self.assertIn(alice.message("bob@contoso.test", "live").status,
                      (200, 202))
        self.assertReceived(bob, "live")
        self.assertEqual(self.texts(bob)[20:], ["live"])

    def test_across_the_wall_and_a_restart(self):
        alice = self.client(self.contoso, "alice")
        self.fabrikam.add_user("bob")
        for n in range(5):
            self.assertStatus(alice.message("bob@fabrikam.test", f"m{n}",
                                            extra=[("Date", "Sun, 22 Nov 2026"
                                                    " 10:00:00 GMT")]), 202)
        self.assertEqual(self.fabrikam.stop(), 0)
        self.fabrikam.start()
        bob = self.client(self.fabrikam, "bob")
        wait_for(lambda: len(bob.received) >= 5, 10, "all arrive")
        self.assertEqual(self.texts(bob), [f"m{n}" for n in range(5)])
        self.assertEqual({m.get("Date") for m in bob.requests},
                         {"Sun, 22 Nov 2026 10:00:00 GMT"})

    def test_lost_connection(self):
        """Bob's connection ends: what comes then waits."""
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        bob.close()
        self.contoso.log.wait("conn.end", source=bob.source)
        self.assertStatus(alice.message(bob.aor, "later"), 202)
        again = self.client(self.contoso, "bob")
        self.assertReceived(again, "later")

    def test_silent_device(self):
        """The decision falls within 8 seconds; both devices of the user get
        it when they are back."""
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob", on_request=lambda m, c: None)
        begun = time.monotonic()
        self.assertStatus(alice.message(bob.aor, "anybody?"), 202)
        took = time.monotonic() - begun
        self.assertGreater(took, 7)
        self.assertLess(took, 15)
        self.assertEqual(len(bob.requests), 1)
        bob.close()
        again = self.client(self.contoso, "bob")
        self.assertReceived(again, "anybody?")

    def test_device_with_a_passing_error(self):
        """480 and 500 keep it; the next registration delivers it, and what
        came meanwhile follows it."""
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        for status in (480, 500):
            bob.status_for_messages = status
            self.assertStatus(alice.message(bob.aor, f"s{status}"), 202)
        bob.received.clear()
        bob.status_for_messages = 200
        self.assertStatus(alice.message(bob.aor, "behind"), 202)
        self.assertStatus(bob.register(), 200)
        wait_for(lambda: len(bob.received) >= 3, 10, "all arrive")
        self.assertEqual(self.texts(bob), ["s480", "s500", "behind"])

    def test_device_that_refuses_for_good(self):
        alice = self.client(self.contoso, "alice")
        self.contoso.add_user("bob")
        for n in range(3):
            self.assertStatus(alice.message("bob@contoso.test", f"m{n}"), 202)
        bob = self.client(self.contoso, "bob", register=False)
        bob.status_for_messages = 488
        self.assertStatus(bob.register(), 200)
        self.contoso.log.wait("msg.refused", to=bob.aor)
        wait_for(lambda: len(bob.received) >= 3, 10, "each was tried")
        bob.status_for_messages = 200
        wait_for(lambda: alice.message(bob.aor, "new").status == 200, 10,
                 "the queue is empty")
        self.assertEqual(self.texts(bob)[:4], ["m0", "m1", "m2", "new"])

    def test_kinds_that_are_not_kept(self):
        alice = self.client(self.contoso, "alice")
        self.contoso.add_user("bob")
        typing = [("Content-Type", "application/im-iscomposing+xml")]
        for extra, body in ((typing, b"<isComposing/>"),
                            ([("Expires", "0"),
                              ("Content-Type", "text/plain")], b"now")):
            m = self.message_with(alice, "bob@contoso.test", extra, body)
            self.assertStatus(alice.final(alice.ask(m)), 480)
        self.assertStatus(alice.message("nobody@contoso.test", "x"), 404)

    def message_with(self, c, to, headers, body):
        from harness.sip import request
        m = request("MESSAGE", f"sip:{to}", c.aor, to, "softphone.invalid",
                    headers, b"")
        m.body = body
        return m

    def test_what_expires_is_not_delivered(self):
        alice = self.client(self.contoso, "alice")
        self.contoso.add_user("bob")
        self.assertStatus(alice.message("bob@contoso.test", "short",
                                        extra=[("Expires", "1")]), 202)
        self.assertStatus(alice.message("bob@contoso.test", "long"), 202)
        end = time.monotonic() + 2.1
        wait_for(lambda: time.monotonic() > end, 5, "a second passes")
        bob = self.client(self.contoso, "bob")
        self.assertReceived(bob, "long")
        self.assertEqual(self.texts(bob), ["long"])

    def test_two_devices(self):
        """Both that are online get it."""
        alice = self.client(self.contoso, "alice")
        self.contoso.add_user("bob")
        desk = self.client_on(self.contoso, "bob", 0)
        phone = self.client_on(self.contoso, "bob", 2)
        self.assertStatus(alice.message("bob@contoso.test", "both"), 200)
        self.assertReceived(desk, "both")
        self.assertReceived(phone, "both")

    def test_same_message_again_after_a_restart_of_home(self):
        """SIP-31: one delivery, the same answer."""
        from harness.sip import request
        import os
        import signal
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        self.contoso.add_user("carol")

        def send(to, n):
            m = request("MESSAGE", f"sip:{to}@contoso.test", alice.aor,
                        f"{to}@contoso.test", "softphone.invalid", [],
                        b"once", call_id=f"again-{to}", from_tag="t1",
                        cseq=n)
            return alice.final(alice.ask(m))

        self.assertStatus(send("bob", 1), 200)
        self.assertStatus(send("carol", 1), 202)
        pid = self.contoso.pid_of("home")
        os.kill(pid, signal.SIGKILL)
        self.contoso.log.wait("proc.exit", pid=pid)
        wait_for(lambda: len(self.contoso.log.find("home.ready")) > 1, 10,
                 "home is back")
        wait_for(lambda: send("bob", 1).status == 200, 10, "200 again")
        self.assertStatus(send("carol", 1), 202)
        self.assertEqual(self.texts(bob), ["once"])
        carol = self.client(self.contoso, "carol")
        self.assertReceived(carol, "once")
        # 202 while what waited is being deleted
        self.assertIn(alice.message(carol.aor, "end").status, (200, 202))
        self.assertReceived(carol, "end")
        self.assertEqual(self.texts(carol), ["once", "end"])

    def test_notices(self):
        """RFC 5438: the sender who asked learns that a message was stored,
        and that it was refused."""
        body = (b"From: <sip:alice@fabrikam.test>\r\n"
                b"To: <sip:bob@contoso.test>\r\n"
                b"NS: imdn <urn:ietf:params:imdn>\r\n"
                b"imdn.Message-ID: 34jk324j\r\n"
                b"DateTime: 2026-11-22T10:00:00Z\r\n"
                b"imdn.Disposition-Notification: negative-delivery, "
                b"processing\r\n\r\n"
                b"Content-Type: text/plain\r\n\r\nhello")
        alice = self.client(self.fabrikam, "alice")
        self.contoso.add_user("bob")
        m = self.message_with(alice, "bob@contoso.test",
                              [("Content-Type", "message/cpim")], body)
        self.assertStatus(alice.final(alice.ask(m)), 202)
        wait_for(lambda: alice.received, 10, "the notice")
        notice = alice.received[0][1]
        self.assertIn("<stored/>", notice)
        self.assertIn("<message-id>34jk324j</message-id>", notice)
        bob = self.client(self.contoso, "bob", register=False)
        bob.status_for_messages = 606
        self.assertStatus(bob.register(), 200)
        wait_for(lambda: len(alice.received) > 1, 10, "the second notice")
        self.assertTrue(re.search("<delivery-notification><status><failed/>",
                                  alice.received[1][1]))
        self.assertEqual(bob.requests[0].body, body)


class OfflineSix(Six, Offline):
    pass
