# SPDX-License-Identifier: Apache-2.0
"""Presence inside one organisation, three workers.

* Two devices of one user are one presence document; the one whose connection
  is lost is gone from it.
* A list of contacts is one subscription, one NOTIFY for all of it (RFC 4662).
* A user is told who wants to watch it, and allowing is told to the watcher
  (RFC 3857); its own devices are told too (RFC 3680).
* XML bombs and foreign documents are refused and nobody dies (XML-01, XML-05).
* One watcher has at most 200 subscriptions (SIP-33).
"""
import re
import time

from harness.case import Case
from presence.watch import pidf, sign_in

LISTED = [("Accept", "multipart/related"), ("Accept", "application/rlmi+xml"),
          ("Accept", "application/pidf+xml")]


class Devices(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.contoso.extra = "home:\n  presence_outside: ask\n"
        self.contoso.start()

    def test_two_devices_are_composed(self):
        desk = sign_in(self, self.contoso, "alice", 0)
        phone = sign_in(self, self.contoso, "alice", 1)
        bob = sign_in(self, self.contoso, "bob", 2)
        s = bob.watch(desk.aor)
        s.wait_online(True)
        self.assertStatus(desk.publish(pidf(desk.aor, activity="busy")), 200)
        s.wait(lambda n: "busy" in n.body, what="busy at the desk")
        self.assertStatus(
            phone.publish(pidf(desk.aor, "closed", tuple_id="t1")), 200)
        both = s.wait(lambda n: sorted(n.basics) == ["closed", "open"],
                      what="both devices")
        ids = re.findall(r'<tuple[^>]* id="([^"]+)"', both.body)
        self.assertEqual(len(ids), len(set(ids)), ids)
        self.assertIn("busy", both.body)
        lost = time.monotonic()
        desk.close()
        last = s.wait(lambda n: n.at > lost and n.basics == ["closed"],
                      what="the phone alone")
        self.assertNotIn("busy", last.body)

    def test_etags(self):
        alice = sign_in(self, self.contoso, "alice")
        first = alice.publish(pidf(alice.aor))
        self.assertStatus(first, 200)
        tag = first.get("SIP-ETag")
        again = alice.publish(etag=tag)
        self.assertStatus(again, 200)
        self.assertNotEqual(again.get("SIP-ETag"), tag)
        self.assertStatus(alice.publish(etag=tag), 412)
        self.assertStatus(
            alice.publish(etag=again.get("SIP-ETag"), expires=0), 200)
        brief = alice.publish(pidf(alice.aor), expires=5)
        self.assertStatus(brief, 423)
        self.assertEqual(brief.get("Min-Expires"), "60")

    def test_a_list_is_one_notify(self):
        bob = sign_in(self, self.contoso, "bob")
        for name in ("alice", "carol"):
            self.contoso.add_user(name)
            self.contoso.run("user", "contacts", bob.aor, "add",
                             f"{name}@contoso.test")
        s = bob.watch(f"contacts@{self.contoso.edge}", extra=LISTED)
        self.assertStatus(s.reply, 200)
        self.assertEqual(s.reply.get("Require"), "eventlist")
        whole = s.wait(lambda n: 'fullState="true"' in n.body, what="all")
        self.assertEqual(whole.body.count("<resource "), 2)
        self.assertEqual(whole.body.count("<basic>closed</basic>"), 2)
        sign_in(self, self.contoso, "alice")
        part = s.wait(lambda n: 'fullState="false"' in n.body, what="alice")
        self.assertIn("alice@contoso.test", part.body)
        self.assertNotIn("carol", part.body)
        self.assertIn("<basic>open</basic>", part.body)
        # a list of the request's own
        body = ('<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"'
                '><list><entry uri="sip:alice@contoso.test"/></list>'
                "</resource-lists>").encode()
        own = bob.watch(
            f"contacts@{self.contoso.edge}", body=body,
            extra=LISTED + [("Content-Type",
                             "application/resource-lists+xml")])
        self.assertStatus(own.reply, 200)
        mine = own.wait(lambda n: True, what="its own list")
        self.assertEqual(mine.body.count("<resource "), 1)
        self.assertIn("<basic>open</basic>", mine.body)

    def test_a_user_learns_of_its_devices(self):
        desk = sign_in(self, self.contoso, "alice", 0)
        reg = desk.watch(desk.aor, event="reg")
        self.assertStatus(reg.reply, 200)
        reg.wait(lambda n: n.body.count("<contact ") == 1, what="one device")
        phone = sign_in(self, self.contoso, "alice", 1)
        reg.wait(lambda n: n.body.count("<contact ") == 2, what="two devices")
        told = len(reg.notices)
        phone.close()
        reg.wait(lambda n: n in reg.notices[told:]
                 and n.body.count("<contact ") == 1, what="one again")
        bob = sign_in(self, self.contoso, "bob")
        self.assertStatus(bob.watch(desk.aor, event="reg").reply, 403)
        self.assertStatus(
            bob.watch(desk.aor, event="presence.winfo").reply, 403)
        self.assertStatus(bob.watch(desk.aor, event="presence",
                                    expires=5).reply, 423)

    def test_bad_documents(self):
        alice = sign_in(self, self.contoso, "alice")
        bombs = [
            b"<!DOCTYPE a><a/>",
            b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;'
            b"</a>",
            b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb">'
            + b"".join(b'<!ENTITY %c "%s">' % (i + 1, b"&%c;" % i * 10)
                       for i in range(ord("b"), ord("k")))
            + b"]><a>&k;</a>",
            b"<a>" * 1000000,
            pidf(alice.aor).replace(b"UTF-8", b"ISO-8859-1"),
            b"\xff\xfe<\0a\0/\0>\0",
        ]
        for body in bombs:
            reply = alice.publish(body[:200000])
            self.assertIsNotNone(reply)
            self.assertIn(reply.status, (400, 413), body[:60])
        self.assertStatus(alice.publish(pidf("bob@contoso.test")), 403)
        self.assertStatus(alice.publish(b"x", kind="text/plain"), 415)
        self.assertStatus(alice.publish(pidf(alice.aor)), 200)
        self.assertEqual(self.contoso.log.find("proc.exit"), [])

    def test_a_watcher_has_200(self):
        self.contoso.add_user("alice")
        bob = sign_in(self, self.contoso, "bob")
        for _ in range(200):
            self.assertStatus(bob.watch("alice@contoso.test").reply, 200)
        self.assertStatus(bob.watch("alice@contoso.test").reply, 403)
        rows = self.contoso.status()
        self.assertIn("subscriptions", str(rows))
        bob.close()
        carol = sign_in(self, self.contoso, "carol")
        s = carol.watch("alice@contoso.test")
        s.wait_online(False)


class Consent(Case):
    def test_asked_and_allowed(self):
        contoso, fabrikam = self.stage.two()
        contoso.extra = "home:\n  presence_outside: ask\n"
        contoso.start()
        fabrikam.start()
        alice = sign_in(self, contoso, "alice")
        watchers = alice.watch(alice.aor, event="presence.winfo")
        self.assertStatus(watchers.reply, 200)
        watchers.wait(lambda n: "<watcher " not in n.body, what="nobody")
        bob = sign_in(self, fabrikam, "bob")
        s = bob.watch(alice.aor)
        self.assertStatus(s.reply, 200)
        first = s.wait(lambda n: True, what="that it waits")
        self.assertTrue(first.state.startswith("pending"), first.state)
        self.assertEqual(first.body, "")
        asked = watchers.wait(lambda n: "bob@fabrikam.test" in n.body,
                              what="bob")
        self.assertIn('status="pending"', asked.body)
        contoso.run("user", "contacts", alice.aor, "allow", bob.aor)
        seen = s.wait_online(True)
        self.assertTrue(seen.state.startswith("active"), seen.state)
        watchers.wait(lambda n: 'status="active"' in n.body, what="consent")
        told = contoso.run("user", "contacts", alice.aor).stdout
        self.assertRegex(told, r"bob@fabrikam\.test\s+allow")
