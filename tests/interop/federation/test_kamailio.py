# SPDX-License-Identifier: Apache-2.0
"""Kamailio as partner: mutual TLS in both directions, messages across the
wall both ways, found by SRV or named, over both families, with three workers.
"""
import socket
import subprocess

from federation.zone import Zone
from harness.case import Case
from harness.stage import wait_for
from peers.network import Network
from peers.program import Program, need

PORT = 15061
ROUTES = """\
enable_tls=yes
listen=tls:{listen}:{port}
alias="fabrikam.test"
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
children=1
tcp_children=1
log_stderror=yes
dns_try_naptr=no
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "ctl.so"
loadmodule "tls.so"
modparam("ctl", "binrpc", "unix:{folder}/ctl")
modparam("tls", "config", "{folder}/tls.cfg")
request_route {{
  xlog("L_ERR", "REQ $rm $ru verified=$tls_peer_verified\\n");
  if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
  if (uri==myself && is_method("MESSAGE")) {{
    xlog("L_ERR", "GOT <$rb>\\n");
    t_newtran(); t_reply("200", "OK"); exit;
  }}
  sl_send_reply("404", "Not here");
}}
"""
TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {certificate}
ca_list = {trust}
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {certificate}
ca_list = {trust}
"""


class Kamailio(Case):
    def set_up(self, listen, line, records=()):
        """contoso, with that line for fabrikam.test; Kamailio there."""
        self.contoso = self.stage.org("contoso")
        self.fabrikam = self.stage.org("fabrikam")  # its CA and address
        listen = listen or self.fabrikam.address
        self.contoso.trusted.append(self.fabrikam.ca.pem)
        self.contoso.partner_lines.append(
            line.replace("@ADDRESS@", listen))
        if records:
            base = self.fabrikam.address.rsplit(".", 1)[0]
            zone = Zone(self.stage, f"{base}.53",
                        [r.replace("@ADDRESS@", listen) for r in records])
            self.contoso.extra += zone.yaml()
        self.port = self.contoso.federation_port
        if ":" in listen:
            self.port += 1
            self.contoso.federation_more.append(f"[{listen}]:{self.port}")
        self.contoso.start()
        self.start_kamailio(listen)

    def start_kamailio(self, listen):
        folder = self.stage.folder / "kamailio"
        folder.mkdir()
        cert, key = self.fabrikam.ca.leaf("sip1", ["DNS:sip1.fabrikam.test"])
        trust = folder / "trust.pem"
        trust.write_bytes(self.contoso.ca.pem.read_bytes())
        self.control = f"unix:{folder}/ctl"
        (folder / "tls.cfg").write_text(TLS.format(
            key=key, certificate=cert, trust=trust))
        self.listen = f"[{listen}]" if ":" in listen else listen
        (folder / "kamailio.cfg").write_text(ROUTES.format(
            listen=self.listen, port=PORT, folder=folder))
        self.kamailio = self.stage.later(Tree(
            [need("kamailio", "kamailio"), "-f", folder / "kamailio.cfg",
             "-DD", "-E", "-m", "64", "-M", "16", "-w", folder]))
        self.wait_listening(listen)

    def wait_listening(self, listen):
        def up():
            family = socket.AF_INET6 if ":" in listen else socket.AF_INET
            with socket.socket(family) as s:
                s.settimeout(1)
                return s.connect_ex((listen, PORT)) == 0
        wait_for(up, 30, "Kamailio listens")

    def send_from_kamailio(self, to, text):
        """zoe@fabrikam.test writes; what kamcmd prints."""
        org = self.contoso
        host = org.address
        if self.listen.startswith("["):
            host = self.listen
        done = subprocess.run(
            [need("kamcmd", "kamailio"), "-s", self.control,
             "tm.t_uac_wait_block", "MESSAGE", f"sip:{to}",
             f"sip:{host}:{self.port};transport=tls",
             f"tls:{self.listen}:{PORT}",
             "From: <sip:zoe@fabrikam.test>\r\n"
             f"To: <sip:{to}>\r\nContent-Type: text/plain\r\n", text],
            capture_output=True, text=True, timeout=40)
        return done.stdout + done.stderr

    def both_ways(self):
        alice = self.client(self.contoso, "alice")
        for n in range(3):
            self.assertStatus(alice.message("zoe@fabrikam.test", f"out {n}"),
                              200)
            self.kamailio.wait_output(f"GOT <out {n}>")
        self.assertIn("verified=1", self.kamailio.output)
        for n in range(3):
            said = self.send_from_kamailio(alice.aor, f"in {n}")
            self.assertIn("code: 200", said)
            self.assertReceived(alice, f"in {n}")


class Tree(Program):
    """Kamailio ends its children when it is asked to, not when killed."""

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                pass
        super().close()


class Named(Kamailio):
    def test_messages_both_ways(self):
        self.set_up(None, "{ domain: fabrikam.test, edge: "
                          'sip1.fabrikam.test, address: "@ADDRESS@:15061" }')
        self.both_ways()
        told = self.contoso.run("partner", "test", "fabrikam.test").stdout
        self.assertIn("200 OK; round trip", told)
        self.assertNotIn("fail", told)


class BySrv(Kamailio):
    LINE = ("{ domain: fabrikam.test, "
            'allow_addresses: ["127.0.0.0/8"] }')
    RECORDS = ("_sipfederationtls._tcp.fabrikam SRV 10 0 15061 "
               "sip1.fabrikam", "sip1.fabrikam A @ADDRESS@")

    def test_messages_both_ways(self):
        self.set_up(None, self.LINE, self.RECORDS)
        self.both_ways()

    def test_another_name_than_the_record_s(self):
        """Kamailio checks no names; we do, in both directions."""
        records = ("_sipfederationtls._tcp.fabrikam SRV 10 0 15061 "
                   "other.fabrikam", "other.fabrikam A @ADDRESS@")
        self.set_up(None, self.LINE, records)
        alice = self.client(self.contoso, "alice")
        self.assertStatus(alice.message("zoe@fabrikam.test", "x"), 504)
        said = self.send_from_kamailio(alice.aor, "let me in")
        self.assertIn("code: 403", said)
        self.assertEqual(alice.received, [])
        self.assertNotIn("GOT", self.kamailio.output)


class Six(Kamailio):
    """In a network of its own: ::1 is everybody's."""

    def setUp(self):
        network = Network()
        self.addCleanup(network.close)
        super().setUp()

    def test_messages_both_ways(self):
        self.set_up("::1", "{ domain: fabrikam.test, "
                           'allow_addresses: ["::1/128"] }',
                    ("_sipfederationtls._tcp.fabrikam SRV 10 0 15061 "
                     "sip1.fabrikam", "sip1.fabrikam AAAA @ADDRESS@"))
        self.both_ways()
