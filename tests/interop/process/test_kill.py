# SPDX-License-Identifier: Apache-2.0
"""PRC-01: each kind of process is killed in the middle of 1 000 messages.

* What was answered 200 or 202 has been delivered; the rest got an error or
  its connection ended; nothing hangs.
* Service is back within a second (the process's own restart; five seconds
  with sanitizers, whose processes take long to start).
* Connections of other processes live on.
* When the supervisor itself dies no process is left behind, and a new start
  works at once.
"""
import os
import signal
import time

from harness.case import Case
from harness.ledger import Ledger
from harness.stage import wait_for

MESSAGES = int(os.environ.get("SALLYPORT_KILL_MESSAGES", "1000"))
BACK = float(os.environ.get("SALLYPORT_BACK_S", "1"))


class Kill(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.start()
        self.fabrikam.start()

    def kill_in_the_middle(self, org, role, slot=None):
        idle = [self.client_on(org, f"idle{s}", s) for s in range(3)]
        ledger = Ledger(self, (self.contoso, "alice"),
                        (self.fabrikam, "bob"))
        self.addCleanup(ledger.close)
        victim = org.pid_of(role, slot)
        killed = []

        def kill():
            os.kill(victim, signal.SIGKILL)
            killed.append(time.monotonic())

        ledger.send(MESSAGES, at=MESSAGES // 3, action=kill)
        org.log.wait("proc.exit", pid=victim)
        # the whole path again: the first message that passes, then all do
        extra = MESSAGES
        while not ledger.first_after(killed[0]):
            self.assertLess(time.monotonic() - killed[0], BACK + 5)
            ledger.send(1, first=extra)
            extra += 1
        self.assertLess(ledger.first_after(killed[0]) - killed[0], BACK,
                        f"{role} is back late")
        wait_for(ledger.online.is_set, 10, "the receiver is back")
        before = len(ledger.acknowledged)
        ledger.send(50, first=2 * MESSAGES)
        self.assertEqual(len(ledger.acknowledged) - before, 50,
                         (ledger.refused, ledger.lost))
        # what was sent before, but for the window that was under way
        self.assertGreater(before, MESSAGES // 3 - 2 * ledger.window)
        for s, c in enumerate(idle):
            if not (role == "edge" and s == slot):
                self.assertFalse(c.closed.is_set(), f"worker {s} dropped")
        ledger.check()
        return ledger

    def test_edge_of_the_sender(self):
        self.kill_in_the_middle(self.contoso, "edge", 0)

    def test_edge_of_the_receiver(self):
        self.kill_in_the_middle(self.fabrikam, "edge", 1)

    def test_home_of_the_sender(self):
        self.kill_in_the_middle(self.contoso, "home")

    def test_home_of_the_receiver(self):
        """No new REGISTER is needed: home comes back with its bindings."""
        registered = len(self.fabrikam.log.find("sip.message",
                                                method="REGISTER"))
        ledger = self.kill_in_the_middle(self.fabrikam, "home")
        again = [e for e in self.fabrikam.log.find("sip.message",
                                                   method="REGISTER")
                 if "bob" in e["from"]]
        self.assertLessEqual(len(again), registered + 2)
        self.assertFalse(ledger.lost)

    def test_store(self):
        self.kill_in_the_middle(self.contoso, "store")

    def test_resolver(self):
        ledger = self.kill_in_the_middle(self.contoso, "resolver")
        self.assertEqual(ledger.refused, {})
        self.assertEqual(ledger.lost, set())

    def test_admin(self):
        ledger = self.kill_in_the_middle(self.contoso, "admin")
        self.assertEqual(ledger.refused, {})
        self.assertEqual(ledger.lost, set())
        self.assertEqual(self.contoso.run("status").returncode, 0)

    def test_supervisor(self):
        ledger = Ledger(self, (self.contoso, "alice"),
                        (self.fabrikam, "bob"))
        self.addCleanup(ledger.close)
        pids = {int(e["pid"]) for e in self.contoso.log.find("proc.start")}

        def kill():
            self.contoso.kill()
            wait_for(lambda: not any(os.path.exists(f"/proc/{p}")
                                     for p in pids), 5, "children end too")
            self.contoso.start()

        ledger.send(MESSAGES // 2, at=MESSAGES // 4, action=kill)
        ledger.check()
        self.assertGreater(len(ledger.acknowledged), MESSAGES // 4)
