# SPDX-License-Identifier: Apache-2.0
"""Media by way of the clients' port (443 in the wild), from allocation to data.

* TURN over TCP, over TLS with the ALPN name stun.turn (RFC 7443) and without
  it; MS-TURN after its pseudo-TLS hello, without a hello, and inside TLS. With
  each the client gets an allocation and what it sends comes back from a peer,
  whole and in order.
* With the ALPN name it is the relay that ends TLS when it has keys; else, and
  without the name, the edge does, and the relay still knows the client's
  address.
* A client that does not read is waited for; others are served meanwhile. When
  the client or the relay goes away the other end hears of it.
"""
import hashlib
import hmac
import os
import signal
import socket
import ssl
import struct
import threading
import unittest

from harness.case import Case
from harness.stage import wait_for

COOKIE = b"\x21\x12\xa4\x42"
MS_COOKIE = bytes.fromhex("000f000472c64bc6")
HELLO = (bytes.fromhex("160301002d0100002903015a5a5a5a") + bytes(28)
         + bytes.fromhex("000002001801") + b"\0")
USER, PASSWORD, REALM = b"device", b"secret", b"edge.contoso.test"


def attr(kind, value, padded=True):
    return (struct.pack("!HH", kind, len(value)) + value
            + bytes(-len(value) % 4 if padded else 0))


def attributes(body, padded):
    found = {}
    while len(body) >= 4:
        kind, length = struct.unpack("!HH", body[:4])
        found.setdefault(kind, body[4:4 + length])
        body = body[4 + (length + 3 & ~3 if padded else length):]
    return found


class Stream:
    """Frames on a connected socket, plain or TLS."""

    def __init__(self, sock):
        self.sock = sock
        self.local = sock.getsockname()
        sock.settimeout(30)

    def exactly(self, n):
        got = b""
        while len(got) < n:
            more = self.sock.recv(n - len(got))
            if not more:
                raise EOFError
            got += more
        return got

    def close(self):
        self.sock.close()


class Rfc(Stream):
    """RFC 8656 over a stream."""

    def send(self, kind, body, key=None):
        id = COOKIE + os.urandom(12)
        head = struct.pack("!HH", kind, len(body) + (24 if key else 0)) + id
        if key:
            body += attr(8, hmac.new(key, head + body, hashlib.sha1).digest())
        self.sock.sendall(head + body)

    def receive(self):
        head = self.exactly(20)
        kind, length = struct.unpack("!HH", head[:4])
        return kind, attributes(self.exactly(length), True)

    def ask(self, kind, body, key=None):
        self.send(kind, body, key)
        got, found = self.receive()
        assert got & 0xEEF == kind, hex(got)
        return got, found

    @staticmethod
    def address(at):
        port = struct.pack("!H", at[1] ^ 0x2112)
        return b"\0\1" + port + bytes(
            a ^ b for a, b in zip(socket.inet_aton(at[0]), COOKIE))

    def allocate(self, peer):
        """The client's address as the relay sees it."""
        wish = attr(0x19, b"\x11\0\0\0")
        kind, found = self.ask(3, wish)
        assert kind == 0x113, hex(kind)
        signed = (attr(6, USER) + attr(0x14, found[0x14])
                  + attr(0x15, found[0x15]))
        self.key = hashlib.md5(
            b":".join((USER, found[0x14], PASSWORD))).digest()
        kind, found = self.ask(3, wish + signed, self.key)
        assert kind == 0x103, (hex(kind), found)
        self.peer = self.address(peer)
        kind, _ = self.ask(8, attr(0x12, self.peer) + signed, self.key)
        assert kind == 0x108, hex(kind)
        port, host = found[0x20][2:4], found[0x20][4:8]
        return (socket.inet_ntoa(bytes(a ^ b for a, b in zip(host, COOKIE))),
                struct.unpack("!H", port)[0] ^ 0x2112)

    def say(self, payload):
        self.send(0x16, attr(0x12, self.peer) + attr(0x13, payload))

    def hear(self):
        kind, found = self.receive()
        assert kind == 0x17, hex(kind)
        return found[0x13]


class Ms(Stream):
    """MS-TURN in its frames."""

    def hello(self):
        self.sock.sendall(HELLO)
        answer = self.exactly(83)
        assert answer[:6] == b"\x16\x03\x01\x00\x4e\x02", answer.hex()

    def send(self, kind, body, key=None):
        id = COOKIE + os.urandom(12)
        body = MS_COOKIE + body
        text = struct.pack("!HH", kind, len(body) + (24 if key else 0)) + id
        text += body
        if key:
            padded = text + bytes(-len(text) % 64)
            text += attr(8, hmac.new(key, padded, hashlib.sha1).digest())
        self.sock.sendall(struct.pack("!BBH", 2, 0, len(text)) + text)

    def receive(self):
        kind, _, length = struct.unpack("!BBH", self.exactly(4))
        assert kind == 2, kind
        text = self.exactly(length)
        return struct.unpack("!H", text[:2])[0], attributes(text[20:], False)

    def allocate(self, peer):
        wish = attr(0x8008, struct.pack("!I", 1))
        self.send(3, wish)
        kind, found = self.receive()
        assert kind == 0x113, hex(kind)
        realm, nonce = found[0x15], found[0x14]
        self.key = hashlib.md5(b":".join((USER, realm, PASSWORD))).digest()
        self.named = attr(6, USER, False)
        self.send(3, wish + self.named + attr(0x15, realm, False)
                  + attr(0x14, nonce, False), self.key)
        kind, found = self.receive()
        assert kind == 0x103, (hex(kind), found)
        self.peer = b"\0\1" + struct.pack("!H", peer[1]) + socket.inet_aton(
            peer[0])

    def say(self, payload):
        """Over TCP, to a TCP peer: packets of RFC 4571."""
        packet = struct.pack("!H", len(payload)) + payload
        self.send(4, self.named + attr(0x11, self.peer)
                  + attr(0x13, packet, False), self.key)

    def hear(self):
        kind, found = self.receive()
        assert kind == 0x115, hex(kind)
        return found[0x13][2:]


