# SPDX-License-Identifier: Apache-2.0
"""baresip, a softphone that knows MD5 only, at both organisations.

* It signs in over TLS with the digest MD5, and its wrong password is refused.
* Its MESSAGE crosses the wall to a device of fabrikam.test, and that device's
  MESSAGE arrives at it, on the connection that it signed in by: it has no
  certificate, so nobody can connect to it.
* A call between two of them crosses the wall: ringing, established at both
  ends with sound, hung up by whoever likes, refused, given up while ringing.
  Every request of the dialog takes the connections that the two signed in
  by: the Record-Route names the port that devices use.

baresip 1.0 reads no answer that offers SHA-256 beside MD5: both homes offer MD5
only. It runs on loopback: no privileges are needed.
"""
from harness.case import Case, Six
from peers.baresip import Baresip
from peers.names import Names


class Softphones(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.names = self.stage.later(Names({}, self.contoso.beside(9)))
        for org in (self.contoso, self.fabrikam):
            org.extra += "home: { digest_md5: only }\n"
            org.start()
            self.names.table[org.edge] = org.address

    def baresip(self, org, user, n, signed_in=True, **kw):
        if user not in org.passwords:
            org.add_user(user)
        phone = self.stage.later(Baresip(self.stage, org, user,
                                         org.beside(n), self.names, **kw))
        if signed_in:
            phone.wait_sign_in()
        return phone

    def two_phones(self):
        return (self.baresip(self.contoso, "alice", 2),
                self.baresip(self.fabrikam, "bob", 2))

    def talk(self):
        """A call from contoso to fabrikam, with sound both ways."""
        alice, bob = self.two_phones()
        alice.command("dial", f"sip:{bob.aor}")
        bob.wait_event("CALL_INCOMING")
        alice.wait_event("CALL_RINGING")
        bob.command("accept")
        for phone in (alice, bob):
            phone.wait_event("CALL_ESTABLISHED")
            phone.wait_event("CALL_RTPESTAB")
        return alice, bob

    def assertOver(self, *phones):
        for phone in phones:
            phone.wait_event("CALL_CLOSED")
        for org in (self.contoso, self.fabrikam):
            opened = {e["source"] for e in org.log.find("conn.open")
                      if e["kind"] == "client"}
            self.assertEqual(len(opened), 1, "one connection a phone")

    def test_messages_both_ways(self):
        bob = self.client(self.fabrikam, "bob")
        alice = self.baresip(self.contoso, "alice", 2, contact=bob.aor)
        alice.command("contact_next")
        alice.command("message", "from a softphone")
        self.assertReceived(bob, "from a softphone")
        self.assertStatus(bob.message(alice.aor, "to a softphone"), 200)
        alice.program.wait_output(f'sip:{bob.aor}: "to a softphone"')

    def test_wrong_password(self):
        self.contoso.add_user("alice")
        alice = self.baresip(self.contoso, "alice", 2, signed_in=False,
                             password="not-hers")
        alice.wait_sign_in("ERR")
        alice.program.wait_output("401 Unauthorized", count=2)

    def test_caller_hangs_up(self):
        alice, bob = self.talk()
        alice.command("hangup")
        self.assertOver(bob)

    def test_callee_hangs_up(self):
        alice, bob = self.talk()
        bob.command("hangup")
        self.assertOver(alice)

    def test_callee_declines(self):
        alice, bob = self.two_phones()
        alice.command("dial", f"sip:{bob.aor}")
        bob.wait_event("CALL_INCOMING")
        bob.command("hangup")
        closed = alice.wait_event("CALL_CLOSED")
        self.assertIn("486", closed["param"])

    def test_caller_gives_up(self):
        alice, bob = self.two_phones()
        alice.command("dial", f"sip:{bob.aor}")
        bob.wait_event("CALL_INCOMING")
        alice.wait_event("CALL_RINGING")
        alice.command("hangup")
        bob.wait_event("CALL_CLOSED")


class SoftphonesSix(Six, Softphones):
    pass
