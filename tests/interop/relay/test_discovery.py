# SPDX-License-Identifier: Apache-2.0
"""NAT behaviour discovery (RFC 5780), with three relay processes.

coturn's program finds no NAT and no filter where there is none, and finds the
filter when the client's firewall lets in only whom it wrote to. From sockets
that are steered to all three processes each kind of change leaves by the right
address and port, also where the relay listens on all addresses, and an answer
to another port goes there. A padded answer is no longer than the question.
Without two addresses the check tells what is missing, and clients get 420.
"""
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve()
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]
import netns  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import DAEMON  # noqa: E402

SECOND4 = "10.77.0.4"
PLACES = [(ip, port) for ip in (netns.RELAY4, SECOND4)
          for port in (3478, 3479)]
DISCOVERY = f'["{netns.RELAY4}:3478", "{SECOND4}:3479"]'
LISTEN = "[" + ", ".join(f'"{ip}:{port}"' for ip, port in PLACES) + "]"
CHANGE, PADDING, PORT, ORIGIN, OTHER = 0x03, 0x26, 0x27, 0x802B, 0x802C
COOKIE = 0x2112A442


def attr(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def binding(*attrs):
    body = b"".join(attrs)
    return struct.pack("!HHI", 1, len(body), COOKIE) + os.urandom(12) + body


def read(message):
    """(kind, attributes)"""
    kind, length = struct.unpack_from("!HH", message)
    at, found = 20, {}
    while at < 20 + length:
        name, size = struct.unpack_from("!HH", message, at)
        found[name] = message[at + 4:at + 4 + size]
        at += 4 + size + -size % 4
    return kind, found


def address(value):
    return socket.inet_ntoa(value[4:8]), int.from_bytes(value[2:4], "big")


@unittest.skipIf(netns.possible() or not shutil.which("nft"),
                 netns.possible() or "nft is not installed")
class Discovery(Case):
    def begin(self, **more):
        self.net = self.stage.later(netns.Net())
        netns.run("ip", "-n", self.net.relay, "addr", "add", f"{SECOND4}/24",
                  "dev", "br0")
        self.org = netns.relay_org(self.stage, self.net, **more)

    def start(self, listen=LISTEN):
        self.begin(listen=listen, discovery=DISCOVERY)
        self.org.start()

    def socket(self):
        s = self.stage.later(self.net.socket(self.net.client, socket.AF_INET,
                                             socket.SOCK_DGRAM))
        s.bind((netns.CLIENT4, 0))
        return s

    def ask(self, sock, to, *attrs, hear=None):
        """(source, answer), sent again: strangers are answered so often only."""
        request, hear = binding(*attrs), hear or sock
        hear.settimeout(0.5)
        for _ in range(60):
            sock.sendto(request, to)
            try:
                while True:
                    answer, source = hear.recvfrom(4096)
                    if answer[8:20] == request[8:20]:
                        return source, answer
            except TimeoutError:
                pass
        self.fail(f"no answer from {to}")

    def utility(self, *options):
        done = subprocess.run(
            [*self.net.inside(self.net.client), "timeout", "60",
             "turnutils_natdiscovery", *options, netns.RELAY4],
            capture_output=True, text=True)
        return done.stdout + done.stderr

    def test_no_nat(self):
        self.start()
        said = self.utility("-m", "-f", "-L", netns.CLIENT4)
        self.assertIn("No NAT!", said)
        self.assertIn("NAT with Endpoint Independent Filtering!", said)

    def test_a_filter_is_found(self):
        self.start()
        rules = ("table inet f { chain in { type filter hook input priority 0;"
                 " policy drop; ct state established accept; }\n}")
        subprocess.run([*self.net.inside(self.net.client), "nft", "-f", "-"],
                       input=rules, text=True, check=True)
        self.assertIn("NAT with Address and Port Dependent Filtering!",
                      self.utility("-f"))

    def each_place(self):
        for n in range(24):
            sock, to = self.socket(), PLACES[n % 4]
            other = PLACES[3 - n % 4]
            for flags in (0, 2, 4, 6):
                source, answer = self.ask(sock, to, attr(
                    CHANGE, flags.to_bytes(4, "big")))
                want = (other[0] if flags & 4 else to[0],
                        other[1] if flags & 2 else to[1])
                kind, found = read(answer)
                self.assertEqual((kind, source), (0x101, want), (to, flags))
                self.assertEqual(address(found[ORIGIN]), want)
                self.assertEqual(address(found[OTHER]), other)

    def test_each_place_of_each_process(self):
        self.start()
        self.each_place()

    def test_a_wildcard(self):
        self.start(listen='["[::]:3478", "[::]:3479"]')
        self.each_place()

    def test_another_port_and_padding(self):
        self.start()
        sock, other = self.socket(), self.socket()
        port = other.getsockname()[1]
        source, answer = self.ask(sock, PLACES[0],
                                  attr(PORT, struct.pack("!HH", port, 0)),
                                  hear=other)
        self.assertEqual(source, PLACES[0])
        for size in (64, 1200, 1500, 3000):
            source, answer = self.ask(sock, PLACES[0],
                                      attr(PADDING, bytes(size)),
                                      attr(CHANGE, bytes([0, 0, 0, 6])))
            self.assertEqual(source, PLACES[3])
            self.assertLessEqual(len(answer), max(72, size + 32))
            self.assertGreater(len(answer), size)
            self.assertIn(PADDING, read(answer)[1])

    def test_without_a_second_address(self):
        self.begin()
        self.org.start()
        source, answer = self.ask(self.socket(), PLACES[0],
                                  attr(CHANGE, bytes([0, 0, 0, 6])))
        kind, found = read(answer)
        self.assertEqual((kind, found[9][2:4], found[10]),
                         (0x111, bytes([4, 20]), bytes([0, CHANGE])))
        self.assertNotIn(OTHER, read(self.ask(self.socket(),
                                              PLACES[0])[1])[1])

    def test_check(self):
        self.begin(discovery=DISCOVERY)
        self.org.write()
        done = subprocess.run([DAEMON, "-t", "-c", self.org.config],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("nothing hears at 10.77.0.2:3479; add it to "
                      "relay.listen", done.stderr)


if __name__ == "__main__":
    unittest.main()
