# SPDX-License-Identifier: Apache-2.0
"""`sallyport check`: a server whose names, certificates and relay are right,
and then one thing at a time that is not.
"""
import json
import re

from federation.zone import Zone
from harness.case import Case
from harness.stage import wait_for

# what a test machine may lack
MACHINE = {"ports", "range", "clock", "limits", "kernel"}


class Check(Case):
    def setUp(self):
        super().setUp()
        self.org = self.stage.org("contoso", workers=1)
        base = self.org.address.rsplit(".", 1)[0]
        self.zone = Zone(self.stage, f"{base}.53", [
            r.replace("@A@", self.org.address).replace("@B@", f"{base}.9")
            for r in self.records()])
        self.org.extra += self.zone.yaml()
        self.org.extra += f"""\
relay:
  listen: ["{self.org.address}:13478"]
  range: 52000-52099
"""
        self.before_start()
        self.org.start()

    @staticmethod
    def records():
        return (
            "_sipfederationtls._tcp.contoso SRV 0 0 15061 sip.contoso",
            "_sip._tls.contoso SRV 0 0 10443 sip.contoso",
            "sip.contoso A @A@", "edge.contoso A @A@",
            "_sipfederationtls._tcp.litware SRV 0 0 5999 sip.hosting",
            "sip.hosting A @B@",
        )

    def before_start(self):
        """What is not right."""

    def check(self, *words):
        """{step: [(state, text)]}, without what the machine may lack."""
        done = self.org.run("--json", "check", *words, check=False)
        self.assertEqual(done.stderr, "")
        result = json.loads(done.stdout)
        self.assertEqual(done.returncode, int(result["state"] == "fail"))
        found = {}
        for f in result["findings"]:
            # whoever says that something is wrong says what to do
            self.assertEqual(bool(f["remedy"]), f["state"] != "pass", f)
            found.setdefault(f["step"], []).append((f["state"], f["text"]))
        return found

    def assertFinding(self, found, step, state, text):
        self.assertTrue(any(s == state and re.search(text, t)
                            for s, t in found.get(step, [])),
                        (step, state, text, found.get(step)))


class Right(Check):
    def before_start(self):
        self.org.cert = self.org.ca.leaf(
            "edge", [f"DNS:{self.org.edge}", "DNS:sip.contoso.test"],
            days="90")

    def test_all_is_well(self):
        found = self.check()
        bad = {step: [x for x in rows if x[0] != "pass"]
               for step, rows in found.items() if step not in MACHINE}
        self.assertEqual({s: r for s, r in bad.items() if r}, {})
        self.assertEqual(list(found), [
            "config", "server", "store", "certificate", "dns", "ports",
            "inside", "relay", "fast", "range", "clock", "limits",
            "kernel"])
        self.assertFinding(found, "config", "pass",
                           f"{self.org.config} is in order")
        for text in ("proves edge.contoso.test", "for servers and clients",
                     "leads to a known authority", "good for (89|90) days",
                     "there is a name for contoso.test"):
            self.assertFinding(found, "certificate", "pass", text)
        self.assertFinding(found, "fast", "pass", "not asked for")
        for transport in ("UDP", "TCP"):
            self.assertFinding(found, "relay", "pass",
                               f"{self.org.address}:13478 over {transport}: "
                               "a packet went round")
        # all that was allocated is gone again
        wait_for(lambda: not json.loads(self.org.run(
            "--json", "relay", "list").stdout)["sessions"], 20, "released")

    def test_for_people(self):
        """A line a finding, as it is made; the remedy below."""
        done = self.org.run("check", check=False)
        lines = [x for x in done.stdout.splitlines() if x[:1] != " "]
        self.assertTrue(all(x.split()[0] in ("pass", "warn", "fail")
                            for x in lines), done.stdout)

    def test_configuration_that_was_changed(self):
        """The file is wrong, the server runs on: the line is told."""
        text = self.org.config.read_text()
        self.org.config.write_text(text + "nonsense: 1\n")
        found = self.check()
        self.assertFinding(found, "config", "fail", "nonsense")
        self.org.config.write_text(text)
        self.assertFinding(self.check("-c", self.org.config), "config",
                           "pass", "is in order")


class Wrong(Check):
    """A second domain whose records lead elsewhere, a certificate for servers
    only that ends soon and is of an unknown authority."""

    def before_start(self):
        other = self.stage.org("other")
        self.org.cert = other.ca.leaf(
            "edge", [f"DNS:{self.org.edge}", "DNS:sip.contoso.test"],
            usage="serverAuth", days="5")
        # the daemon wants a chain without a gap
        with self.org.cert[0].open("ab") as f:
            f.write(other.ca.pem.read_bytes())
        write = self.org.yaml

        def yaml():
            return write().replace("domains: [contoso.test]",
                                   "domains: [contoso.test, litware.test]")
        self.org.yaml = yaml

    def test_what_is_wrong_is_told(self):
        found = self.check()
        self.assertFinding(found, "certificate", "warn", "servers only")
        self.assertFinding(found, "certificate", "warn", "no authority")
        self.assertFinding(found, "certificate", "warn", "good for [45] days")
        self.assertFinding(found, "certificate", "warn",
                           "no certificate proves litware.test")
        self.assertFinding(found, "dns", "warn",
                           "no _sip._tls.litware.test: users")
        self.assertFinding(found, "dns", "warn", "names port 5999")
        self.assertFinding(found, "dns", "warn",
                           "names sip.hosting.test, no host directly")
        self.assertFinding(found, "dns", "warn", "none of our addresses")
        # and what is right stays so
        self.assertFinding(found, "dns", "pass", "sip.contoso.test leads here")

    def test_name_servers_are_silent(self):
        self.zone.pause()
        try:
            self.assertFinding(self.check(), "dns", "fail", "contoso.test")
        finally:
            self.zone.resume()


class Inside(Check):
    """A next hop that is not there."""

    def before_start(self):
        hop = self.org.address.rsplit(".", 1)[0] + ".77"
        self.org.inside = f"""\
inside:
  home: none
  next_hop: ["{hop}:5999"]
  trusted_link: ["{hop}/32"]
  listen: ["{self.org.address}:15062"]
"""

    def test_next_hop_is_down(self):
        wait_for(lambda: self.org.log.find("inside.down"), 30, "it is down")
        self.assertFinding(self.check(), "inside", "fail", "is down")
