# SPDX-License-Identifier: Apache-2.0
"""More than the edge may carry (OVL-01): five times what it has room for.

A device of alice's takes a quarter of a second for each message, and there is
room for forty of one partner at a time, so 160 a second pass at best.

* What passes at five times the load is at least four fifths of what passes at
  best; the rest is refused at once, 503 with Retry-After of 5 to 30 seconds.
* Nothing is left without an answer; what was answered with success was
  received, once.
* Soon after it ends all is as before.
"""
import collections
import threading
import time

from harness.case import Walled
from harness.sip import Message, answer
from harness.stage import wait_for

ROOM = 40  # of one source: a quarter of all
TAKES_S = 0.25
BEST = ROOM / TAKES_S
SECONDS = 4


class Overload(Walled):
    def before_start(self):
        self.contoso.limits["transactions"] = 4 * ROOM

    def after_start(self):
        self.got = collections.Counter()
        self.alice = self.client(self.contoso, "alice")
        self.alice.on_request = self.slowly
        self.zoe = self.dial()
        self.number = 0

    def slowly(self, m, c):
        self.got[m.body] += 1
        threading.Timer(TAKES_S, c.send, [answer(m, 200)]).start()

    def write(self):
        self.number += 1
        text = f"{self.number}"
        return text.encode(), self.zoe.ask(Message(
            f"MESSAGE sip:{self.alice.aor} SIP/2.0", [
                ("Via", "SIP/2.0/TLS edge.fabrikam.test:15061;"
                 f"branch=z9hG4bKo{text}"),
                ("Max-Forwards", "70"),
                ("From", "<sip:zoe@fabrikam.test>;tag=o"),
                ("To", f"<sip:{self.alice.aor}>"),
                ("Call-ID", f"overload-{text}"), ("CSeq", "1 MESSAGE"),
                ("Content-Type", "text/plain")], text.encode()))

    def answers(self, asked):
        """The bodies that were taken; everything else was refused well."""
        taken = []
        for text, queue in asked:
            reply = self.zoe.final(queue, 20)
            self.assertIsNotNone(reply, text)
            if reply.status == 200:
                taken.append(text)
                continue
            self.assertStatus(reply, 503)
            self.assertIn(int(reply.get("Retry-After")), range(5, 31))
        return taken

    def offered(self, rate):
        """So many a second, evenly, whatever comes back."""
        asked, began = [], time.monotonic()
        while (passed := time.monotonic() - began) < SECONDS:
            while len(asked) < passed * rate:
                asked.append(self.write())
            time.sleep(0.005)
        return self.answers(asked), len(asked)

    def test_ovl_01_five_times_the_load(self):
        calm, _ = self.offered(BEST * 0.9)
        taken, offered = self.offered(BEST * 5)
        self.assertGreater(offered, BEST * 4 * SECONDS)
        self.assertGreaterEqual(len(taken), 0.8 * len(calm))
        self.assertEqual(sorted(self.got), sorted(calm + taken))
        self.assertEqual(set(self.got.values()), {1})
        # and then
        wait_for(lambda: self.contoso.metric("sip_transactions") == 0, 10,
                 "all are over")
        _, queue = self.write()
        self.assertStatus(self.zoe.final(queue), 200)
