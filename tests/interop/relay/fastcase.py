# SPDX-License-Identifier: Apache-2.0
"""The base of the conversations with the fast path: a relay between two links,
calls that are in the kernel, and the switch."""
import pathlib
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import fastnet  # noqa: E402
from fastnet import PEER4, PEER6, Turn, receive  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import wait_for  # noqa: E402

CHANNEL = 0x4001


@unittest.skipIf(fastnet.possible(), fastnet.possible() or "")
class FastCase(Case):
    def begin(self, mtu=1500, **more):
        self.net = self.stage.later(fastnet.FastNet(mtu))
        return self.start(**more)

    def start(self, **more):
        self.org = fastnet.org(self.stage, self.net, **more)
        self.org.start()
        on = self.org.log.find("fast.on")
        if not on:
            why = self.org.log.find("fast.off")
            self.skipTest(why[-1]["why"] if why else "no fast path here")
        return on[-1]

    def fast_packets(self):
        return self.org.metric("turn_fast_packets_total")

    def frames(self, reason):
        return self.org.metric("turn_fast_frames_total", f'"{reason}"')

    def call(self, six=False, peer_six=None):
        """A client with a channel to a peer, warmed up: both ways are in the
        kernel."""
        turn = Turn(self.net, six, peer_six)
        address = PEER6 if turn.peer_six else PEER4
        peer = self.net.udp(self.net.peer, address)
        turn.bind(CHANNEL, address, peer.getsockname()[1])
        self.warm(turn, peer)
        return turn, peer

    def round(self, turn, peer, data=b"ping"):
        """Did it go to the peer and back?"""
        turn.send(CHANNEL, data)
        there = receive(peer, 1)
        if not there:
            return False
        peer.sendto(data, (turn.address, turn.port))
        return receive(turn.sock, 1) is not None

    def warm(self, turn, peer):
        def in_kernel():
            before = self.fast_packets()
            for _ in range(8):
                self.round(turn, peer)
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                if self.fast_packets() >= before + 10:
                    return True
            return False
        wait_for(in_kernel, timeout=60, what="both ways in the kernel")

    def switch(self, value):
        fastnet.change(self.org, xdp=value)
        self.org.write()
        self.org.run("reload")
