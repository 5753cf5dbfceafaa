# SPDX-License-Identifier: Apache-2.0
"""Every refusal explains itself: SIP code, ms-diagnostics number, log, metric.

* An unknown user, a user who is not online, a domain that is no partner, a
  sender who is somebody else, a stranger's certificate: each has its own row.
* Nothing that was refused is delivered.
"""
import re
import secrets

from harness.case import Case, Six
from harness.sip import Partner, request


class Refusals(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.fabrikam = self.stage.org("fabrikam")  # never started
        self.contoso.partner("fabrikam.test", "edge.fabrikam.test",
                             f"{self.fabrikam.host}:15061")
        self.contoso.trusted.append(self.fabrikam.ca.pem)
        self.contoso.start()

    def counter(self, reason):
        text = self.contoso.run("metrics").stdout
        found = re.findall(r'^sallyport_refusals_total\{([^}]*)\} (\d+)',
                           text, re.M)
        return sum(int(n) for labels, n in found
                   if f'reason="{reason}"' in labels)

    def assertRefused(self, reply, status, diagnostics, why):
        self.assertStatus(reply, status)
        value = reply.get("ms-diagnostics") or \
            reply.get("ms-diagnostics-public")
        self.assertTrue(value.startswith(f"{diagnostics};reason="), value)
        self.assertIn('source="', value)
        self.assertGreaterEqual(self.counter(why), 1, why)

    def test_unknown_user(self):
        alice = self.client(self.contoso, "alice")
        self.assertRefused(alice.message("nobody@contoso.test", "x"),
                           404, 1003, "not_found")

    def test_user_who_is_not_online(self):
        self.contoso.add_user("carol")
        alice = self.client(self.contoso, "alice")
        reply = alice.message("carol@contoso.test", "x",
                              extra=[("Expires", "0")])
        self.assertStatus(reply, 480)
        self.assertGreaterEqual(self.counter("offline"), 1)

    def test_domain_that_is_no_partner(self):
        alice = self.client(self.contoso, "alice")
        self.assertRefused(alice.message("x@litware.test", "x"),
                           404, 1005, "no_route")
        self.contoso.log.wait("sip.reject", why="no_route")

    def test_partner_that_does_not_answer(self):
        alice = self.client(self.contoso, "alice")
        self.assertRefused(alice.message("bob@fabrikam.test", "x"),
                           504, 1046, "partner_down")
        self.contoso.log.wait("partner.down", partner="edge.fabrikam.test")

    def test_partner_with_a_wrong_name(self):
        wrong = self.fabrikam.ca.leaf("wrong", ["DNS:other.fabrikam.test"])
        self.stage.later(Partner((self.fabrikam.address, 15061), "wrong",
                                 self.fabrikam.ca, wrong,
                                 self.contoso.ca.pem))
        alice = self.client(self.contoso, "alice")
        self.assertRefused(alice.message("bob@fabrikam.test", "x"),
                           504, 1010, "partner_tls")

    def test_sender_who_is_somebody_else(self):
        alice = self.client(self.contoso, "alice")
        carol = self.client(self.contoso, "carol")
        m = request("MESSAGE", f"sip:{carol.aor}", "mallory@contoso.test",
                    carol.aor, "softphone.invalid", body=b"not me")
        self.assertStatus(alice.final(alice.ask(m)), 403)
        m = request("MESSAGE", f"sip:{carol.aor}", "bob@fabrikam.test",
                    carol.aor, "softphone.invalid", body=b"nor me")
        self.assertStatus(alice.final(alice.ask(m)), 403)
        self.assertEqual(carol.received, [])
        self.contoso.log.wait("id.mismatch")

    def test_not_signed_in(self):
        """SIP-20: challenged, nothing delivered."""
        carol = self.client(self.contoso, "carol")
        alice = self.client(self.contoso, "alice", register=False)
        reply = alice.message(carol.aor, "let me in")
        self.assertStatus(reply, 407)
        self.assertTrue(reply.get("Proxy-Authenticate"))
        self.assertEqual(carol.received, [])

    def test_wrong_password_unknown_user_look_alike(self):
        """SIP-21: the same answer for both, but for nonce and tags."""
        bad = self.client(self.contoso, "alice", register=False,
                          password="wrong")
        one = bad.register()
        self.assertStatus(one, 401)
        self.contoso.passwords["alicf"] = "there is no such user"
        none = self.client(self.contoso, "alicf", register=False)
        two = none.register()
        self.assertStatus(two, 401)
        self.assertEqual([n for n, _ in one.headers],
                         [n for n, _ in two.headers])

    def test_stranger_on_the_federation_port(self):
        """A valid certificate of nobody we know: refused, and closed."""
        cert = self.contoso.ca.leaf("stranger", ["DNS:edge.stranger.test"])
        stranger = self.stage.later(Partner(
            (self.fabrikam.address, 15062), "stranger", self.contoso.ca, cert,
            self.contoso.ca.pem))
        alice = self.client(self.contoso, "alice")
        c = self.stage.later(stranger.dial(self.contoso))
        m = request("MESSAGE", f"sip:{alice.aor}", "eve@stranger.test",
                    alice.aor, "edge.stranger.test", body=b"hello")
        self.assertStatus(c.final(c.ask(m)), 403)
        self.assertTrue(c.closed.wait(5), "connection stays open")
        self.assertEqual(alice.received, [])

    def test_partner_speaks_for_its_own_domain_only(self):
        """SIP-25: our domain, somebody else's domain: 403/1017; no transit:
        404/1005."""
        partner = self.stage.later(Partner(
            (self.fabrikam.address, 15061), "fabrikam", self.fabrikam.ca,
            self.fabrikam.cert, self.contoso.ca.pem))
        alice = self.client(self.contoso, "alice")
        c = self.stage.later(partner.dial(self.contoso))

        def ask(sender, to):
            m = request("MESSAGE", f"sip:{to}", sender, to,
                        "edge.fabrikam.test", body=b"x")
            return c.final(c.ask(m))

        self.assertRefused(ask("carol@contoso.test", alice.aor), 403, 1017,
                           "from_mismatch")
        self.assertRefused(ask("x@litware.test", alice.aor), 403, 1017,
                           "from_mismatch")
        self.assertRefused(ask("bob@fabrikam.test", "x@litware.test"), 404,
                           1005, "not_ours")
        self.assertEqual(alice.received, [])
        self.assertStatus(ask("bob@fabrikam.test", alice.aor), 200)

    def test_method_that_does_not_cross(self):
        partner = self.stage.later(Partner(
            (self.fabrikam.address, 15061), "fabrikam", self.fabrikam.ca,
            self.fabrikam.cert, self.contoso.ca.pem))
        c = self.stage.later(partner.dial(self.contoso))
        m = request("REGISTER", "sip:contoso.test", "bob@fabrikam.test",
                    "bob@fabrikam.test", "edge.fabrikam.test")
        self.assertRefused(c.final(c.ask(m)), 403, 1027, "partner_method")

    def test_stale_flow_token(self):
        """A device that is gone is found out at once, not after a time-out."""
        alice = self.client(self.contoso, "alice")
        carol = self.client(self.contoso, "carol")
        carol.close()
        reply = alice.message("carol@contoso.test", "still there?", timeout=5)
        self.assertStatus(reply, 202)

    def test_no_certificate(self):
        import ssl
        import socket
        raw = socket.create_connection((self.contoso.address,
                                        self.contoso.federation_port))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.contoso.ca.pem)
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            tls = context.wrap_socket(raw, server_hostname="edge.contoso.test")
            tls.sendall(b"OPTIONS sip:edge.contoso.test SIP/2.0\r\n\r\n")
            if not tls.recv(100):
                raise ConnectionResetError
        raw.close()
        self.contoso.log.wait("conn.end")


