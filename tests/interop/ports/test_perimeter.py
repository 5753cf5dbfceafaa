# SPDX-License-Identifier: Apache-2.0
"""The rules in front of the edge, loaded as they were printed, and everybody
around: inside, edge, partner, public provider, clients, a stranger, each on a
host of their own.

* Every row is enough: what it is for works, and its counter moves.
* Every row is needed: without it exactly its features fail, all others work,
  and with it they work again.
* A stranger's packets to all 65,535 TCP and UDP ports are dropped but for the
  ports of the table; what the edge sends to other ports is dropped.
* The iptables form does the same, without trying all others each time.
* `ports --verify` and `check`, on the edge with its own rules, name the row
  whose rule is missing.

The rows rtp-tcp-* are tried with the relay's own streams (RFC 6062). `check`
sees the rules of its own host, not those of a firewall in front: there the row
is named by what fails.
"""
import json
import pathlib
import queue
import re
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.sip import Connection, Partner, request  # noqa: E402
from harness.stage import CLI, wait_for  # noqa: E402
from ports import scan  # noqa: E402
from ports.hosts import INNER, address, possible  # noqa: E402
from ports.walls import Iptables, Nft  # noqa: E402
from ports.world import EDGE, World  # noqa: E402


KNOCKS = """\
table inet knocks {
	chain here {
		type filter hook prerouting priority raw;
		iifname "stranger" counter
	}
}
"""


@unittest.skipIf(possible(), possible() or "")
class Perimeter(World):
    def test_rows(self):
        self.trials(Nft(self.hosts), self.rules("nftables", "public-im"))

    def test_rows_of_direct_media(self):
        self.trials(Nft(self.hosts), self.rules("nftables", "ocs2007"),
                    {"rtp-udp-out", "rtp-udp-in", "rtp-tcp-out",
                     "rtp-tcp-in"})

    def test_rows_iptables(self):
        self.trials(Iptables(self.hosts),
                    self.rules("iptables", "public-im"), others=False)

    def test_strict(self):
        """Only who is a partner by its address of this moment: as told by
        the running server, and of the file by itself."""
        rules = self.rules("nftables", "public-im", "--strict")
        self.assertRegex(rules, r"as of \d{4}-\d\d-\d\dT")
        self.assertIn(address("partner"), rules)
        self.assertIn(address("provider"), rules)
        offline = self.hosts.do(
            "edge", CLI, "firewall", "--perimeter", "--strict", "--edge",
            EDGE, "--profile", "public-im", "-c", self.org.config)
        self.assertEqual(self.untimed(rules), self.untimed(offline))
        wall = Nft(self.hosts)
        wall.load(rules)
        # alice's connection is older than the rules: she speaks first, so
        # that it is tracked
        for fn in (self.partner_reads, self.partner_writes,
                   self.provider_writes, self.sign_in):
            self.works(fn.__name__, fn)
        attempt = self.dropped(wall, "impostor", lambda: self._from(
            self.partner, "stranger", "zoe@fabrikam.test"))
        self.assertFalse(attempt.worked)

    @staticmethod
    def untimed(rules):
        """Their lines without the time."""
        return [x for x in rules.splitlines() if "as of" not in x]

    def load_on_edge(self, without=None):
        """The edge's own rules, loaded on its host."""
        text = self.org.run("firewall", "--ssh", "22").stdout
        kept = [x for x in text.splitlines(keepends=True)
                if f'"sallyport {without}"' not in x]
        self.hosts.do("edge", "nft", "-f", "-", input="".join(kept))

    def on_edge(self, *words):
        return subprocess.run(
            [*self.hosts.words("edge"), CLI, "-s", self.org.control, "--json",
             *words], capture_output=True, text=True, timeout=60)

    def test_verify_and_check(self):
        """On the edge's host with its own rules: all fits, counters are
        told, and a row whose rule is missing is named."""
        self.load_on_edge()
        self.works("sign_in", self.sign_in)
        done = self.on_edge("ports", "--verify")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        rows = {r["id"]: r for r in json.loads(done.stdout)["rows"]}
        self.assertGreater(rows["client"]["packets"], 0)
        self.assertEqual(rows["turn-tcp-in"]["packets"], 0)
        self.assertTrue(all(r["rule"] for r in rows.values()))
        self.assertEqual({r["listens"] for r in rows.values()},
                         {True, None})
        done = self.on_edge("check")
        self.assertEqual(done.returncode, 0, done.stdout)
        for row in rows:
            self.load_on_edge(without=row)
            done = self.on_edge("check")
            self.assertEqual(done.returncode, 1)
            failed = [f["text"] for f in json.loads(done.stdout)["findings"]
                      if f["state"] == "fail"]
            self.assertEqual(len(failed), 1, failed)
            self.assertIn(f"row {row}:", failed[0])

    def knocks(self, profile):
        """What of a stranger's packets comes through."""
        wall = Nft(self.hosts)
        wall.load(self.rules("nftables", profile))
        self.hosts.do("wall", "nft", "-f", "-", input=KNOCKS)
        with self.hosts.at("edge"):
            watch = self.stage.later(scan.Watch())
        with self.hosts.at("stranger"):
            scan.knock(address("stranger"), EDGE)
            wait_for(lambda: self.knocked() >= 2 * 65535, 60,
                     "all of them came to the firewall")
            scan.last(EDGE, 3478)
        return watch.until_last(address("stranger"))

    def knocked(self):
        shown = self.hosts.do("wall", "nft", "list", "table", "inet",
                              "knocks")
        return int(re.search(r"packets (\d+)", shown).group(1))

    def test_strangers(self):
        self.assertEqual(self.knocks("public-im"), {
            ("tcp", 443), ("tcp", 5061), ("tcp", 3478), ("udp", 3478),
            ("tcp", 5349)})

    def test_strangers_where_peers_speak_first(self):
        self.assertEqual(self.knocks(None), {
            ("tcp", 443), ("tcp", 5061), ("tcp", 3478), ("udp", 3478),
            ("tcp", 5349), *(("udp", port) for port in range(50000, 60000))})

    def test_the_edge_goes_nowhere_else(self):
        wall = Nft(self.hosts)
        wall.load(self.rules("nftables", "public-im"))
        for kind, port in ((socket.SOCK_STREAM, 80),
                           (socket.SOCK_STREAM, 3478),
                           (socket.SOCK_DGRAM, 123)):
            before = wall.dropped()
            with self.hosts.at("edge"), socket.socket(
                    socket.AF_INET, kind) as s:
                s.setblocking(False)
                s.connect_ex((address("stranger"), port))
                if kind == socket.SOCK_DGRAM:
                    s.send(b"x")
                wait_for(lambda: wall.dropped() > before, 20, str(port))


