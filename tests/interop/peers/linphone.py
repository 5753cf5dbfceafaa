# SPDX-License-Identifier: Apache-2.0
"""linphonec, driven by lines on its standard input."""
from .program import Program, need

RC = """\
[sip]
sip_port=-1
sip_tcp_port=-1
sip_tls_port=-1
default_proxy=0
root_ca={ca}
verify_server_certs=1
verify_server_cn=1
use_ipv6={six}
ipv6_migration_done=1
[sound]
echocancellation=0
[proxy_0]
reg_proxy=<{server}>
reg_route=<{server}>
reg_identity=sip:{aor}
reg_expires=300
reg_sendregister=1
publish=0
[auth_info_0]
username={user}
passwd={password}
realm={domain}
domain={domain}
"""


class Linphone:
    """One instance, one account, with a home folder of its own."""

    def __init__(self, network, stage, org, user, server=None, ca=None,
                 password=None, options=(), folder=None):
        program = need("linphonec", "linphone-cli")
        self.org, self.user = org, user
        self.aor = f"{user}@{org.domain}"
        home = stage.folder / (folder or f"linphone-{user}")
        (home / ".local/share/linphone").mkdir(parents=True)
        self.log_file = home / "log"
        server = server or f"sip:{org.edge}:{org.client_port};transport=tls"
        (home / "rc").write_text(RC.format(
            ca=ca or org.ca.pem, server=server, aor=self.aor, user=user,
            password=password or org.passwords[user], domain=org.domain,
            six=int(":" in org.address)))
        self.program = Program(
            network.resolving([program, "-c", home / "rc", "-d", "6", "-l",
                               self.log_file, *options]),
            cwd=home, env={"HOME": str(home), "PATH": "/usr/bin:/bin",
                           "LANG": "C.UTF-8"})

    def say(self, line):
        self.program.say(line)

    def wait_output(self, text, timeout=10, count=1):
        self.program.wait_output(text, timeout, count)

    def log(self):
        return self.log_file.read_text(errors="replace") \
            if self.log_file.exists() else ""

    def close(self):
        self.program.close()
