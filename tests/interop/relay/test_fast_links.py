# SPDX-License-Identifier: Apache-2.0
"""The fast path and the system's own settings: VLANs, whose tags are in the
frame or beside it, a link that goes down and comes up, a route that changes
while a call lasts. What the system says is followed, and nothing is lost where
nothing has to be."""
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import fastnet  # noqa: E402
from fastcase import CHANNEL, FastCase  # noqa: E402
from fastnet import Turn  # noqa: E402
from harness.stage import wait_for  # noqa: E402

HOME4 = "10.78.9.9"  # of the peer, behind either of two links


class Links(FastCase):
    def ip(self, ns, words):
        return subprocess.run(["ip", "-n", ns, *words.split()], check=True,
                              capture_output=True, text=True).stdout

    # ---- VLANs ----

    def build_vlan(self):
        if not fastnet.vlans():
            self.skipTest("this kernel has no VLAN devices")
        self.net = self.stage.later(fastnet.FastNet(vlan=5))

    def test_vlan(self):
        """Addresses on VLANs: the program is on the devices below."""
        self.build_vlan()
        on = self.start()
        self.assertIn("vc native", on["where"])
        for six, peer_six in ((False, False), (True, False), (True, True)):
            with self.subTest(six=six, peer_six=peer_six):
                turn, _ = self.call(six, peer_six)
                turn.end()

    def test_vlan_tags_in_the_frame(self):
        """As drivers give them that take no tag off."""
        self.build_vlan()
        for ns, dev in ((self.net.client, "v0"), (self.net.peer, "v0"),
                        (self.net.relay, "vc"), (self.net.relay, "vp")):
            fastnet.inside(ns, fastnet.feature, dev, fastnet.SFLAGS, 0)
        self.start()
        self.call()
        self.call(True, True)

    # ---- a link ----

    def test_link_down_and_up(self):
        self.begin()
        turn, peer = self.call()
        self.ip(self.net.relay, "link set vp down")
        self.assertFalse(self.round(turn, peer))
        self.ip(self.net.relay, "link set vp up")
        wait_for(lambda: self.round(turn, peer), what="it is relayed")
        self.warm(turn, peer)

    # ---- a route ----

    def taken(self, device):
        """Frames that came to the peer by that device."""
        said = json.loads(self.ip(self.net.peer, f"-j -s link show {device}"))
        return said[0]["stats64"]["rx"]["packets"]

    def test_route_changes_under_load(self):
        self.net = self.stage.later(fastnet.FastNet())
        self.net.link(self.net.peer, "vq", ("10.78.3.1", "fd78:3::1"),
                      ("10.78.3.2", "fd78:3::2"), "v1")
        self.ip(self.net.peer, f"addr add {HOME4}/32 dev lo")
        self.ip(self.net.relay, f"route add {HOME4} via {fastnet.PEER4}")
        self.start()
        turn = Turn(self.net)
        peer = self.net.udp(self.net.peer, HOME4)
        turn.bind(CHANNEL, HOME4, peer.getsockname()[1])
        self.warm(turn, peer)
        self.assertTrue(self.round(turn, peer))
        before = self.taken("v1")
        self.ip(self.net.relay, f"route replace {HOME4} via 10.78.3.1")
        rounds = 0
        while self.taken("v1") < before + 100:
            rounds += 1
            self.assertLess(rounds, 20000, "it never went the new way")
            self.assertTrue(self.round(turn, peer), rounds)
        self.warm(turn, peer)


if __name__ == "__main__":
    unittest.main()
