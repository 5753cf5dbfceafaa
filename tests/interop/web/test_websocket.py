# SPDX-License-Identifier: Apache-2.0
"""SIP over WebSocket on port 443 (RFC 6455, RFC 7118, ADM-05, SIP-11).

* A user in a browser exchanges messages with one on SIP over TLS, and with a
  partner; nobody beyond the edge can tell.
* What browsers may do is understood: no Content-Length, fragments, binary
  frames, pings between fragments, the close handshake.
* HTTP beside it is refused in one answer, and whatever is not HTTP, SIP or
  WebSocket ends the connection.
"""
import re
import socket
import struct
import time

from harness.case import Case
from harness.sip import answer, request
from harness.websocket import (BINARY, CLOSE, PING, PONG, TEXT, Browser,
                               connect, frame, handshake, unframe)


class Web(Case):
    def setUp(self):
        super().setUp()
        self.contoso, self.fabrikam = self.stage.two()
        self.before_start()
        self.contoso.start()

    def before_start(self):
        """What else a conversation wants to be there."""

    def browser(self, org, user, register=True, **kw):
        if user not in org.passwords:
            org.add_user(user)
        b = self.stage.later(Browser(org, user, **kw))
        if register:
            self.assertStatus(b.register(), 200)
        return b

    def tls(self, **kw):
        sock = connect((self.contoso.address, self.contoso.client_port),
                       self.contoso.edge, self.contoso.ca.pem, **kw)
        sock.settimeout(20)
        return self.stage.later(sock)

    def read_all(self, sock):
        """Everything until the end, which has to come."""
        data = b""
        while True:
            try:
                more = sock.recv(65536)
            except ConnectionError:
                return data
            if not more:
                return data
            data += more


class Messages(Web):
    def test_inside_and_across(self):
        self.fabrikam.start()
        bob = self.client(self.fabrikam, "bob")
        carol = self.client(self.contoso, "carol")
        alice = self.browser(self.contoso, "alice")
        for one, other in ((alice, carol), (carol, alice), (alice, bob),
                           (bob, alice)):
            text = f"{one.user} to {other.user}"
            self.assertStatus(one.message(other.aor, text), 200)
            self.assertReceived(other, text)
        seen = [m for m in bob.requests if m.method == "MESSAGE"][-1]
        self.assertNotIn("WSS", "".join(seen.all("Via")))
        self.assertNotIn(alice.host, seen.encode().decode())
        came = [m for m in alice.requests if m.method == "MESSAGE"][-1]
        self.assertTrue(came.get("Via").startswith(
            f"SIP/2.0/WSS {self.contoso.edge}"), came.get("Via"))
        self.assertIn("sip:alice@", came.start)

    def test_every_pair_of_workers(self):
        """The flow of a browser is written to from any worker."""
        alice = self.browser(self.contoso, "alice")
        for slot in range(3):
            carol = self.client_on(self.contoso, f"c{slot}", slot)
            self.assertStatus(carol.message(alice.aor, f"from {slot}"), 200)
            self.assertReceived(alice, f"from {slot}")

    def test_a_call_comes_back_by_its_routes(self):
        """Record-Route for the browser's side says ws, the other tls."""
        alice = self.browser(self.contoso, "alice")
        self.fabrikam.start()
        bob = self.client(self.fabrikam, "bob")
        bob.on_request = lambda m, c: answer(
            m, 200, headers=[("Contact", f"<{bob.contact}>")]
            + [("Record-Route", r) for r in m.all("Record-Route")])
        invite = request("INVITE", f"sip:{bob.aor}", alice.aor, bob.aor,
                         "softphone.invalid",
                         [("Contact", f"<{alice.contact}>")])
        reply = alice.final(alice.ask(invite))
        self.assertStatus(reply, 200)
        routes = [r.strip() for r in
                  ",".join(reply.all("Record-Route")).split(",")]
        self.assertIn("transport=ws", routes[-1])
        self.assertTrue(all("transport=tls" in r for r in routes[:-1]), routes)
        tag = reply.get("To").split("tag=")[1]
        bye = request("BYE", reply.get("Contact").strip("<>"), alice.aor,
                      bob.aor, "softphone.invalid",
                      [("Route", r) for r in reversed(routes)], cseq=2,
                      call_id=invite.get("Call-ID"),
                      from_tag=invite.get("From").split("tag=")[1])
        bye.headers = [(n, v + f";tag={tag}" if n == "To" else v)
                       for n, v in bye.headers]
        self.assertStatus(alice.final(alice.ask(bye)), 200)
        # and from the other side, to the browser
        alice.on_request = lambda m, c: answer(m, 200)
        bye.start = f"BYE {alice.contact} SIP/2.0"
        swap = {"From": bye.get("To"), "To": bye.get("From")}
        bye.headers = [(n, swap.get(n, v)) for n, v in bye.headers
                       if n not in ("Route", "Via", "CSeq")]
        bye.headers[:0] = [("Via", "SIP/2.0/TLS softphone.invalid;branch="
                            "z9hG4bKback;rport"), ("CSeq", "1 BYE")]
        bye.headers += [("Route", r) for r in routes]
        self.assertStatus(bob.final(bob.ask(bye)), 200)
        self.assertEqual(alice.requests[-1].method, "BYE")

    def test_what_browsers_may_do(self):
        carol = self.client(self.contoso, "carol")
        alice = self.browser(self.contoso, "alice", path="/")
        alice.length = False
        self.assertStatus(alice.message(carol.aor, "without a length"), 200)
        alice.opcode = BINARY
        self.assertStatus(alice.message(carol.aor, "binary"), 200)
        alice.pieces = 7
        self.assertStatus(alice.message(carol.aor, "in seven pieces"), 200)
        alice.pieces = 1
        self.assertStatus(alice.message(carol.aor, "x" * 100000), 200)
        self.assertStatus(carol.message(alice.aor, "\u4f60\u597d" * 30000),
                          200)
        self.assertEqual(len(carol.received), 4)
        self.assertEqual(alice.received[0][1], "\u4f60\u597d" * 30000)
        alice.send_frame(PING, b"there?")
        self.assertEqual(alice.frames.get(timeout=20), (PONG, b"there?"))
        alice.send_frame(TEXT, b"\r\n\r\n")  # the keep-alive of RFC 5626
        self.assertEqual(alice.frames.get(timeout=20), (TEXT, b"\r\n"))
        alice.send_frame(CLOSE, struct.pack(">H", 1000))
        self.assertEqual(alice.frames.get(timeout=20),
                         (CLOSE, struct.pack(">H", 1000)))
        self.assertTrue(alice.closed.wait(20))

    def test_who_is_locked_out_is_told(self):
        alice = self.browser(self.contoso, "alice")
        self.contoso.run("user", "disable", alice.aor)
        self.assertEqual(alice.frames.get(timeout=20),
                         (CLOSE, struct.pack(">H", 1001)))


