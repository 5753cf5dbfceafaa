# SPDX-License-Identifier: Apache-2.0
"""A network of the test's own, for programs that want one with a way out.

The calling thread moves into a new network namespace, and what it starts
from then on (threads, daemons, softphones) is born there. Nothing has to be
removed afterwards: the namespace ends with the last of them.
"""
import ctypes
import os
import subprocess
import tempfile
import unittest

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
ADDRESS = "192.0.2.10"
RESOLVER = "127.0.0.53"


def call(function, *words):
    if function(*words):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class Network:
    """Loopback, and an interface with a default route that leads nowhere."""

    def __init__(self):
        if os.geteuid() != 0:
            raise unittest.SkipTest("not root: this needs a network "
                                    "namespace of its own")
        self.resolv = tempfile.NamedTemporaryFile("w", prefix="resolv-")
        self.resolv.write(f"nameserver {RESOLVER}\n")
        self.resolv.flush()
        os.chmod(self.resolv.name, 0o644)
        self.before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        call(LIBC.unshare, CLONE_NEWNET)
        try:
            for words in ("link set lo up",
                          "link add out0 type veth peer name out1",
                          f"addr add {ADDRESS}/24 dev out0",
                          "link set out0 up", "link set out1 up",
                          "route add default dev out0"):
                subprocess.run(["ip", *words.split()], check=True)
        except BaseException:
            self.close()
            raise

    def ip(self, words):
        subprocess.run(["ip", *words.split()], check=True)

    def many(self, prefix):
        """All of these addresses of IPv6 are ours."""
        self.ip(f"-6 route add local {prefix} dev lo")
        with open("/proc/sys/net/ipv6/ip_nonlocal_bind", "w",
                  encoding="ascii") as f:
            f.write("1")  # of this namespace

    def resolving(self, words):
        """The command that runs these words with our name server in
        /etc/resolv.conf, seen by them alone."""
        return ["unshare", "--mount", "sh", "-c",
                'mount --bind "$0" /etc/resolv.conf && exec "$@"',
                self.resolv.name, *map(str, words)]

    def close(self):
        call(LIBC.setns, self.before, CLONE_NEWNET)
        os.close(self.before)
        self.resolv.close()
