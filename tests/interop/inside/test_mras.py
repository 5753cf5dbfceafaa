# SPDX-License-Identifier: Apache-2.0
"""Credentials of the relay for users of servers inside, by SIP (MRAS).

* A client that is signed in at Kamailio asks its server for a credential with
  SERVICE, Kamailio sends it to the edge, and the edge answers: what comes back
  opens allocations at every relay process, with MS-TURN's messages.
* Nobody gets one for another user, though his server let it pass; nor for an
  address that is none of ours; a document that cannot be read, another
  method and another type are refused with their reason.
* A partner's users get none, whether they ask the edge or the server.
* A server asks by its own name for any user of ours; one that is not known
  inside is not let in.
* The store may be away: 503, of which a proxy makes 500 (RFC 3261 16.7), and
  later it works again.
* Passwords of SIP are Kamailio's: the relay takes none.
"""
import base64
import os
import signal
import unittest
import xml.etree.ElementTree as ET

from harness.sip import Connection, request
from harness.stage import wait_for
from inside.case import Inside
from relay.test_credentials import Ms, Rfc
from relay.test_mras import NS, TYPE, document


class Mras(Inside):
    servers = ("pool.contoso.internal",)
    more_keys = "  peers: [pool.contoso.internal, tool.contoso.internal]\n"

    def before_start(self):
        base = 20000 + os.getpid() * 64 % 30000
        self.contoso.extra = f"""\
relay:
  listen: ["{self.contoso.address}:13478"]
  range: {base}-{base + 63}
"""
        super().before_start()
        self.to = f"sip:mras@{self.contoso.edge}"

    def service(self, client, body, uri=None, kind=TYPE, method="SERVICE",
                sender=None):
        m = request(method, uri or self.to, sender or client.aor,
                    f"mras@{self.contoso.edge}", "softphone.invalid",
                    [("Content-Type", kind)])
        m.body = body.encode()
        return client.final(client.ask(m))

    def words(self, reply):
        self.assertStatus(reply, 200)
        self.assertEqual(reply.get("Content-Type"), TYPE)
        root = ET.fromstring(reply.body)
        self.assertEqual(root.get("reasonPhrase"), "OK")
        text = lambda name: root.find(f".//{{{NS}}}{name}").text
        self.assertEqual(text("hostName"), self.contoso.edge)
        self.assertEqual(text("udpPort"), "13478")
        return text("duration"), *(base64.b64decode(text(n))
                                   for n in ("username", "password"))

    def refused(self, reply, status, reason):
        self.assertStatus(reply, status)
        self.assertEqual(ET.fromstring(reply.body).get("reasonPhrase"), reason)
        self.assertNotIn(b"password", reply.body)

    def relay(self, kind, *words):
        return self.stage.later(kind((self.contoso.address, 13478), *words))

    def inside(self, name):
        """A connection of a server that proves that name."""
        cert = self.contoso.ca.leaf(name, [f"DNS:{name}"])
        return self.stage.later(Connection(
            (self.contoso.address, self.contoso.inside_port),
            self.contoso.edge, self.contoso.ca.pem, cert))

    def test_from_sign_in_to_allocation(self):
        alice = self.client(self.contoso, "alice")
        duration, username, password = self.words(
            self.service(alice, document(alice.aor, self.to, 60)))
        self.assertEqual(duration, "60")
        for _ in range(5):
            c = self.relay(Ms, username, password)
            self.assertEqual(c.allocate(), 0)
        self.assertEqual(self.relay(Ms, username, b"guess").allocate(), 431)
        self.kamailio.wait_log(f"REQ SERVICE {self.to}")
        told = self.contoso.log.wait("relay.credential")
        self.assertEqual((told["user"], told["asker"]), (alice.aor, "edge"))
        self.assertNotIn(base64.b64encode(password).decode(),
                         "\n".join(self.contoso.log.lines))
        # who has a password there has none here
        self.assertEqual(self.relay(Rfc, alice.aor.encode(), b"secret")
                         .allocate(), 401)
        self.assertEqual(self.contoso.metric("turn_keys_asked_total"), 0)

    def test_refusals(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        good = document(alice.aor, self.to)
        for body, status, reason in (
                ("<!DOCTYPE request>" + good, 400, "Request Malformed"),
                (good.replace("1.0", "9.0"), 400, "Version Mismatch"),
                (good.replace("<identity>sip:alice", "<identity>sip:bob"),
                 403, "Forbidden"),
                (document("zoe@fabrikam.test", self.to), 403, "Forbidden")):
            self.refused(self.service(alice, body), status, reason)
        self.refused(self.service(bob, good), 403, "Forbidden")
        self.contoso.log.wait("relay.no_credential")
        reply = self.service(alice, good, kind="text/plain")
        self.assertStatus(reply, 415)
        self.assertEqual(reply.get("Accept"), TYPE)
        reply = self.service(alice, good, method="INFO")
        self.assertStatus(reply, 405)
        self.assertEqual(reply.get("Allow"), "SERVICE")
        self.assertEqual(self.contoso.log.find("relay.credential"), [])

    def test_partners(self):
        zoe = self.dial()
        gruu = (f"sip:{self.contoso.edge}@{self.contoso.domain};gruu;"
                "opaque=srvr:MRAS:pool")
        for uri, status in ((self.to, 404), (gruu, 403)):
            for who in ("zoe@fabrikam.test", "alice@contoso.test"):
                m = request("SERVICE", uri, "zoe@fabrikam.test",
                            "mras@contoso.test", "edge.fabrikam.test",
                            [("Content-Type", TYPE)])
                m.body = document(who, uri).encode()
                self.assertStatus(zoe.final(zoe.ask(m)), status)
        self.assertNotIn("REQ SERVICE", self.kamailio.log)
        self.assertEqual(self.contoso.log.find("relay.credential"), [])
        self.assertEqual(self.contoso.metric("refusals_total",
                                             "partner_method"), 2)

    def test_servers(self):
        tool = self.inside("tool.contoso.internal")
        m = request("SERVICE", self.to, "batch@tool.contoso.internal",
                    f"mras@{self.contoso.edge}", "tool.contoso.internal",
                    [("Content-Type", TYPE)])
        m.body = document("carol@contoso.test", self.to).encode()
        _, username, password = self.words(tool.final(tool.ask(m)))
        self.assertEqual(self.relay(Ms, username, password).allocate(), 0)
        for sender, whom in (("batch@tool.contoso.internal", "x@litware.test"),
                             ("batch@spare.contoso.internal",
                              "carol@contoso.test")):
            m = request("SERVICE", self.to, sender,
                        f"mras@{self.contoso.edge}", "tool.contoso.internal",
                        [("Content-Type", TYPE)])
            m.body = document(whom, self.to).encode()
            self.refused(tool.final(tool.ask(m)), 403, "Forbidden")

    def test_store_is_away(self):
        alice = self.client(self.contoso, "alice")
        body = document(alice.aor, self.to)
        pid = self.contoso.pid_of("store")
        seen = len(self.contoso.log.events)
        os.kill(pid, signal.SIGKILL)
        reply = self.service(alice, body)
        self.assertIn(reply.status, (200, 500))
        self.contoso.log.wait("proc.ready", since=seen, role="store",
                              timeout=30)
        wait_for(lambda: self.service(alice, body).status == 200, 20,
                 "credentials again")


if __name__ == "__main__":
    unittest.main()
