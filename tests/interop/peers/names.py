# SPDX-License-Identifier: Apache-2.0
"""A name server of a few words: addresses, SRV records of the names it was given, and no
such name for everything else, so that no question leaves this machine."""
import socket
import struct
import threading

from harness.stage import bracketed, family

A, AAAA, SRV = 1, 28, 33


def read_name(packet, at):
    labels = []
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels).lower(), at + 1


class Names:
    """{name: address, or [(priority, weight, port, target)] for SRV}, served
    on UDP of one loopback address."""

    def __init__(self, table, address, port=0):
        self.table = table
        self.sock = socket.socket(family(address), socket.SOCK_DGRAM)
        self.sock.bind((address, port))
        self.sock.settimeout(0.2)
        self.port = self.sock.getsockname()[1]
        self.address = f"{bracketed(address)}:{self.port}"
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.stopping.is_set():
            try:
                packet, asker = self.sock.recvfrom(4096)
                self.sock.sendto(self._answer(packet), asker)
            except (TimeoutError, ConnectionError):
                pass

    def _answer(self, packet):
        name, end = read_name(packet, 12)
        kind = struct.unpack(">H", packet[end:end + 2])[0]
        known = self.table.get(name)
        records = [data for k, data in self._records(known) if k == kind]
        # answer, authoritative, recursion available; 3: no such name
        flags = 0x8580 | (0 if known else 3)
        reply = packet[:2] + struct.pack(">5H", flags, 1, len(records), 0, 0)
        reply += packet[12:end + 4]
        for data in records:
            reply += struct.pack(">HHHIH", 0xc00c, kind, 1, 60, len(data))
            reply += data
        return reply

    def _records(self, known):
        if isinstance(known, str):
            v6 = ":" in known
            yield (AAAA if v6 else A, socket.inet_pton(
                socket.AF_INET6 if v6 else socket.AF_INET, known))
        for priority, weight, port, target in \
                known if isinstance(known, list) else []:
            labels = b"".join(bytes([len(x)]) + x.encode()
                              for x in target.split("."))
            yield SRV, struct.pack(">HHH", priority, weight,
                                   port) + labels + b"\0"

    def close(self):
        self.stopping.set()
        self.thread.join(5)
        self.sock.close()