class Framing(Case):
    """SIP-02, SIP-11: what is not SIP, or cannot be framed."""

    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso").start()

    def raw(self, data):
        c = self.client(self.contoso, "alice", register=False)
        c.send_bytes(data)
        return c

    def test_not_sip_is_closed_without_an_answer(self):
        for data in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
                     b"SSH-2.0-OpenSSH_9\r\n", b"\0" * 64):
            c = self.raw(data)
            self.assertTrue(c.closed.wait(5), data)
            self.assertTrue(c.unasked.empty())
        self.contoso.log.wait("conn.not_sip")

    def test_content_length_in_doubt(self):
        for value in (b"-1", b"+5", b"0x10", b"five", b"", b"2147483648",
                      b"18446744073709551616"):
            call = secrets.token_hex(6).encode()
            data = (b"OPTIONS sip:edge.contoso.test SIP/2.0\r\n"
                    b"Via: SIP/2.0/TLS x;branch=z9hG4bK1" + call + b"\r\n"
                    b"From: <sip:a@contoso.test>;tag=1\r\n"
                    b"To: <sip:a@contoso.test>\r\n"
                    b"Call-ID: " + call + b"\r\nCSeq: 1 OPTIONS\r\n"
                    b"Content-Length: " + value + b"\r\n\r\n")
            c = self.raw(data + data)
            self.assertTrue(c.closed.wait(5), value)
            answers = []
            while not c.unasked.empty():
                answers.append(c.unasked.get().status)
            self.assertEqual(len(answers), 1, (value, answers))
            self.assertIn(answers[0], (400, 413))

    def test_keep_alive(self):
        """RFC 5626: a double CRLF gets one CRLF."""
        c = self.client(self.contoso, "alice")
        c.send_bytes(b"\r\n\r\n" * 20)
        reply = c.register()
        self.assertStatus(reply, 200)


class RefusalsSix(Six, Refusals):
    pass


class FramingSix(Six, Framing):
    pass