class Refused(Web):
    def test_frames(self):
        """Each ends the connection with its code, and with nothing else."""
        rows = [
            (frame(TEXT, b"x", mask=False), 1002),
            (frame(0, b"continues nothing"), 1002),
            (frame(3, b"unknown"), 1002),
            (frame(PING, b"x" * 126), 1002),
            (frame(PING, b"x", fin=False), 1002),
            (b"\xc1" + frame(TEXT, b"x")[1:], 1002),
            (frame(TEXT, b"\xff\xfe"), 1007),
            (frame(CLOSE, b"\x03"), 1002),
            (b"\x81\xff" + b"\x00\x00\x00\xff\x00\x00\x00\x00" + b"mask",
             1009),
        ]
        for data, code in rows:
            sock = self.tls()
            self.assertEqual(handshake(sock, self.contoso.edge), 101)
            sock.sendall(data)
            opcode, payload, rest = unframe(self.read_all(sock))
            self.assertEqual((opcode, payload[:2], rest),
                             (CLOSE, struct.pack(">H", code), b""), data[:40])
        self.assertEqual(
            self.contoso.metric("websocket_broken_total"), len(rows))

    def test_what_is_no_sip(self):
        """No answer but the end (SIP-11)."""
        for payload in (b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 100):
            sock = self.tls()
            self.assertEqual(handshake(sock, self.contoso.edge), 101)
            sock.sendall(frame(TEXT, payload))
            self.assertEqual(self.read_all(sock), b"")

    def test_half_a_message(self):
        """SIP that its frame cuts off is answered, and the connection ends."""
        sock = self.tls()
        self.assertEqual(handshake(sock, self.contoso.edge), 101)
        m = request("OPTIONS", f"sip:{self.contoso.edge}", "a@b.test",
                    "a@b.test", "softphone.invalid").encode()
        sock.sendall(frame(TEXT, m[:-2] + b"X: y"))
        opcode, payload, rest = unframe(self.read_all(sock))
        self.assertEqual(opcode, CLOSE)

    def test_http(self):
        host = f"Host: {self.contoso.edge}\r\n"
        rows = [
            ("GET /ws HTTP/1.1\r\n" + host + "\r\n", 426),
            ("HEAD /ws HTTP/1.1\r\n" + host + "\r\n", 405),
            ("GET /nowhere HTTP/1.1\r\n" + host + "\r\n", 404),
            # ADM-04: one spelling, nothing decoded
            ("GET //ws HTTP/1.1\r\n" + host + "\r\n", 404),
            ("GET /%77s HTTP/1.1\r\n" + host + "\r\n", 404),
            ("GET /ws/ HTTP/1.1\r\n" + host + "\r\n", 404),
            ("GET /x/../ws HTTP/1.1\r\n" + host + "\r\n", 404),
            # ADM-05
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n" + host + host + "\r\n", 400),
            ("GET / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\n" + host
             + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400),
            ("POST / HTTP/1.1\r\n" + host
             + "Content-Length: 99999999999\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\n" + host
             + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 501),
            ("GET / HTTP/1.1\r\n" + host + "A: " + "a" * 65536, 431),
            ("GET / HTTP/3.0\r\n" + host + "\r\n", 505),
            # pipelined: one request at a time
            (("GET / HTTP/1.1\r\n" + host + "\r\n") * 2, 413),
        ]
        for text, status in rows:
            sock = self.tls()
            try:
                sock.sendall(text.encode())
            except ConnectionError:
                pass  # it did not read to the end
            got = self.read_all(sock)
            self.assertTrue(got.startswith(f"HTTP/1.1 {status} ".encode()),
                            f"{text[:60]!r}: {got[:60]!r}")
            self.assertEqual(len(re.findall(rb"HTTP/1.1 \d", got)), 1)
            self.assertNotIn(b"Server:", got)
        self.assertEqual(self.contoso.log.find("proc.exit"), [])

    def test_slow_head(self):
        """The head of a request has the ten seconds of a message."""
        sock = self.tls()
        sock.sendall(b"GET / HT")
        began = time.monotonic()
        self.assertEqual(self.read_all(sock), b"")
        self.assertGreater(time.monotonic() - began, 8)
        self.contoso.log.wait("conn.slow", why="message")

    def test_slow_message(self):
        sock = self.tls()
        self.assertEqual(handshake(sock, self.contoso.edge), 101)
        sock.sendall(frame(TEXT, b"OPTIONS ", fin=False))
        self.assertEqual(unframe(self.read_all(sock) or b"\x88\0")[0], CLOSE)
        self.contoso.log.wait("conn.slow", why="message")

    def test_http_is_for_clients_only(self):
        """On 5061, and before TLS, HTTP is nothing (SIP-11)."""
        sock = self.stage.later(socket.create_connection(
            (self.contoso.address, self.contoso.client_port), 10))
        sock.settimeout(20)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        self.assertNotIn(b"HTTP", self.read_all(sock))
        partner = self.stage.later(connect(
            (self.contoso.address, self.contoso.client_port),
            self.contoso.edge, self.contoso.ca.pem, alpn=("h2", "http/1.1")))
        self.assertNotEqual(partner.selected_alpn_protocol(), "h2")


class Origins(Web):
    def before_start(self):
        self.contoso.clients_more = ", origins: [chat.contoso.test]"

    def test_pages(self):
        for origin, status in ((f"https://{self.contoso.edge}", 101),
                               ("https://chat.contoso.test", 101),
                               ("https://evil.test", 403),
                               (f"http://{self.contoso.edge}", 403),
                               ("null", 403)):
            sock = self.tls()
            self.assertEqual(
                handshake(sock, self.contoso.edge,
                          headers=[f"Origin: {origin}"]), status, origin)
        self.assertEqual(self.contoso.metric(
            "refusals_total", 'reason="websocket_origin"'), 3)

    def test_the_subprotocol(self):
        for protocol, status in (("sip", 101), ("chat, sip", 101),
                                 ("chat", 400), (None, 400)):
            self.assertEqual(handshake(self.tls(), self.contoso.edge,
                                       protocol=protocol), status)
