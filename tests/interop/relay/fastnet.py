# SPDX-License-Identifier: Apache-2.0
"""Client, relay and peer, each in a namespace of its own, on two links of the
relay: what is relayed goes in by one device and out by the other. And a small
TURN client whose sockets live in those namespaces."""
import ctypes
import fcntl
import hashlib
import hmac
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.stage import Org  # noqa: E402

RELAY4, CLIENT4, PEER4, FAR4 = ("10.78.1.2", "10.78.1.1", "10.78.2.1",
                                "10.78.2.2")
RELAY6, CLIENT6, PEER6, FAR6 = ("fd78:1::2", "fd78:1::1", "fd78:2::1",
                                "fd78:2::2")
USER, PASSWORD = "turn", "secret"
CLONE_NEWNET = 0x40000000
SIOCETHTOOL, STXCSUM, SGRO, SGSO, STSO = 0x8946, 0x17, 0x2c, 0x24, 0x1f
SFLAGS = 0x26  # among them whether tags are taken off and put on
LIBC = ctypes.CDLL(None, use_errno=True)


NEEDED = {"CAP_NET_ADMIN": 12, "CAP_SYS_ADMIN": 21, "CAP_BPF": 39}


def possible():
    """None, or why this cannot be tried here."""
    if os.geteuid() != 0:
        return "needs root for namespaces"
    status = pathlib.Path("/proc/self/status").read_text()
    held = int(status.split("CapEff:")[1].split()[0], 16)
    missing = [name for name, bit in NEEDED.items() if not held >> bit & 1]
    if missing:
        return f"needs {', '.join(missing)}"
    if not shutil.which("ip"):
        return "ip is not installed"
    return None


def vlans():
    """Does this kernel have VLAN devices?"""
    name = f"sf{os.getpid()}-vlan"
    run("ip", "netns", "add", name)
    try:
        run("ip", "-n", name, "link", "add", "v", "type", "veth", "peer", "w")
        run("ip", "-n", name, "link", "add", "link", "v", "name", "v.5",
            "type", "vlan", "id", "5")
    except subprocess.CalledProcessError as e:
        if b"Unknown device type" in e.stderr:
            return False
        raise
    finally:
        run("ip", "netns", "del", name)
    return True


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


def inside(name, fn, *args):
    """fn(*args) by a thread that lives in that namespace."""
    result = {}

    def body():
        with open(f"/run/netns/{name}", encoding="ascii") as f:
            if LIBC.setns(f.fileno(), CLONE_NEWNET):
                result["error"] = OSError(ctypes.get_errno(), "setns")
                return
        try:
            result["value"] = fn(*args)
        except OSError as e:
            result["error"] = e

    t = threading.Thread(target=body)
    t.start()
    t.join()
    if "error" in result:
        raise result["error"]
    return result.get("value")


