# SPDX-License-Identifier: Apache-2.0
"""libnice through our relay: two agents that may use nothing else find each
other and exchange datagrams, in the standard's mode (RFC 5245, TURN) and in
that of Microsoft's clients (OC2007R2, MS-TURN with its binary credentials in
base64), with three relay processes."""
import base64
import json
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import netns  # noqa: E402
import nice  # noqa: E402
from harness.case import Case  # noqa: E402


def possible():
    if netns.possible():
        return netns.possible()
    return nice.missing()


@unittest.skipIf(possible(), possible() or "")
class Nice(Case):
    more = {}

    def setUp(self):
        super().setUp()
        self.program = nice.build(self.stage.folder)
        self.net = self.stage.later(netns.Net())
        self.org = netns.relay_org(self.stage, self.net, **self.more)
        self.org.start()

    def exchange(self, mode, kind, user=netns.USER, password=netns.PASSWORD):
        done = subprocess.run(
            [*self.net.inside(self.net.client), self.program, mode,
             netns.RELAY4, "3478", user, password, kind, "20"],
            capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"candidate 3 {netns.RELAY4} ", done.stdout)
        self.assertIn("received 20 20", done.stdout)

    def test_standard_udp(self):
        self.exchange("rfc5245", "udp")

    def test_standard_tcp(self):
        self.exchange("rfc5245", "tcp")

    def microsoft(self, kind):
        text = [base64.b64encode(s.encode()).decode()
                for s in (netns.USER, netns.PASSWORD)]
        self.exchange("oc2007r2", kind, *text)
        if kind != "udp":  # there the client just goes
            self.org.log.wait("turn.session", dialect="ms", transport="ms-tcp")
        self.assertGreater(self.org.metric("turn_down_packets_total"), 40)

    def test_microsoft_udp(self):
        self.microsoft("udp")

    def test_microsoft_tcp(self):
        """Frames on TCP; the relayed side is TCP too."""
        self.microsoft("tcp")

    def test_microsoft_pseudo_tls(self):
        self.microsoft("tls")


@unittest.skipIf(possible(), possible() or "")
class Messenger(Nice):
    """The form of Messenger's clients, which the operator switches on; the others
    are served beside it. Its key is the password: a credential that was minted."""

    more = {"messenger": '"yes"'}

    def msn(self, mode):
        told = json.loads(self.org.run(
            "--json", "turn", "credential", "--ms", "--user",
            "alice@contoso.test").stdout)
        self.exchange(mode, "udp", told["username"], told["password"])
        told = json.loads(self.org.run("--json", "relay", "list").stdout)
        used = {s["dialect"] for s in told["sessions"] if s["down_packets"]}
        self.assertEqual(used, {"messenger"})

    def test_msn(self):
        self.msn("msn")

    def test_wlm2009(self):
        self.msn("wlm2009")


if __name__ == "__main__":
    unittest.main()
