# SPDX-License-Identifier: Apache-2.0
"""Connections to partners on bad days.

* A server that swallows connections, or takes requests and answers none,
  costs a request some seconds, then the next server or a refusal (NET-02).
* A partner that resets every connection is not hammered (NET-03).
* One bad partner costs the others nothing.
* A connection that the partner opened with `alias` carries our requests.
* Who vanishes without a word is found out (NET-01).
"""
import socket
import statistics
import subprocess
import threading
import time

from federation.world import World
from harness.case import Apart, Case, Six
from harness.sip import Partner, answer
from harness.stage import bracketed, family, wait_for
from peers.program import need

TWO = (
    "_sipfederationtls._tcp.fabrikam SRV 10 0 15061 sip1.fabrikam",
    "_sipfederationtls._tcp.fabrikam SRV 20 0 15061 sip2.fabrikam",
    "sip1.fabrikam A @A@",
    "sip2.fabrikam A @B@",
)


class Hole:
    """Accepts connections and never says a word."""

    def __init__(self, address, port=15061):
        self.listener = socket.create_server((address, port),
                                             family=family(address))
        self.taken = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                self.taken.append(self.listener.accept()[0])
            except OSError:
                return

    def close(self):
        self.listener.close()
        for s in self.taken:
            s.close()


class BlackHole(World):
    records = TWO

    def test_net_02_connection_that_never_speaks(self):
        """The second server has it, within the transaction."""
        hole = self.stage.later(Hole(self.a))
        sip2 = self.server("sip2", self.b)
        alice = self.client(self.contoso, "alice")
        began = time.monotonic()
        self.assertStatus(alice.message("zoe@fabrikam.test", "x", 30), 200)
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual(sip2.requests.qsize(), 1)
        self.assertGreaterEqual(len(hole.taken), 1)
        # the connection stands: the next one costs nothing
        began = time.monotonic()
        self.assertStatus(alice.message("zoe@fabrikam.test", "y"), 200)
        self.assertLess(time.monotonic() - began, 2)


class Silent(World):
    records = TWO[:1] + TWO[2:3]
    limits = {"request_timeout_s": 2}

    def test_net_02_takes_requests_and_answers_none(self):
        """Five are told late, the rest at once; it is probed and comes back.
        """
        sip1 = self.server("sip1", self.a)
        sip1.reply = lambda m, c: None
        alice = self.client(self.contoso, "alice")
        waiting = [alice.message_async("zoe@fabrikam.test", f"{n}")
                   for n in range(5)]
        for q in waiting:
            self.assertIn(alice.final(q, 30).status, (408, 480, 504))
        self.contoso.log.wait("partner.down", 15, why="partner_silent")
        seen = sip1.requests.qsize()
        began = time.monotonic()
        reply = alice.message("zoe@fabrikam.test", "now")
        self.assertDiagnostics(reply, 504, 1046)
        self.assertLess(time.monotonic() - began, 1.5)
        self.assertEqual(sip1.requests.qsize(), seen)
        self.assertEqual(self.row()["state"], "silent")
        sip1.reply = lambda m, c: answer(m, 200)
        since = len(self.contoso.log.events)
        self.contoso.log.wait("partner.up", 50, since)
        self.assertStatus(alice.message("zoe@fabrikam.test", "back"), 200)


class BesideBad(Case):
    """Twenty partners that swallow connections, one that does not."""

    def test_net_02_a_good_partner_beside_twenty_black_holes(self):
        contoso = self.stage.org("contoso")
        good = self.stage.org("fabrikam")
        contoso.trusted.append(good.ca.pem)
        contoso.partner(good.domain, good.edge, f"{good.host}:15061")
        for n in range(20):
            address = good.beside(100 + n)
            self.stage.later(Hole(address))
            contoso.partner(f"hole{n}.test", f"sip.hole{n}.test",
                            f"{bracketed(address)}:15061")
        contoso.start()
        self.stage.later(Partner((good.address, 15061), "good", good.ca,
                                 good.cert, contoso.ca.pem))
        alice = self.client(contoso, "alice")

        def times(count):
            out = []
            for n in range(count):
                began = time.monotonic()
                self.assertStatus(alice.message("bob@fabrikam.test", f"{n}"),
                                  200)
                out.append(time.monotonic() - began)
            return statistics.median(out)
        times(20)
        alone = times(200)
        bad = self.client(contoso, "carol")
        waiting = [bad.message_async(f"x@hole{n % 20}.test", f"{n}")
                   for n in range(200)]
        beside = times(200)
        # medians on a machine with other work: a tenth, and a millisecond
        self.assertLess(beside, alone * 1.1 + 0.001)
        for q in waiting:
            self.assertEqual(bad.final(q, 40).status, 504)
        self.assertEqual(contoso.log.find("proc.exit"), [])
        rows = contoso.status()["tables"]["partners"]
        down = [r for r in rows if r["partner"].startswith("sip.hole")]
        self.assertEqual({r["state"] for r in down}, {"down"})


