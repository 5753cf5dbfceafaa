# SPDX-License-Identifier: Apache-2.0
"""Full queues in both directions never deadlock (architecture 2).

* One process is stopped for five seconds while everybody sends at full speed
  to everybody, so that the queues to and from it fill up.
* Everything that was asked gets an answer or an error, memory stays bounded,
  and afterwards everything works as before, in the same processes.
"""
import os
import signal
import threading
import time

from harness.case import Case
from harness.stage import wait_for

STOPPED_S = 5
MEMORY_KB = int(os.environ.get("SALLYPORT_MEMORY_KB", str(200 * 1024)))


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith("VmRSS"):
                return int(line.split()[1])
    return 0


class Queues(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()
        self.users = [self.client_on(self.contoso, f"user{s}", s)
                      for s in range(3)]

    def flood(self, sender, receiver, until, tally):
        body = "x" * 60000
        asked = []
        while time.monotonic() < until and not sender.closed.is_set():
            asked.append(sender.message_async(receiver.aor, body))
            if len(asked) >= 300:
                break
        for q in asked:
            reply = sender.final(q, 40)
            key = reply.status if reply is not None else None
            tally[key] = tally.get(key, 0) + 1

    def stop_for_a_while(self, role, slot=None):
        pids = [int(e["pid"]) for e in self.contoso.log.find("proc.start")]
        victim = self.contoso.pid_of(role, slot)
        tallies, threads = [], []
        until = time.monotonic() + STOPPED_S
        os.kill(victim, signal.SIGSTOP)
        try:
            for sender in self.users:
                for receiver in self.users:
                    tallies.append({})
                    threads.append(threading.Thread(
                        target=self.flood,
                        args=(sender, receiver, until, tallies[-1])))
            for t in threads:
                t.start()
            peak = 0
            while time.monotonic() < until:
                peak = max([peak] + [resident_kb(p) for p in pids])
                time.sleep(0.1)
        finally:
            os.kill(victim, signal.SIGCONT)
        for t in threads:
            t.join(90)
            self.assertFalse(t.is_alive(), "somebody waits for ever")
        self.assertLess(peak, MEMORY_KB, "memory is not bounded")
        answered = {}
        for tally in tallies:
            for status, n in tally.items():
                answered[status] = answered.get(status, 0) + n
        self.assertNotIn(None, answered, f"without an answer: {answered}")
        # the same processes, the same connections, and all is well
        self.assertEqual(self.contoso.log.find("proc.exit"), [])
        for sender in self.users:
            for receiver in self.users:
                self.goes_through(sender, receiver)

    def goes_through(self, sender, receiver):
        """At once, or kept behind what waits for the receiver already."""
        text = f"after, from {sender.user}"
        wait_for(lambda: sender.message(receiver.aor, text).status in
                 (200, 202), 30, "messages are taken again")
        # a registration has what was kept delivered at once
        self.assertStatus(receiver.register(), 200)
        self.assertReceived(receiver, text, 60)

    def test_home_stopped(self):
        self.stop_for_a_while("home")

    def test_worker_stopped(self):
        self.stop_for_a_while("edge", 1)

    def test_store_stopped(self):
        self.stop_for_a_while("store")
