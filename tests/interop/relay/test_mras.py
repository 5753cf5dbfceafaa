# SPDX-License-Identifier: Apache-2.0
"""Credentials of the relay for people who are signed in, by SIP (MRAS).

* A client that is signed in sends SERVICE with the document of Microsoft's
  clients, and what comes back opens an allocation at the relay, with coturn's
  client's form of messages and with MS-TURN's.
* Nobody gets one for another user; who is not signed in is challenged; a
  document that cannot be read is answered with the reason (XML-01).
"""
import base64
import os
import unittest
import xml.etree.ElementTree as ET

from harness.case import Case
from harness.sip import request
from relay.test_credentials import Ms

NS = "http://schemas.microsoft.com/2006/09/sip/mrasp"
TYPE = "application/msrtc-media-relay-auth+xml"


def document(who, to, minutes=480):
    return f"""<request requestID="31" version="1.0" from="sip:{who}"
 to="{to}" route="loadbalanced" xmlns="{NS}">
 <credentialsRequest credentialsRequestID="32"><identity>sip:{who}</identity>
 <location>internet</location><duration>{minutes}</duration>
 </credentialsRequest></request>"""


class Mras(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        base = 20000 + os.getpid() * 64 % 30000
        self.contoso.extra = f"""\
relay:
  listen: ["{self.contoso.address}:13478"]
  range: {base}-{base + 63}
"""
        self.contoso.start()
        self.to = f"sip:mras@{self.contoso.edge}"

    def service(self, client, body, uri=None, kind=TYPE):
        m = request("SERVICE", uri or self.to, client.aor,
                    f"mras@{self.contoso.edge}", "softphone.invalid",
                    [("Content-Type", kind)])
        m.body = body.encode()
        return client.final(client.ask(m))

    def test_from_sign_in_to_allocation(self):
        alice = self.client(self.contoso, "alice")
        gruu = (f"sip:{self.contoso.edge}@{self.contoso.domain};gruu;"
                "opaque=srvr:MRAS:pool")
        for uri in (self.to, gruu):
            reply = self.service(alice, document(alice.aor, uri, 60), uri)
            self.assertStatus(reply, 200)
            self.assertEqual(reply.get("Content-Type"), TYPE)
            root = ET.fromstring(reply.body)
            self.assertEqual(root.get("reasonPhrase"), "OK")
            self.assertEqual(root.get("requestID"), "31")
            text = lambda name: root.find(f".//{{{NS}}}{name}").text
            self.assertEqual(text("duration"), "60")
            self.assertEqual(text("hostName"), self.contoso.edge)
            self.assertEqual(text("udpPort"), "13478")
            words = [base64.b64decode(text(n))
                     for n in ("username", "password")]
            for _ in range(3):
                c = self.stage.later(Ms((self.contoso.address, 13478),
                                        *words))
                self.assertEqual(c.allocate(), 0)
            words[1] = b"another"
            c = self.stage.later(Ms((self.contoso.address, 13478), *words))
            self.assertEqual(c.allocate(), 431)
            log = "\n".join(self.contoso.log.lines)
            self.assertNotIn(text("password"), log)

    def test_refusals(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        good = document(alice.aor, self.to)
        rows = (
            (alice, "<!DOCTYPE request>" + good, 400, "Request Malformed"),
            (alice, good[:-5], 400, "Request Malformed"),
            (alice, good.replace("1.0", "9.0"), 400, "Version Mismatch"),
            (bob, good, 403, "Forbidden"),
            (alice, good.replace("<identity>sip:alice", "<identity>sip:bob"),
             403, "Forbidden"),
        )
        for who, body, status, reason in rows:
            reply = self.service(who, body)
            self.assertStatus(reply, status)
            self.assertEqual(ET.fromstring(reply.body).get("reasonPhrase"),
                             reason)
            self.assertNotIn(b"password", reply.body)
        reply = self.service(alice, good, kind="text/plain")
        self.assertStatus(reply, 415)
        self.assertEqual(reply.get("Accept"), TYPE)
        self.assertEqual(reply.body, b"")
        stranger = self.client(self.contoso, "carol", register=False)
        reply = self.service(stranger, document(stranger.aor, self.to))
        self.assertStatus(reply, 407)
        self.assertEqual(reply.body, b"")


if __name__ == "__main__":
    unittest.main()
