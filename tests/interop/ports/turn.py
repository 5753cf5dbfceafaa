# SPDX-License-Identifier: Apache-2.0
"""A TURN client of one allocation, over UDP, TCP or TLS (RFC 8656), also of
streams (RFC 6062)."""
import hashlib
import hmac
import os
import socket
import struct

COOKIE = 0x2112A442
USERNAME, INTEGRITY, PEER, DATA, REALM, NONCE, RELAYED, WISH, CONNECTION = (
    6, 8, 0x12, 0x13, 0x14, 0x15, 0x16, 0x19, 0x2a)
ALLOCATE, PERMIT, BIND, SEND, ARRIVED = 3, 8, 9, 0x16, 0x17
CHANNEL = 0xC
CONNECT, JOIN, ATTEMPT = 0xA, 0xB, 0x1C  # RFC 6062
UDP, TCP = b"\x11\0\0\0", b"\x06\0\0\0"


def attr(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(
        -len(value) % 4)


def attributes(body):
    found = {}
    while len(body) >= 4:
        kind, length = struct.unpack("!HH", body[:4])
        found.setdefault(kind, body[4:4 + length])
        body = body[4 + (length + 3 & ~3):]
    return found


def xor(host, port):
    host = struct.unpack("!I", socket.inet_aton(host))[0]
    return struct.pack("!BBHI", 0, 1, port ^ COOKIE >> 16, host ^ COOKIE)


class Turn:
    """make: how sockets are made, so that they are of the right host."""

    def __init__(self, server, user, password, tcp=False, timeout=15,
                 make=socket.socket, wish=UDP, wrap=None):
        """wrap: makes TLS of a connected socket."""
        self.tcp, self.user, self.password = tcp, user, password
        self.server, self.timeout, self.wish = server, timeout, wish
        self.wrap = wrap or (lambda sock: sock)
        self.attempts = []
        self.sock = make(
            socket.AF_INET, socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.sock.settimeout(timeout)
        self.data, self.arrived = b"", []
        self.extra, self.key = b"", None
        try:
            self.sock.connect(server)
            self.sock = self.wrap(self.sock)
            self.relayed = self._allocate()
        except BaseException:
            self.sock.close()
            raise

    def _message(self):
        """(type, id, attributes) of the next one."""
        while self.tcp and (len(self.data) < 20 or len(self.data) <
                            20 + struct.unpack("!H", self.data[2:4])[0]):
            more = self.sock.recv(4096)
            if not more:
                raise ConnectionError("the relay hung up")
            self.data += more
        if not self.tcp:
            self.data = self.sock.recv(4096)
        kind, length = struct.unpack("!HH", self.data[:4])
        whole, self.data = self.data[:20 + length], self.data[20 + length:]
        return kind, whole[8:20], attributes(whole[20:])

    def _send(self, kind, body, id):
        if self.key:
            head = struct.pack("!HHI", kind, len(body) + 24, COOKIE) + id
            mac = hmac.new(self.key, head + body, hashlib.sha1).digest()
            body += attr(INTEGRITY, mac)
        self.sock.sendall(struct.pack("!HHI", kind, len(body), COOKIE) + id
                          + body)

    def ask(self, kind, body):
        id = os.urandom(12)
        self._send(kind, body + self.extra, id)
        while True:
            answered, of, found = self._message()
            if of == id:
                return answered, found
            self._keep(answered, found)

    def _keep(self, kind, found):
        if kind == ARRIVED:
            self.arrived.append(found[DATA])
        elif kind == ATTEMPT:
            self.attempts.append(found[CONNECTION])

    def _allocate(self):
        wish = attr(WISH, self.wish)
        kind, found = self.ask(ALLOCATE, wish)
        assert kind == 0x113, hex(kind)
        self.key = hashlib.md5(b":".join((
            self.user.encode(), found[REALM], self.password.encode()))
        ).digest()
        self._take_nonce(found)
        kind, found = self.ask(ALLOCATE, wish)
        assert kind == 0x103, (hex(kind), found)
        port, host = struct.unpack("!2xHI", found[RELAYED])
        return (socket.inet_ntoa(struct.pack("!I", host ^ COOKIE)),
                port ^ COOKIE >> 16)

    def _take_nonce(self, found):
        self.extra = (attr(USERNAME, self.user.encode())
                      + attr(REALM, found[REALM]) + attr(NONCE, found[NONCE]))

    def permit(self, host):
        kind, found = self.ask(PERMIT, attr(PEER, xor(host, 0)))
        assert kind == 0x108, (hex(kind), found)

    def bind(self, channel, to):
        kind, found = self.ask(BIND, attr(
            CHANNEL, struct.pack("!HH", channel, 0)) + attr(PEER, xor(*to)))
        assert kind == 0x109, (hex(kind), found)

    def send(self, to, data):
        self.sock.sendall(self._indication(attr(PEER, xor(*to))
                                           + attr(DATA, data)))

    @staticmethod
    def _indication(body):
        return struct.pack("!HHI", SEND, len(body), COOKIE) + os.urandom(
            12) + body

    # streams: to be called where this client is

    def connect(self, to):
        """A stream to that peer."""
        kind, found = self.ask(CONNECT, attr(PEER, xor(*to)))
        assert kind == 0x10A, (hex(kind), found)
        return self._join(found[CONNECTION])

    def accept(self):
        """The stream of a peer that came."""
        while not self.attempts:
            kind, _, found = self._message()
            self._keep(kind, found)
        return self._join(self.attempts.pop(0))

    def _join(self, connection):
        main, data, extra = self.sock, self.data, self.extra
        self.sock, self.data = self.wrap(socket.create_connection(
            self.server, self.timeout)), b""
        try:
            kind, found = self.ask(JOIN, attr(CONNECTION, connection))
            if kind == 0x11B:  # 438: a nonce is good for one 5-tuple
                self._take_nonce(found)
                kind, found = self.ask(JOIN, attr(CONNECTION, connection))
            assert kind == 0x10B, (hex(kind), found)
            return self.sock
        finally:
            self.sock, self.data, self.extra = main, data, extra

    def next(self):
        """The data that a peer sent."""
        while not self.arrived:
            kind, _, found = self._message()
            self._keep(kind, found)
        return self.arrived.pop(0)

    def close(self):
        self.sock.close()
