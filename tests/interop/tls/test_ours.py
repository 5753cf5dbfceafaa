# SPDX-License-Identifier: Apache-2.0
"""What we show, and how it is replaced while the server runs; three workers.

* TLS-01: 1.2 and 1.3 with forward-secret AEAD suites, nothing else; a
  renegotiation ends the connection. OpenSSL's s_client asks.
* Whoever asks for a name (SNI) is shown the certificate for it; a name that is
  not ours gets the usual one, and so does who asks for none. ALPN as offered.
* TLS-04: a session of 443 is resumed by every worker; on 5061 there is none.
* TLS-06: certificates are replaced under traffic; new handshakes see the new
  one, no connection is lost and no handshake fails.
* TLS-07: what cannot be right is refused with the line that names the file,
  by a reload and by `sallyportd -t`, and the old one stays.
* TLS-08: what ends soon is told in log, status and metrics.
"""
import select
import socket
import ssl
import subprocess
import threading
import time

from harness.case import Case, Six
from harness.stage import DAEMON, bracketed, wait_for
from tls.issuer import Issuer

SUITES = [
    ("-tls1_2", "ECDHE-ECDSA-AES128-GCM-SHA256", True),
    ("-tls1_2", "ECDHE-ECDSA-AES256-GCM-SHA384", True),
    ("-tls1_2", "ECDHE-ECDSA-CHACHA20-POLY1305", True),
    ("-tls1_2", "ECDHE-ECDSA-AES128-SHA256", False),
    ("-tls1_2", "ECDHE-ECDSA-AES256-SHA", False),
    ("-tls1_2", "ECDHE-ECDSA-AES128-CCM", False),
    ("-tls1_2", "AES128-GCM-SHA256", False),
    ("-tls1_2", "AES256-SHA", False),
    ("-tls1_2", "DHE-RSA-AES128-GCM-SHA256", False),
    ("-tls1_2", "AECDH-AES128-SHA", False),
    ("-tls1_2", "ECDHE-ECDSA-NULL-SHA", False),
    ("-tls1_1", "ALL", False),
    ("-tls1", "ALL", False),
    ("-tls1_3", "", True),
]


