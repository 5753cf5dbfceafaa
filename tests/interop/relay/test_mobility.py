# SPDX-License-Identifier: Apache-2.0
"""Clients that take their allocation along (RFC 8016), with three relay
processes.

Each new address of the client is steered to any of them, over UDP, TCP and
TLS in turns, and the peer sees the same relay address all the time: what
it sends reaches the client where he is now, also through a process that has
not his allocation, and also after that process was killed. coturn's client
moves its own way. Without `relay.mobility` who asks is told so.
"""
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "ports"),
                str(HERE.parents[1])]
import netns  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import wait_for  # noqa: E402
from turn import Turn, attr  # noqa: E402

ALLOCATE, REFRESH, TICKET, LIFETIME, CHANNEL = 3, 4, 0x8030, 0x0D, 0x4001


class Mover(Turn):
    """Goes from socket to socket. how: udp, tcp or tls."""

    def __init__(self, net, how="udp"):
        self.net, self.ticket = net, b""
        self.old = []
        super().__init__((netns.RELAY4, self.port(how)), netns.USER,
                         netns.PASSWORD, tcp=how != "udp", make=self.make,
                         wrap=self.wrapper(how))

    @staticmethod
    def port(how):
        return 5349 if how == "tls" else 3478

    def make(self, *kind):
        return self.net.socket(self.net.client, *kind)

    @staticmethod
    def wrapper(how):
        if how != "tls":
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket

    def _message(self):
        message = super()._message()
        self.ticket = message[2].get(TICKET, self.ticket)
        return message

    def ask(self, kind, body):
        """Sent again over UDP: strangers are answered so often only."""
        body = (attr(TICKET, b"") if kind == ALLOCATE else b"") + body
        id, tries = os.urandom(12), 1 if self.tcp else 40
        self.sock.settimeout(self.timeout if self.tcp else 1)
        for _ in range(tries):
            self._send(kind, body + self.extra, id)
            try:
                return self.answer(id)
            except TimeoutError:
                pass
        raise AssertionError("no answer")

    def answer(self, id):
        while True:
            kind, of, found = self._message()
            if of == id:
                return kind, found

    def go(self, how="udp"):
        """To another address: (answer, attributes) of the Refresh there."""
        self.old.append((self.tcp, self.sock))
        self.tcp = how != "udp"
        self.sock = self.make(socket.AF_INET, socket.SOCK_STREAM if self.tcp
                              else socket.SOCK_DGRAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect((netns.RELAY4, self.port(how)))
        if how == "tls":
            self.sock = self.wrapper(how)(self.sock)
        self.data = b""
        return self.refresh(attr(TICKET, self.ticket))

    def refresh(self, body=b""):
        kind, found = self.ask(REFRESH, body)
        if kind & 0x110 == 0x110 and found.get(0x15):
            self._take_nonce(found)  # of another 5-tuple
            kind, found = self.ask(REFRESH, body)
        return kind, found

    def up(self, data):
        self.sock.sendall(CHANNEL.to_bytes(2, "big") +
                          len(data).to_bytes(2, "big") + data +
                          bytes(-len(data) % 4 if self.tcp else 0))

    def down(self):
        """The next ChannelData; what was answered twice is skipped."""
        while True:
            if not self.tcp:
                self.data = self.sock.recv(4096)
                if self.data[0] & 0xC0 == 0x40:
                    return self.data[4:]
                continue
            while len(self.data) < 4:
                self.data += self.more()
            size = int.from_bytes(self.data[2:4], "big")
            while len(self.data) < 4 + size + -size % 4:
                self.data += self.more()
            found = self.data[4:4 + size]
            self.data = self.data[4 + size + -size % 4:]
            return found

    def more(self):
        data = self.sock.recv(4096)
        assert data, "the relay hung up"
        return data

    def close(self):
        for _, sock in [*self.old, (0, self.sock)]:
            sock.close()


@unittest.skipIf(netns.possible(), netns.possible() or "")
class Mobility(Case):
    def begin(self, **more):
        self.net = self.stage.later(netns.Net())
        self.org = netns.relay_org(self.stage, self.net,
                                   **{"mobility": '"yes"', **more})
        self.org.start()
        self.peer = self.net.socket(self.net.peer, socket.AF_INET,
                                    socket.SOCK_DGRAM)
        self.addCleanup(self.peer.close)
        self.peer.bind((netns.PEER4, 0))
        self.peer.settimeout(15)

    def mover(self, how="udp"):
        turn = self.stage.later(Mover(self.net, how))
        turn.bind(CHANNEL, self.peer.getsockname())
        return turn

    def round(self, turn, text):
        turn.up(text)
        data, seen = self.peer.recvfrom(2000)
        self.assertEqual((data, seen), (text, turn.relayed))
        self.peer.sendto(text[::-1], seen)
        self.assertEqual(turn.down(), text[::-1])

    def sessions(self):
        return json.loads(self.org.run("--json", "relay",
                                       "list").stdout)["sessions"]

    def test_moves(self):
        self.begin()
        turn = self.mover()
        self.round(turn, b"at home")
        for n, how in enumerate(["udp", "tcp", "tls", "udp"] * 3):
            with self.subTest(how, n=n):
                kind, found = turn.go(how)
                self.assertEqual(kind, 0x104, found)
                self.round(turn, b"move %d" % n)
                self.assertEqual(turn.refresh()[0], 0x104)
        self.assertEqual(self.org.metric("turn_moved_total"), 12)
        self.assertGreater(self.carried(), 0)
        listed = self.sessions()
        self.assertEqual(len(listed), 1)
        here = "%s:%d" % turn.sock.getsockname()
        self.assertEqual(listed[0]["client"], here)
        # where he was he is not
        turn.old.append((turn.tcp, turn.sock))
        turn.tcp, turn.sock = turn.old.pop(0)
        self.assertEqual(turn.refresh()[0], 0x114)
        self.assertEqual(self.org.metric("turn_allocated_total"), 1)

    def test_release_elsewhere(self):
        """The last words of a session that moved end it at its owner."""
        self.begin()
        for n in range(4):
            turn = self.mover("tcp" if n % 2 else "udp")
            self.assertEqual(turn.go("tls")[0], 0x104)
            self.round(turn, b"there %d" % n)
            self.assertEqual(turn.refresh(attr(LIFETIME, bytes(4)))[0], 0x104)
            self.assertEqual(turn.refresh()[0], 0x114)
            self.assertEqual(self.sessions(), [])

    def carried(self):
        return self.org.metric("turn_carried_total")

    def to_another(self, turn):
        """Until he is where his allocation is not."""
        for _ in range(40):
            before = self.carried()
            self.assertEqual(turn.go()[0], 0x104)
            self.round(turn, b"hello")
            if self.carried() > before:
                return
        self.fail("always steered to the same process")

    def test_processes_die(self):
        """TURN-14: the relay process that the client came to is killed: he
        comes back with his ticket. Then the one with the allocation is: no
        ticket helps, and he is told so at once."""
        self.begin()
        turn = self.mover()
        self.to_another(turn)
        owner = int(self.sessions()[0]["session"].split(".")[0])
        for n in {0, 1, 2} - {owner}:
            self.kill(n)
            self.assertEqual(turn.go()[0], 0x104)
            self.round(turn, b"back")
        self.to_another(turn)
        self.kill(owner)
        self.assertEqual(turn.refresh()[0], 0x114)
        self.assertEqual(turn.go()[0], 0x114)
        self.assertEqual(self.sessions(), [])

    def kill(self, slot):
        before = len(self.org.log.find("proc.ready", role="relay", slot=slot))
        os.kill(self.org.pid_of("relay", slot), signal.SIGKILL)
        wait_for(lambda: len(self.org.log.find(
            "proc.ready", role="relay", slot=slot)) > before, 40, "restart")

    def test_coturn(self):
        self.begin()
        for options in (["-M", "-y", "-c"], ["-M", "-y", "-c", "-s"],
                        ["-M", "-y", "-c", "-t"]):
            with self.subTest(" ".join(options)):
                done = subprocess.run(
                    [*self.net.inside(self.net.client), "timeout", "90",
                     "turnutils_uclient", "-u", netns.USER, "-w",
                     netns.PASSWORD, "-n", "20", "-m", "4", *options,
                     netns.RELAY4], capture_output=True, text=True)
                self.assertIn("tot_send_msgs=80, tot_recv_msgs=80",
                              done.stdout + done.stderr)
        self.assertGreater(self.org.metric("turn_moved_total"), 0)

    def test_off(self):
        self.begin(mobility='"no"')
        with self.assertRaisesRegex(AssertionError, "0x113"):
            Mover(self.net)
        self.assertGreater(self.org.metric("refusals_total",
                                           "turn_mobility_forbidden"), 0)


if __name__ == "__main__":
    unittest.main()