class Flapping(World):
    records = TWO[:1] + TWO[2:3]

    def test_net_03_reset_after_each_message(self):
        """It is not dialled for every message; every sender is told."""
        sip1 = self.server("sip1", self.a)

        def reset(m, c):
            threading.Thread(target=c.close, daemon=True).start()
        sip1.reply = reset
        alice = self.client(self.contoso, "alice")
        end = time.monotonic() + 15
        sent = 0
        while time.monotonic() < end:
            self.assertIsNotNone(alice.message("zoe@fabrikam.test", "x"))
            sent += 1
        self.assertGreater(sent, 20)
        # 1, 2, 4, 8 seconds and what they are beside
        self.assertLess(len(sip1.connections), 12)
        lines = (self.contoso.log.find("partner.down")
                 + self.contoso.log.find("partner.up")
                 + self.contoso.log.find("partner.idle"))
        self.assertLessEqual(len(lines), 4)


class Alias(World):
    records = TWO[:1] + TWO[2:3]

    def test_connection_of_the_partner_is_used(self):
        """Nobody listens at the partner's address; but it has dialled us,
        and said alias (RFC 5923)."""
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        c = self.stage.later(sip1.dial(self.contoso))
        sip1.listener.shutdown(socket.SHUT_RDWR)
        sip1.listener.close()
        self.assertStatus(self.from_zoe(c, alice.aor, "hello", 1, alias=True),
                          200)
        wait_for(lambda: self.row()["inbound"] == "1", 10, "the offer")
        for n in range(6):
            self.assertStatus(alice.message("zoe@fabrikam.test", f"{n}"), 200)
        got = [sip1.requests.get(timeout=5)[1] for _ in range(6)]
        self.assertEqual(set(got), {c})
        c.close()
        wait_for(lambda: self.row()["inbound"] == "0", 10, "the end")
        reply = alice.message("zoe@fabrikam.test", "gone")
        self.assertDiagnostics(reply, 504, 1046)

    def test_our_connection_carries_what_comes_back(self):
        """We say alias too, and mean it."""
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        m, c = sip1.requests.get(timeout=5)
        self.assertIn(";alias;", m.get("Via"))
        self.assertStatus(self.from_zoe(c, alice.aor, "back", 1), 200)
        self.assertReceived(alice, "back")

    def test_without_alias_it_is_not(self):
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        c = self.stage.later(sip1.dial(self.contoso))
        self.assertStatus(self.from_zoe(c, alice.aor, "hello", 1), 200)
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 200)
        self.assertIsNot(sip1.requests.get(timeout=5)[1], c)


class HalfOpen(Apart, World):
    records = TWO[:1] + TWO[2:3]

    ip = "ip"  # nftables' word for the family

    def test_net_01_partner_loses_power(self):
        """Its packets stop. The sender is told when its time is up; the
        connection is given up some 30 seconds after what was not
        acknowledged; then the partner is back and is dialled anew."""
        nft = need("nft", "nftables")
        sip1 = self.server("sip1", self.a)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "before"), 200)
        rules = ("table inet dark {\n chain i {\n"
                 "  type filter hook input priority 0\n"
                 f"  tcp sport 15061 {self.ip} saddr {self.a} drop\n"
                 f"  tcp dport 15061 {self.ip} daddr {self.a} drop\n }}\n}}\n")
        subprocess.run([nft, "-f", "-"], input=rules, text=True, check=True)
        began = time.monotonic()
        reply = alice.message("zoe@fabrikam.test", "into the dark", 40)
        self.assertIn(reply.status, (408, 480, 504))
        wait_for(lambda: self.row()["connections"] == "0", 45, "given up")
        self.assertLess(time.monotonic() - began, 45)
        subprocess.run([nft, "delete", "table", "inet", "dark"], check=True)

        def back():
            r = alice.message("zoe@fabrikam.test", "after")
            return r is not None and r.status == 200
        wait_for(back, 30, "the partner is reached again")


class BlackHoleSix(Six, BlackHole):
    pass


class SilentSix(Six, Silent):
    pass


class BesideBadSix(Six, BesideBad):
    pass


class FlappingSix(Six, Flapping):
    pass


class AliasSix(Six, Alias):
    pass


class HalfOpenSix(Six, HalfOpen):
    ip = "ip6"
