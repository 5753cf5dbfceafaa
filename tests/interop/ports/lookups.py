# SPDX-License-Identifier: Apache-2.0
"""A name server whose answers to long names do not fit a datagram, so that
they are asked for again over TCP; it remembers who asked how."""
import socket
import struct
import threading

from peers.names import Names, read_name

TRUNCATED = 0x0200


class Lookups(Names):
    """Names that begin with "long" are told over TCP only."""

    def __init__(self, table, address):
        self.asked = set()  # ("udp", name)
        super().__init__(table, address, 53)
        self.listener = socket.create_server((address, 53))
        self.tcp = threading.Thread(target=self._accept, daemon=True)
        self.tcp.start()

    def _answer(self, packet):
        name, end = read_name(packet, 12)
        self.asked.add(("udp", name))
        if "long" not in name:
            return super()._answer(packet)
        flags = struct.pack(">H", 0x8580 | TRUNCATED)
        return (packet[:2] + flags + struct.pack(">4H", 1, 0, 0, 0)
                + packet[12:end + 4])

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve_one, args=(sock,),
                             daemon=True).start()

    def _serve_one(self, sock):
        with sock:
            sock.settimeout(30)
            try:
                self._tell(sock)  # one answer: the next one asks anew
            except OSError:
                pass

    def _tell(self, sock):
        length = struct.unpack(">H", self._exactly(sock, 2))[0]
        packet = self._exactly(sock, length)
        self.asked.add(("tcp", read_name(packet, 12)[0]))
        reply = super()._answer(packet)
        sock.sendall(struct.pack(">H", len(reply)) + reply)

    @staticmethod
    def _exactly(sock, length):
        data = b""
        while len(data) < length:
            more = sock.recv(length - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def close(self):
        self.listener.close()
        super().close()
