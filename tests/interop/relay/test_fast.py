# SPDX-License-Identifier: Apache-2.0
"""The relay's fast path in the kernel, natively on veth, in namespaces.

The same random traffic through the kernel and, switched off by reload,
through the relay process gives the same bytes, TTL and DSCP at both ends, for
IPv4, IPv6 and across. What the kernel carried stands in the session's record
and in the metrics. A relay process that is killed or stopped relays nothing
any more, and its successor begins anew. Two clients whose peers are each
other's relayed addresses speak with each other in one step in the kernel, with
the same bytes as through two relay processes. Caps cut what the kernel relays. A
firewall row of the configuration that denies a peer cuts its flow.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import fastnet  # noqa: E402
from fastcase import CHANNEL, FastCase  # noqa: E402
from fastnet import CLIENT4, PEER4, PEER6, Turn, receive  # noqa: E402
from harness.stage import wait_for  # noqa: E402

class Fast(FastCase):
    # ---- the same bytes ----

    def script(self, seed):
        """What both sides send: way, data, padding, TTL, TOS."""
        draw = random.Random(seed)
        for _ in range(60):
            yield (draw.choice("ud"), draw.randbytes(draw.randrange(400)),
                   draw.randbytes(draw.randrange(4)), draw.choice((2, 9, 64)),
                   draw.choice((0, 0xb8, 0x88)))

    def play(self, turn, peer, seed):
        out = []
        for way, data, padding, ttl, tos in self.script(seed):
            s = turn.sock if way == "u" else peer
            six = turn.six if way == "u" else turn.peer_six
            s.setsockopt(41 if six else 0, 16 if six else 2, ttl)
            s.setsockopt(41 if six else 0, 67 if six else 1, tos)
            if way == "u":
                turn.send(CHANNEL, data, padding)
            else:
                s.sendto(data, (turn.address, turn.port))
            got = receive(peer if way == "u" else turn.sock)
            self.assertIsNotNone(got, (way, data, ttl))
            out.append((got[:3], got[3][:2]))
        for s, six in ((turn.sock, turn.six), (peer, turn.peer_six)):
            s.setsockopt(41 if six else 0, 16 if six else 2, 64)
            s.setsockopt(41 if six else 0, 67 if six else 1, 0)
        return out

    def test_same_bytes_on_both_paths(self):
        self.begin()
        for six in (False, True):
            for peer_six in (False, True):
                with self.subTest(six=six, peer_six=peer_six):
                    self.compare(six, peer_six)

    def compare(self, six, peer_six):
        turn, peer = self.call(six, peer_six)
        before = self.fast_packets()
        kernel = self.play(turn, peer, 7)
        wait_for(lambda: self.fast_packets() >= before + 55, what="counted")
        self.switch('"off"')
        off = self.frames("pass_off")
        process = self.play(turn, peer, 7)
        wait_for(lambda: self.frames("pass_off") >= off + 60,
                 what="all of it went up")
        self.assertEqual(kernel, process)
        self.switch("auto")
        self.warm(turn, peer)
        turn.end()

    # ---- two clients of this relay ----

    def meet(self, six=False, peer_six=None):
        """Each other's relayed address is the peer. They are on different
        links: what XDP sends back by the veth it came from waits there until
        something else wakes the receiver, which has no program."""
        if peer_six is None:
            peer_six = six
        pair = [Turn(self.net, six, peer_six, far) for far in (False, True)]
        for turn, other in zip(pair, reversed(pair)):
            turn.bind(CHANNEL, other.address, other.port)
        return pair

    def crossed(self, turn, other, data=b"ping"):
        turn.send(CHANNEL, data)
        return receive(other.sock, 1)

    def warm_pair(self, pair):
        def in_kernel():
            before = self.frames("sent_hairpin")
            for _ in range(8):
                for turn, other in (pair, pair[::-1]):
                    self.crossed(turn, other)
            end = time.monotonic() + 1.5
            while time.monotonic() < end:
                if self.frames("sent_hairpin") >= before + 14:
                    return True
            return False
        wait_for(in_kernel, timeout=60, what="both ways in the kernel")

    def play_pair(self, pair, seed):
        out = []
        for way, data, padding, ttl, tos in self.script(seed):
            turn, other = pair if way == "u" else pair[::-1]
            six = turn.six
            turn.sock.setsockopt(41 if six else 0, 16 if six else 2,
                                 max(ttl, 3))  # two hops
            turn.sock.setsockopt(41 if six else 0, 67 if six else 1, tos)
            turn.send(CHANNEL, data, padding)
            got = receive(other.sock)
            self.assertIsNotNone(got, (way, data, ttl))
            self.assertEqual(got[1], max(ttl, 3) - 2)
            out.append(got[:3])
        return out

    def compare_pair(self, six, peer_six):
        pair = self.meet(six, peer_six)
        self.warm_pair(pair)
        before = self.frames("sent_hairpin")
        kernel = self.play_pair(pair, 11)
        wait_for(lambda: self.frames("sent_hairpin") >= before + 55,
                 what="counted")
        self.switch('"off"')
        after = self.frames("sent_hairpin")
        process = self.play_pair(pair, 11)
        self.assertEqual(kernel, process)
        self.assertEqual(self.frames("sent_hairpin"), after)
        self.switch("auto")
        for turn in pair:
            turn.end()

    def test_hairpin_same_bytes(self):
        self.begin()
        for six in (False, True):
            for peer_six in (False, True):
                with self.subTest(six=six, peer_six=peer_six):
                    self.compare_pair(six, peer_six)

    def test_hairpin_records(self):
        """Six pairs, so that the relay processes of some differ: what one
        sent is what the other got, in the records."""
        self.begin()
        pairs = [self.meet() for _ in range(6)]
        for pair in pairs:
            self.warm_pair(pair)
            for _ in range(50):
                self.assertIsNotNone(self.crossed(*pair, bytes(100)))
        for pair in pairs:
            for turn in pair:
                turn.end()
        wait_for(lambda: len(self.org.log.find("turn.session")) == 12,
                 what="all records")
        records = self.org.log.find("turn.session")
        for ups, downs in (("up_packets", "down_packets"),
                           ("up_bytes", "down_bytes")):
            self.assertEqual(sum(int(r[ups]) for r in records),
                             sum(int(r[downs]) for r in records))
        self.assertEqual(self.org.metric("turn_fast_bindings"), 0)

    # ---- accounts ----

    def test_record(self):
        self.begin()
        turn, peer = self.call()
        before = self.fast_packets()
        sent = 0
        for _ in range(100):
            sent += self.round(turn, peer, bytes(100))
        self.assertEqual(sent, 100)
        wait_for(lambda: self.fast_packets() >= before + 190, what="counted")
        up = self.org.metric("turn_up_packets_total")
        turn.end()
        record = self.org.log.wait("turn.session")
        self.assertEqual(int(record["up_packets"]), up)
        self.assertGreaterEqual(int(record["up_packets"]), 100)
        self.assertEqual(record["up_packets"], record["down_packets"])
        self.assertEqual(record["up_bytes"], record["down_bytes"])
        self.assertEqual(self.org.metric("turn_fast_bindings"), 0)

    def capped(self, bandwidth, calls):
        """What comes of 200 packets of 1 000 bytes, by that many calls in
        turns, under a cap of 50 kB a second and a second's worth at once."""
        self.begin(bandwidth=bandwidth)
        calls = [self.call() for _ in range(calls)]
        before = self.org.metric("turn_over_rate_total")
        time.sleep(1.2)  # the bucket is empty again
        began = time.monotonic()
        for i in range(200):
            calls[i % len(calls)][0].send(CHANNEL, bytes(1000))
        took = time.monotonic() - began
        got = 0
        for _, peer in calls:
            while receive(peer, 0.5):
                got += 1
        self.assertLess(got, 80 + 50 * took)
        self.assertGreater(got, 40)
        wait_for(lambda: self.org.metric("turn_over_rate_total") >=
                 before + 200 - got, what="drops are counted")

    def test_cap(self):
        self.capped("{ per_port_kbit: 400, per_user_kbit: 0 }", 1)

    def test_cap_of_a_source(self):
        self.capped("{ per_port_kbit: 0, per_user_kbit: 0, "
                    "per_source_kbit: 400 }", 3)

    def test_cap_of_all(self):
        self.capped("{ per_port_kbit: 0, per_user_kbit: 0, "
                    "total_kbit: 400 }", 3)

    # ---- authority ----

    def relays(self):
        return [self.org.pid_of("relay", slot) for slot in range(3)]

    def test_stopped_process(self):
        self.begin()
        turn, peer = self.call()
        for pid in self.relays():
            os.kill(pid, signal.SIGSTOP)
        try:
            # calls go on for a while, then they end
            self.assertTrue(self.round(turn, peer))
            wait_for(lambda: not self.round(turn, peer), timeout=30,
                     what="nothing is relayed any more")
        finally:
            for pid in self.relays():
                os.kill(pid, signal.SIGCONT)

    def test_killed_process(self):
        self.begin()
        turn, peer = self.call()
        for pid in self.relays():
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not self.round(turn, peer), timeout=10,
                 what="nothing is relayed any more")
        self.org.wait_ready()
        self.assertFalse(self.round(turn, peer))
        self.call()  # a new one is in the kernel again

    def test_denied_peer(self):
        self.begin()
        turn, peer = self.call()
        fastnet.change(self.org, deny_peers=f'["{PEER4}/32"]')
        self.org.write()
        self.org.run("reload")
        wait_for(lambda: not self.round(turn, peer), timeout=10,
                 what="the flow is cut")

    def test_neighbour_moves(self):
        """Another MAC of the next hop is known after a moment."""
        self.begin()
        turn, peer = self.call()
        subprocess.run(["ip", "-n", self.net.peer, "link", "set", "v0",
                        "address", "02:00:00:00:77:01"], check=True)
        subprocess.run(["ip", "-n", self.net.peer, "route", "replace",
                        "default", "via", fastnet.FAR4], check=True)
        subprocess.run(["ip", "-n", self.net.relay, "neigh", "flush", "dev",
                        "vp"], check=True)
        self.warm(turn, peer)

    def checked(self):
        done = self.org.run("--json", "check", check=False)
        return next(f["text"] for f in json.loads(done.stdout)["findings"]
                    if f["step"] == "fast")

    def test_status(self):
        on = self.begin()
        self.assertIn("native", on["where"])
        text = self.org.run("status").stdout
        self.assertIn("vc native", text)
        self.assertIn("vc native", self.checked())
        self.switch('"off"')
        wait_for(lambda: "vc native" not in self.org.run("status").stdout,
                 what="the status tells it")

    # ---- where it is not native, or not at all ----

    def by_sockets(self):
        """A call is relayed, and none of it in the kernel."""
        turn = Turn(self.net)
        peer = self.net.udp(self.net.peer, PEER4)
        turn.bind(CHANNEL, PEER4, peer.getsockname()[1])
        wait_for(lambda: self.round(turn, peer), what="it is relayed")
        self.assertEqual(self.fast_packets(), 0)
        turn.end()

    def test_generic(self):
        """No driver takes a program natively with such packets."""
        on = self.begin(mtu=9000, xdp='"on"')
        self.assertIn("vc generic", on["where"])
        turn, peer = self.call()
        self.assertTrue(self.round(turn, peer, bytes(1000)))
        self.assertIn("vc generic", self.checked())

    def begin_without(self, why, prefix=(), mtu=1500, **more):
        self.net = self.stage.later(fastnet.FastNet(mtu))
        self.org = fastnet.org(self.stage, self.net, **more)
        self.org.prefix += prefix
        self.org.start()
        off = self.org.log.wait("fast.off")["why"]
        if "built" in off:
            self.skipTest(off)
        self.assertIn(why, off)
        self.by_sockets()
        self.says(why)
        self.assertIn(why, self.checked())

    def says(self, why):
        wait_for(lambda: why in self.org.run("status").stdout,
                 what="the status tells it")

    def test_not_native(self):
        """auto does without, and says why."""
        self.begin_without("vp: ", mtu=9000)

    def test_forbidden(self):
        """The kernel takes no program from us."""
        self.begin_without("CAP_BPF", ["setpriv", "--bounding-set",
                                       "-bpf,-sys_admin,-perfmon"])

    def test_off_at_the_start(self):
        """Privileges are gone by then: it says that it needs a restart."""
        self.net = self.stage.later(fastnet.FastNet())
        self.org = fastnet.org(self.stage, self.net, xdp='"off"')
        self.org.start()
        self.switch("auto")
        self.assertIn("restart", self.org.log.wait("fast.off")["why"])
        self.says("restart")
        self.by_sockets()
        self.org.stop()
        self.org.start()
        if self.org.log.find("fast.on"):
            self.call()


if __name__ == "__main__":
    unittest.main()
