# SPDX-License-Identifier: Apache-2.0
"""Packets that come as one, with three relay processes.

Where the kernel puts datagrams of one flow together, the relay takes them
apart and sends them on as one again: every packet arrives, in order and as it
was, with the last one shorter, by channels both ways and as Data indications;
also where the way to the peer takes no packet of that length.
"""
import functools
import pathlib
import socket
import struct
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import netns  # noqa: E402
from harness.case import Case  # noqa: E402
from ports.turn import Turn  # noqa: E402

UDP_SEGMENT, CHANNEL = 103, 0x4001


def payloads(count, size, last):
    return [bytes([i]) * (last if i == count - 1 else size)
            for i in range(count)]


def train(sock, packets, to):
    """All of them in one call: the first is the longest."""
    sock.sendmsg([b"".join(packets)],
                 [(socket.IPPROTO_UDP, UDP_SEGMENT,
                   struct.pack("=H", len(packets[0])))], 0, to)


def channel_data(payload):
    return struct.pack("!HH", CHANNEL, len(payload)) + payload


@unittest.skipIf(netns.possible(), netns.possible() or "")
class Trains(Case):
    def setUp(self):
        super().setUp()
        self.net = self.stage.later(netns.Net())
        self.org = netns.relay_org(self.stage, self.net)
        self.org.start()
        self.peer = self.stage.later(self.net.socket(
            self.net.peer, socket.AF_INET, socket.SOCK_DGRAM))
        self.peer.settimeout(30)
        self.peer.bind((netns.PEER4, 0))
        self.turn = self.stage.later(Turn(
            (netns.RELAY4, 3478), netns.USER, netns.PASSWORD, timeout=30,
            make=functools.partial(self.net.socket, self.net.client)))

    def up(self, packets):
        train(self.turn.sock, [channel_data(p) for p in packets],
              (netns.RELAY4, 3478))
        self.assertEqual([self.peer.recv(4096) for _ in packets], packets)

    def test_channels(self):
        self.turn.bind(CHANNEL, self.peer.getsockname())
        for count, size, last in ((17, 100, 100), (17, 100, 3), (2, 1200, 1),
                                  (40, 1200, 700)):
            with self.subTest(f"{count} of {size}, {last}"):
                packets = payloads(count, size, last)
                self.up(packets)
                train(self.peer, packets, self.turn.relayed)
                self.assertEqual([self.turn.sock.recv(4096) for _ in packets],
                                 [channel_data(p) for p in packets])
        self.assertEqual(self.org.metric("turn_unsent_total"), 0)

    def test_indications(self):
        """The head of one is not written into the one before."""
        self.turn.permit(netns.PEER4)
        packets = payloads(30, 333, 10)
        train(self.peer, packets, self.turn.relayed)
        self.assertEqual([self.turn.next() for _ in packets], packets)

    def test_narrow_way(self):
        """Packets that are too long for the way are cut by IP, not lost."""
        netns.run("ip", "-n", self.net.relay, "route", "add", netns.PEER4,
                  "dev", "br0", "mtu", "lock", "1000")
        self.turn.bind(CHANNEL, self.peer.getsockname())
        self.up(payloads(8, 1200, 1100))
        self.assertEqual(self.org.metric("turn_unsent_total"), 0)


if __name__ == "__main__":
    unittest.main()
