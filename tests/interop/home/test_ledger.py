# SPDX-License-Identifier: Apache-2.0
"""Messages to a user who comes and goes, while processes are killed (STO-01,
MSG-01): every one that was answered 200 or 202 arrives, in the order of
sending, and what arrives twice is the same message.

* The receiver signs in and disappears all the time.
* In the middle store, home, or the whole server is killed.
* Many senders at once share the syncs: group commit (STO-06).
"""
import os
import signal
import threading

from harness.case import Case
from harness.sip import Client
from harness.stage import wait_for

MESSAGES = int(os.environ.get("SALLYPORT_KILL_MESSAGES", "300"))


class Receiver:
    """Signs in, stays a moment, drops the connection, comes again."""

    def __init__(self, org, user):
        self.org, self.user = org, user
        self.seen, self.stopping = [], threading.Event()
        self.stay = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _take(self, m, c):
        from harness.sip import answer
        if m.method == "MESSAGE":
            self.seen.append((m.body.decode(), m.get("Call-ID")))
        return answer(m, 200)

    def _run(self):
        n = 0
        while not self.stopping.is_set():
            try:
                c = Client(self.org, self.user, on_request=self._take)
            except OSError:
                continue
            reply = c.register()
            n += 1
            if reply is not None and reply.status == 200:
                c.closed.wait(0.05 + 0.03 * (n % 5))
                while self.stay and not c.closed.wait(0.05):
                    if self.stopping.is_set():
                        break
            c.close()

    def close(self):
        self.stopping.set()
        self.thread.join(10)


class Ledger(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()
        self.contoso.add_user("bob")
        self.contoso.add_user("alice")
        self.bob = Receiver(self.contoso, "bob")
        self.addCleanup(self.bob.close)

    def sender(self):
        while True:
            try:
                c = Client(self.contoso, "alice")
            except OSError:
                continue
            reply = c.register()
            if reply is not None and reply.status == 200:
                return self.stage.later(c)
            c.close()

    def send_all(self, action):
        """One at a time, so that the order is known; what failed is not sent
        again."""
        acknowledged = []
        alice = self.sender()
        for n in range(MESSAGES):
            if n == MESSAGES // 3:
                action()
            if alice.closed.is_set():
                alice = self.sender()
            reply = alice.message("bob@contoso.test", f"{n}", 40)
            if reply is not None and reply.status in (200, 202):
                acknowledged.append(f"{n}")
            else:  # not all of them while the process comes back
                alice.closed.wait(0.05)
        return acknowledged

    def check(self, acknowledged):
        self.bob.stay = True
        texts = lambda: {t for t, _ in self.bob.seen}
        wait_for(lambda: set(acknowledged) <= texts(), 60,
                 f"all of {len(acknowledged)} arrive")
        first = {}
        for text, call_id in self.bob.seen:
            self.assertEqual(first.setdefault(text, call_id), call_id)
        order = [int(t) for t in first]
        self.assertEqual(order, sorted(order), "in order")
        self.assertGreater(len(acknowledged), MESSAGES // 2)

    def kill_role(self, role):
        def action():
            pid = self.contoso.pid_of(role)
            os.kill(pid, signal.SIGKILL)
            self.contoso.log.wait("proc.exit", pid=pid)
        self.check(self.send_all(action))

    def test_nobody_is_killed(self):
        acknowledged = self.send_all(lambda: None)
        self.assertEqual(len(acknowledged), MESSAGES)
        self.check(acknowledged)

    def test_store(self):
        self.kill_role("store")

    def test_home(self):
        self.kill_role("home")

    def test_edge(self):
        def action():
            for slot in range(3):
                os.kill(self.contoso.pid_of("edge", slot), signal.SIGKILL)
        self.check(self.send_all(action))

    def test_all(self):
        def action():
            pids = {int(e["pid"])
                    for e in self.contoso.log.find("proc.start")}
            self.contoso.kill()
            wait_for(lambda: not any(os.path.exists(f"/proc/{p}")
                                     for p in pids), 5, "children end too")
            self.contoso.start()
        self.check(self.send_all(action))

    def test_senders_share_the_syncs(self):
        self.bob.close()
        senders = [self.client(self.contoso, f"s{n}") for n in range(8)]
        commits = self.contoso.metric("store_commits_total")
        waiting = [s.message_async("bob@contoso.test", f"{n}")
                   for n in range(50) for s in senders]
        for n, q in enumerate(waiting):
            self.assertStatus(senders[n % 8].final(q, 30), 202)
        used = self.contoso.metric("store_commits_total") - commits
        self.assertLess(used, len(waiting) / 2)
