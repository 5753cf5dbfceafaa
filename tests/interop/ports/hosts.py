# SPDX-License-Identifier: Apache-2.0
"""Hosts around a firewall, each a network namespace: whatever passes from one
to another is forwarded, or dropped, by the one in the middle."""
import contextlib
import ctypes
import os
import shutil
import subprocess
import threading

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
# name: the last but one byte of its address
PLACES = {"edge": 1, "inside": 2, "partner": 3, "provider": 4, "messenger": 5,
          "client": 6, "stranger": 7, "names": 8, "other": 9}


def possible():
    """None, or why there are no namespaces here."""
    if os.geteuid() != 0:
        return "needs root for namespaces"
    for tool in ("ip", "nft", "iptables-restore"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


def run(*words, **kw):
    done = subprocess.run(words, capture_output=True, text=True, timeout=120,
                          **kw)
    if done.returncode:
        raise AssertionError(f"{' '.join(words)}:\n{done.stdout}"
                             f"{done.stderr}")
    return done.stdout


def address(name):
    return f"10.88.{PLACES[name]}.2"


INNER = "10.88.1.3"  # the edge's other address, for the inside


class Hosts:
    made = 0

    def __init__(self):
        Hosts.made += 1
        self.tag = f"pt{os.getpid()}-{Hosts.made}"
        self.named = []
        try:
            self._make()
        except BaseException:
            self.close()
            raise

    def _make(self):
        for name in ("wall", *PLACES):
            run("ip", "netns", "add", self.ns(name))
            self.named.append(name)
            run("ip", "-n", self.ns(name), "link", "set", "lo", "up")
        for name, n in PLACES.items():
            run("ip", "-n", self.ns("wall"), "link", "add", name, "type",
                "veth", "peer", "name", "eth0", "netns", self.ns(name))
            self.ip("wall", f"addr add 10.88.{n}.1/24 dev {name}")
            self.ip("wall", f"link set {name} up")
            self.ip(name, f"addr add {address(name)}/24 dev eth0")
            self.ip(name, "link set eth0 up")
            self.ip(name, f"route add default via 10.88.{n}.1")
        self.ip("edge", f"addr add {INNER}/24 dev eth0")
        self.do("wall", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        # as `check` wants it: what the edge dials has no port of the relay's,
        # whose row would let it pass
        self.do("edge", "sh", "-c", "echo 50000-59999 "
                ">/proc/sys/net/ipv4/ip_local_reserved_ports")

    def ns(self, name):
        return f"{self.tag}{name}"

    def ip(self, name, words):
        run("ip", "-n", self.ns(name), *words.split())

    def words(self, name):
        """What stands before a command that is to run there."""
        return ["ip", "netns", "exec", self.ns(name)]

    def do(self, name, *words, **kw):
        return run(*self.words(name), *words, **kw)

    @contextlib.contextmanager
    def at(self, name):
        """Sockets that this thread makes are that host's."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{self.ns(name)}", os.O_RDONLY)
        try:
            self._enter(there)
            yield
        finally:
            self._enter(before)
            os.close(before)
            os.close(there)

    @staticmethod
    def _enter(fd):
        if LIBC.setns(fd, CLONE_NEWNET):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))

    def close(self):
        for name in self.named:
            subprocess.run(["ip", "netns", "del", self.ns(name)], check=False)


class Attempt:
    """fn() in a thread of its own; what it returned, or how it failed."""

    def __init__(self, fn):
        self.value, self.error = None, None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(fn,),
                                       daemon=True)
        self.thread.start()

    def _run(self, fn):
        try:
            self.value = fn()
        except (OSError, AssertionError, subprocess.SubprocessError) as e:
            self.error = e
        self.ended.set()

    @property
    def worked(self):
        return self.ended.is_set() and bool(self.value)
