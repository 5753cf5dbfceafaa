# SPDX-License-Identifier: Apache-2.0
"""baresip, driven over its control connection (netstrings of JSON)."""
import json
import socket
import threading

from harness.stage import bracketed, wait_for

from .program import Program, need

MODULES = "/usr/lib/baresip/modules"

CONFIG = """\
poll_method epoll
sip_listen {host}:0
net_interface {own}
sip_cafile {ca}
audio_source ausine,440
audio_player aubridge,null-{user}
audio_alert aubridge,alert-{user}
ausrc_srate 48000
ausrc_channels 2
auplay_srate 48000
auplay_channels 2
rtp_ports 10000-20000
dns_server {names}
module_path {modules}
module stdio.so
module g711.so
module ausine.so
module aubridge.so
module uuid.so
module_tmp account.so
module_app contact.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:4444
"""


class Baresip:
    """One instance, one account. `own` is a loopback address of its own, so
    that the port of the control connection collides with nobody's."""

    def __init__(self, stage, org, user, own, names, contact=None,
                 password=None, folder=None):
        program = need("baresip", "baresip-core")
        self.org, self.user = org, user
        self.aor = f"{user}@{org.domain}"
        folder = stage.folder / (folder or f"baresip-{user}")
        folder.mkdir()
        (folder / "config").write_text(CONFIG.format(
            own=own, host=bracketed(own), names=names.address, ca=org.ca.pem, user=user,
            modules=MODULES))
        server = f"sip:{org.edge}:{org.client_port};transport=tls"
        (folder / "accounts").write_text(
            f"<sip:{self.aor};transport=tls>;auth_user={user}"
            f";auth_pass={password or org.passwords[user]}"
            f';outbound="{server}";regint=600;answermode=manual\n')
        (folder / "contacts").write_text(
            f'"Other" <sip:{contact}>\n' if contact else "")
        self.program = Program([program, "-f", folder, "-s"],
                               cwd=folder)
        self.events, self.replies = [], {}
        self.token = 0
        self.control = wait_for(lambda: self._connect(own), 10,
                                f"{user}: control connection")
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _connect(self, own):
        if self.program.process.poll() is not None:
            raise AssertionError(self.program.tale("ended"))
        try:
            return socket.create_connection((own, 4444), 5)
        except OSError:
            return None

    def _read(self):
        self.control.settimeout(None)
        data = b""
        while True:
            try:
                more = self.control.recv(65536)
            except OSError:
                return
            if not more:
                return
            data += more
            while b":" in data:
                length, _, rest = data.partition(b":")
                if len(rest) <= int(length):
                    break
                self._take(json.loads(rest[:int(length)]))
                data = rest[int(length) + 1:]

    def _take(self, m):
        if m.get("event"):
            self.events.append(m)
        else:
            self.replies[m.get("token")] = m

    def command(self, name, words="", timeout=5):
        """The reply's text; fails when the program says no."""
        self.token += 1
        token = str(self.token)
        text = json.dumps({"command": name, "params": words,
                           "token": token}).encode()
        self.control.sendall(b"%d:%s," % (len(text), text))
        m = wait_for(lambda: self.replies.get(token), timeout,
                     f"{self.user}: reply to {name}")
        if not m["ok"]:
            raise AssertionError(f"{self.user}: {name} {words}: {m}")
        return m.get("data", "")

    def wait_sign_in(self, outcome="OK"):
        """Asked for, because it may be over before we can listen; ERR: it
        was refused."""
        wait_for(lambda: outcome in self.command("reginfo"), 10,
                 f"{self.user}: sign-in gives {outcome}")

    def happened(self, kind):
        return [e for e in self.events if e["type"] == kind]

    def wait_event(self, kind, timeout=10, count=1):
        """The count-th event of that kind."""
        try:
            return wait_for(lambda: self.happened(kind)[count - 1:], timeout,
                            f"{self.user}: {kind}")[0]
        except AssertionError as e:
            seen = [x["type"] for x in self.events]
            raise AssertionError(f"{e}; events {seen}\n"
                                 + self.program.tale("failed"))

    def close(self):
        self.control.close()
        self.program.close()
        self.thread.join(5)