@unittest.skipIf(possible(), possible() or "")
class Inside(World):
    """The rows between the edge and a server inside, which has a port of its
    own: by 5061 fed-out leads everywhere."""
    home = f"""\
inside:
  home: none
  next_hop: ["pool.contoso.internal:5071"]
  listen: ["{INNER}:5061"]
"""

    def before_start(self):
        cert = self.org.ca.leaf("pool", ["DNS:pool.contoso.internal"])
        with self.hosts.at("inside"):
            self.pool = self.stage.later(Partner(
                (address("inside"), 5071), "pool", self.org.ca, cert,
                self.org.ca.pem))
        self.names.table["pool.contoso.internal"] = address("inside")

    def after_start(self):
        """Nobody signs in: the server inside says yes to everything."""

    def _says(self, place, peer, at, sender, to):
        """(the answer, what was said) by a new connection."""
        with self.hosts.at(place):
            c = Connection((at, 5061), self.org.edge, self.org.ca.pem,
                           cert=peer.cert)
        text = self.text().encode()
        m = request("MESSAGE", f"sip:{to}", sender, to, address(place),
                    body=text)
        reply = c.final(c.ask(m))
        c.close()
        return reply is not None and reply.status == 200, text

    @staticmethod
    def _reached(peer, text):
        while True:
            try:
                if peer.requests.get_nowait()[0].body == text:
                    return True
            except queue.Empty:
                return False

    def goes_inside(self):
        yes, text = self._says("partner", self.partner, EDGE,
                               "zoe@fabrikam.test", "alice@contoso.test")
        return yes and self._reached(self.pool, text)

    def comes_out(self):
        yes, text = self._says("inside", self.pool, INNER,
                               "alice@contoso.test", "zoe@fabrikam.test")
        return yes and self._reached(self.partner, text)

    def dials_anew(self):
        """A connection that is older than the rules tells nothing."""
        for c in list(self.pool.connections):
            c.close()

    def test_rows(self):
        wall = Nft(self.hosts)
        text = self.rules("nftables")
        rows = {"int-sip-out": self.goes_inside,
                "int-sip-in": self.comes_out}
        wall.load(text)

        def counted():
            self.dials_anew()
            self.works(row, fn)
            return wall.counters()[row] > 0
        for row, fn in rows.items():
            wait_for(counted, 60, row)
        for row, fn in rows.items():
            wall.load(text, without=row)
            self.dials_anew()
            attempt = self.dropped(wall, row, fn)
            for other, works in rows.items():
                if other != row:
                    self.works(other, works)
            self.assertFalse(attempt.worked)
            wall.load(text)
            self.works(row, fn)


if __name__ == "__main__":
    unittest.main()
