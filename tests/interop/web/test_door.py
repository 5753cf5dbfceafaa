# SPDX-License-Identifier: Apache-2.0
"""Port 443 before TLS: load balancers, and streams that are the relay's
(architecture: a connection to 443; SIP-11).

* Who comes from a declared load balancer has to say for whom it speaks (PROXY
  protocol, version 2); limits and log then speak of that client. From anybody
  else that header is nothing.
* STUN, TURN and pseudo-TLS of MS-TURN on the clients' port reach the relay,
  with the client's own address; SIP and WebSocket go on beside them.
* What is nothing of these is closed, unanswered and nearly unread.
"""
import socket
import struct
import unittest

from harness.stage import wait_for
from harness.websocket import Browser, connect, handshake
from web.test_websocket import Web

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LOCAL = SIGNATURE + b"\x20\0\0\0"


def header(source, port=40000):
    return (SIGNATURE + b"\x21\x11\0\x0c" + socket.inet_aton(source)
            + socket.inet_aton("127.0.0.1") + struct.pack(">HH", port, 443))


class Plain(Web):
    def plain(self, source=None):
        sock = socket.create_connection(
            (self.contoso.address, self.contoso.client_port), 10,
            source_address=(source, 0) if source else None)
        sock.settimeout(20)
        return self.stage.later(sock)


class Balanced(Plain):
    def before_start(self):
        self.contoso.clients_more = ", load_balancers: [127.0.0.1/32]"
        self.contoso.limits["unauthenticated_per_source"] = 3

    def balanced(self, before, **kw):
        sock = connect((self.contoso.address, self.contoso.client_port),
                       self.contoso.edge, self.contoso.ca.pem, before=before,
                       **kw)
        sock.settimeout(20)
        return self.stage.later(sock)

    def test_who_is_behind_it(self):
        alice = self.browser(self.contoso, "alice",
                             sock=self.balanced(header("192.0.2.77")))
        carol = self.browser(self.contoso, "carol",
                             sock=self.balanced(header("192.0.2.78", 5)))
        self.assertStatus(alice.message(carol.aor, "through it"), 200)
        self.contoso.log.wait("conn.open", source="192.0.2.77:40000")
        self.contoso.log.wait("conn.open", source="192.0.2.78:5")

    def test_limits_are_the_client_s(self):
        """Three strangers of one address, not three of the balancer's."""
        kept = [self.balanced(header("192.0.2.1", n)) for n in range(1, 4)]
        with self.assertRaises(OSError):
            for n in range(4, 20):  # spread over three workers
                kept.append(self.balanced(header("192.0.2.1", n)))
        self.contoso.log.wait("conn.refused",
                              why="unauthenticated_per_source")
        self.balanced(header("192.0.2.2"))

    def test_without_it(self):
        for data in (b"\x16\x03\x01\x00", b"GET / HTTP/1.1\r\n\r\n",
                     b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
                     SIGNATURE + b"\x22\0\0\0"):
            sock = self.plain()
            sock.sendall(data)
            self.assertEqual(self.read_all(sock), b"")
            self.contoso.log.wait("conn.refused", why="proxy_header")

    def test_the_balancer_asks(self):
        """Its own check of our health says LOCAL."""
        self.assertEqual(handshake(self.balanced(LOCAL), self.contoso.edge,
                                   path="/nowhere"), 404)

    def test_nobody_else_may(self):
        sock = self.plain("127.0.0.2")
        sock.sendall(header("192.0.2.1"))
        self.assertNotIn(b"HTTP", self.read_all(sock))
        self.assertFalse(self.contoso.log.find("conn.open",
                                               source="192.0.2.1:40000"))




class Relayed(Plain):
    def before_start(self):
        self.contoso.extra += (
            f'relay:\n  listen: ["{self.contoso.address}:13478"]\n'
            "  range: 46000-46099\n")

    def binding(self):
        return struct.pack(">HHI", 1, 0, 0x2112A442) + b"0123456789ab"

    def test_stun(self):
        sock = self.plain()
        request = self.binding()
        sock.sendall(request[:5])  # in two pieces: it is only looked at
        wait_for(lambda: True)
        sock.sendall(request[5:])
        reply = sock.recv(2048)
        self.assertEqual(reply[:2], b"\x01\x01")
        host, port = sock.getsockname()
        xored = struct.pack(">H", port ^ 0x2112) + bytes(
            a ^ b for a, b in zip(socket.inet_aton(host),
                                  b"\x21\x12\xa4\x42"))
        self.assertIn(xored, reply, "not the client's own address")
        self.assertEqual(self.contoso.metric("relay_streams_total"), 1)

    def test_sip_beside_it(self):
        sock = self.plain()
        sock.sendall(self.binding())
        self.assertEqual(sock.recv(2048)[:2], b"\x01\x01")
        alice = self.browser(self.contoso, "alice")
        carol = self.client(self.contoso, "carol")
        self.assertStatus(alice.message(carol.aor, "beside media"), 200)

    def test_in_front_of_a_relay(self):
        """What is nothing is closed by its first bytes."""
        for data in (b"SSH-2.0-x\r\n", b"\0" * 64, b"\x16\x04\x01\x00\x10",
                     b"GET / HTTP/1.1\r\n\r\n"):
            sock = self.plain()
            sock.sendall(data)
            self.assertEqual(self.read_all(sock), b"")
        sock = self.plain()
        sock.sendall(b"\x16\x03\x01")  # a ClientHello that never comes
        sock.shutdown(socket.SHUT_WR)
        self.assertEqual(self.read_all(sock), b"")
        self.assertEqual(self.contoso.metric("relay_streams_total"), 0)
        self.assertEqual(self.contoso.log.find("proc.exit"), [])


if __name__ == "__main__":
    unittest.main()
