# SPDX-License-Identifier: Apache-2.0
"""DTLS at the relay's UDP port, with three relay processes.

OpenSSL's client is asked for a cookie and shakes hands. Who only ever begins
is answered ten times a second, with less than was sent, and leaves nothing
behind (TURN-04, TURN-16). Without `dtls` nobody is answered at all.
"""
import functools
import pathlib
import socket
import struct
import subprocess
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import netns  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import wait_for  # noqa: E402
from ports.turn import Turn  # noqa: E402


def client_hello():
    body = (b"\xfe\xfd" + bytes(range(32)) + b"\0\0"
            + b"\0\x04\xc0\x2b\xc0\x2f" + b"\x01\0")
    handshake = (b"\x01" + len(body).to_bytes(3, "big") + b"\0\0" + bytes(3)
                 + len(body).to_bytes(3, "big") + body)
    return (b"\x16\xfe\xff" + bytes(8) + struct.pack("!H", len(handshake))
            + handshake)


@unittest.skipIf(netns.possible(), netns.possible() or "")
class Dtls(Case):
    def start(self, **more):
        self.net = self.stage.later(netns.Net())
        self.org = netns.relay_org(self.stage, self.net, **more)
        self.org.start()

    def client(self):
        sock = self.stage.later(self.net.socket(
            self.net.client, socket.AF_INET, socket.SOCK_DGRAM))
        sock.settimeout(0.5)
        sock.connect((netns.RELAY4, 3478))
        return sock

    def answers(self, sock):
        """All that come, until half a second was quiet."""
        found = []
        while True:
            try:
                found.append(sock.recv(4096))
            except TimeoutError:
                return found

    def test_openssl(self):
        self.start()
        done = subprocess.run(
            [*self.net.inside(self.net.client), "timeout", "60", "openssl",
             "s_client", "-dtls1_2", "-connect", f"{netns.RELAY4}:3478",
             "-CAfile", self.org.ca.pem, "-verify_return_error", "-msg",
             "-no_ign_eof"],
            input="", capture_output=True, text=True)
        # HelloVerifyRequest, with a cookie of 16 bytes
        self.assertIn("03 00 00 13 00 00 00 00 00 00 00 13 fe ff 10",
                      done.stdout)
        self.assertIn("Verify return code: 0 (ok)", done.stdout)
        self.assertEqual(self.org.metric("turn_allocations"), 0)

    def test_beginners(self):
        self.start()
        hello, sock = client_hello(), self.client()
        began = time.monotonic()
        for _ in range(200):
            sock.send(hello)
        found = self.answers(sock)
        most = 10 * (time.monotonic() - began + 1) + 1
        self.assertTrue(0 < len(found) <= most, len(found))
        self.assertLess(max(map(len, found)), len(hello))
        # the port is as good as ever, for this address too
        turn = Turn((netns.RELAY4, 3478), netns.USER, netns.PASSWORD,
                    timeout=30, make=functools.partial(self.net.socket,
                                                       self.net.client))
        # and who has an allocation is not disturbed by such packets
        for _ in range(20):
            turn.sock.send(hello)
        turn.permit(netns.PEER4)
        turn.close()

    def test_switched_off(self):
        self.start(dtls=None)
        sock = self.client()
        sock.send(client_hello())
        wait_for(lambda: self.org.metric("turn_not_ours_total"), 30, "a count")
        self.assertEqual(self.answers(sock), [])


if __name__ == "__main__":
    unittest.main()
