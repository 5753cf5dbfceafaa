# SPDX-License-Identifier: Apache-2.0
"""Devices with several flows (RFC 5626) and addresses of their own (RFC 5627).

* A device with two flows, on two workers, gets each message once, by the newer
  one. When that connection ends, the next message comes by the other; a message
  that is on its way when it ends is tried there within its transaction.
* The answer names the extensions that are used, and how often to be heard.
* Its addresses reach that device alone, from inside and from a partner, and
  still do after home was killed.
* An address of a device that is not there keeps nothing: 480.
"""
import os
import re
import signal

from harness.case import Case
from harness.sip import Client, answer, request
from harness.stage import wait_for

PHONE = '"<urn:uuid:00000000-0000-1000-8000-00000000000a>"'
TABLET = '"<urn:uuid:00000000-0000-1000-8000-00000000000b>"'


class Device(Client):
    """One flow of a device."""

    def __init__(self, org, user, instance, reg_id, **kw):
        super().__init__(org, user, **kw)
        self.answers = True
        self.contact = f"sip:{user}@device.invalid;transport=tls"
        self.contact_params = f";+sip.instance={instance};reg-id={reg_id}"

    def _answer(self, m, connection):
        return super()._answer(m, connection) if self.answers else None


class Devices(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.start()
        self.contoso.add_user("alice")
        self.bob = self.client(self.contoso, "bob")

    def device(self, instance, reg_id, slot):
        for _ in range(200):
            d = self.stage.later(Device(self.contoso, "alice", instance,
                                        reg_id))
            if self.slot_of(d) == slot:
                self.reply = d.register(extra=[("Supported", "gruu")])
                self.assertStatus(self.reply, 200)
                return d
            d.close()
        self.fail(f"no connection landed on worker {slot}")

    def texts(self, d):
        return [t for _, t in d.received]

    def test_the_newest_flow_that_works(self):
        first = self.device(PHONE, 1, 0)
        second = self.device(PHONE, 2, 1)
        for name, value in (("Require", "outbound"), ("Flow-Timer", "120")):
            self.assertEqual(self.reply.get(name), value)
        self.assertIn("outbound", self.reply.get("Supported"))
        self.assertEqual(len(self.reply.all("Contact")), 2)
        self.assertStatus(self.bob.message("alice@contoso.test", "1"), 200)
        self.assertEqual((self.texts(first), self.texts(second)), ([], ["1"]))
        # it ends with the message on its way
        second.answers = False
        waiting = self.bob.message_async("alice@contoso.test", "2")
        wait_for(lambda: len(second.requests) == 2, 10, "it is on its way")
        second.close()
        self.assertStatus(self.bob.final(waiting), 200)
        self.assertStatus(self.bob.message("alice@contoso.test", "3"), 200)
        self.assertEqual(self.texts(first), ["2", "3"])

    def test_a_flow_that_comes_back(self):
        self.device(PHONE, 1, 0).close()
        again = self.device(PHONE, 1, 2)
        self.assertEqual(len(self.reply.all("Contact")), 1)
        self.assertStatus(self.bob.message("alice@contoso.test", "x"), 200)
        self.assertEqual(self.texts(again), ["x"])

    def addresses(self, instance):
        mine = [c for c in self.reply.all("Contact") if instance in c][0]
        return [re.search(name + r'-gruu="sip:([^"]+)"', mine).group(1)
                for name in ("pub", "temp")]

    def to(self, sender, uri, text):
        m = request("MESSAGE", f"sip:{uri}", sender.aor, "alice@contoso.test",
                    "softphone.invalid", [], text.encode())
        return sender.final(sender.ask(m))

    def kill_home(self):
        before = len(self.contoso.log.events)
        os.kill(self.contoso.pid_of("home"), signal.SIGKILL)
        self.contoso.log.wait("home.ready", since=before)
        wait_for(lambda: self.bob.message("bob@contoso.test", "there?").status
                 == 200, 20, "the workers have found the new one")

    def test_an_address_of_one_device(self):
        self.fabrikam.start()
        carol = self.client(self.fabrikam, "carol")
        phone = self.device(PHONE, 1, 0)
        addresses = self.addresses(PHONE)
        tablet = self.device(TABLET, 1, 1)
        self.assertNotIn("alice", addresses[1])
        sent = []
        for life in range(2):
            for sender in (self.bob, carol):
                for uri in addresses:
                    sent.append(f"{life} {sender.user} {uri}")
                    self.assertStatus(self.to(sender, uri, sent[-1]), 200)
            if not life:
                self.kill_home()
        self.assertEqual(self.texts(phone), sent)
        self.assertEqual(self.texts(tablet), [])
        phone.close()
        wait_for(lambda: self.to(self.bob, addresses[0], "x").status == 480,
                 10, "nobody is there")
        self.assertStatus(self.to(self.bob, "x@contoso.test;gr", "x"), 404)
