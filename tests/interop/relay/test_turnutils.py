# SPDX-License-Identifier: Apache-2.0
"""coturn's client program against our relay, with three relay processes.

What is sent through the relay comes back, over UDP and TCP, by channels and
by Send indications, over IPv4 and IPv6, between two clients and with a plain
echo peer. A wrong password gets nothing. Each session leaves its record.
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import netns  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import wait_for  # noqa: E402


@unittest.skipIf(netns.possible(), netns.possible() or "")
class Clients(Case):
    def uclient(self, *options, server=netns.RELAY4, password=None,
                user=netns.USER):
        """(sent, received) of one run."""
        done = subprocess.run(
            [*self.net.inside(self.net.client), "timeout", "90",
             "turnutils_uclient", "-u", user, "-w",
             password or netns.PASSWORD, "-n", "20", "-m", "4", *options,
             server], capture_output=True, text=True)
        text = done.stdout + done.stderr
        last = re.findall(r"tot_send_msgs=(\d+), tot_recv_msgs=(\d+)", text)
        return (int(last[-1][0]), int(last[-1][1])) if last else text[-400:]

    def assertWhole(self, count, *options, **kw):
        self.assertEqual(self.uclient(*options, **kw), (count, count), options)


class TurnUtils(Clients):
    def setUp(self):
        super().setUp()
        self.net = self.stage.later(netns.Net())
        self.org = netns.relay_org(self.stage, self.net)
        self.org.start()

    def test_two_clients(self):
        for options in (["-y", "-c"], ["-y", "-c", "-s"],
                        ["-y", "-c", "-t"], ["-y", "-c", "-t", "-s"],
                        ["-y", "-c", "-g"], ["-y", "-c", "-D"]):
            with self.subTest(" ".join(options)):
                self.assertWhole(80, *options)
        self.org.log.wait("turn.session", why="released")

    def test_port_pairs(self):
        """Without -c there is an RTCP stream: EVEN-PORT and a reservation."""
        self.assertWhole(80, "-y")
        self.assertGreater(self.org.metric("turn_allocated_total"), 4)

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

    def test_tcp_relay(self):
        """RFC 6062: one connects, the other is told of the attempt; the
        binds of four connections land on any of three processes. On those
        connections the client reads a message's length (-l) at a time, which
        has to suffice for our challenge."""
        self.assertWhole(80, "-T", "-l", "200")

    def test_tls(self):
        """Clients over TLS, who check our certificate; also at the port that
        is not only for them. Some of the last messages stay unread in the
        client's TLS when it stops: what was delivered is our word."""
        ca = ["-S", "-t", "-E", str(self.org.ca.pem)]
        for n, port in enumerate(("5349", "3478"), 1):
            with self.subTest(port):
                sent, received = self.uclient(*ca, "-y", "-c", "-p", port)
                self.assertEqual(sent, 80)
                self.assertGreaterEqual(received, 64)
                self.assertEqual(self.org.metric("turn_down_packets_total"),
                                 80 * n)
        self.assertEqual(self.org.metric("turn_unsent_total"), 0)
        self.org.log.wait("turn.session", transport="tls")

    def test_dtls(self):
        """Clients over DTLS, who check our certificate, at the port of all
        others."""
        ca = ["-S", "-E", str(self.org.ca.pem), "-p", "3478"]
        for options in (["-y", "-c"], ["-y", "-c", "-s"], ["-y"]):
            with self.subTest(" ".join(options)):
                self.assertWhole(80, *ca, *options)
        self.org.log.wait("turn.session", transport="dtls")
        self.assertEqual(self.org.metric("turn_unsent_total"), 0)

    def test_tcp_relay_tls(self):
        """RFC 6062 for clients whose TLS ends in another process than the one
        that has the peer's connection."""
        sent, received = self.uclient("-T", "-S", "-p", "5349")
        self.assertEqual(sent, received)
        self.assertGreater(received, 40)

    def test_wrong_password(self):
        said = self.uclient("-y", "-c", password="guess")
        self.assertIsInstance(said, str)
        self.assertGreater(self.org.metric("refusals_total",
                                           "relay_password_wrong"), 0)
        self.assertEqual(self.org.metric("turn_allocations"), 0)

    def test_minted(self):
        """What `sallyport turn credential` gives is good at every relay
        process, also after the next secret was made; a forged one is not."""
        made = json.loads(self.org.run("--json", "turn", "credential", "--user",
                                       "alice@contoso.test").stdout)
        user, password = made["username"], made["password"]
        self.assertWhole(80, "-y", "-c", user=user, password=password)
        self.org.run("turn", "rotate")
        self.assertWhole(80, "-y", "-c", user=user, password=password)
        self.assertIsInstance(self.uclient("-y", "-c", user=user + "x",
                                           password=password), str)

    def test_records(self):
        """Each session that a client ends is recorded, with its counts."""
        self.assertWhole(80, "-y", "-c")
        ended = wait_for(
            lambda: len(self.org.log.find("turn.session",
                                          why="released")) >= 4 and
            self.org.log.find("turn.session", why="released"), 20, "records")
        self.assertEqual({e["up_packets"] for e in ended}, {"20"})
        self.assertEqual({e["down_bytes"] for e in ended}, {"2000"})
        self.assertEqual({e["user"] for e in ended}, {netns.USER})
        self.assertEqual(self.org.metric("turn_up_packets_total"), 80)
        made = self.org.metric("turn_allocated_total")
        self.assertEqual(self.org.metric("turn_allocations"),
                         made - len(ended))

    def sessions(self):
        return json.loads(self.org.run("--json", "relay",
                                       "list").stdout)["sessions"]

    def test_operator(self):
        """`relay list` has every session of every process, `kill` ends one,
        `drain` lets the others go on and makes no new ones."""
        self.net.start(self.net.client, "turnutils_uclient", "-u", netns.USER,
                       "-w", netns.PASSWORD, "-n", "100000", "-m", "4", "-y",
                       "-c", netns.RELAY4)
        listed = wait_for(lambda: len(self.sessions()) >= 4 and
                          self.sessions(), 30, "four sessions")
        self.assertEqual({s["user"] for s in listed}, {netns.USER})
        self.assertTrue(all(s["relayed"].startswith(netns.RELAY4 + ":")
                            for s in listed))
        one = listed[0]["session"]
        shown = json.loads(self.org.run("--json", "relay", "show", one).stdout)
        self.assertEqual(shown["client"], listed[0]["client"])
        self.org.run("relay", "kill", one)
        self.org.log.wait("turn.session", why="killed")
        self.assertNotIn(one, [s["session"] for s in self.sessions()])
        self.org.run("relay", "drain")
        self.assertIsInstance(self.uclient("-y", "-c"), str)
        self.assertTrue(self.sessions())

    def test_killed(self):
        """TURN-14: the relay processes die; clients allocate anew."""
        self.assertWhole(80, "-y", "-c")
        for slot in range(3):
            os.kill(self.org.pid_of("relay", slot), signal.SIGKILL)
        for slot in range(3):
            wait_for(lambda: len(self.org.log.find(
                "proc.ready", role="relay", slot=slot)) > 1, 20, "restart")
        self.assertWhole(80, "-y", "-c")
        self.assertFalse([e for e in self.org.log.find("proc.exit")
                          if e["role"] != "relay"])


class Alternate(Clients):
    def test_drained(self):
        """A relay that drains sends clients to another one of the same realm
        and users, over UDP and TCP."""
        self.net = self.stage.later(netns.Net())
        four, six = netns.PEER4, netns.PEER6
        self.org = netns.relay_org(self.stage, self.net, realm="turn.test",
                                   alternate=f'["{four}:3478"]')
        self.org.start()
        other = netns.relay_org(
            self.stage, self.net, name="other", address=four,
            realm="turn.test", listen=f'["{four}:3478", "[{six}]:3478"]',
            tls_listen=f'["{four}:5349"]')
        other.prefix = self.net.inside(self.net.peer)
        other.start()
        self.org.run("relay", "drain")
        for options in (["-y", "-c"], ["-y", "-c", "-t"]):
            with self.subTest(" ".join(options)):
                self.assertWhole(80, *options)
        self.assertEqual(self.org.metric("turn_allocated_total"), 0)
        self.assertGreaterEqual(other.metric("turn_allocated_total"), 8)
        self.assertGreater(self.org.metric("refusals_total",
                                                "turn_alternate"), 0)


if __name__ == "__main__":
    unittest.main()
