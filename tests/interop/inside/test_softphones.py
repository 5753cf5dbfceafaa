# SPDX-License-Identifier: Apache-2.0
"""Softphones at the edge, signed in at a Kamailio inside.

* baresip (MD5 only) and Linphone sign in: challenge and answer pass, and the
  Service-Route of the edge does not disturb them.
* Messages between them, and across the wall to a partner and back.
* Calls between them, with sound, by the server inside; either side hangs up.
  Each keeps the one connection that it signed in by.
"""
from harness.case import Six
from harness.sip import request
from harness.stage import wait_for
from inside.case import Inside
from inside.kamailio import PASSWORD
from peers.baresip import Baresip
from peers.linphone import Linphone
from peers.network import RESOLVER


class Softphones(Inside):
    def assertOneConnectionEach(self, count):
        opened = [e for e in self.contoso.log.find("conn.open")
                  if e["kind"] == "client"]
        self.assertEqual(len(opened), count, "one connection a phone")


class Resolver:
    """What Baresip asks of names: where they are served."""
    address = f"{RESOLVER}:53"


class WithBaresip(Softphones):
    def baresip(self, user, n, **kw):
        phone = self.stage.later(Baresip(
            self.stage, self.contoso, user, self.contoso.beside(n), Resolver,
            password=PASSWORD, **kw))
        phone.wait_sign_in()
        return phone

    def test_messages_across(self):
        alice = self.baresip("alice", 20, contact="zoe@fabrikam.test")
        alice.command("contact_next")
        alice.command("message", "from a softphone")
        m, _ = self.partner.requests.get(timeout=10)
        self.assertEqual(m.body, b"from a softphone")
        zoe = self.dial()
        m = request("MESSAGE", f"sip:{alice.aor}", "zoe@fabrikam.test",
                    alice.aor, "edge.fabrikam.test", [], b"to a softphone")
        self.assertStatus(zoe.final(zoe.ask(m)), 200)
        alice.program.wait_output('sip:zoe@fabrikam.test: "to a softphone"')

    def talk(self):
        alice, bob = self.baresip("alice", 20), self.baresip("bob", 21)
        alice.command("dial", f"sip:{bob.aor}")
        bob.wait_event("CALL_INCOMING")
        alice.wait_event("CALL_RINGING")
        bob.command("accept")
        for phone in (alice, bob):
            phone.wait_event("CALL_ESTABLISHED")
            phone.wait_event("CALL_RTPESTAB")
        return alice, bob

    def test_caller_hangs_up(self):
        alice, bob = self.talk()
        alice.command("hangup")
        bob.wait_event("CALL_CLOSED")
        self.assertOneConnectionEach(2)
        self.kamailio.wait_log("REQ BYE")

    def test_callee_hangs_up(self):
        alice, bob = self.talk()
        bob.command("hangup")
        alice.wait_event("CALL_CLOSED")
        self.assertOneConnectionEach(2)

    def test_caller_gives_up(self):
        alice, bob = self.baresip("alice", 20), self.baresip("bob", 21)
        alice.command("dial", f"sip:{bob.aor}")
        bob.wait_event("CALL_INCOMING")
        alice.wait_event("CALL_RINGING")
        alice.command("hangup")
        bob.wait_event("CALL_CLOSED")


class WithLinphone(Softphones):
    def linphone(self, user, **kw):
        phone = self.stage.later(Linphone(
            self.network, self.stage, self.contoso, user, password=PASSWORD,
            **kw))
        wait_for(lambda: "[LinphoneRegistrationOk]" in phone.log(), 20,
                 f"{user} signs in")
        return phone

    def test_chat_across(self):
        alice = self.linphone("alice")
        alice.say("chat sip:zoe@fabrikam.test over the wall")
        m, _ = self.partner.requests.get(timeout=10)
        self.assertIn(b"over the wall", m.body)
        zoe = self.dial()
        m = request("MESSAGE", f"sip:{alice.aor}", "zoe@fabrikam.test",
                    alice.aor, "edge.fabrikam.test", [], b"and back")
        self.assertStatus(zoe.final(zoe.ask(m)), 200)
        alice.wait_output("Message received from sip:zoe@fabrikam.test: "
                          "and back")

    def test_call(self):
        alice = self.linphone("alice")
        bob = self.linphone("bob", options=["-a"])
        for phone in (alice, bob):
            phone.say("soundcard use files")
            phone.wait_output("Using wav files")
        alice.say(f"call sip:{bob.aor}")
        bob.wait_output(f"incoming call from sip:{alice.aor}")
        for phone in (alice, bob):
            phone.wait_output("Media streams established")
        bob.say("terminate")
        for phone in (alice, bob):
            phone.wait_output("ended (No error)")
        self.assertOneConnectionEach(2)


class WithBaresipSix(Six, WithBaresip):
    pass


class WithLinphoneSix(Six, WithLinphone):
    pass
