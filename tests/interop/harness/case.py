# SPDX-License-Identifier: Apache-2.0
"""The base of every conversation: a stage that is struck when it is over."""
import os
import sys
import unittest

from peers.network import Network

from .sip import Client, Partner
from .stage import Stage, wait_for


class Case(unittest.TestCase):
    def setUp(self):
        self.stage = self.new_stage()
        self.addCleanup(self.strike)

    def new_stage(self):
        return Stage()

    def strike(self):
        outcome = getattr(self._outcome, "success", True)
        if not outcome and os.environ.get("SALLYPORT_KEEP"):
            print(f"kept: {self.stage.folder}", file=sys.stderr)
        if not outcome:
            for org in self.stage.orgs:
                if org.log:
                    print(f"--- {org.name}, last lines", file=sys.stderr)
                    print("\n".join(org.log.lines[-25:]), file=sys.stderr)
        self.stage.close(keep=bool(not outcome
                                   and os.environ.get("SALLYPORT_KEEP")))

    def source(self, n):
        """One of many addresses of ours to connect from."""
        return f"127.9.{n // 250 % 250}.{1 + n % 250}"

    def client(self, org, user, register=True, **kw):
        """Connected and signed in."""
        if user not in org.passwords:
            org.add_user(user)
        c = self.stage.later(Client(org, user, **kw))
        if register:
            reply = c.register()
            self.assertIsNotNone(reply, "no answer to REGISTER")
            self.assertEqual(reply.status, 200, reply.start)
        return c

    def slot_of(self, c):
        """The worker that a connection landed on, from the log."""
        return int(c.org.log.wait("conn.open", source=c.source)["slot"])

    def client_on(self, org, user, slot, **kw):
        """A signed-in client whose connection sits on that worker."""
        for _ in range(200):
            c = self.client(org, user, register=False, **kw)
            if self.slot_of(c) == slot:
                reply = c.register()
                self.assertEqual(reply.status, 200, reply.start)
                return c
            c.close()
        self.fail(f"no connection landed on worker {slot}")

    def assertStatus(self, reply, status):
        self.assertIsNotNone(reply, f"no answer, expected {status}")
        self.assertEqual(reply.status, status, reply.start)

    def assertReceived(self, c, text, timeout=5):
        wait_for(lambda: any(t == text for _, t in c.received), timeout,
                 f"{c.user} receives {text!r}")


class Apart:
    """Before a Case: in a network of its own."""

    def new_stage(self):
        self.network = Network()
        self.addCleanup(self.network.close)  # the last: after the stage
        return Stage()


class Six(Apart):
    """Before a Case: the same conversations over IPv6, in a network of their
    own, where each organisation has an address beside ::1."""

    def new_stage(self):
        super().new_stage()
        self.network.many("fd79:0:9::/48")
        return Stage(self.network)

    def source(self, n):
        return f"fd79:0:9:{n:x}::1"  # a /64 counts as one source


class Walled(Case):
    """contoso with the built-in home; fabrikam is a scripted partner."""

    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.fabrikam = self.stage.org("fabrikam")  # never started
        self.contoso.partner("fabrikam.test", self.fabrikam.edge,
                             f"{self.fabrikam.host}:15061")
        self.contoso.trusted.append(self.fabrikam.ca.pem)
        self.before_start()
        self.contoso.start()
        self.partner = self.stage.later(Partner(
            (self.fabrikam.address, 15061), "fabrikam", self.fabrikam.ca,
            self.fabrikam.cert, self.contoso.ca.pem))
        self.after_start()

    def before_start(self):
        """What else a conversation wants to be there."""

    def after_start(self):
        """What it waits for."""

    def dial(self, **kw):
        """A connection of the partner to our federation port."""
        return self.stage.later(self.partner.dial(self.contoso, **kw))

    def assertNoExit(self):
        """No process has ended meanwhile."""
        self.assertEqual(self.contoso.log.find("proc.exit"), [])
        self.assertEqual(self.contoso.log.find("proc.crash"), [])
