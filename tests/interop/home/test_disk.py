# SPDX-License-Identifier: Apache-2.0
"""The disk of the database is full (STO-02).

* Under the floor no message is promised any more: 503, and when to come back.
  store.full is logged once.
* Everybody who is there goes on: messages between people who are signed in
  pass, and people sign in and renew.
* When there is room again it goes on by itself, and store.ok is logged once.
* What was acknowledged before is delivered.
The state lies on a small file system of its own, which needs root.
"""
import os
import subprocess
import unittest

from harness.case import Case
from harness.stage import wait_for

MIB = 1 << 20


@unittest.skipUnless(os.geteuid() == 0, "mounting needs root")
class Disk(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.state = self.contoso.folder / "state"
        self.state.mkdir()
        # the floor is 256 MiB: there are 8 more
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=264m,mode=700",
                        "tmpfs", self.state], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.state])
        self.contoso.start()
        self.contoso.add_user("bob")
        self.alice = self.client(self.contoso, "alice")
        self.carol = self.client(self.contoso, "carol")

    def fill(self, size):
        (self.state / "filler").write_bytes(bytes(size))

    def room(self):
        (self.state / "filler").unlink()

    def assertRests(self, reply):
        self.assertStatus(reply, 503)
        self.assertIn(int(reply.get("Retry-After")), range(5, 31))

    def test_full_and_well_again(self):
        self.assertStatus(self.alice.message("bob@contoso.test", "first"), 202)
        self.fill(16 * MIB)
        for n in range(5):
            reply = self.alice.message("bob@contoso.test", f"lost {n}")
            self.assertRests(reply)
        self.contoso.log.wait("store.full")
        self.assertStatus(self.alice.message(self.carol.aor, "live"), 200)
        self.assertReceived(self.carol, "live")
        self.assertStatus(self.carol.register(), 200)
        dave = self.client(self.contoso, "carol")
        dave.close()
        self.room()
        self.assertStatus(self.alice.message("bob@contoso.test", "second"),
                          202)
        self.contoso.log.wait("store.ok")
        self.assertEqual(len(self.contoso.log.find("store.full")), 1)
        self.assertEqual(len(self.contoso.log.find("store.ok")), 1)
        bob = self.client(self.contoso, "bob")
        wait_for(lambda: len(bob.received) >= 2, 30, "both arrive")
        self.assertEqual([t for _, t in bob.received], ["first", "second"])

    def test_not_a_page_is_left(self):
        """Without any room nothing that was written is half there."""
        self.assertStatus(self.alice.message("bob@contoso.test", "first"), 202)
        try:
            self.fill(300 * MIB)
        except OSError:
            pass
        self.assertRests(self.alice.message("bob@contoso.test", "lost"))
        self.assertStatus(self.alice.message(self.carol.aor, "live"), 200)
        self.assertReceived(self.carol, "live")
        self.room()
        self.assertStatus(self.alice.message("bob@contoso.test", "second"),
                          202)
        bob = self.client(self.contoso, "bob")
        wait_for(lambda: len(bob.received) >= 2, 30, "both arrive")
        self.assertEqual([t for _, t in bob.received], ["first", "second"])
