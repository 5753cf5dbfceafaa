# SPDX-License-Identifier: Apache-2.0
"""SIPp, with stunnel in front because Debian's SIPp speaks no TLS.

* One connection: a user of contoso.test signs in and then sends 500 messages,
  100 a second, to a device of fabrikam.test. Not one fails, none arrives
  twice and none is missing.
* stunnel checks the chain and the edge's name, and opens one TLS connection.

SIPp takes the first challenge and knows only MD5: home offers nothing else.
"""
import pathlib

from harness.case import Case
from harness.stage import wait_for
from peers.program import Program, need

SCENARIO = pathlib.Path(__file__).with_name("messages.xml")
MESSAGES, RATE = 500, 100

STUNNEL = """\
foreground = yes
pid =
[sip]
client = yes
accept = {own}:5060
connect = {address}:{port}
verifyChain = yes
checkHost = {name}
sni = {name}
CAfile = {ca}
TIMEOUTclose = 0
"""


class Load(Case):
    def setUp(self):
        super().setUp()
        self.sipp = need("sipp", "sip-tester")
        self.stunnel = need("stunnel4", "stunnel4")
        self.contoso, self.fabrikam = self.stage.two()
        self.contoso.extra += "home: { digest_md5: only }\n"
        self.contoso.start()
        self.fabrikam.start()

    def tunnel(self, org):
        own = org.address.rsplit(".", 1)[0] + ".2"
        conf = self.stage.folder / "stunnel.conf"
        conf.write_text(STUNNEL.format(
            own=own, address=org.address, port=org.client_port,
            name=org.edge, ca=org.ca.pem))
        self.stage.later(Program([self.stunnel, conf])).wait_output(
            "Configuration successful")
        return own

    def test_five_hundred_messages(self):
        bob = self.client(self.fabrikam, "bob")
        self.contoso.add_user("alice")
        own = self.tunnel(self.contoso)
        fields = self.stage.folder / "fields.csv"
        fields.write_text(f"SEQUENTIAL\n{bob.aor};{self.contoso.domain};\n")
        sipp = self.stage.later(Program(
            [self.sipp, f"{own}:5060", "-sf", SCENARIO, "-inf", fields,
             "-t", "t1", "-i", "127.0.0.1", "-s", "alice", "-au", "alice",
             "-ap", self.contoso.passwords["alice"], "-auth_uri",
             self.contoso.domain,
             "-m", str(MESSAGES + 1), "-r", str(RATE), "-l",
             str(MESSAGES + 1), "-nostdin", "-trace_err", "-error_file",
             self.stage.folder / "errors", "-timeout", "30s",
             "-timeout_error"], cwd=self.stage.folder))
        status = sipp.wait(45)
        errors = self.stage.folder / "errors"
        self.assertEqual(status, 0, sipp.output[-3000:] + (
            errors.read_text()[-3000:] if errors.exists() else ""))
        wait_for(lambda: len(bob.received) >= MESSAGES, 5, "all arrive")
        texts = [t.strip() for _, t in bob.received]
        self.assertEqual(sorted(texts), sorted(
            f"number {n}" for n in range(2, MESSAGES + 2)))
        opened = [e for e in self.contoso.log.find("conn.open")
                  if e["kind"] == "client"]
        self.assertEqual(len(opened), 1, "one connection")
