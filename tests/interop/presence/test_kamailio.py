# SPDX-License-Identifier: Apache-2.0
"""Kamailio's presence server as the partner's side.

* A contoso.test user watches a user of fabrikam.test, whose presence server
  is Kamailio: what that user publishes is seen, and its end.
* The same by one subscription to her list of contacts: the home subscribes
  at Kamailio in her name (RFC 4662 5.6).
* Kamailio's user watches a contoso.test user: online, offline.

In a network namespace of its own, as Kamailio wants a name server. That needs
root.
"""
import pathlib
import re
import socket
import sqlite3
import subprocess

from harness.case import Case
from harness.stage import wait_for
from peers.names import Names
from peers.network import RESOLVER, Network
from peers.program import Program, need
from presence.watch import pidf, sign_in

PORT = 15061
TABLES = pathlib.Path("/usr/share/kamailio/db_sqlite")
ROUTES = """\
enable_tls=yes
listen=tls:{address}:{port}
listen=tcp:{address}:15060
alias="fabrikam.test"
alias="sip1.fabrikam.test"
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
loadmodule "db_sqlite.so"
loadmodule "presence.so"
loadmodule "presence_xml.so"
modparam("ctl", "binrpc", "unix:{folder}/ctl")
modparam("tls", "config", "{folder}/tls.cfg")
modparam("presence", "db_url", "sqlite:///{folder}/k.db")
modparam("presence", "server_address", "sip:sip1.fabrikam.test:{port};transport=tls")
modparam("presence_xml", "db_url", "sqlite:///{folder}/k.db")
modparam("presence_xml", "force_active", 1)
request_route {{
  xlog("L_ERR", "REQ $rm $ru state=$hdr(Subscription-State)\\n");
  if (is_method("OPTIONS")) {{ sl_send_reply("200", "OK"); exit; }}
  if (is_method("NOTIFY")) {{
    xlog("L_ERR", "SEEN <$rb>\\n");
    t_newtran(); t_reply("200", "OK"); exit;
  }}
  if (has_totag()) loose_route();
  if (is_method("PUBLISH")) {{
    t_newtran(); handle_publish(); t_release(); exit;
  }}
  if (is_method("SUBSCRIBE")) {{
    t_newtran(); record_route(); handle_subscribe(); t_release(); exit;
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


class Watched(Case):
    def setUp(self):
        network = Network()
        self.addCleanup(network.close)  # the last: after the stage
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.fabrikam = self.stage.org("fabrikam")  # its CA and address
        self.stage.later(Names({self.contoso.edge: self.contoso.address},
                               RESOLVER, 53))
        self.contoso.trusted.append(self.fabrikam.ca.pem)
        self.contoso.partner_lines.append(
            "{ domain: fabrikam.test, edge: sip1.fabrikam.test, "
            f'address: "{self.fabrikam.address}:{PORT}" }}')
        self.contoso.federation_port = 5061  # Record-Route names no other
        self.contoso.start()
        self.start_kamailio(network)
        self.alice = sign_in(self, self.contoso, "alice")
        self.cseq = 0

    def start_kamailio(self, network):
        folder = self.stage.folder / "kamailio"
        folder.mkdir()
        cert, key = self.fabrikam.ca.leaf("sip1", ["DNS:sip1.fabrikam.test"])
        (folder / "tls.cfg").write_text(TLS.format(
            key=key, certificate=cert, trust=self.contoso.ca.pem))
        (folder / "kamailio.cfg").write_text(ROUTES.format(
            address=self.fabrikam.address, port=PORT, folder=folder))
        database = sqlite3.connect(folder / "k.db")
        for name in ("standard", "presence"):
            database.executescript(
                (TABLES / f"{name}-create.sql").read_text())
        database.close()
        self.control = f"unix:{folder}/ctl"
        self.words = network.resolving(
            [need("kamailio", "kamailio"), "-f", folder / "kamailio.cfg",
             "-DD", "-E", "-m", "64", "-M", "16", "-w", folder,
             "-Y", folder])
        self.kamailio = None
        wait_for(self.is_up, 60, "Kamailio listens")

    def is_up(self):
        """Started, and again if it has ended by itself: Debian's build now
        and then does while it starts."""
        if self.kamailio is None or self.kamailio.process.poll() is not None:
            self.kamailio = self.stage.later(Tree(self.words))
        with socket.socket() as s:
            s.settimeout(1)
            return s.connect_ex((self.fabrikam.address, PORT)) == 0

    def publish(self, body, expires=600):
        """zoe@fabrikam.test says so, by plain TCP; the reply's status."""
        self.cseq += 1
        head = (f"PUBLISH sip:zoe@fabrikam.test SIP/2.0\r\n"
                f"Via: SIP/2.0/TCP {self.fabrikam.address}:9;branch=z9hG4bK"
                f"pub{self.cseq}\r\nMax-Forwards: 70\r\n"
                f"From: <sip:zoe@fabrikam.test>;tag=p{self.cseq}\r\n"
                "To: <sip:zoe@fabrikam.test>\r\n"
                f"Call-ID: pub{self.cseq}\r\nCSeq: {self.cseq} PUBLISH\r\n"
                f"Event: presence\r\nExpires: {expires}\r\n"
                + (f"SIP-If-Match: {self.etag}\r\n" if not body else
                   "Content-Type: application/pidf+xml\r\n")
                + f"Content-Length: {len(body)}\r\n\r\n")
        with socket.create_connection((self.fabrikam.address, 15060), 10) \
                as s:
            s.sendall(head.encode() + body)
            reply = s.recv(65536).decode()
        self.assertRegex(reply, r"^SIP/2.0 200 ", reply)
        self.etag = re.search(r"SIP-ETag: (\S+)", reply).group(1)

    def test_watched_by_our_user(self):
        s = self.alice.watch("zoe@fabrikam.test")
        self.assertIn(s.reply.status, (200, 202))
        wait_for(lambda: s.notices, 10, "the first NOTIFY")
        self.publish(pidf("zoe@fabrikam.test", activity="busy"))
        busy = s.wait(lambda n: "busy" in n.body, what="busy")
        self.assertTrue(busy.online)
        told = len(s.notices)
        self.publish(b"", expires=0)
        s.wait(lambda n: n in s.notices[told:] and "busy" not in n.body,
               what="the end")

    def test_in_our_user_s_list(self):
        self.contoso.run("user", "contacts", self.alice.aor, "add",
                         "zoe@fabrikam.test")
        s = self.alice.watch(f"contacts@{self.contoso.edge}")
        self.assertStatus(s.reply, 200)
        self.publish(pidf("zoe@fabrikam.test", activity="busy"))
        busy = s.wait(lambda n: "busy" in n.body, 20, "busy")
        self.assertIn('state="active"', busy.body)
        told = len(s.notices)
        self.publish(b"", expires=0)
        s.wait(lambda n: n in s.notices[told:] and "busy" not in n.body,
               20, "the end")
        self.assertStatus(s.ask(0), 200)
        self.kamailio.wait_output("REQ SUBSCRIBE", count=2)

    def test_watches_our_user(self):
        self.contoso.add_user("bob")
        done = subprocess.run(
            [need("kamcmd", "kamailio"), "-s", self.control,
             "tm.t_uac_wait_block", "SUBSCRIBE", "sip:bob@contoso.test",
             f"sip:{self.contoso.edge}:{self.contoso.federation_port}"
             ";transport=tls", f"tls:{self.fabrikam.address}:{PORT}",
             "From: <sip:zoe@fabrikam.test>\r\n"
             "To: <sip:bob@contoso.test>\r\nEvent: presence\r\n"
             "Expires: 600\r\nContent-Type: text/plain\r\nContact: <sip:zoe@sip1.fabrikam.test:"
             f"{PORT};transport=tls>\r\n", ""],
            capture_output=True, text=True, timeout=40)
        self.assertIn("code: 200", done.stdout + done.stderr)
        self.kamailio.wait_output("<basic>closed")
        bob = sign_in(self, self.contoso, "bob")
        self.kamailio.wait_output("<basic>open")
        bob.close()
        self.kamailio.wait_output("<basic>closed", count=2)


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
