# SPDX-License-Identifier: Apache-2.0
"""Kamailio as registrar and proxy inside: it challenges our users, keeps what
they register with its Path, and sends what is for others out by the edge.

It has one TCP process: Debian's build, with OpenSSL 3, now and then aborts
when several of them shake hands at the same time."""
import signal
import subprocess

from harness.stage import wait_for
from peers.program import Program, need

CONFIG = """\
debug=2
log_stderror=yes
log_facility=LOG_LOCAL0
children=1
tcp_children=1
auto_aliases=no
{tls}
listen={scheme}:{listen}:{port}
alias="{name}"
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "auth.so"
{load}
modparam("auth", "qop", "auth")
modparam("usrloc", "db_mode", 0)
modparam("registrar", "use_path", 1)
modparam("registrar", "path_mode", 0)
modparam("registrar", "max_contacts", 4)
modparam("rr", "enable_full_lr", 1)

request_route {{
	if (!mf_process_maxfwd_header("10")) {{
		sl_send_reply("483", "Too Many Hops");
		exit;
	}}
	xlog("REQ $rm $ru from $fu by $si route=$hdr(Route) pai=$hdr(P-Asserted-Identity) trust=$hdr(ms-edge-proxy-message-trust)\\n");
	if (is_method("OPTIONS") && uri == myself) {{
		sl_send_reply("200", "OK");
		exit;
	}}
	if (is_method("CANCEL")) {{
		if (t_check_trans()) t_relay();
		exit;
	}}
	if (has_totag()) {{
		if (loose_route()) {{
			t_relay();
			exit;
		}}
		if (is_method("ACK")) {{
			if (t_check_trans()) t_relay();
			exit;
		}}
		sl_send_reply("404", "Not in a dialog of ours");
		exit;
	}}
	t_check_trans();
	if (is_method("REGISTER")) {{
		if (!pv_www_authenticate("$td", "{password}", "0")) {{
			www_challenge("$td", "0");
			exit;
		}}
		append_to_reply("Service-Route: <sip:{uri};transport={transport};lr>\\r\\n");
		save("location");
		exit;
	}}
	loose_route();
	if (is_method("INVITE|SUBSCRIBE") && {record})
		record_route();
	if ($rd == "{domain}") {{
		if (!lookup("location")) {{
			sl_send_reply("404", "Not Found");
			exit;
		}}
	}} else {{
		$du = "sip:{edge};transport={transport}";
	}}
	if (!t_relay()) sl_reply_error();
}}
"""

TLS = """\
[server:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {certificate}
ca_list = {ca}
[client:default]
method = TLSv1.2+
verify_certificate = yes
require_certificate = yes
private_key = {key}
certificate = {certificate}
ca_list = {ca}
"""

PASSWORD = "secret"


class Kamailio:
    """One server inside of `org`, at `address`, which proves `name`."""

    def __init__(self, network, stage, org, name, address, port=5061,
                 tls=True, record=True):
        self.network, self.org, self.name = network, org, name
        self.address, self.port = address, port
        self.hop_name = name if tls else address
        self.binary = need("kamailio", "kamailio")
        self.folder = stage.folder / f"kamailio-{name}"
        self.folder.mkdir()
        brackets = f"[{address}]" if ":" in address else address
        words = {"scheme": "tls" if tls else "tcp", "listen": brackets,
                 "transport": "tls" if tls else "tcp",
                 "port": port, "name": name, "domain": org.domain,
                 "password": PASSWORD, "record": "1" if record else "0",
                 "uri": f"{name if tls else brackets}:{port}",
                 "edge": f"{org.edge}:{org.inside_port}",
                 "tls": "", "load": ""}
        if tls:
            words["tls"] = "enable_tls=yes"
            words["load"] = 'loadmodule "tls.so"\n' \
                f'modparam("tls", "config", "{self.folder}/tls.cfg")'
            certificate, key = org.ca.leaf(name, [f"DNS:{name}"], mode=0o644)
            (self.folder / "tls.cfg").write_text(TLS.format(
                key=key, certificate=certificate, ca=org.ca.pem))
        (self.folder / "kamailio.cfg").write_text(CONFIG.format(**words))
        self.program = None
        self.start()

    def start(self):
        self.program = Program(
            self.network.resolving(
                [self.binary, "-f", self.folder / "kamailio.cfg", "-DD", "-E",
                 "-m", "64", "-M", "8", "-Y", self.folder]),
            cwd=self.folder, start_new_session=True)

    def revive(self):
        """Started again if it has ended by itself, as above."""
        if self.program.process.poll() is not None:
            self.program.close()
            self.start()

    @property
    def log(self):
        return self.program.output

    def wait_log(self, text, timeout=10):
        return wait_for(lambda: text in self.log, timeout,
                        f"{self.name} logs {text!r}:\n{self.log[-3000:]}")

    def signal(self, number):
        """To the server and the processes that it has made."""
        group = self.program.process.pid
        subprocess.run(["kill", f"-{number.value}", "--", f"-{group}"],
                       check=False)

    def stop(self):
        self.signal(signal.SIGKILL)
        self.program.close()

    def close(self):
        self.stop()