def feature(device, command, value):
    """ethtool -K, by hand."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        ask = ctypes.create_string_buffer(struct.pack("II", command, value))
        fcntl.ioctl(s, SIOCETHTOOL, struct.pack(
            "16sP16x", device.encode(), ctypes.addressof(ask)))


def udp(address, port=0):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((address, port))
    s.settimeout(5)
    six = family == socket.AF_INET6
    level = socket.IPPROTO_IPV6 if six else socket.IPPROTO_IP
    s.setsockopt(level, 51 if six else 12, 1)
    s.setsockopt(level, 66 if six else socket.IP_RECVTOS, 1)
    return s


class FastNet:
    used = 0

    def __init__(self, mtu=1500, vlan=0):
        FastNet.used += 1
        self.mtu, self.vlan = mtu, vlan
        tag = f"sf{os.getpid()}-{FastNet.used}"
        self.relay, self.client, self.peer = (f"{tag}{x}" for x in "rcp")
        for name in (self.relay, self.client, self.peer):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        self.link(self.client, "vc", (CLIENT4, CLIENT6), (RELAY4, RELAY6))
        self.link(self.peer, "vp", (PEER4, PEER6), (FAR4, FAR6))
        for name, four, six in ((self.client, RELAY4, RELAY6),
                                (self.peer, FAR4, FAR6)):
            run("ip", "-n", name, "route", "add", "default", "via", four)
            run("ip", "-n", name, "-6", "route", "add", "default", "via", six)

    def link(self, name, device, theirs, ours, end="v0"):
        run("ip", "-n", self.relay, "link", "add", device, "type", "veth",
            "peer", "name", end, "netns", name)
        for ns, dev, addresses in ((name, end, theirs),
                                   (self.relay, device, ours)):
            run("ip", "-n", ns, "link", "set", dev, "mtu", str(self.mtu), "up")
            for what, value in ((STXCSUM, 0), (STSO, 0), (SGSO, 0)):
                inside(ns, feature, dev, what, value)
            self.address(ns, self.tagged(ns, dev), addresses)
        # the receiving end polls, or frames sent there by XDP are lost
        inside(name, feature, end, SGRO, 1)

    def tagged(self, ns, dev):
        """The device that has the addresses: of a VLAN, if there is one."""
        if not self.vlan:
            return dev
        name = f"{dev}.{self.vlan}"
        run("ip", "-n", ns, "link", "add", "link", dev, "name", name, "type",
            "vlan", "id", str(self.vlan))
        run("ip", "-n", ns, "link", "set", name, "up")
        return name

    @staticmethod
    def address(ns, dev, addresses):
        four, six = addresses
        run("ip", "-n", ns, "addr", "add", f"{four}/24", "dev", dev)
        run("ip", "-n", ns, "addr", "add", f"{six}/64", "dev", dev, "nodad")

    def udp(self, name, address, port=0):
        return inside(name, udp, address, port)

    def close(self):
        for name in (self.client, self.peer, self.relay):
            subprocess.run(["ip", "netns", "del", name], check=False)


def org(stage, net, **more):
    o = Org(stage, "contoso", RELAY4)
    stage.orgs.append(o)
    o.prefix = ["ip", "netns", "exec", net.relay]
    o.relay_lines = {
        "listen": f'["{RELAY4}:3478", "[{RELAY6}]:3478"]',
        "users": f"[{{ name: {USER}, password: {PASSWORD} }}]",
        "allow_peers": '["10.78.0.0/16", "fd78::/16"]',
        "quota": "{ allocations_per_user: 0 }",
        "bandwidth": "{ per_port_kbit: 0, per_user_kbit: 0 }",
        "xdp": "auto",
    }
    change(o, **more)
    return o


def change(o, **lines):
    o.relay_lines.update(lines)
    o.extra = "relay:\n" + "".join(f"  {k}: {v}\n"
                                   for k, v in o.relay_lines.items())


def marks(packet, control):
    """(bytes, TTL, TOS) of what recvmsg gave."""
    ttl = tos = None
    for level, kind, data in control:
        value = int.from_bytes(data[:4], sys.byteorder)
        if kind in ((52,) if level == socket.IPPROTO_IPV6 else (2,)):
            ttl = value
        if kind in ((67,) if level == socket.IPPROTO_IPV6 else (1,)):
            tos = value & 0xff
    return packet, ttl, tos


def receive(s, timeout=5):
    """(bytes, TTL, TOS, source), or None."""
    s.settimeout(timeout)
    try:
        packet, control, _, source = s.recvmsg(4096, 256)
    except (TimeoutError, BlockingIOError):
        return None
    return (*marks(packet, control), source)


def attribute(kind, value):
    return (struct.pack(">HH", kind, len(value)) + value +
            bytes(-len(value) % 4))


class Turn:
    """RFC 8656 over UDP, as much as is needed here."""

    COOKIE = 0x2112A442

    def __init__(self, net, six=False, peer_six=None, far=False):
        self.six = six
        self.peer_six = six if peer_six is None else peer_six
        self.sock = net.udp(
            net.peer if far else net.client,
            (PEER6 if far else CLIENT6) if six else
            (PEER4 if far else CLIENT4))
        self.server = (RELAY6 if six else RELAY4, 3478)
        self.realm = self.nonce = None
        self.allocate()

    def signed(self, kind, body):
        if self.nonce is None:
            return kind, body
        body += attribute(0x0006, USER.encode())
        body += attribute(0x0014, self.realm)
        body += attribute(0x0015, self.nonce)
        return kind, body

    def request(self, method, body=b""):
        for _ in range(4):
            reply = self.try_request(method, body)
            if reply and reply[0] & 0x110 == 0x100:
                return reply[1]
            if reply:
                self.realm = reply[1][0x0014]
                self.nonce = reply[1][0x0015]
        raise AssertionError(f"request {method:#x} failed: {reply}")

    def try_request(self, method, body):
        _, body = self.signed(method, body)
        ident = os.urandom(12)
        if self.nonce is not None:
            key = hashlib.md5(b":".join(
                (USER.encode(), self.realm, PASSWORD.encode()))).digest()
            head = struct.pack(">HHI", method, len(body) + 24, self.COOKIE)
            body += attribute(0x0008, hmac.new(
                key, head + ident + body, "sha1").digest())
        head = struct.pack(">HHI", method, len(body), self.COOKIE)
        self.sock.sendto(head + ident + body, self.server)
        while True:
            got = receive(self.sock, 3)
            if got is None:
                return None
            if got[0][8:20] == ident:
                return self.parse(got[0])

    @staticmethod
    def parse(packet):
        kind, _ = struct.unpack(">HH", packet[:4])
        found, at = {}, 20
        while at + 4 <= len(packet):
            t, n = struct.unpack(">HH", packet[at:at + 4])
            found[t] = packet[at + 4:at + 4 + n]
            at += 4 + n + -n % 4
        return kind, found

    def xor(self, address, port):
        six = ":" in address
        raw = socket.inet_pton(socket.AF_INET6 if six else socket.AF_INET,
                               address)
        assert not six
        word = int.from_bytes(raw, "big") ^ self.COOKIE
        return struct.pack(">BBHI", 0, 1, port ^ 0x2112, word)

    def xor_with(self, address, port, ident):
        if ":" not in address:
            return self.xor(address, port)
        raw = socket.inet_pton(socket.AF_INET6, address)
        mask = struct.pack(">I", self.COOKIE) + ident
        return (struct.pack(">BBH", 0, 2, port ^ 0x2112) +
                bytes(a ^ b for a, b in zip(raw, mask)))

    def peer_request(self, method, address, port, more=b""):
        """A request with XOR-PEER-ADDRESS: its mask needs the ident."""
        if ":" not in address:
            return self.request(
                method, attribute(0x0012, self.xor(address, port)) + more)
        urandom, ident = os.urandom, os.urandom(12)
        os.urandom = lambda n: ident
        try:
            return self.request(method, attribute(
                0x0012, self.xor_with(address, port, ident)) + more)
        finally:
            os.urandom = urandom

    def allocate(self):
        body = attribute(0x0019, b"\x11\0\0\0")
        body += attribute(0x0017, b"\2\0\0\0" if self.peer_six
                          else b"\1\0\0\0")
        reply = self.request(0x0003, body)
        value = reply[0x0016]
        self.port = struct.unpack(">H", value[2:4])[0] ^ 0x2112
        if not self.peer_six:
            word = struct.unpack(">I", value[4:8])[0] ^ self.COOKIE
            self.address = socket.inet_ntop(socket.AF_INET,
                                            struct.pack(">I", word))
        else:
            self.address = RELAY6  # where relay ports of that family are

    def bind(self, channel, address, port):
        self.peer_request(0x0009, address, port,
                          attribute(0x000C, struct.pack(">HH", channel, 0)))

    def end(self):
        self.request(0x0004, attribute(0x000D, bytes(4)))

    def send(self, channel, data, padding=b""):
        self.sock.sendto(struct.pack(">HH", channel, len(data)) + data +
                         padding, self.server)
