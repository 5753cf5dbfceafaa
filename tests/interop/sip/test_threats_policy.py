# SPDX-License-Identifier: Apache-2.0
"""SIP-26, SIP-28, SIP-29, SIP-30, SIP-35: where a request may go.

* A domain is judged by what it is, not by how it is spelt.
* Loops end; one request never becomes many.
* Nothing that a message names is ever connected to: requests go to the
  connections that we hold and to the partners of the configuration.
* A response counts only for what was asked, from whom it was asked.
* What has to be understood and is not is refused by its own status.
"""
import queue
import socket
import threading

from harness.case import Walled
from harness.sip import Message, answer, request
from harness.stage import wait_for


class Trap:
    """Listens where nobody may ever connect to."""

    def __init__(self, address="127.0.0.1"):
        self.listener = socket.create_server((address, 0))
        self.port = self.listener.getsockname()[1]
        self.caught = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, who = self.listener.accept()
            except OSError:
                return
            sock.close()
            self.caught.append(who)

    def close(self):
        # accept() in the other thread holds on to the socket
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Policy(Walled):
    def setUp(self):
        super().setUp()
        self.alice = self.client(self.contoso, "alice")
        self.carol = self.client(self.contoso, "carol")

    def ask(self, c, m, data=None, timeout=10):
        return c.final(c.ask(m, data), timeout)

    def build(self, to, uri=None, method="MESSAGE", extra=(),
              sender="alice@contoso.test", **kw):
        return request(method, uri or f"sip:{to}", sender, to,
                       "softphone.invalid", list(extra), b"x", **kw)

    def at_partner(self):
        return self.partner.requests.qsize()

    # SIP-26

    def assertSame(self, spellings, plain):
        """All of them are answered as the plain form is."""
        want = self.ask(self.alice, self.build(plain))
        delivered = self.at_partner()
        for spelt in spellings:
            for m in (self.build(spelt), self.build(plain, f"sip:{spelt}")):
                reply = self.ask(self.alice, m)
                self.assertIsNotNone(reply, spelt)
                self.assertEqual(reply.status, want.status, spelt)
                self.assertEqual(reply.get("ms-diagnostics"),
                                 want.get("ms-diagnostics"), spelt)
        return want.status, self.at_partner() - delivered

    def test_sip_26_spellings(self):
        domain = lambda d: [
            f"bob@{d.upper()}", f"bob@{d.title()}", f"bob@{d}.",
            f"bob@{d.upper()}.", f"%62ob@{d}", f"b%6fb@{d}", f"b%6Fb@{d}",
            f"bob%40contoso.test@{d}", f"bob%40fabrikam.test@{d}",
            f"carol%40litware.test@{d}", f"bob:secret@{d}", f"bob@{d}:5061",
            f"bob;x=carol%40contoso.test@{d}", f"bob@{d};maddr=127.0.0.1",
            f"bob@{d};transport=udp", f"bob@{d};lr"]
        allowed = self.assertSame(domain("fabrikam.test"),
                                  "bob@fabrikam.test")
        self.assertEqual(allowed, (200, 32))
        unknown = self.assertSame(domain("litware.test"), "bob@litware.test")
        self.assertEqual(unknown, (404, 0))
        self.assertEqual(self.carol.requests, [])

    def test_sip_26_not_that_domain(self):
        """Close to the name of a partner, or its address, is not it."""
        before = self.at_partner()
        here, there = self.contoso.address, self.fabrikam.address
        for uri in ("sip:bob@xfabrikam.test", "sip:bob@fabrikam.test.x",
                    "sip:bob@sub.fabrikam.test", "sip:bob@fabrikam",
                    "sip:bob@edge.fabrikam.test", f"sip:bob@{there}",
                    f"sip:bob@{there}:15061", f"sip:carol@{here}:15061",
                    "sip:bob@127.0.0.1", "sip:bob@[::1]",
                    "sip:bob@[::ffff:127.0.0.1]", "sip:bob@2130706433",
                    "sip:bob@xn--fabrikam-.test", "sip:fabrikam.test@x.test"):
            reply = self.ask(self.alice, self.build("bob@x.test", uri))
            self.assertIsNotNone(reply, uri)
            self.assertIn(reply.status, (400, 404), uri)
        for uri in ("sip:bob@fabrikam%2Etest", "sip:bob@fabrikam%2etest",
                    "sip:bob@fabrikam.test@litware.test", "sip:bob@",
                    "sip:bob@litware.test@fabrikam.test",
                    "sip:bob@fabrikam..test", "sip:bob@.fabrikam.test",
                    "sip:bob@fabrikam.test%00.litware.test",
                    "sip:bob@fabrikam.test?To=x", "sip:bob@f\u00e4b.test"):
            reply = self.ask(self.alice, self.build("bob@x.test", uri))
            self.assertIsNotNone(reply, uri)
            self.assertEqual(reply.status, 400, uri)
        self.assertEqual(self.at_partner(), before)
        self.assertEqual(self.carol.requests, [])

    def test_sip_26_two_to(self):
        m = self.build("bob@litware.test", "sip:bob@litware.test")
        data = m.encode().replace(
            b"\r\nCall-ID", b"\r\nt: <sip:bob@fabrikam.test>\r\nCall-ID")
        self.assertStatus(self.ask(self.alice, m, data), 400)
        self.assertEqual(self.at_partner(), 0)

    def test_sip_26_partner_spells_its_own(self):
        """The same for senders: what a partner may say, in any spelling."""
        c = self.dial()
        for sender, status in (("bob@fabrikam.test", 200),
                               ("bob@FABRIKAM.Test", 200),
                               ("bob@fabrikam.test.", 200),
                               ("bob%40contoso.test@fabrikam.test", 200),
                               ("bob@CONTOSO.TEST", 403),
                               ("bob@contoso.test.", 403),
                               ("bob%40fabrikam.test@contoso.test", 403),
                               ("bob@sub.fabrikam.test", 403),
                               (f"bob@{self.fabrikam.address}", 403)):
            m = self.build(self.carol.aor, sender=sender)
            reply = self.ask(c, m)
            self.assertIsNotNone(reply, sender)
            self.assertEqual(reply.status, status, sender)
        self.assertEqual(len(self.carol.requests), 4)

    def test_sip_26_route_to_the_inside(self):
        """A Route of a stranger's making leads nowhere new."""
        c = self.dial()
        for route in ("<sip:home.edge.contoso.test;lr>",
                      "<sip:edge.contoso.test;lr>",
                      f"<sip:{self.contoso.address}:10443;lr>",
                      "<sip:127.0.0.1;lr>"):
            m = self.build("x@litware.test", extra=[("Route", route)],
                           sender="bob@fabrikam.test")
            self.assertStatus(self.ask(c, m), 404)
            m = self.build("x@litware.test", extra=[("Route", route)])
            self.assertStatus(self.ask(self.alice, m), 404)
        self.assertEqual(self.at_partner(), 0)

    # SIP-28

    def test_sip_28_max_forwards(self):
        for to in (self.carol.aor, "bob@fabrikam.test", "x@litware.test"):
            m = self.build(to, max_forwards=0)
            self.assertStatus(self.ask(self.alice, m), 483)
        m = self.build(self.carol.aor, max_forwards=0,
                       sender="bob@fabrikam.test")
        self.assertStatus(self.ask(self.dial(), m), 483)
        self.assertEqual(self.carol.requests, [])
        self.assertEqual(self.at_partner(), 0)
        # it goes down by what it passes, and ends on the way when used up
        for hops in range(1, 6):
            m = self.build(self.carol.aor, max_forwards=hops)
            reply = self.ask(self.alice, m)
            self.assertEqual(reply.status, 483 if hops < 3 else 200, hops)
        self.assertEqual([m.get("Max-Forwards")
                          for m in self.carol.requests], ["0", "1", "2"])

    def test_sip_28_our_own_address(self):
        edge = self.contoso.edge
        here = f"{self.contoso.address}:{self.contoso.client_port}"
        for where in (edge, f"{edge}:5061", here, "contoso.test",
                      "home.edge.contoso.test"):
            for name, value in (
                    ("Route", f"<sip:{where};lr>"),
                    ("Route", ", ".join([f"<sip:{where};lr>"] * 20)),
                    ("Record-Route", f"<sip:{where};lr>"),
                    ("Contact", f"<sip:carol@{where};transport=tls>"),
                    ("Via", f"SIP/2.0/TLS {where};branch=z9hG4bKours")):
                before = len(self.carol.requests)
                m = self.build(self.carol.aor, extra=[(name, value)])
                reply = self.ask(self.alice, m)
                self.assertIsNotNone(reply, (name, value))
                self.assertIn(reply.status, (200, 482), (name, value))
                self.assertLessEqual(len(self.carol.requests), before + 1)
        # as the address of a device: it is reached by its connection
        self.carol.contact = f"sip:carol@{edge}:10443;transport=tls"
        self.assertStatus(self.carol.register(), 200)
        self.assertStatus(self.alice.message(self.carol.aor, "x"), 200)

    def test_sip_28_two_node_loop(self):
        """The partner sends everything back to us."""
        c = self.dial()

        def back(m, connection):
            sent.append((m, connection))
            again = Message(m.start, [(n, v) for n, v in m.headers
                                      if n != "Max-Forwards"], m.body)
            again.headers.insert(0, ("Via", "SIP/2.0/TLS edge.fabrikam.test;"
                                     f"branch=z9hG4bKback{len(sent)}"))
            again.headers.append(("Max-Forwards", str(
                int(m.get("Max-Forwards")) - 1)))
            refused.append(c.ask(again))
        for uri in ("sip:bob@fabrikam.test", "sip:bob@FABRIKAM.test."):
            sent, refused = [], []
            self.partner.reply = back
            waiting = self.alice.ask(self.build("bob@fabrikam.test", uri))
            wait_for(lambda: refused, 5, "it comes to the partner")
            reply = c.final(refused[0])
            self.assertIsNotNone(reply)
            self.assertIn(reply.status, (403, 404, 482, 483))
            m, connection = sent[0]
            connection.send(answer(m, reply.status))
            self.assertStatus(self.alice.final(waiting), reply.status)
            self.assertEqual(len(sent), 1)

    def test_sip_28_fork_bomb(self):
        """Two users whose devices name each other, and themselves."""
        for user, c in (("alice", self.alice), ("carol", self.carol)):
            for other in ("alice", "carol", "dave"):
                c.contact = f"sip:{other}@contoso.test;n={user}"
                self.assertStatus(c.register(), 200)
        before = len(self.alice.requests) + len(self.carol.requests)
        reply = self.alice.message(self.carol.aor, "x", timeout=5)
        self.assertStatus(reply, 200)
        reply = self.alice.message("alice@contoso.test", "x", timeout=5)
        self.assertStatus(reply, 200)
        packets = len(self.alice.requests) + len(self.carol.requests) - before
        self.assertIn(packets, range(2, 20))

    def test_sip_28_branches_of_one_request(self):
        """Twenty devices: at most ten branches."""
        for n in range(19):  # one has signed in already
            self.carol.contact = f"sip:carol@192.0.2.{n};transport=tls"
            self.assertStatus(self.carol.register(), 200)
        self.assertStatus(self.alice.message(self.carol.aor, "x"), 200)
        self.assertIn(len(self.carol.requests), range(1, 11))

    # SIP-29

    def test_sip_29_never_a_client(self):
        """Requests, registrations, answers and dialogs name a listener of
        ours in every place; only the partner's port is ever dialled."""
        trap = self.stage.later(Trap())
        near = self.stage.later(Trap(self.contoso.address))
        dialled = self.contoso.metric("connections_dialled_total")
        places = [f"127.0.0.1:{trap.port}", f"localhost:{trap.port}",
                  f"{self.contoso.address}:{near.port}",
                  f"[::ffff:127.0.0.1]:{trap.port}", "169.254.169.254",
                  "127.0.0.1:22"]
        for where in places:
            uri = f"<sip:x@{where};transport=tls;lr>"
            for name in ("Contact", "Route", "Record-Route", "Path",
                         "Service-Route", "Refer-To", "Referred-By",
                         "Alert-Info", "Call-Info", "Identity-Info"):
                for method in ("MESSAGE", "OPTIONS", "REFER", "SUBSCRIBE"):
                    m = self.build(self.carol.aor, method=method,
                                   extra=[(name, uri)])
                    self.assertIsNotNone(self.ask(self.alice, m), name)
            via = f"SIP/2.0/TCP {where};branch=z9hG4bKtrap;maddr=127.0.0.1"
            m = self.build(self.carol.aor)
            m.headers[0] = ("Via", f"{via};received=127.0.0.1;rport"
                                   f"={trap.port}")
            self.assertStatus(self.ask(self.alice, m), 200)
            m = self.build(f"x@{where}")
            self.assertStatus(self.ask(self.alice, m), 404)
            self.carol.contact = f"sip:carol@{where};transport=tls"
            reply = self.carol.register(extra=[("Path", uri),
                                               ("Route", uri)])
            self.assertStatus(reply, 200)
            self.assertStatus(self.alice.message(self.carol.aor, where), 200)
        self.redirects(trap)
        self.assertEqual(trap.caught, [])
        self.assertEqual(near.caught, [])
        self.assertEqual(self.contoso.metric("connections_dialled_total"),
                         dialled)

    def redirects(self, trap):
        """A device and a partner answer with an address to go to."""
        def moved(m, _connection):
            return answer(m, 302, headers=[
                ("Contact", f"<sip:x@127.0.0.1:{trap.port}>")])
        self.carol.on_request = moved
        self.assertStatus(self.alice.message(self.carol.aor, "x"), 302)
        outside = self.dial()
        m = self.build(self.carol.aor, sender="bob@fabrikam.test")
        self.assertStatus(self.ask(outside, m), 302)

    # SIP-30

    def forged(self, via, held):
        """An answer to what was asked of carol, with this Via."""
        m = answer(held, 200)
        m.headers = [(n, v) for n, v in m.headers if n != "Via"]
        m.headers[:0] = [("Via", v) for v in via]
        return m

    def test_sip_30_forged_responses(self):
        held = queue.Queue()
        self.carol.on_request = lambda m, c: held.put(m)
        waiting = self.alice.message_async(self.carol.aor, "x")
        asked = held.get(timeout=5)
        real = asked.get("Via")
        name = real.split()[1].split(";")[0]
        thief = self.client(self.contoso, "dave")
        outside = self.dial()
        stray = self.contoso.metric("sip_stray_responses_total")
        far = "SIP/2.0/TLS 192.0.2.1;branch=z9hG4bKfar"
        for c, via in (
                # nobody's; ours, invented; another's on top, ours below;
                # ours, but from whom was not asked, inside and outside
                (thief, [far]),
                (thief, [f"SIP/2.0/TLS {name};branch=z9hG4bKinvented"]),
                (outside, ["SIP/2.0/UDP 224.0.0.1;branch=z9hG4bKm;ttl=16;"
                           "maddr=224.0.0.1;received=127.0.0.1", real]),
                (thief, [real + ";received=127.0.0.1;rport=1", far]),
                (outside, [real, far])):
            c.send(self.forged(via, asked))
        wait_for(lambda: self.contoso.metric("sip_stray_responses_total")
                 >= stray + 5, 5, "they are counted")
        self.assertEqual(self.contoso.metric("sip_stray_responses_total"),
                         stray + 5)
        self.assertTrue(waiting.empty(), "something was sent")
        for c in (thief, outside, self.alice):
            self.assertEqual(c.requests, [])
            self.assertTrue(c.unasked.empty())
        self.carol.send(answer(asked, 202))
        self.assertStatus(self.alice.final(waiting), 202)

    # SIP-35

    def test_sip_35_require(self):
        """We are the end: 420 with what is not supported."""
        unknown = [("Require", "x-one, path"), ("Require", "x-two")]
        for uri in ("sip:contoso.test", f"sip:{self.contoso.edge}"):
            m = self.build("contoso.test", uri, "OPTIONS", unknown)
            reply = self.ask(self.alice, m)
            self.assertIsNotNone(reply, uri)
            self.assertEqual(reply.status, 420, uri)
            tags = ", ".join(reply.all("Unsupported"))
            self.assertIn("x-one", tags)
            self.assertIn("x-two", tags)
        reply = self.alice.register(extra=unknown)
        self.assertStatus(reply, 420)
        self.assertIn("x-one", ", ".join(reply.all("Unsupported")))
        # somebody else is: it passes
        m = self.build(self.carol.aor, extra=unknown)
        self.assertStatus(self.ask(self.alice, m), 200)
        self.assertEqual(self.carol.requests[-1].all("Require"),
                         ["x-one, path", "x-two"])

    def test_sip_35_proxy_require(self):
        for c, sender in ((self.alice, "alice@contoso.test"),
                          (self.dial(), "bob@fabrikam.test")):
            m = self.build(self.carol.aor, sender=sender,
                           extra=[("Proxy-Require", "x-one, x-two")])
            reply = self.ask(c, m)
            self.assertStatus(reply, 420)
            tags = ", ".join(reply.all("Unsupported"))
            self.assertEqual(tags.replace(" ", ""), "x-one,x-two")
        self.assertEqual(self.carol.requests, [])

    def test_sip_35_unknown_method(self):
        """Passes between our users (the device says what it knows); does not
        cross the wall; at the server itself: 405 with Allow."""
        m = self.build(self.carol.aor, method="BREW")
        self.assertStatus(self.ask(self.alice, m), 501)
        self.assertEqual(self.carol.requests[-1].method, "BREW")
        m = self.build("bob@fabrikam.test", method="BREW")
        self.assertStatus(self.ask(self.alice, m), 403)
        m = self.build(self.carol.aor, method="BREW",
                       sender="bob@fabrikam.test")
        self.assertStatus(self.ask(self.dial(), m), 403)
        self.assertEqual(self.at_partner(), 0)
        for method in ("BREW", "MESSAGE", "INVITE"):
            m = self.build("contoso.test", method=method)
            reply = self.ask(self.alice, m)
            self.assertStatus(reply, 405)
            self.assertIn("OPTIONS", reply.get("Allow"))

    def test_sip_35_unknown_scheme(self):
        for uri in ("mailto:carol@contoso.test", "http://contoso.test/",
                    "xyz:contoso.test", "im:carol@contoso.test",
                    "tel:+15551234"):
            m = self.build(self.carol.aor, uri)
            reply = self.ask(self.alice, m)
            self.assertIsNotNone(reply, uri)
            self.assertEqual(reply.status, 416, uri)
        self.assertEqual(self.carol.requests, [])

    def test_sip_35_unknown_content(self):
        """We forward: it is the receiver's to judge."""
        for kind in ("application/x-unknown", "image/gif", "x/y;z=\"\\\"\""):
            m = self.build(self.carol.aor, extra=[
                ("Accept", "x-none/x-none"), ("Content-Encoding", "x-zip"),
                ("Content-Disposition", "x-thing;handling=required")])
            m.headers = [(n, kind if n == "Content-Type" else v)
                         for n, v in m.headers]
            self.assertStatus(self.ask(self.alice, m), 200)
            got = self.carol.requests[-1]
            self.assertEqual(got.get("Content-Type"), kind)
            self.assertEqual(got.get("Content-Encoding"), "x-zip")
