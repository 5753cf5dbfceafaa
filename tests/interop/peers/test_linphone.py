# SPDX-License-Identifier: Apache-2.0
"""Linphone, a softphone that knows SHA-256 and looks at certificates.

* It signs in by the edge's name, and chooses SHA-256 of the two digests.
* Chat crosses the wall both ways with a device of fabrikam.test; its answers
  come by the connection that the request went out on.
* It refuses the edge when the authority is another's, and when the name is
  not in the certificate: nothing is sent to such an edge.
* A call between two of them crosses the wall, with sound, and ends at both
  sides when either hangs up; no further connection is made for it.

It signs in only where there is a default route, so the whole conversation
runs in a network namespace of its own. That needs root.
"""
from harness.case import Apart, Case, Six
from harness.sip import Client, answer
from harness.stage import wait_for
from peers.linphone import Linphone
from peers.names import Names
from peers.network import RESOLVER


class Desk(Client):
    """A device that takes any body: Linphone packs its receipts."""

    def _answer(self, m, connection):
        if m.method != "MESSAGE":
            return super()._answer(m, connection)
        self.received.append((0, m.body.decode(errors="replace")))
        return answer(m, 200)


class Softphones(Apart, Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        table = {}
        for org in (self.contoso, self.fabrikam):
            org.start()
            table[org.edge] = org.address
            table[f"other.{org.domain}"] = org.address
        self.stage.later(Names(table, RESOLVER, 53))

    def linphone(self, org, user, signed_in=True, **kw):
        org.add_user(user)
        phone = self.stage.later(Linphone(self.network, self.stage, org, user,
                                          **kw))
        if signed_in:
            wait_for(lambda: "[LinphoneRegistrationOk]" in phone.log(), 15,
                     f"{user} signs in")
        return phone

    def test_signs_in_with_sha256(self):
        alice = self.linphone(self.contoso, "alice")
        sent = [line for line in alice.log().splitlines()
                if line.startswith("Authorization:")]
        self.assertEqual(len(sent), 1, sent)
        self.assertIn("algorithm=SHA-256", sent[0])

    def test_chat_both_ways(self):
        self.fabrikam.add_user("bob")
        bob = self.stage.later(Desk(self.fabrikam, "bob"))
        self.assertStatus(bob.register(), 200)
        alice = self.linphone(self.contoso, "alice")
        alice.say(f"chat sip:{bob.aor} over the wall")
        self.assertReceived(bob, "over the wall")
        wait_for(lambda: "moving from InProgress to Delivered" in alice.log(),
                 5, "alice learns that it was delivered")
        self.assertStatus(bob.message(alice.aor, "and back", 8), 200)
        alice.wait_output(f"Message received from sip:{bob.aor}: and back")

    def refused(self, **kw):
        """What it says of a certificate that it does not accept."""
        alice = self.linphone(self.contoso, "alice", signed_in=False, **kw)
        wait_for(lambda: "SSL handshake failed" in alice.log(), 15, "refusal")
        alice.say("status register")
        alice.wait_output("registered=-1")
        self.assertEqual(self.contoso.log.find("sip.message"), [])
        return alice.log()

    def test_another_authority(self):
        log = self.refused(ca=self.fabrikam.ca.pem)
        self.assertIn("not-trusted", log)

    def test_another_name(self):
        """other.contoso.test leads to the edge, whose certificate does not
        have that name."""
        log = self.refused(server=f"sip:other.contoso.test:"
                           f"{self.contoso.client_port};transport=tls")
        self.assertIn("CN-mismatch", log)

    def talk(self):
        alice = self.linphone(self.contoso, "alice")
        bob = self.linphone(self.fabrikam, "bob", options=["-a"])
        for phone in (alice, bob):
            phone.say("soundcard use files")
            phone.wait_output("Using wav files")
        alice.say(f"call sip:{bob.aor}")
        bob.wait_output(f"incoming call from sip:{alice.aor}")
        for phone in (alice, bob):
            phone.wait_output("Media streams established")
        wait_for(lambda: self.contoso.log.find("sip.message", method="ACK"),
                 5, "ACK crosses the wall")
        return alice, bob

    def assertOver(self, *phones):
        for phone in phones:
            phone.wait_output("ended (No error)")
        for org in (self.contoso, self.fabrikam):
            opened = [e for e in org.log.find("conn.open")
                      if e["kind"] == "client"]
            self.assertEqual(len(opened), 1, "one connection a phone")

    def test_caller_hangs_up(self):
        alice, bob = self.talk()
        alice.say("terminate")
        self.assertOver(alice, bob)

    def test_callee_hangs_up(self):
        alice, bob = self.talk()
        bob.say("terminate")
        self.assertOver(alice, bob)


class SoftphonesSix(Six, Softphones):
    pass
