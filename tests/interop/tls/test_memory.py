# SPDX-License-Identifier: Apache-2.0
"""What an idle connection costs: the slope of a worker's own memory over the
number of connections, each of which has asked one question and had its answer.

* At most 25 KiB, for a client and for a partner that showed a certificate.
"""
import pathlib
import resource
import socket
import ssl
import unittest

from harness.case import Case, Six
from harness.sip import request
from harness.stage import DAEMON
from tls.issuer import Issuer

FEW, MANY, MOST_KIB = 200, 1200, 25


def sanitized():
    return b"__asan_init" in DAEMON.read_bytes()


class Memory(Case):
    def setUp(self):
        super().setUp()
        if sanitized():
            raise unittest.SkipTest("sanitizers have memory of their own")
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.contoso = self.stage.org("contoso", workers=1)
        self.issuer = Issuer(self.stage.folder / "issuer")
        self.contoso.trusted.append(self.issuer.pem)
        self.contoso.partner("fabrikam.test", "edge.fabrikam.test",
                             f"{self.contoso.host}:1")
        self.contoso.start()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.load_verify_locations(str(self.contoso.ca.pem))

    def worker_kib(self):
        pid = self.contoso.pid_of("edge", 0)
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        return sum(int(line.split()[1]) for line in text.splitlines()
                   if line.startswith("Anonymous:"))

    def connect(self, port, n):
        org = self.contoso
        s = socket.create_connection(
            (org.address, port), 20,
            source_address=(self.source(n), 0))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s = self.stage.later(self.context.wrap_socket(
            s, server_hostname=org.edge))
        s.settimeout(30)
        s.sendall(request("OPTIONS", f"sip:{org.domain}", "zoe@fabrikam.test",
                          f"zoe@{org.domain}", "client.invalid",
                          []).encode())
        self.assertTrue(s.recv(4096).startswith(b"SIP/2.0 "))

    def slope(self, port):
        for n in range(FEW):
            self.connect(port, n)
        before = self.worker_kib()
        for n in range(FEW, MANY):
            self.connect(port, n)
        kib = (self.worker_kib() - before) / (MANY - FEW)
        print(f"      {kib:.1f} KiB a connection")
        return kib

    def test_of_a_client(self):
        self.assertLessEqual(self.slope(self.contoso.client_port), MOST_KIB)

    def test_of_a_partner(self):
        self.context.load_cert_chain(*map(str, self.issuer.leaf(
            "edge", "DNS:edge.fabrikam.test")))
        self.assertLessEqual(self.slope(self.contoso.federation_port),
                             MOST_KIB)


class MemorySix(Six, Memory):
    pass
