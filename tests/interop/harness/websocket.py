# SPDX-License-Identifier: Apache-2.0
"""A scripted browser: SIP over WebSocket over TLS (RFC 6455, RFC 7118)."""
import base64
import hashlib
import queue
import secrets
import socket
import ssl
import struct

from .sip import Client, Message

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def connect(address, server_name, ca, alpn=("http/1.1",), before=b""):
    """TLS as browsers speak it. before: what a load balancer sends first."""
    sock = socket.create_connection(address, 10)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(str(ca))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    try:
        if before:
            sock.sendall(before)
        return context.wrap_socket(sock, server_hostname=server_name)
    except Exception:
        sock.close()
        raise


def head_of(sock):
    """One head of HTTP, and what came behind it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = sock.recv(4096)
        if not more:
            break
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode(), rest


def handshake(sock, host, path="/ws", protocol="sip", headers=()):
    """The status that was answered; 101 when it is a WebSocket now."""
    key = base64.b64encode(secrets.token_bytes(16))
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket",
             "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
             f"Sec-WebSocket-Key: {key.decode()}"]
    if protocol:
        lines.append(f"Sec-WebSocket-Protocol: {protocol}")
    sock.sendall(("\r\n".join(lines + list(headers)) + "\r\n\r\n").encode())
    head, rest = head_of(sock)
    status = int(head.split(" ")[1]) if head else 0
    if status == 101:
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        if f"Sec-WebSocket-Accept: {accept}" not in head or rest:
            raise AssertionError(f"a bad handshake: {head}")
        if protocol and "Sec-WebSocket-Protocol: sip" not in head:
            raise AssertionError(f"no subprotocol: {head}")
    return status


def frame(opcode, payload=b"", fin=True, mask=True):
    first = (0x80 if fin else 0) | opcode
    bit = 0x80 if mask else 0
    n = len(payload)
    if n < 126:
        head = struct.pack(">BB", first, bit | n)
    elif n < 65536:
        head = struct.pack(">BBH", first, bit | 126, n)
    else:
        head = struct.pack(">BBQ", first, bit | 127, n)
    if not mask:
        return head + payload
    key = secrets.token_bytes(4)
    whole = (key * (n // 4 + 1))[:n]
    masked = (int.from_bytes(payload, "big")
              ^ int.from_bytes(whole, "big")).to_bytes(n, "big")
    return head + key + masked


def unframe(data):
    """(opcode, payload, rest), or None: it is not whole. Servers do not mask
    and ours does not cut messages."""
    if len(data) < 2:
        return None
    first, n = data[0], data[1]
    at = 2
    if n == 126:
        at, n = 4, int.from_bytes(data[2:4], "big")
    elif n == 127:
        at, n = 10, int.from_bytes(data[2:10], "big")
    if len(data) < at + n:
        return None
    if not first & 0x80 or first & 0x70:
        raise ValueError(f"a strange frame {data[:2].hex()}")
    return first & 0x0f, data[at:at + n], data[at + n:]


class Browser(Client):
    """A user on a WebSocket. As browsers do, it has no name of its own."""

    def __init__(self, org, user, password=None, sock=None, path="/ws",
                 headers=(), **kw):
        sock = sock or connect((org.address, org.client_port), org.edge,
                               org.ca.pem)
        self.host = secrets.token_hex(6) + ".invalid"
        self.frames = queue.Queue()  # (opcode, payload) beside messages
        self.opcode = TEXT
        self.length = True  # write Content-Length
        self.pieces = 1
        try:
            status = handshake(sock, org.edge, path, headers=headers)
            if status != 101:
                raise AssertionError(f"the handshake was answered {status}")
        except Exception:
            sock.close()
            raise
        super().__init__(org, user, password, sock=sock, **kw)
        self.contact = f"sip:{user}@{self.host};transport=ws"

    def _frames(self, data):
        while True:
            one = unframe(data)
            if not one:
                return data
            opcode, payload, data = one
            if opcode == PING:
                self.send_frame(PONG, payload)
            if opcode in (TEXT, BINARY) and payload.strip():
                head, _, body = payload.partition(b"\r\n\r\n")
                self._take(Message.parse(head, body))
            else:
                self.frames.put((opcode, payload))

    def send_frame(self, opcode, payload=b"", **kw):
        super().send_bytes(frame(opcode, payload, **kw))

    def send_bytes(self, data):
        data = bytes(data).replace(b"SIP/2.0/TLS softphone.invalid",
                                   b"SIP/2.0/WSS " + self.host.encode(), 1)
        if not self.length:
            head, _, body = data.partition(b"\r\n\r\n")
            lines = [one for one in head.split(b"\r\n")
                     if not one.lower().startswith(b"content-length")]
            data = b"\r\n".join(lines) + b"\r\n\r\n" + body
        size = -(-len(data) // self.pieces)
        cut = [data[i:i + size] for i in range(0, len(data), size)]
        for i, piece in enumerate(cut):
            self.send_frame(self.opcode if i == 0 else 0, piece,
                            fin=i + 1 == len(cut))
