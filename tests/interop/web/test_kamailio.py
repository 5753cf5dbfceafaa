# SPDX-License-Identifier: Apache-2.0
"""A second opinion on RFC 7118: the scripted browser of these conversations
speaks to Kamailio's WebSocket as it does to ours, and finds the same."""
import os
import signal
import socket
import struct

from harness.stage import wait_for
from harness.websocket import (BINARY, CLOSE, PING, PONG, Browser, connect,
                               handshake)
from peers.program import Program, need
from web.test_websocket import Web

PORT = 15443
CONFIG = """\
enable_tls=yes
listen=tls:{listen}:{port}
alias="fabrikam.test"
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
children=1
tcp_children=2
log_stderror=yes
tcp_accept_no_cl=yes
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "xlog.so"
loadmodule "xhttp.so"
loadmodule "nathelper.so"
loadmodule "tls.so"
loadmodule "websocket.so"
modparam("tls", "config", "{folder}/tls.cfg")
modparam("nathelper", "received_avp", "$avp(RECEIVED)")
modparam("registrar", "received_avp", "$avp(RECEIVED)")
modparam("usrloc", "db_mode", 0)
request_route {{
  if (is_method("REGISTER")) {{
    force_rport(); fix_nated_register();
    save("location"); exit;
  }}
  if (is_method("MESSAGE")) {{
    if (!lookup("location")) {{ sl_send_reply("404", "Not Found"); exit; }}
    t_relay(); exit;
  }}
  sl_send_reply("200", "OK");
}}
event_route[xhttp:request] {{
  if ($hdr(Upgrade) =~ "websocket" && ws_handle_handshake()) exit;
  xhttp_reply("404", "Not Found", "", "");
}}
"""
TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = no
require_certificate = no
private_key = {key}
certificate = {certificate}
"""


class Family(Program):
    """Kamailio's children do not always go with it while WebSockets are
    open: all of its process group is ended."""

    def close(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(20)
        super().close()


class SecondOpinion(Web):
    def setUp(self):
        super().setUp()
        self.address = self.fabrikam.address
        folder = self.stage.folder / "kamailio"
        folder.mkdir()
        (folder / "tls.cfg").write_text(TLS.format(
            key=self.fabrikam.cert[1], certificate=self.fabrikam.cert[0]))
        (folder / "kamailio.cfg").write_text(CONFIG.format(
            listen=self.address, port=PORT, folder=folder))
        self.kamailio = self.stage.later(Family(
            [need("kamailio", "kamailio"), "-f", folder / "kamailio.cfg",
             "-DD", "-E", "-m", "64", "-M", "16", "-w", folder],
            start_new_session=True))

        def up():
            with socket.socket() as s:
                s.settimeout(1)
                return s.connect_ex((self.address, PORT)) == 0
        wait_for(up, 30, "Kamailio listens")

    def at_kamailio(self, user):
        sock = connect((self.address, PORT), self.fabrikam.edge,
                       self.fabrikam.ca.pem, alpn=())
        sock.settimeout(20)
        return self.stage.later(Browser(self.fabrikam, user, "secret",
                                        sock=sock))

    def pair(self, one, other):
        """What both kinds of server have to do the same way."""
        for b in (one, other):
            self.assertStatus(b.register(), 200)
        self.assertStatus(one.message(other.aor, "there"), 200)
        self.assertReceived(other, "there", 20)
        other.length = False
        self.assertStatus(other.message(one.aor, "and back"), 200)
        self.assertReceived(one, "and back", 20)
        one.opcode = BINARY
        self.assertStatus(one.message(other.aor, "binary"), 200)
        self.assertReceived(other, "binary", 20)
        one.send_frame(PING, b"ping")
        self.assertEqual(one.frames.get(timeout=20), (PONG, b"ping"))
        via = [m for m in other.requests if m.method == "MESSAGE"][0]
        self.assertIn("SIP/2.0/WSS", via.all("Via")[0])
        one.send_frame(CLOSE, struct.pack(">H", 1000))
        self.assertEqual(one.frames.get(timeout=20)[0], CLOSE)
        self.assertTrue(one.closed.wait(20))

    def test_kamailio(self):
        self.pair(self.at_kamailio("anna"), self.at_kamailio("bert"))

    def test_ours(self):
        self.pair(self.browser(self.contoso, "anna", register=False),
                  self.browser(self.contoso, "bert", register=False))

    def test_handshakes(self):
        """The subprotocol has to be asked for, at both."""
        for org, port in ((self.fabrikam, PORT),
                          (self.contoso, self.contoso.client_port)):
            for protocol, good in (("sip", True), ("chat", False),
                                   (None, False)):
                sock = self.stage.later(connect(
                    (org.address, port), org.edge, org.ca.pem, alpn=()))
                sock.settimeout(20)
                status = handshake(sock, org.edge, protocol=protocol)
                self.assertEqual(status == 101, good, (org.name, protocol))
