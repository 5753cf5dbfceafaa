# SPDX-License-Identifier: Apache-2.0
"""Every port at once, as a stranger: SYNs from a raw socket and datagrams,
written by hand, and at the other end a packet socket that sees what came
through. No answer is waited for, so 65,535 ports take a second or two."""
import socket
import struct

ETH_P_IP, SO_RCVBUFFORCE = 0x0800, 33
FIRST, LAST, FROM, END = 1, 65535, 40000, 40001


def total(data):
    n = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while n >> 16:
        n = (n & 0xFFFF) + (n >> 16)
    return ~n & 0xFFFF


def syn(source, to, port):
    """A TCP header (RFC 9293 3.1) with its checksum."""
    pseudo = socket.inet_aton(source) + socket.inet_aton(to) + struct.pack(
        "!BBH", 0, socket.IPPROTO_TCP, 20)
    head = struct.pack("!HHIIBBHHH", FROM, port, port, 0, 5 << 4, 2, 1024, 0,
                       0)
    return head[:16] + struct.pack("!H", total(pseudo + head)) + head[18:]


class Watch:
    """Who sent what to an interface: {("tcp", port), ...} of one source."""

    def __init__(self, link="eth0"):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                  socket.htons(ETH_P_IP))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        self.sock.bind((link, ETH_P_IP))
        self.sock.settimeout(30)

    def until_last(self, source):
        """All from that source up to its last()."""
        seen, source = set(), socket.inet_aton(source)
        while True:
            packet = self.sock.recv(2048)
            ports = packet[(packet[0] & 15) * 4:]
            name = {6: "tcp", 17: "udp"}.get(packet[9])
            if not name or packet[12:16] != source:
                continue
            sport, port = struct.unpack("!HH", ports[:4])
            if sport == END:
                return seen
            seen.add((name, port))

    def close(self):
        self.sock.close()


def knock(source, to):
    """Each TCP and each UDP port once."""
    kinds = ((socket.IPPROTO_TCP, lambda port: syn(source, to, port)),
             (socket.IPPROTO_UDP,
              lambda port: struct.pack("!HHHH", FROM, port, 8, 0)))
    for protocol, packet in kinds:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, protocol) as s:
            s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
            for port in range(FIRST, LAST + 1):
                s.sendto(packet(port), (to, 0))


def last(to, port):
    """To a port that is open: the watch ends with it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("0.0.0.0", END))
        s.sendto(b"", (to, port))
