# SPDX-License-Identifier: Apache-2.0
"""Three network namespaces around a bridge: the relay's, the clients', the
peers'. Nothing leaves them."""
import ctypes
import os
import pathlib
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.stage import Org  # noqa: E402

RELAY4, CLIENT4, PEER4 = "10.77.0.2", "10.77.0.1", "10.77.0.3"
RELAY6, CLIENT6, PEER6 = "fd77::2", "fd77::1", "fd77::3"
USER, PASSWORD = "turn", "secret"
CLONE_NEWNET = 0x40000000


def possible():
    """None, or why there are no namespaces here."""
    if os.geteuid() != 0:
        return "needs root for namespaces"
    for tool in ("ip", "turnutils_uclient", "turnutils_peer"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


def run(*words):
    subprocess.run(words, check=True, capture_output=True)


class Net:
    used = 0

    def __init__(self):
        Net.used += 1
        tag = f"sp{os.getpid()}-{Net.used}"
        self.relay, self.client, self.peer = (f"{tag}{x}" for x in "rcp")
        self.running = []
        for name in (self.relay, self.client, self.peer):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", self.relay, "link", "add", "br0", "type", "bridge")
        self.address(self.relay, "br0", RELAY4, RELAY6)
        for name, four, six, port in ((self.client, CLIENT4, CLIENT6, "c"),
                                      (self.peer, PEER4, PEER6, "p")):
            run("ip", "-n", self.relay, "link", "add", f"v{port}", "type",
                "veth", "peer", "name", "v0", "netns", name)
            run("ip", "-n", self.relay, "link", "set", f"v{port}", "master",
                "br0", "up")
            self.address(name, "v0", four, six)

    def address(self, name, link, four, six):
        run("ip", "-n", name, "addr", "add", f"{four}/24", "dev", link)
        run("ip", "-n", name, "addr", "add", f"{six}/64", "dev", link, "nodad")
        run("ip", "-n", name, "link", "set", link, "up")

    @staticmethod
    def inside(name):
        return ["ip", "netns", "exec", name]

    @staticmethod
    def socket(name, *kind):
        """A socket that is in a namespace, for this process."""
        libc = ctypes.CDLL(None, use_errno=True)
        here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/var/run/netns/{name}", os.O_RDONLY)
        try:
            if libc.setns(there, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns")
            return socket.socket(*kind)
        finally:
            libc.setns(here, CLONE_NEWNET)
            os.close(here)
            os.close(there)

    def start(self, name, *words):
        """A program in a namespace, ended with it."""
        p = subprocess.Popen([*self.inside(name), *words],
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        self.running.append(p)
        return p

    def close(self):
        for p in self.running:
            p.kill()
            p.wait()
        for name in (self.client, self.peer, self.relay):
            subprocess.run(["ip", "netns", "del", name], check=False)


def relay_org(stage, net, name="contoso", address=RELAY4, **more):
    """An organisation whose relay listens on the bridge, both families."""
    org = Org(stage, name, address)
    stage.orgs.append(org)
    org.prefix = net.inside(net.relay)
    lines = {
        "listen": f'["{RELAY4}:3478", "[{RELAY6}]:3478"]',
        "tls_listen": f'["{RELAY4}:5349"]',
        "dtls": '"yes"',
        "users": f"[{{ name: {USER}, password: {PASSWORD} }}]",
        "allow_peers": '["10.77.0.0/24", "fd77::/64"]',
        "wide_channels": '"yes"',
        "quota": "{ allocations_per_user: 0 }",
        "bandwidth": "{ per_port_kbit: 0, per_user_kbit: 0 }",
    }
    lines.update(more)
    org.extra = "relay:\n" + "".join(f"  {k}: {v}\n"
                                     for k, v in lines.items() if v)
    return org
