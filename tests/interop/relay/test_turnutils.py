# SPDX-License-Identifier: Apache-2.0
"""coturn's client program against our relay, with three relay processes.

What is sent through the relay comes back, over UDP and TCP, by channels and
by Send indications, over IPv4 and IPv6, between two clients and with a plain
echo peer. A wrong password gets nothing. Each session leaves its record.
"""
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import netns  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import wait_for  # noqa: E402


@unittest.skipIf(netns.possible(), netns.possible() or "")
class TurnUtils(Case):
    def setUp(self):
        super().setUp()
        self.net = self.stage.later(netns.Net())
        self.org = netns.relay_org(self.stage, self.net)
        self.org.start()

    def uclient(self, *options, server=netns.RELAY4, password=None):
        """(sent, received) of one run."""
        done = subprocess.run(
            [*self.net.inside(self.net.client), "timeout", "90",
             "turnutils_uclient", "-u", netns.USER, "-w",
             password or netns.PASSWORD, "-n", "20", "-m", "4", *options,
             server], capture_output=True, text=True)
        text = done.stdout + done.stderr
        last = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", text)
        return (int(last[-1][0]), int(last[-1][1])) if last else text[-400:]

    def assertWhole(self, count, *options, **kw):
        self.assertEqual(self.uclient(*options, **kw), (count, count), options)

    def test_two_clients(self):
        for options in (["-y", "-c"], ["-y", "-c", "-s"],
                        ["-y", "-c", "-t"], ["-y", "-c", "-t", "-s"],
                        ["-y", "-c", "-g"], ["-y", "-c", "-D"]):
            with self.subTest(" ".join(options)):
                self.assertWhole(80, *options)
        self.org.log.wait("turn.session", why="released")

    def test_port_pairs(self):
        """Without -c there is an RTCP stream: EVEN-PORT and a reservation."""
        with self.subTest("udp"):
            self.assertWhole(160, "-y")

    def test_echo_peer(self):
        self.net.start(self.net.peer, "turnutils_peer", "-L", netns.PEER4,
                       "-p", "3480")
        for options in ([], ["-s"], ["-t"]):
            with self.subTest(" ".join(options)):
                self.assertWhole(80, "-c", "-e", netns.PEER4, "-r", "3480",
                                 *options)

    def test_ipv6(self):
        for options in (["-y", "-c", "-x"], ["-y", "-c", "-x", "-t"]):
            with self.subTest(" ".join(options)):
                self.assertWhole(80, *options, server=netns.RELAY6)
        with self.subTest("IPv6 relay of an IPv4 client"):
            self.assertWhole(80, "-y", "-c", "-x")

    def test_wrong_password(self):
        said = self.uclient("-y", "-c", password="guess")
        self.assertIsInstance(said, str)
        self.assertGreater(self.org.metric("refusals_total",
                                           "relay_password_wrong"), 0)
        self.assertEqual(self.org.metric("turn_allocations"), 0)

    def test_counts_return(self):
        """What was allocated is given back (oracle b)."""
        self.assertWhole(80, "-y", "-c")
        self.assertGreater(self.org.metric("turn_allocated_total"), 0)
        self.assertGreater(self.org.metric("turn_up_packets_total"), 0)
        wait_for(lambda: self.org.metric("turn_allocations") == 0, 30,
                 "no allocation is left")


if __name__ == "__main__":
    unittest.main()
