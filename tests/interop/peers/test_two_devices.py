# SPDX-License-Identifier: Apache-2.0
"""Two softphones of one user at the built-in home, baresip and Linphone.

* A message comes to both, from her own organisation and across the wall.
* When one of them has gone, the other gets what comes, at once.
* When both have gone, messages wait (202), and the first of them that is back
  gets each once, in order; the other one, back later, gets none of them.

In a network namespace of its own, as Linphone wants it. That needs root.
"""
import re

from harness.case import Apart, Case, Six
from harness.stage import wait_for
from peers.baresip import Baresip
from peers.linphone import Linphone
from peers.names import Names
from peers.network import RESOLVER


class TwoDevices(Apart, Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        table = {}
        for org in (self.contoso, self.fabrikam):
            org.extra += "home: { digest_md5: only }\n"
            org.start()
            table[org.edge] = org.address
        self.names = self.stage.later(Names(table, RESOLVER, 53))
        self.contoso.add_user("alice")
        self.bob = self.client(self.fabrikam, "bob")
        self.started = 0

    def desk(self):
        self.started += 1
        phone = self.stage.later(Baresip(
            self.stage, self.contoso, "alice",
            self.contoso.beside(20 + self.started), self.names, folder=f"desk-{self.started}"))
        phone.wait_sign_in()
        return phone

    def mobile(self):
        self.started += 1
        phone = self.stage.later(Linphone(
            self.network, self.stage, self.contoso, "alice",
            folder=f"mobile-{self.started}"))
        wait_for(lambda: "[LinphoneRegistrationOk]" in phone.log(), 15,
                 "the mobile signs in")
        return phone

    def got(self, phone):
        """What it showed, in order."""
        return re.findall(r'sip:bob@fabrikam\.test: "?(m\d)',
                          phone.program.output)

    def say(self, text, status):
        self.assertStatus(self.bob.message("alice@contoso.test", text, 15),
                          status)

    def gone(self, phone, count):
        """Its bindings are unreachable: that its connection ended is logged."""
        phone.close()
        wait_for(lambda: len(self.contoso.log.find("conn.end")) >= count, 10,
                 "its connection ends")

    def test_both_get_it(self):
        desk, mobile = self.desk(), self.mobile()
        self.say("m1", 200)
        for phone in (desk, mobile):
            wait_for(lambda p=phone: self.got(p) == ["m1"], 10, "both get it")
        carol = self.client(self.contoso, "carol")
        self.assertStatus(carol.message("alice@contoso.test", "inside", 15),
                          200)
        for phone in (desk, mobile):
            phone.program.wait_output("inside")

    def test_one_after_the_other(self):
        desk, mobile = self.desk(), self.mobile()
        self.gone(desk, 1)
        self.say("m1", 200)
        wait_for(lambda: self.got(mobile) == ["m1"], 10, "the other gets it")
        self.gone(mobile, 2)
        for text in ("m2", "m3", "m4"):
            self.say(text, 202)
        desk = self.desk()
        wait_for(lambda: len(self.got(desk)) >= 3, 10, "all that waited")
        self.assertEqual(self.got(desk), ["m2", "m3", "m4"])
        mobile = self.mobile()
        wait_for(lambda: self.bob.message("alice@contoso.test", "m5",
                                          15).status == 200, 10, "m5")
        for phone, all_of_them in ((desk, ["m2", "m3", "m4", "m5"]),
                                   (mobile, ["m5"])):
            wait_for(lambda p=phone: "m5" in self.got(p), 10, "both get m5")
            self.assertEqual(self.got(phone), all_of_them)


class TwoDevicesSix(Six, TwoDevices):
    pass
