# SPDX-License-Identifier: Apache-2.0
"""Somebody fills the store (MSG-05, MSG-02).

* As many messages wait for a user, and of a sender, as are allowed; each
  further one is refused with 480 and when to come back, and never with 202.
* Meanwhile what others send is stored, and none of theirs waits for long.
* What was answered 202 arrives once, in order, and makes room again.
"""
import time

from harness.case import Case
from harness.stage import wait_for

USER, SENDER, FLOOD = 40, 60, 200


class Quotas(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.contoso.extra = (f"home: {{ stored_per_user: {USER}, "
                              f"stored_per_sender: {SENDER} }}\n")
        self.contoso.start()
        for user in ("bob", "carol", "erin"):
            self.contoso.add_user(user)
        self.filler = self.client(self.contoso, "alice")
        self.other = self.client(self.contoso, "dave")

    def flood(self, to, count):
        """The answers to so many at once, in their order."""
        waiting = [self.filler.message_async(to, f"{n}")
                   for n in range(count)]
        return [self.filler.final(q, 60) for q in waiting]

    def assertTaken(self, replies, count):
        """The first of them, and no others."""
        got = [r.status for r in replies]
        self.assertEqual(got, [202] * count + [480] * (len(got) - count))
        for reply in replies[count:]:
            self.assertGreater(int(reply.get("Retry-After")), 0)

    def arrive(self, user, texts):
        c = self.client(self.contoso, user)
        wait_for(lambda: len(c.received) >= len(texts), 60, "they arrive")
        self.assertEqual([t for _, t in c.received], texts)

    def test_others_are_not_affected(self):
        waiting = [self.filler.message_async("bob@contoso.test", f"{n}")
                   for n in range(FLOOD)]
        for n in range(20):
            began = time.monotonic()
            reply = self.other.message("carol@contoso.test", f"{n}", 30)
            self.assertStatus(reply, 202)
            self.assertLess(time.monotonic() - began, 5)
        self.assertTaken([self.filler.final(q, 60) for q in waiting], USER)
        # bob's box is full for everybody, and the filler has a third left
        self.assertStatus(self.other.message("bob@contoso.test", "x"), 480)
        self.assertTaken(self.flood("erin@contoso.test", USER), SENDER - USER)
        self.arrive("carol", [f"{n}" for n in range(20)])
        self.arrive("bob", [f"{n}" for n in range(USER)])
        wait_for(lambda: self.filler.message("erin@contoso.test",
                                             "again").status == 202, 30,
                 "room again")
        erin = [f"{n}" for n in range(SENDER - USER)] + ["again"]
        self.arrive("erin", erin)