class Turn(Case):
    TLS_TOO = False

    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        address = self.contoso.address
        base = 20000 + os.getpid() * 64 % 30000
        self.contoso.extra = f"""\
relay:
  listen: ["{address}:13478"]
  range: {base}-{base + 63}
  allow_peers: ["{address}/32"]
  bandwidth: {{ per_port_kbit: 0, per_user_kbit: 0 }}
  users: [{{ name: device, password: secret }}]
"""
        if self.TLS_TOO:
            self.contoso.extra += f'  tls_listen: ["{address}:15349"]\n'
        self.contoso.start()
        self.echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.echo.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.echo.bind((address, 0))
        self.stage.later(self.echo)
        self.listener = socket.create_server(self.echo.getsockname())
        self.stage.later(self.listener)
        for answer in (self.answer, self.accept):
            threading.Thread(target=answer, daemon=True).start()

    def answer(self):
        while True:
            try:
                data, at = self.echo.recvfrom(4096)
                self.echo.sendto(data, at)
            except OSError:
                return

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer_stream, args=(sock,),
                             daemon=True).start()

    @staticmethod
    def answer_stream(sock):
        with sock:
            try:
                while data := sock.recv(4096):
                    sock.sendall(data)
            except OSError:
                pass

    def plain(self):
        return socket.create_connection(
            (self.contoso.address, self.contoso.client_port), 30)

    def tls(self, *names):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(str(self.contoso.ca.pem))
        if names:
            context.set_alpn_protocols(list(names))
        return context.wrap_socket(self.plain(),
                                   server_hostname=self.contoso.edge)

    def talk(self, client, count=50):
        """What is said comes back, each before the next is said."""
        client = self.stage.later(client)
        seen = client.allocate(self.echo.getsockname())
        if seen:
            self.assertEqual(seen, client.local)
        for n in range(count):
            payload = struct.pack("!I", n) + os.urandom(1 + n * 23 % 1200)
            client.say(payload)
            self.assertEqual(client.hear(), payload)
        return client

    def session(self, client, transport):
        """As the relay tells it when the client is gone."""
        client.close()
        source = f"{client.local[0]}:{client.local[1]}"
        self.contoso.log.wait("turn.session", client=source,
                              transport=transport, timeout=30)


class WithoutKeys(Turn):
    def test_tcp(self):
        self.session(self.talk(Rfc(self.plain())), "tcp")

    def test_tls_without_alpn(self):
        client = self.talk(Rfc(self.tls()))
        sessions = self.contoso.run("--json", "relay", "list").stdout
        self.assertIn(f"{client.local[0]}:{client.local[1]}", sessions)
        self.session(client, "tcp")

    def test_tls_with_alpn(self):
        """The edge ends TLS when the relay cannot."""
        self.session(self.talk(Rfc(self.tls("stun.turn"))), "tcp")

    def test_pseudo_tls(self):
        client = Ms(self.plain())
        client.hello()
        self.talk(client)

    def test_ms_frames(self):
        self.talk(Ms(self.plain()))

    def test_ms_inside_tls(self):
        self.talk(Ms(self.tls()))
        client = Ms(self.tls())
        client.hello()
        self.talk(client)

    def test_sip_and_turn_side_by_side(self):
        alice = self.client(self.contoso, "alice")
        client = self.talk(Rfc(self.tls()), 5)
        self.assertStatus(alice.message("alice@contoso.test", "x"), 200)
        client.say(b"still there")
        self.assertEqual(client.hear(), b"still there")

    def test_who_does_not_read(self):
        slow = self.talk(Rfc(self.tls()), 1)
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for _ in range(3000):
            slow.say(bytes(1200))
        self.talk(Rfc(self.tls()), 20)
        # what was not dropped on the way is whole
        self.assertEqual(slow.hear(), bytes(1200))
        slow.close()
        self.assertEqual(self.contoso.log.find("proc.exit"), [])

    def test_the_relay_goes_away(self):
        client = self.talk(Rfc(self.tls()), 1)
        for slot in range(3):
            os.kill(self.contoso.pid_of("relay", slot), signal.SIGKILL)
        with self.assertRaises((EOFError, OSError)):
            client.hear()
        wait_for(lambda: len(self.contoso.log.find(
            "proc.ready", role="relay")) >= 6, 30, "three new relays")
        wait_for(self.again, 30, "an allocation")

    def again(self):
        client = Rfc(self.tls())
        try:
            client.allocate(self.echo.getsockname())
            return True
        except (EOFError, OSError):
            return False
        finally:
            client.close()


class WithKeys(Turn):
    TLS_TOO = True

    def test_both(self):
        self.session(self.talk(Rfc(self.tls("stun.turn"))), "tls")
        self.session(self.talk(Rfc(self.tls())), "tcp")


if __name__ == "__main__":
    unittest.main()
