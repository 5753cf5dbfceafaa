# SPDX-License-Identifier: Apache-2.0
"""Stored messages that cannot be delivered (MSG-04).

* One that cannot be read is set aside with an alarm, by itself; those before
  and behind it arrive at once, in order.
* It stays where the operator can see it, and does not come back.
"""
import json
import sqlite3
import time

from harness.case import Case
from harness.stage import wait_for


class Quarantine(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()
        self.contoso.add_user("bob")
        alice = self.client(self.contoso, "alice")
        for n in range(5):
            self.assertStatus(alice.message("bob@contoso.test", f"{n}"), 202)
        alice.close()

    def spoil(self, row):
        """What a bad disk or an old version may have left."""
        file = next((self.contoso.folder / "state").glob("*.db"))
        with sqlite3.connect(file) as db:
            ids = [i for i, in db.execute("SELECT id FROM messages "
                                          "ORDER BY id")]
            db.execute("UPDATE messages SET bytes = ? WHERE id = ?",
                       (b"\xff\0 no message at all", ids[row]))
        db.close()
        return ids[row]

    def waiting(self):
        rows = json.loads(self.contoso.run(
            "--json", "messages", "bob@contoso.test").stdout)["messages"]
        return [(r["id"], r["state"]) for r in rows]

    def test_the_others_arrive(self):
        self.contoso.stop()
        bad = self.spoil(2)
        self.contoso.start()
        bob = self.client(self.contoso, "bob")
        began = time.monotonic()
        wait_for(lambda: len(bob.received) >= 4, 20, "the others")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual([t for _, t in bob.received], ["0", "1", "3", "4"])
        self.contoso.log.wait("msg.quarantined", 20, id=bad)
        wait_for(lambda: self.waiting() == [(bad, "aside")], 20, "one is left")
        # and it does not come back
        bob.close()
        self.contoso.stop()
        self.contoso.start()
        again = self.client(self.contoso, "bob")
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("bob@contoso.test", "live"), 200)
        self.assertReceived(again, "live")
        self.assertEqual([t for _, t in again.received], ["live"])
        self.assertEqual(self.waiting(), [(bad, "aside")])
        self.contoso.run("messages", "drop", "bob@contoso.test", str(bad))
        self.assertEqual(self.waiting(), [])
