# SPDX-License-Identifier: Apache-2.0
"""Numbered messages: what was acknowledged has to have arrived."""
import threading
import time

from .sip import Client


class Ledger:
    """Sends numbered texts from one user to another, with a window of
    messages under way; signs in again whenever a connection is lost."""

    def __init__(self, case, sender, receiver, window=32):
        self.case, self.window = case, window
        self.sender_org, self.sender_user = sender
        self.receiver_org, self.receiver_user = receiver
        for org, user in (sender, receiver):
            if user not in org.passwords:
                org.add_user(user)
        self.arrived = set()
        self.acknowledged, self.refused, self.lost = set(), {}, set()
        self.times = []  # (sent, acknowledged) of each
        self.to = f"{self.receiver_user}@{self.receiver_org.domain}"
        self.stopping = threading.Event()
        self.receiver = self.sender = None
        self.watch = threading.Thread(target=self._keep_receiver, daemon=True)
        self.online = threading.Event()
        self.watch.start()
        case.assertTrue(self.online.wait(20), "receiver signs in")

    def _sign_in(self, org, user):
        try:
            c = Client(org, user)
        except OSError:
            return None
        reply = c.register()
        if reply is not None and reply.status == 200:
            return c
        c.close()
        return None

    def _keep_receiver(self):
        c = None
        while not self.stopping.wait(0.02):
            if c is not None and not c.closed.is_set():
                continue
            self.online.clear()
            if c is not None:
                self._collect(c)
            c = self._sign_in(self.receiver_org, self.receiver_user)
            if c is not None:
                self.receiver = c
                self.online.set()
        if c is not None:
            self._collect(c)
            c.close()

    def _collect(self, c):
        self.arrived |= {t for _, t in c.received}

    def _sender(self):
        while self.sender is None or self.sender.closed.is_set():
            self.sender = self._sign_in(self.sender_org, self.sender_user)
        return self.sender

    def send(self, count, first=0, at=None, action=None, body=b""):
        """Sends `count` messages; calls action() before number `at`."""
        under_way = []
        for n in range(first, first + count):
            if n == at:
                action()
            c = self._sender()
            text = f"{n}" + body.decode()
            under_way.append((n, text, c, time.monotonic(),
                              c.message_async(self.to, text)))
            if len(under_way) >= self.window:
                self._settle(*under_way.pop(0))
        for entry in under_way:
            self._settle(*entry)

    def first_after(self, moment):
        """When the first message that was sent after that moment was
        acknowledged; None: not yet."""
        return min((acked for sent, acked in self.times if sent > moment),
                   default=None)

    def _settle(self, n, text, c, sent, waiting):
        reply = c.final(waiting, 40)
        if reply is None:
            self.lost.add(n)  # the connection ended: nobody promised
        elif reply.status in (200, 202):
            self.acknowledged.add(text)
            self.times.append((sent, time.monotonic()))
        else:
            self.refused[n] = reply.status

    def close(self):
        self.stopping.set()
        self.watch.join(10)
        if self.sender is not None:
            self.sender.close()

    def _all_arrived(self):
        now = self.receiver.received if self.receiver else []
        return self.acknowledged <= self.arrived | {t for _, t in now}

    def check(self, timeout=60):
        """Every acknowledged message arrives: what was stored, in its
        time."""
        end = time.monotonic() + timeout
        while not self._all_arrived() and time.monotonic() < end:
            time.sleep(0.05)
        self.close()
        missing = self.acknowledged - self.arrived
        self.case.assertEqual(len(missing), 0, "acknowledged, not delivered: "
                              f"{sorted(missing)[:20]}")
