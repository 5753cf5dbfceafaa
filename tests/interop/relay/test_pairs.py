# SPDX-License-Identifier: Apache-2.0
"""A client's connection that is joined with a peer's (RFC 6062 5.5): what one
side says reaches the other, and when one end closes, the other end hears of it,
whichever of three relay processes the bind landed on. The allocation and the
other pairs of it go on."""
import pathlib
import socket
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1] / "ports"), str(HERE.parents[1])]
from harness.case import Case  # noqa: E402
from turn import TCP, Turn  # noqa: E402

PEER, ROUNDS = "127.0.0.1", 8
USER, PASSWORD = "device", "a-long-random-one"


class Pairs(Case):
    def setUp(self):
        super().setUp()
        self.org = self.stage.org("contoso")
        self.org.extra += f"""\
relay:
  listen: ["{self.org.address}:13478"]
  range: 24000-24127
  allow_peers: ["{PEER}/32"]
  users: [{{ name: {USER}, password: {PASSWORD} }}]
"""
        self.org.start()
        self.turn = self.stage.later(Turn(
            (self.org.address, 13478), USER, PASSWORD, tcp=True, wish=TCP))

    def pair(self):
        """(the client's end, the peer's end)"""
        with socket.create_server((PEER, 0)) as server:
            server.settimeout(20)
            mine = self.stage.later(self.turn.connect(server.getsockname()))
            theirs = self.stage.later(server.accept()[0])
        theirs.settimeout(20)
        return mine, theirs

    def says(self, one, other, text):
        one.sendall(text)
        heard = b""
        while len(heard) < len(text):
            more = other.recv(4096)
            self.assertTrue(more, "it hung up")
            heard += more
        self.assertEqual(heard, text)

    def test_ends_together(self):
        stays = self.pair()
        for n in range(ROUNDS):
            mine, theirs = self.pair()
            self.says(mine, theirs, b"up %d" % n)
            self.says(theirs, mine, b"down %d" % n)
            one, other = (mine, theirs) if n % 2 else (theirs, mine)
            one.close()
            self.assertEqual(other.recv(1), b"")
            self.says(*stays, b"still here")
            self.says(*reversed(stays), b"so am I")
        self.assertEqual(self.org.metric("turn_allocations"), 1)


if __name__ == "__main__":
    unittest.main()