class Ours(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")

    def at(self, port):
        return f"{self.contoso.host}:{port}"

    def s_client(self, port, *words, send=b""):
        return subprocess.run(
            ["openssl", "s_client", "-connect", self.at(port), "-CAfile",
             str(self.contoso.ca.pem), *words], input=send,
            capture_output=True, timeout=20)

    def context(self, ca=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(str(ca or self.contoso.ca.pem))
        return context

    def connect(self, context=None, name=None, session=None, port=None):
        s = socket.create_connection(
            (self.contoso.address, port or self.contoso.client_port), 10)
        try:
            s = (context or self.context()).wrap_socket(
                s, server_hostname=name, session=session)
        except Exception:
            s.close()
            raise
        return self.stage.later(s)

    def names(self, s):
        return [v for k, v in s.getpeercert()["subjectAltName"]
                if k == "DNS"]

    def slot_of_socket(self, s):
        host, port = s.getsockname()[:2]
        source = f"{bracketed(host)}:{port}"
        return int(self.contoso.log.wait("conn.open", source=source)["slot"])

    def test_tls_01_versions_and_suites(self):
        self.contoso.start()
        for port in (self.contoso.client_port, self.contoso.federation_port):
            for version, suite, fine in SUITES:
                with self.subTest(version=version, suite=suite, port=port):
                    words = [version]
                    if suite:
                        words += ["-cipher", f"{suite}:@SECLEVEL=0"]
                    done = self.s_client(port, *words)
                    shown = b"BEGIN CERTIFICATE" in done.stdout
                    self.assertEqual(shown, fine, done.stderr[-300:])
                    self.assertNotIn(b"Compression: zlib", done.stdout)
        done = self.s_client(self.contoso.client_port, "-tls1_2")
        self.assertIn(b"Server Temp Key: X25519", done.stdout)
        self.assertNotIn(b"max_early_data: 1", done.stdout)

    def test_tls_01_renegotiation_ends_it(self):
        self.contoso.start()
        done = self.s_client(self.contoso.client_port, "-tls1_2", send=b"R\n")
        self.assertEqual(done.stdout.count(b"BEGIN CERTIFICATE"), 1)
        self.contoso.log.wait("conn.end", why="renegotiation refused")

    def test_names_and_protocols(self):
        contoso = self.contoso
        it = contoso.ca.leaf("it", ["DNS:sip.it.test", "DNS:it.test"])
        hr = contoso.ca.leaf("hr", ["DNS:sip.hr.test"])
        contoso.extra_tls = "  certificates:\n" + "".join(
            f"    - {{ certificate: {c}, key: {k} }}\n" for c, k in (it, hr))
        contoso.start()
        usual = [contoso.edge, f"sip.{contoso.domain}", contoso.domain]
        for name, want in [("sip.it.test", ["sip.it.test", "it.test"]),
                           ("SIP.IT.test", ["sip.it.test", "it.test"]),
                           ("it.test", ["sip.it.test", "it.test"]),
                           ("sip.hr.test", ["sip.hr.test"]),
                           ("hr.test", usual), ("unknown.test", usual),
                           (contoso.edge, usual), (None, usual)]:
            for _ in range(4):  # every worker
                self.assertEqual(self.names(self.connect(name=name)), want)
        for offered, chosen in [(["sip/2"], "sip/2"), (["h2", "sip/2"],
                                                       "sip/2"),
                                (["http/1.1"], None), (["sip"], None)]:
            context = self.context()
            context.set_alpn_protocols(offered)
            s = self.connect(context)
            self.assertEqual(s.selected_alpn_protocol(), chosen)
        # another certificate for sip.hr.test, by reload
        new = contoso.ca.leaf("hr2", ["DNS:sip.hr.test", "DNS:hr.test"])
        hr[0].write_bytes(new[0].read_bytes())
        hr[1].write_bytes(new[1].read_bytes())
        contoso.run("reload")
        self.assertEqual(self.names(self.connect(name="hr.test")),
                         ["sip.hr.test", "hr.test"])

    def resume(self, context, version):
        """A session from one worker, and the workers that resumed it."""
        slots = set()
        first = self.connect(context)
        slot = self.slot_of_socket(first)
        # a session of TLS 1.3 comes after the handshake
        select.select([first], [], [], 5 if version == "1.3" else 0)
        first.setblocking(False)
        try:
            first.recv(1)
        except ssl.SSLWantReadError:
            pass
        session = first.session
        self.assertTrue(session.has_ticket)
        for _ in range(60):
            s = self.connect(context, session=session)
            self.assertTrue(s.session_reused, "a full handshake")
            slots.add(self.slot_of_socket(s))
            s.close()
            if slots == {0, 1, 2}:
                break
        return slot, slots

    def test_tls_04_every_worker_resumes(self):
        self.contoso.start()
        for version in ("1.2", "1.3"):
            context = self.context()
            if version == "1.2":
                context.maximum_version = ssl.TLSVersion.TLSv1_2
            _, slots = self.resume(context, version)
            self.assertEqual(slots, {0, 1, 2})
        # one that is started again gets the keys, too
        self.contoso.log.wait("server.ready")
        subprocess.run(["kill", "-9", str(self.contoso.pid_of("edge", 1))],
                       check=True)
        wait_for(lambda: len(self.contoso.log.find("proc.start", role="edge",
                                                   slot="1")) > 1, 20)
        _, slots = self.resume(self.context(), "1.3")
        self.assertEqual(slots, {0, 1, 2})

    def test_tls_04_none_on_5061(self):
        fabrikam = Issuer(self.stage.folder / "fabrikam")
        certificate, key = fabrikam.leaf("edge", "DNS:edge.fabrikam.test")
        self.contoso.trusted.append(fabrikam.pem)
        self.contoso.partner("fabrikam.test", "edge.fabrikam.test",
                             f"{self.contoso.host}:1")
        self.contoso.start()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.maximum_version = version
            clients = self.connect(context)
            context.load_cert_chain(str(certificate), str(key))
            s = self.connect(context, port=self.contoso.federation_port)
            self.slot_of_socket(s)
            self.assertFalse(s.session and s.session.has_ticket)
            if clients.session and clients.session.has_ticket:
                s = self.connect(context, session=clients.session,
                                 port=self.contoso.federation_port)
                self.assertFalse(s.session_reused)

    def serial(self, certificate):
        done = subprocess.run(["openssl", "x509", "-in", str(certificate),
                               "-noout", "-serial"], capture_output=True,
                              text=True, check=True)
        return done.stdout.strip().split("=")[1]

    def shown(self):
        s = self.connect()
        serial = s.getpeercert()["serialNumber"]
        s.close()
        return int(serial, 16)

    def test_tls_06_replaced_under_traffic(self):
        contoso = self.contoso
        pairs = [contoso.cert, contoso.ca.leaf("next", [
            f"DNS:{contoso.edge}", f"DNS:{contoso.domain}"])]
        content = [[p.read_bytes() for p in pair] for pair in pairs]
        serials = [self.serial(pair[0]) for pair in pairs]
        contoso.start()
        idle = [self.client_on(contoso, f"idle{s}", s) for s in range(3)]
        seen, failed, stop = [], [], threading.Event()

        def shake():
            while not stop.is_set():
                try:
                    s = self.connect()
                    seen.append(s.getpeercert()["serialNumber"])
                    s.close()
                except OSError as e:
                    failed.append(repr(e))

        threads = [threading.Thread(target=shake) for _ in range(3)]
        for t in threads:
            t.start()
        try:
            for n in range(1, 41):
                for path, data in zip(contoso.cert, content[n % 2]):
                    path.write_bytes(data)
                contoso.run("reload")
                # the workers are told at this moment
                for _ in range(3):
                    wait_for(lambda: self.shown() == int(serials[n % 2], 16),
                             10, "the new certificate")
        finally:
            stop.set()
            for t in threads:
                t.join(30)
        self.assertEqual(failed, [])
        self.assertEqual({int(s, 16) for s in seen},
                         {int(s, 16) for s in serials})
        for c in idle:
            self.assertFalse(c.closed.is_set())
            self.assertStatus(c.register(), 200)
        self.assertEqual(contoso.log.find("proc.exit"), [])

    def test_tls_07_bad_rotations(self):
        contoso = self.contoso
        own = Issuer(self.stage.folder / "own", "own")
        contoso.trusted.append(own.pem)
        name = f"DNS:{contoso.edge}"
        middle = own.leaf("middle", authority=True)
        contoso.start()
        alice = self.client(contoso, "alice")
        paths = contoso.cert
        kept = [p.read_bytes() for p in paths]
        before = self.names(self.connect())
        lines = contoso.config.read_text().splitlines()
        line = {p: 1 + next(n for n, text in enumerate(lines)
                            if str(p) in text) for p in paths}
        leaf = own.leaf
        other = leaf("other", name)
        rows = [
            ("key of another", other[0].read_bytes(), None, 1,
             "does not belong"),
            ("empty", b"", None, 0, "is empty"),
            ("half", kept[0][:len(kept[0]) // 2], None, 0, "not complete"),
            ("half a key", None, kept[1][:100], 1, "not complete"),
            ("noise", b"hello\n", None, 0, "no certificate"),
            ("expired", leaf("old", name, first=-9, last=-1), None, 0,
             "expired on"),
            ("early", leaf("early", name, first=3, last=9), None, 0,
             "not valid before"),
            ("names", leaf("names", "DNS:edge.elsewhere.test"), None, 0,
             f"not for {contoso.edge}"),
            ("chain", leaf("below", name, issuer="middle"), None, 0,
             "append it"),
        ]
        for what, certificate, key, culprit, says in rows:
            with self.subTest(what):
                if isinstance(certificate, tuple):
                    certificate, key = (p.read_bytes() for p in certificate)
                paths[0].write_bytes(kept[0] if certificate is None
                                     else certificate)
                paths[1].write_bytes(kept[1] if key is None else key)
                since = len(contoso.log.events)
                done = contoso.run("reload", check=False)
                self.assertEqual(done.returncode, 1)
                text = done.stdout + done.stderr
                file = str(paths[culprit])
                for word in (file, says):
                    self.assertIn(word, text)
                e = contoso.log.wait("config.rejected", since=since)
                self.assertEqual(int(e["line"]), line[paths[culprit]], e.line)
                e = contoso.log.wait("cert.reload_failed", since=since)
                self.assertEqual(e["file"], file, e.line)
                offline = subprocess.run([DAEMON, "-t", "-c", contoso.config],
                                         capture_output=True, text=True)
                self.assertEqual(offline.returncode, 1)
                self.assertIn(offline.stderr.strip().split(": ", 1)[1], text)
                self.assertEqual(self.names(self.connect()), before)
        # with what was missing it is right
        below = own.folder / "below.pem"
        paths[0].write_bytes(below.read_bytes() + middle[0].read_bytes())
        paths[1].write_bytes((own.folder / "below.key").read_bytes())
        contoso.run("reload")
        self.assertEqual(self.names(self.connect(self.context(own.pem))),
                         [contoso.edge])
        self.assertFalse(alice.closed.is_set())
        self.assertStatus(alice.register(), 200)

    def test_tls_08_what_ends_soon(self):
        contoso = self.contoso
        soon = contoso.ca.leaf("soon", ["DNS:soon.test"], days="5")
        contoso.extra_tls = ("  certificates:\n    - { certificate: %s, "
                             "key: %s }\n" % soon)
        contoso.start()
        e = contoso.log.wait("cert.expiring", file=soon[0])
        self.assertIn(e["days"], ("4", "5"))
        rows = {r["name"]: r for r in contoso.status()["certificates"]}
        self.assertEqual(rows["soon.test"]["state"], "expiring")
        self.assertIn(rows["soon.test"]["days"], (4, 5))
        left = contoso.metric("certificate_expires_seconds",
                              'process="admin"') - time.time()
        self.assertAlmostEqual(left / 86400, 5, delta=0.1)
        text = contoso.run("status").stdout
        self.assertIn("soon.test", text)


class OursSix(Six, Ours):
    pass
