# SPDX-License-Identifier: Apache-2.0
"""One message crosses the wall, both ways, with three workers.

* A user of contoso.test sends to a user of fabrikam.test and back, each
  through its own edge, and gets the answer of the other's device.
* It works wherever the kernel puts the connections: client, partner
  connection and transaction on three different workers.
* Inside one organisation a message goes from device to device.
"""
from harness.case import Case, Six


class Across(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.start()
        self.fabrikam.start()

    def test_both_ways(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.fabrikam, "bob")
        self.assertStatus(alice.message(bob.aor, "over the wall"), 200)
        self.assertStatus(bob.message(alice.aor, "and back"), 200)
        self.assertEqual([t for _, t in bob.received], ["over the wall"])
        self.assertEqual([t for _, t in alice.received], ["and back"])

    def test_every_pair_of_workers(self):
        """Whichever workers the two clients sit on, messages pass; among the
        nine pairs the owner of the partner's connection is a third one."""
        senders = [self.client_on(self.contoso, f"a{s}", s) for s in range(3)]
        bobs = [self.client_on(self.fabrikam, f"b{s}", s) for s in range(3)]
        for alice in senders:
            for bob in bobs:
                text = f"{alice.user} to {bob.user}"
                self.assertStatus(alice.message(bob.aor, text), 200)
                self.assertReceived(bob, text)
                self.assertStatus(bob.message(alice.aor, text), 200)
                self.assertReceived(alice, text)
        outwards = [e for e in self.contoso.log.find("sip.message")
                    if e["out"].startswith("peer:") and e["code"] == "200"]
        pairs = {(e["slot"], e["out_slot"]) for e in outwards}
        self.assertTrue(any(a != b for a, b in pairs), pairs)
        self.assertEqual({a for a, _ in pairs}, {"0", "1", "2"})
        self.assertEqual(len({b for _, b in pairs}), 1, "one owner")

    def test_inside_one_organisation(self):
        alice = self.client_on(self.contoso, "alice", 0)
        carol = self.client_on(self.contoso, "carol", 1)
        self.assertStatus(alice.message(carol.aor, "next door"), 200)
        self.assertReceived(carol, "next door")

    def test_two_devices_both_ring(self):
        alice = self.client(self.contoso, "alice")
        desk = self.client_on(self.fabrikam, "bob", 0)
        phone = self.client_on(self.fabrikam, "bob", 1)
        self.assertStatus(alice.message("bob@fabrikam.test", "both"), 200)
        self.assertReceived(desk, "both")
        self.assertReceived(phone, "both")

    def test_the_answer_is_the_device_s_own(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.fabrikam, "bob")
        bob.status_for_messages = 488
        self.assertStatus(alice.message(bob.aor, "unacceptable"), 488)

    def test_nothing_of_the_inside_shows(self):
        """What the partner's user sees names no address of the sender, no
        Via but ours, no credentials."""
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.fabrikam, "bob")
        self.assertStatus(alice.message(
            bob.aor, "who am I", extra=[("Proxy-Authorization", "Digest x"),
                                        ("P-Preferred-Identity", "<sip:x@y>"),
                                        ("History-Info", "<sip:x@y>;index=1")
                                        ]), 200)
        seen = [m for m in bob.requests if m.method == "MESSAGE"][0]
        text = seen.encode().decode()
        self.assertNotIn(f":{alice.local[1]}", text)
        self.assertNotIn("softphone.invalid", text)
        self.assertNotIn("Authorization", text)
        self.assertNotIn("P-Asserted-Identity", text)
        self.assertNotIn("P-Preferred-Identity", text)
        self.assertNotIn("History-Info", text)
        self.assertNotIn("contoso.test;branch", text)
        self.assertEqual(len(seen.all("Via")), 1)

    def test_sender_learns_its_address(self):
        """RFC 3581: rport was asked for."""
        alice = self.client(self.contoso, "alice")
        via = alice.message(alice.aor, "to myself").get("Via")
        self.assertIn(f"rport={alice.local[1]}", via)
        self.assertIn(f"received={alice.local[0]}", via)


class AcrossSix(Six, Across):
    pass
