# SPDX-License-Identifier: Apache-2.0
"""Kamailio as the partner whose authority issues the server usage only: it
connects to us with that certificate, because it has no other.

* Its messages are delivered, and ours to it.
* With `tls.accept_server_usage: false` it is refused, with the word that says
  why.
"""
import subprocess

from harness.case import Case, Six
from harness.stage import bracketed, wait_for
from peers.program import Program, need
from tls.issuer import Issuer

PORT = 15061
ROUTES = """\
enable_tls=yes
listen=tls:{listen}:{port}
alias="fabrikam.test"
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
children=1
tcp_children=1
log_stderror=yes
{modules}
modparam("tm", "fr_timer", 5000)
modparam("ctl", "binrpc", "unix:{folder}/ctl")
modparam("tls", "config", "{folder}/tls.cfg")
request_route {{
  if (uri==myself && is_method("MESSAGE")) {{
    xlog("L_ERR", "GOT <$rb>\\n");
    t_newtran(); t_reply("200", "OK"); exit;
  }}
  sl_send_reply("404", "Not here");
}}
"""
MODULES = ("kex corex tm sl rr pv maxfwd textops siputils xlog ctl tls").split()
SIDE = """\
[{side}:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {certificate}
ca_list = {trust}
"""


class ServerUsage(Case):
    def set_up(self, extra=""):
        self.contoso = self.stage.org("contoso")
        issuer = Issuer(self.stage.folder / "issuer", "fabrikam authority")
        self.listen = bracketed(self.contoso.beside(9))
        self.contoso.trusted.append(issuer.pem)
        self.contoso.partner("fabrikam.test", "edge.fabrikam.test",
                             f"{self.listen}:{PORT}")
        self.contoso.extra_tls = extra
        self.contoso.start()
        self.start_kamailio(*issuer.leaf("edge", "DNS:edge.fabrikam.test",
                                         usage="serverAuth"))

    def start_kamailio(self, certificate, key):
        folder = self.stage.folder / "kamailio"
        folder.mkdir()
        (folder / "tls.cfg").write_text("".join(
            SIDE.format(side=side, key=key, certificate=certificate,
                        trust=self.contoso.ca.pem)
            for side in ("server", "client")))
        (folder / "kamailio.cfg").write_text(ROUTES.format(
            listen=self.listen, port=PORT, folder=folder, modules="\n".join(
                f'loadmodule "{m}.so"' for m in MODULES)))
        self.control = f"unix:{folder}/ctl"
        kamailio = Program(
            [need("kamailio", "kamailio"), "-f", folder / "kamailio.cfg",
             "-DD", "-E", "-m", "64", "-M", "16", "-w", folder])
        self.kamailio = self.stage.later(kamailio)
        # it ends its children when it is asked to
        self.stage.later(Asked(kamailio.process))
        wait_for((folder / "ctl").exists, 30, "Kamailio serves")

    def zoe_writes(self, to, text):
        org = self.contoso
        done = subprocess.run(
            [need("kamcmd", "kamailio"), "-s", self.control,
             "tm.t_uac_wait_block", "MESSAGE", f"sip:{to}",
             f"sip:{org.host}:{org.federation_port};transport=tls",
             f"tls:{self.listen}:{PORT}",
             f"From: <sip:zoe@fabrikam.test>\r\nTo: <sip:{to}>\r\n"
             "Content-Type: text/plain\r\n", text],
            capture_output=True, text=True, timeout=60)
        return done.stdout + done.stderr

    def test_is_accepted(self):
        self.set_up()
        alice = self.client(self.contoso, "alice")
        self.assertIn("200", self.zoe_writes(alice.aor, "in"))
        self.assertReceived(alice, "in")
        self.contoso.log.wait("conn.open", kind="federation",
                              peer="peer:edge.fabrikam.test")
        self.assertStatus(alice.message("zoe@fabrikam.test", "out", 30), 200)
        self.kamailio.wait_output("GOT <out>")

    def test_is_refused_when_we_say_so(self):
        self.set_up("  accept_server_usage: false\n")
        alice = self.client(self.contoso, "alice")
        self.assertNotIn("code: 200", self.zoe_writes(alice.aor, "in"))
        e = self.contoso.log.wait("tls.peer_reject")
        self.assertEqual(e["why"], "key_usage", e.line)
        self.assertEqual(alice.received, [])
        # in the server's role it is what it has to be
        self.assertStatus(alice.message("zoe@fabrikam.test", "out", 30), 200)


class ServerUsageSix(Six, ServerUsage):
    pass


class Asked:
    def __init__(self, process):
        self.process = process

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            pass
