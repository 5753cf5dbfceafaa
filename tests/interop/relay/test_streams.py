# SPDX-License-Identifier: Apache-2.0
"""TURN-14: relay processes are killed while 500 allocations carry media.

500 clients send through their channel to an echo peer, round after round, over
three relay processes. When one process is killed, its allocations end, and
those of the others lose no packet and stay where they are; whose session ended
gets a new one at once, at the same socket. So it goes with each process in
turn; at the end every session is released: no port, no quota and no session is
left, and there was room for all 500 in a range that is hardly larger.
"""
import json
import os
import pathlib
import selectors
import signal
import socket
import sys
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1] / "ports"),
                str(HERE.parents[1])]
import netns  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import wait_for  # noqa: E402
from turn import Turn, attr  # noqa: E402

STREAMS, CHANNEL, REFRESH, LIFETIME = 500, 0x4001, 4, 0x0D


class Stream(Turn):
    """One allocation and its channel. allocate() makes another one at the
    same socket."""

    def __init__(self, net, peer, host):
        self.net, self.peer, self.host = net, peer, host
        super().__init__((netns.RELAY4, 3478), netns.USER, netns.PASSWORD,
                         make=self.make)
        self.bind(CHANNEL, peer)

    def make(self, *kind):
        sock = self.net.socket(self.net.client, *kind)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        sock.bind((self.host, 0))
        return sock

    def ask(self, kind, body):
        """Sent again, as over any network."""
        id = os.urandom(12)
        self.sock.settimeout(2)
        for _ in range(20):
            self._send(kind, body + self.extra, id)
            try:
                while True:
                    answered, of, found = self._message()
                    if of == id:
                        return answered, found
            except (TimeoutError, ConnectionRefusedError):
                pass
        raise AssertionError("no answer")

    def again(self):
        self.key, self.extra = None, b""
        self.relayed = self._allocate()
        self.bind(CHANNEL, self.peer)

    def stands(self):
        """Is there an allocation?"""
        kind, found = self.ask(REFRESH, b"")
        if found.get(0x15):  # the process is another one now
            self._take_nonce(found)
            kind, found = self.ask(REFRESH, b"")
        return kind == 0x104

    def release(self):
        kind, found = self.ask(REFRESH, attr(LIFETIME, bytes(4)))
        assert kind == 0x104, (hex(kind), found)

    def up(self, data):
        self.sock.sendall(CHANNEL.to_bytes(2, "big") +
                          len(data).to_bytes(2, "big") + data)


@unittest.skipIf(netns.possible(), netns.possible() or "")
class Streams(Case):
    def setUp(self):
        super().setUp()
        self.net = self.stage.later(netns.Net())
        self.hosts = [f"10.77.0.{n}" for n in range(100, 150)]
        for host in self.hosts:
            netns.run("ip", "-n", self.net.client, "addr", "add", f"{host}/24",
                      "dev", "v0")
        self.org = netns.relay_org(
            self.stage, self.net, range="50000-50519",
            quota=f"{{ allocations_per_user: {STREAMS} }}")
        self.org.start()
        self.echo = self.net.socket(self.net.peer, socket.AF_INET,
                                    socket.SOCK_DGRAM)
        self.echo.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.echo.bind((netns.PEER4, 0))
        self.over = threading.Event()
        thread = threading.Thread(target=self.answer)
        thread.start()
        self.addCleanup(self.echo.close)
        self.addCleanup(thread.join)
        self.addCleanup(self.over.set)
        self.streams = [self.stage.later(Stream(
            self.net, self.echo.getsockname(), self.hosts[n % 50]))
            for n in range(STREAMS)]

    def answer(self):
        self.echo.settimeout(0.2)
        while not self.over.is_set():
            try:
                data, source = self.echo.recvfrom(2048)
                self.echo.sendto(data, source)
            except TimeoutError:
                pass

    def round(self, number, streams, act=None, wanted=None):
        """Each stream sends once; the streams that heard their echo, of which
        wanted (all) are waited for. act is done when half of them have sent.
        """
        wanted = set(wanted or streams)
        selector, heard = selectors.DefaultSelector(), set()
        text = b"%08d" % number
        for n, stream in enumerate(streams):
            stream.sock.setblocking(False)
            selector.register(stream.sock, selectors.EVENT_READ, stream)
            if act and n == len(streams) // 2:
                act()
            try:
                stream.up(text)
            except ConnectionRefusedError:
                pass
            self.listen(selector, text, heard, 0)
        end = time.monotonic() + 10
        while wanted - heard and time.monotonic() < end:
            self.listen(selector, text, heard, 1)
        selector.close()
        return heard

    @staticmethod
    def listen(selector, text, heard, timeout):
        ready = selector.select(timeout)
        for key, _ in ready:
            try:
                if key.data.sock.recv(2048)[4:] == text:
                    heard.add(key.data)
            except (BlockingIOError, ConnectionRefusedError):
                pass
        return ready

    def sessions(self):
        """{client: slot}"""
        listed = json.loads(self.org.run("--json", "relay",
                                         "list").stdout)["sessions"]
        return {s["client"]: int(s["session"].split(".")[0]) for s in listed}

    def owner(self, sessions, stream):
        return sessions.get("%s:%d" % stream.sock.getsockname())

    def kill(self, slot):
        os.kill(self.org.pid_of("relay", slot), signal.SIGKILL)

    def test_killed_under_streams(self):
        number = 0
        for slot in range(3):
            before = self.sessions()
            self.assertEqual(len(before), STREAMS)
            theirs = [s for s in self.streams
                      if self.owner(before, s) == slot]
            others = [s for s in self.streams if s not in theirs]
            self.assertGreater(len(theirs), 50)
            self.assertEqual(self.round(number, self.streams),
                             set(self.streams))
            ready = len(self.org.log.find("proc.ready", role="relay",
                                          slot=slot))
            heard = self.round(number + 1, self.streams,
                               lambda: self.kill(slot), others)
            self.assertEqual(set(others) - heard, set())
            for more in range(2, 6):
                self.assertEqual(self.round(number + more, others),
                                 set(others))
            number += 6
            wait_for(lambda: len(self.org.log.find(
                "proc.ready", role="relay", slot=slot)) > ready, 40, "restart")
            self.assertFalse(theirs[0].stands())
            for stream in theirs:
                stream.again()
            after = self.sessions()
            self.assertEqual([self.owner(after, s) for s in others],
                             [self.owner(before, s) for s in others])
            self.assertEqual({self.owner(after, s) for s in theirs}, {slot})
        self.assertEqual(self.round(number, self.streams), set(self.streams))
        self.assertEqual(self.org.metric("turn_allocations"), STREAMS)
        for stream in self.streams:
            stream.release()
        self.assertEqual(self.sessions(), {})
        # all quota and all ports are there once more
        for stream in self.streams:
            stream.again()
        self.assertEqual(len(self.sessions()), STREAMS)


if __name__ == "__main__":
    unittest.main()
