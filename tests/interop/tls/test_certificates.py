# SPDX-License-Identifier: Apache-2.0
"""TLS-03: what partners' certificates prove, against a live edge with three
workers; OpenSSL's s_client and s_server are the partners.

* Bad certificates are refused in both directions, each with its own word in
  the log; a good one is accepted. Identity is an exact name in subjectAltName.
* A certificate for serverAuth alone is accepted from who dials us, unless
  `tls.accept_server_usage` is false.
* Who is on a revocation list is refused, also by a list that came with a
  reload; who is connected loses the connection then (TLS-09).
* A stapled OCSP response of who we dial counts, and a promised one is missed.
"""
import itertools
import socket
import subprocess

from harness.case import Case, Six
from harness.stage import bracketed, family, wait_for

from tls.issuer import Issuer, raw_names

NAME = "DNS:edge.fabrikam.test"


def free_port(address):
    with socket.create_server((address, 0), family=family(address)) as s:
        return s.getsockname()[1]


class Certificates(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.issuer = Issuer(self.stage.folder / "issuer")
        self.contoso.trusted.append(self.issuer.pem)
        self.contoso.partner("fabrikam.test", "edge.fabrikam.test",
                             f"{self.contoso.host}:1")
        # one line of log for each source and second: each has its own
        self.sources = map(self.source, itertools.count(1))

    def probe(self, certificate=None, *words):
        """s_client dials our federation port; gives its address."""
        source = next(self.sources)
        command = ["openssl", "s_client", "-connect",
                   f"{self.contoso.host}:{self.contoso.federation_port}",
                   "-bind", f"{bracketed(source)}:0", "-servername", self.contoso.edge,
                   "-CAfile", str(self.contoso.ca.pem), "-quiet", *words]
        if certificate:
            command += ["-cert", str(certificate[0]), "-key",
                        str(certificate[1])]
            for chain in certificate[2:]:
                command += ["-cert_chain", str(chain)]
        p = subprocess.Popen(command, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        self.stage.later(Program(p))
        return source, p

    def opened(self, source):
        return [e for e in self.contoso.log.find("conn.open")
                if e["source"].startswith(bracketed(source) + ":")]

    def assertRefused(self, source, why):
        e = self.contoso.log.wait("tls.peer_reject", peer=source)
        self.assertEqual(e["why"], why, e.line)
        self.assertEqual(self.opened(source), [])

    def assertAccepted(self, source):
        return wait_for(lambda: self.opened(source), 10,
                        f"{source} is let in")[0]

    def bad(self):
        """(why, certificate): each is refused when it dials us."""
        leaf = self.issuer.leaf
        other = Issuer(self.stage.folder / "other", "other")
        many = ",".join(f"DNS:n{i}.fabrikam.test" for i in range(500))
        gone = leaf("gone", NAME)
        self.issuer.revoke(gone[0])
        return [
            ("no_certificate", None),
            ("expired", leaf("expired", NAME, first=-30, last=-1)),
            ("not_yet_valid", leaf("early", NAME, first=1, last=30)),
            ("unknown_issuer", other.leaf("foreign", NAME)),
            ("self_signed", self.issuer.self_signed("alone", NAME)),
            ("no_name", leaf("cn", subject="/CN=edge.fabrikam.test")),
            ("no_name", leaf("hidden",
                             subject="/O=x\\/CN=edge.fabrikam.test/CN=x")),
            ("no_name", leaf("address", "IP:192.0.2.1")),
            ("no_name", leaf("user", "URI:sip:bob@edge.fabrikam.test")),
            ("wildcard", leaf("wildcard", "DNS:*.fabrikam.test")),
            ("nul_in_name", leaf("nul", raw_names(
                b"edge.fabrikam.test\0.evil.test"))),
            ("bad_name", leaf("odd", "DNS:edge_x.fabrikam.test")),
            ("name_too_long", leaf("long", raw_names(b"a" * 3000))),
            ("too_many_names", leaf("many", many)),
            ("key_usage", leaf("code", NAME, usage="codeSigning")),
            ("issuer_no_authority", self.issued_by_a_leaf()),
            ("revoked", gone),
        ]

    def issued_by_a_leaf(self):
        self.issuer.leaf("plain", NAME)
        return (*self.issuer.leaf("child", NAME, issuer="plain"),
                self.issuer.folder / "plain.pem")

    def test_tls_03_bad_ones_that_dial_us(self):
        bad = self.bad()
        self.assertGreaterEqual(len(bad), 16)
        self.contoso.extra_tls = f"  crl: {self.issuer.crl()}\n"
        self.contoso.start()
        for why, certificate in bad:
            for version in ("-tls1_2", "-tls1_3"):
                with self.subTest(why, version=version):
                    source, _ = self.probe(certificate, version)
                    self.assertRefused(source, why)
        for name in (NAME, "URI:sip:edge.fabrikam.test"):
            source, _ = self.probe(self.issuer.leaf("good", name))
            e = self.assertAccepted(source)
            self.assertEqual(e["peer"], "peer:edge.fabrikam.test")
        # another name is a stranger, whatever else is in it
        source, _ = self.probe(self.issuer.leaf(
            "stranger", "DNS:edge.fabrikam.test.evil.test"))
        self.assertEqual(self.assertAccepted(source)["peer"],
                         "stranger:edge.fabrikam.test.evil.test")

    def test_server_usage_in_the_client_s_role(self):
        server = self.issuer.leaf("server", NAME, usage="serverAuth")
        client = self.issuer.leaf("client", NAME, usage="clientAuth")
        self.contoso.start()
        for certificate in (server, client):
            self.assertAccepted(self.probe(certificate)[0])
        self.contoso.extra_tls = "  accept_server_usage: false\n"
        self.contoso.write()
        self.contoso.run("reload")
        # what was let in by the old rule is not valid by the new one
        self.contoso.log.wait("tls.peer_expired", why="key_usage")
        self.assertRefused(self.probe(server)[0], "key_usage")
        self.assertAccepted(self.probe(client)[0])

    def test_a_list_that_comes_with_a_reload(self):
        first = self.issuer.leaf("first", NAME)
        second = self.issuer.leaf("second", NAME)
        crl = self.issuer.crl()
        self.contoso.extra_tls = f"  crl: {crl}\n"
        self.contoso.start()
        source, p = self.probe(first)
        self.assertAccepted(source)
        kept, q = self.probe(second)
        self.assertAccepted(kept)
        self.issuer.revoke(first[0])
        self.issuer.crl()
        self.assertAccepted(self.probe(first)[0])  # not reloaded yet
        since = len(self.contoso.log.events)
        self.contoso.run("reload")
        self.contoso.log.wait("tls.peer_expired", since=since, why="revoked")
        self.assertIsNotNone(p.wait(10), "the revoked one has lost it")
        self.assertRefused(self.probe(first)[0], "revoked")
        self.assertAccepted(self.probe(second)[0])
        self.assertIsNone(q.poll(), "the other one goes on")

    # we dial

    def serve(self, domain, certificate, *words):
        """s_server as the edge of a partner."""
        address = next(self.sources)
        port = free_port(address)
        self.contoso.partner(domain, f"edge.{domain}",
                             f"{bracketed(address)}:{port}")
        p = subprocess.Popen(
            ["openssl", "s_server", "-accept",
             f"{bracketed(address)}:{port}", "-cert", str(certificate[0]),
             "-key", str(certificate[1]), "-CAfile",
             str(self.contoso.ca.pem), "-Verify", "2", "-quiet", *words],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        self.stage.later(Program(p))

        def listens():
            with socket.socket(family(address)) as s:
                try:
                    s.bind((address, port))
                    return False
                except OSError:
                    return True
        wait_for(listens, 10, f"s_server listens on {port}")

    def test_tls_03_bad_ones_that_we_dial(self):
        leaf = self.issuer.leaf
        issuer = self.issuer
        gone = leaf("p-revoked", "DNS:edge.revoked.test")
        issuer.revoke(gone[0])
        stapled = leaf("p-staple", "DNS:edge.staple.test")
        revoked = issuer.staple(stapled[0])
        issuer.revoke(stapled[0])
        late = issuer.staple(stapled[0])
        fine = leaf("p-fine", "DNS:edge.fine.test",
                    extra=["tlsfeature=status_request"])
        rows = [
            ("wrong.test", leaf("p-wrong", "DNS:edge.other.test"), (),
             "wrong_name"),
            ("cn.test", leaf("p-cn", subject="/CN=edge.cn.test"), (),
             "no_name"),
            ("wild.test", leaf("p-wild", "DNS:*.wild.test"), (), "wildcard"),
            ("client.test", leaf("p-client", "DNS:edge.client.test",
                                 usage="clientAuth"), (), "key_usage"),
            ("expired.test", leaf("p-expired", "DNS:edge.expired.test",
                                  first=-9, last=-1), (), "expired"),
            ("alone.test", issuer.self_signed("p-alone",
                                              "DNS:edge.alone.test"), (),
             "self_signed"),
            ("revoked.test", gone, (), "revoked"),
            ("staple.test", stapled, ("-status_file", str(late)), "revoked"),
            ("promise.test", leaf("p-promise", "DNS:edge.promise.test",
                                  extra=["tlsfeature=status_request"]), (),
             "no_staple"),
            ("noise.test", leaf("p-noise", "DNS:edge.noise.test"),
             ("-status_file", str(revoked)), "bad_staple"),
        ]
        # its own list does not know of the one that the staple revokes
        crl = self.crl_without(stapled[0])
        for domain, certificate, words, _ in rows:
            self.serve(domain, certificate, *words)
        self.serve("fine.test", fine, "-status_file",
                   str(issuer.staple(fine[0])))
        self.contoso.extra_tls = f"  crl: {crl}\n"
        self.contoso.start()
        alice = self.client(self.contoso, "alice")
        asked = []
        for domain, *_ in rows:
            since = len(self.contoso.log.events)
            asked.append(alice.message_async(f"bob@{domain}", "hello"))
            self.contoso.log.wait("partner.down", since=since, timeout=15,
                                  partner=f"edge.{domain}")
        for (domain, _, _, why), waiting in zip(rows, asked):
            reply = alice.final(waiting)
            self.assertGreaterEqual(reply.status, 500, reply.start)
        words = [e["why"] for e in self.contoso.log.find("tls.peer_reject")]
        self.assertEqual(sorted(words), sorted(row[3] for row in rows))
        for e in self.contoso.log.find("partner.down"):
            self.assertEqual(e["why"], "partner_tls", e.line)
        alice.message_async("bob@fine.test", "hello")
        self.contoso.log.wait("partner.up", partner="edge.fine.test")

    def crl_without(self, certificate):
        """A list made as if that one had not been revoked."""
        index = self.issuer.folder / "index.txt"
        kept = index.read_text()
        serial = subprocess.run(
            ["openssl", "x509", "-in", str(certificate), "-noout", "-serial"],
            capture_output=True, text=True).stdout.strip().split("=")[1]
        index.write_text("".join(
            line for line in kept.splitlines(True)
            if line.split("\t")[3] != serial))
        out = self.issuer.folder / "other-crl.pem"
        self.issuer.crl().rename(out)
        index.write_text(kept)
        return out


class CertificatesSix(Six, Certificates):
    pass


class Program:
    """A child that ends with the stage."""

    def __init__(self, process):
        self.process = process

    def close(self):
        self.process.kill()
        self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()
