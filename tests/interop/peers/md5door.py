# SPDX-License-Identifier: Apache-2.0
"""A door for devices that stumble over a digest they do not know.

They should pass such a challenge over (RFC 8760 2.4). But libre 1.1 (baresip
1.0 of Debian 12) gives up on the whole answer when any of its challenges names
another algorithm than MD5, wherever it stands, and SIPp 3.6 when the first one
does. The door stands between such a device and
the edge, takes the SHA-256 challenges out and hands on every other byte as it
is. It has the edge's name, port and certificate, as if there were no door.
"""
import re
import socket
import ssl
import threading

from harness.sip import Connection

UNKNOWN = re.compile(rb"\r\n(?:WWW|Proxy)-Authenticate:[^\r\n]*"
                     rb"algorithm=SHA-256[^\r\n]*", re.I)
LENGTH = re.compile(rb"\r\nContent-Length: *(\d+)", re.I)


class Leg(Connection):
    """One side of the door: what it reads, the other side sends."""

    def __init__(self, sock, address=None, name=None, ca=None):
        self.ready, self.other = threading.Event(), None
        super().__init__(address, name, ca, sock=sock)

    def join(self, other):
        self.other = other
        self.ready.set()

    def _frames(self, data):
        self.ready.wait()
        self.other.send_bytes(data)
        return b""

    def _read(self):
        super()._read()
        self.ready.wait()
        try:
            self.other.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class EdgeLeg(Leg):
    def _frames(self, data):
        self.ready.wait()
        while True:
            head, sep, rest = data.partition(b"\r\n\r\n")
            m = LENGTH.search(head)
            length = int(m.group(1)) if m else 0
            if not sep or len(rest) < length:
                return data
            self.other.send_bytes(UNKNOWN.sub(b"", head) + sep
                                  + rest[:length])
            data = rest[length:]


class Md5Door:
    def __init__(self, org, address):
        self.org = org
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(str(org.cert[0]), str(org.cert[1]))
        self.legs = []
        self.listener = socket.create_server((address, org.client_port))
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self._pair(sock)

    def _pair(self, sock):
        try:
            device = Leg(self.context.wrap_socket(sock, server_side=True))
        except OSError:
            sock.close()
            return
        edge = EdgeLeg(None, (self.org.address, self.org.client_port),
                       self.org.edge, self.org.ca.pem)
        self.legs += [device, edge]
        device.join(edge)
        edge.join(device)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
        for leg in self.legs:
            leg.close()
