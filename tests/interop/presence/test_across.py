# SPDX-License-Identifier: Apache-2.0
"""Presence across the wall, two organisations, three workers each.

* A watcher at fabrikam.test sees a contoso.test user come online, be busy,
  and go offline; offline within a second of the lost connection.
* It works wherever the kernel puts the connections.
* Subscriptions outlive a kill of home, on both sides.
* Whoever is blocked is told nothing, and cannot tell.
* One subscription to a list of contacts shows those of the partner too (RFC
  4662 5.6), each as it changes; a kill of home, on either side, hides none.
"""
import os
import re
import signal
import time

from harness.case import Case
from harness.stage import wait_for
from presence.watch import pidf, sign_in

WITHIN = float(os.environ.get("SALLYPORT_OFFLINE_S", "1"))


class Across(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.start()
        self.fabrikam.start()

    def test_online_busy_offline(self):
        self.contoso.add_user("alice")
        bob = sign_in(self, self.fabrikam, "bob")
        s = bob.watch("alice@contoso.test")
        self.assertStatus(s.reply, 200)
        first = s.wait_online(False)
        self.assertTrue(first.state.startswith("active"), first.state)
        alice = sign_in(self, self.contoso, "alice")
        online = s.wait_online(True)
        reply = alice.publish(pidf(alice.aor, activity="busy"))
        self.assertStatus(reply, 200)
        self.assertTrue(reply.get("SIP-ETag"))
        busy = s.wait(lambda n: "busy" in n.body, what="busy")
        self.assertEqual(busy.body.encode(),
                         pidf(alice.aor, activity="busy"))
        time.sleep(1.2)  # the throttle of the last one is over
        lost = time.monotonic()
        alice.close()
        offline = s.wait_online(False, after=online.at)
        self.assertLess(offline.at - lost, WITHIN)

    def test_every_worker(self):
        watchers = [sign_in(self, self.fabrikam, f"w{i}", i)
                    for i in range(3)]
        for slot in range(3):
            self.contoso.add_user(f"a{slot}")
            subs = [w.watch(f"a{slot}@contoso.test") for w in watchers]
            alice = sign_in(self, self.contoso, f"a{slot}", slot)
            for s in subs:
                s.wait_online(True)
            lost = time.monotonic()
            alice.close()
            for s in subs:
                s.wait_online(False, after=lost)

    def test_refresh_and_end(self):
        self.contoso.add_user("alice")
        bob = sign_in(self, self.fabrikam, "bob")
        s = bob.watch("alice@contoso.test")
        s.wait_online(False)
        self.assertStatus(s.ask(300), 200)
        s.wait(lambda n: "expires=300" in n.state
               or "expires=299" in n.state, what="300 seconds")
        self.assertStatus(s.ask(0), 200)
        s.wait(lambda n: n.state.startswith("terminated"), what="the end")
        self.assertStatus(s.ask(300), 481)

    def test_a_kill_of_home_keeps_subscriptions(self):
        alice = sign_in(self, self.contoso, "alice")
        bob = sign_in(self, self.fabrikam, "bob")
        s = bob.watch("alice@contoso.test")
        s.wait_online(True)
        self.assertStatus(
            alice.publish(pidf(alice.aor, activity="meeting")), 200)
        s.wait(lambda n: "meeting" in n.body, what="meeting")
        time.sleep(1.5)  # soft state is committed within a second
        told = len(s.notices)
        for org in (self.contoso, self.fabrikam):
            pid = org.pid_of("home")
            os.kill(pid, signal.SIGKILL)
            org.log.wait("proc.exit", pid=pid)
            wait_for(lambda: org.pid_of("home") != pid, 10, "a new home")
        again = s.wait(lambda n: n in s.notices[told:], 15, "what is now")
        self.assertIn("meeting", again.body)
        killed = time.monotonic()
        alice.close()
        s.wait_online(False, after=killed)
        self.assertStatus(s.ask(600), 200)

    def test_blocked_and_none_the_wiser(self):
        self.contoso.add_user("alice")
        bob = sign_in(self, self.fabrikam, "bob")
        self.contoso.run("user", "contacts", "alice@contoso.test", "block",
                         "bob@fabrikam.test")
        s = bob.watch("alice@contoso.test")
        self.assertStatus(s.reply, 200)
        first = s.wait_online(False)
        self.assertTrue(first.state.startswith("active"))
        carol = sign_in(self, self.fabrikam, "carol")
        seen = carol.watch("alice@contoso.test")
        seen.wait_online(False)
        alice = sign_in(self, self.contoso, "alice")
        seen.wait_online(True)
        self.assertStatus(
            alice.publish(pidf(alice.aor, activity="busy")), 200)
        seen.wait(lambda n: "busy" in n.body, what="busy")
        self.assertEqual(len(s.notices), 1)
        # forgiven while both are there, and blocked again
        self.contoso.run("user", "contacts", "alice@contoso.test", "allow",
                         "bob@fabrikam.test")
        s.wait(lambda n: "busy" in n.body, what="busy")
        told = len(s.notices)
        self.contoso.run("user", "contacts", "alice@contoso.test", "block",
                         "bob@fabrikam.test")
        wait_for(lambda: len(s.notices) > told, 10, "bob sees alice leave")
        self.assertFalse(s.notices[-1].online)
        self.assertTrue(s.notices[-1].state.startswith("active"))

    def list_of_bob(self):
        """bob@fabrikam.test has alice and carol of contoso.test as contacts."""
        for user in ("alice", "carol"):
            self.contoso.add_user(user)
        bob = sign_in(self, self.fabrikam, "bob")
        for user in ("alice", "carol"):
            self.fabrikam.run("user", "contacts", bob.aor, "add",
                              f"{user}@contoso.test")
        edge = self.fabrikam.edge
        s = bob.watch(f"contacts@{edge}")
        self.assertStatus(s.reply, 200)
        return bob, s

    def assertShown(self, s, user, text, since=0):
        """The list says that of the user."""
        def fits(n):
            return n in s.notices[since:] and re.search(
                rf'entity="sip:{user}@contoso.test".*{text}', n.body, re.S)
        s.wait(fits, 20, f"{user}: {text}")

    def test_partners_in_a_list(self):
        bob, s = self.list_of_bob()
        for user in ("alice", "carol"):
            self.assertShown(s, user, "<basic>closed")
        alice = sign_in(self, self.contoso, "alice")
        self.assertShown(s, "alice", "<basic>open")
        alice.publish(pidf(alice.aor, activity="busy"))
        self.assertShown(s, "alice", "busy")
        told = len(s.notices)
        alice.close()
        self.assertShown(s, "alice", "<basic>closed", told)
        # whoever is no contact any more is not watched any more
        self.fabrikam.run("user", "contacts", bob.aor, "remove",
                          "alice@contoso.test")
        wait_for(lambda: len(self.contoso.log.find(
            "sip.message", method="SUBSCRIBE", code="200")) >= 3, 10,
            "the end of that subscription")
        self.assertStatus(s.ask(0), 200)

    def test_a_list_after_a_kill(self):
        bob, s = self.list_of_bob()
        alice = sign_in(self, self.contoso, "alice")
        self.assertShown(s, "alice", "<basic>open")
        time.sleep(1.5)  # soft state is committed within a second
        for org in (self.fabrikam, self.contoso):
            told = len(s.notices)
            pid = org.pid_of("home")
            os.kill(pid, signal.SIGKILL)
            org.log.wait("proc.exit", pid=pid)
            wait_for(lambda o=org, p=pid: o.pid_of("home") != p, 10, "home")
            note = f"x{org.name}"
            body = pidf(alice.aor, activity=note)
            wait_for(lambda b=body: alice.publish(b).status == 200, 15,
                     "home takes publications again")
            self.assertShown(s, "alice", note, told)
