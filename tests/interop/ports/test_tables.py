# SPDX-License-Identifier: Apache-2.0
"""The port table and the rules made of it, against the running daemon and
against the tools that will read them.

* Every listening socket is in exactly one inward row, and every inward row's
  port is listening.
* A file that nobody runs gives the same table as the running server.
* Every format is taken by its own checker, twice, and lets in the same ports.
"""
import csv
import io
import json
import os
import re
import shutil
import subprocess
import unittest

from harness.case import Case
from harness.stage import CLI


def sockets_of(pid):
    """(address, port) of each listening TCP socket of it and its children."""
    pids = {str(pid)}
    children = subprocess.run(["ps", "-eo", "pid=,ppid="], text=True,
                              capture_output=True, check=True).stdout
    for line in children.splitlines():
        child, parent = line.split()
        if parent == str(pid):
            pids.add(child)
    out = subprocess.run(["ss", "-Hltnp"], text=True, capture_output=True,
                         check=True).stdout
    found = set()
    for line in out.splitlines():
        if pids & set(re.findall(r"pid=(\d+)", line)):
            found.add(line.split()[3])
    return found


class Ports(Case):
    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.contoso.partner("fabrikam.test", "sip.fabrikam.test",
                             "127.9.9.9:15099")
        self.contoso.partner("litware.test", "sip.litware.test")
        self.contoso.start()

    def offline(self, *words):
        return subprocess.run([CLI, *words, "-c", self.contoso.config],
                              text=True, capture_output=True)

    def test_rows_are_the_sockets(self):
        rows = json.loads(self.contoso.run("ports", "--json").stdout)
        inward = {r["destination"].split()[-1] + ":" + r["port"]
                  for r in rows if r["id"] in ("client", "fed-in")}
        self.assertEqual(inward, sockets_of(self.contoso.process.pid))
        out = {r["id"]: r for r in rows}
        self.assertEqual(out["fed-out"]["port"], "15099")
        self.assertEqual(out["fed-out"]["destination"], "Partners 127.9.9.9")
        self.assertEqual(out["fed-out-2"]["port"], "5061")
        self.assertIn("dns-udp", out)

    def test_of_a_file(self):
        for words in (["ports"], ["ports", "--lang", "zh"],
                      ["ports", "--format", "svg"],
                      ["ports", "--profile", "public-im", "--as-published"],
                      ["firewall", "--ssh", "none"]):
            running = self.contoso.run(*words)
            file = self.offline(*words)
            self.assertEqual(file.returncode, 0, file.stderr)
            self.assertEqual(file.stdout, running.stdout)

    def test_chinese(self):
        text = self.contoso.run("ports", "--lang", "zh", "--format",
                                "csv").stdout
        rows = list(csv.DictReader(io.StringIO(text)))
        self.assertEqual(rows[0]["角色"], "Access")
        self.assertIn("访问边缘", {r["目标"].split()[0] for r in rows})

    def test_what_is_wrong_is_told(self):
        for words, says in ((["ports", "--format", "pdf"], "markdown"),
                            (["ports", "--profile", "x"], "rfc8656"),
                            (["firewall"], "lock you out"),
                            (["firewall", "--ssh", "x"], "22,192.0.2.0/24"),
                            (["firewall", "--format", "pf", "--ssh", "22"],
                             "nftables"),
                            (["firewall", "--ssh", "22", "--edge", "a"],
                             "IP addresses")):
            for done in (self.contoso.run(*words, check=False),
                         self.offline(*words)):
                self.assertEqual(done.returncode, 1, words)
                self.assertIn(says, done.stderr)
                self.assertEqual(done.stdout, "")
        bad = self.contoso.folder / "bad.yaml"
        bad.write_text("edge: 7\n")
        done = subprocess.run([CLI, "ports", "-c", bad], text=True,
                              capture_output=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{bad}:1:", done.stderr)


@unittest.skipIf(os.geteuid() != 0, "loading rules needs root")
class Checkers(Case):
    """Each in a network and mount namespace of its own."""

    def setUp(self):
        super().setUp()
        self.contoso = self.stage.org("contoso")
        self.contoso.partner("fabrikam.test", "sip.fabrikam.test",
                             "127.9.9.9:15099")
        self.contoso.write()

    def rules(self, format, *words):
        done = subprocess.run(
            [CLI, "firewall", "--format", format, "--ssh", "2222",
             "-c", self.contoso.config, *words],
            text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        path = self.stage.folder / f"rules.{format}"
        path.write_text(done.stdout)
        return path

    def apart(self, script):
        done = subprocess.run(
            ["unshare", "-n", "-m", "sh", "-euc", script], text=True,
            capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_nftables(self):
        path = self.rules("nftables")
        shown = self.apart(f"nft -c -f {path}; nft -f {path}; nft -f {path};"
                           "nft list ruleset")
        for row in ("client", "fed-in", "fed-out"):
            self.assertEqual(shown.count(f'"sallyport {row}"'), 1, row)
        self.assertIn("tcp dport 2222", shown)
        self.assertEqual(shown.count("policy drop"), 2)

    def test_perimeter(self):
        path = self.rules("nftables", "--perimeter", "--edge", "192.0.2.1")
        shown = self.apart(f"nft -f {path}; nft -f {path}; nft list ruleset")
        self.assertIn("hook forward", shown)
        self.assertIn("sallyport fed-in", shown)
        self.assertNotIn("hook input", shown)

    def test_iptables(self):
        for tool, format in (("iptables", "iptables"),
                             ("ip6tables", "ip6tables")):
            path = self.rules(format)
            shown = self.apart(
                f"{tool}-restore --test {path}; {tool}-restore {path};"
                f"{tool}-restore {path}; {tool}-save")
            self.assertIn(":INPUT DROP", shown)
            self.assertIn(":OUTPUT DROP", shown)
            # both listen on IPv4 addresses here
            self.assertEqual(shown.count("sallyport fed-in"),
                             int(tool == "iptables"), tool)
            self.assertIn("--dport 2222", shown)

    FORMS = {  # direction, transport, destination's port, row
        "nftables": (r"(?P<way>chain (?:in|out)put)|(?P<tr>tcp|udp) dport "
                     r"(?P<port>[\d-]+) .*\"sallyport (?P<id>[^\"]+)\""),
        "ufw": (r"ufw allow (?P<way>in|out) proto (?P<tr>tcp|udp) from .* to "
                r"\S+ port (?P<port>[\d:]+) comment 'sallyport "
                r"(?P<id>[^']+)'"),
        "firewalld": (r"--(?P<way>zone|policy)=.* port port=\"(?P<port>[\d-]+)"
                      r"\" protocol=\"(?P<tr>tcp|udp)\" accept' # sallyport "
                      r"(?P<id>.+)$"),
        "iptables": (r"^-A (?P<way>INPUT|OUTPUT) .*-p (?P<tr>tcp|udp) .*"
                     r"--dport (?P<port>[\d:]+) .*\"sallyport "
                     r"(?P<id>[^\"]+)\""),
    }

    def meaning(self, format):
        """{(inward, transport, port, row)} of what is printed."""
        found, way = set(), None
        for line in self.rules(format).read_text().splitlines():
            m = re.search(self.FORMS[format], line)
            if not m:
                continue
            way = m["way"] or way
            if m["id"]:
                found.add((way in ("in", "zone", "INPUT", "chain input"),
                           m["tr"], m["port"].replace(":", "-"), m["id"]))
        return found

    def test_all_forms_mean_the_same(self):
        self.contoso.extra += f"""\
relay:
  listen: ["{self.contoso.address}:13478"]
  av_partners: "lync, ocs2007"
"""
        self.contoso.write()
        shown = self.meaning("nftables")
        rows = json.loads(subprocess.run(
            [CLI, "ports", "--json", "-c", self.contoso.config], text=True,
            capture_output=True, check=True).stdout)
        self.assertEqual(shown, {
            (r["direction"] == "in", r["transport"].lower(), r["port"],
             r["id"]) for r in rows})
        self.assertIn("rtp-tcp-in", {row for _, _, _, row in shown})
        for format in ("ufw", "firewalld", "iptables"):
            self.assertEqual(self.meaning(format), shown, format)

    def test_ufw(self):
        path = self.rules("ufw")
        out = self.apart(f"UFW_OPTIONS=--dry-run sh {path}")
        self.assertRegex(out, r"dport 15061")
        self.assertRegex(out, r"dport 2222")

    def test_firewalld(self):
        path = self.rules("firewalld")
        shown = self.apart(
            f"cp -a /etc/firewalld {self.stage.folder}/firewalld;"
            f"mount --bind {self.stage.folder}/firewalld /etc/firewalld;"
            f"export FIREWALL_CMD=firewall-offline-cmd; sh {path};"
            f"sh {path}; firewall-offline-cmd --check-config;"
            "cat /etc/firewalld/zones/sallyport.xml"
            " /etc/firewalld/policies/sallyport-out.xml")
        self.assertEqual(shown.count('port="15061"'), 1)
        self.assertEqual(shown.count('port="15099"'), 1)
        self.assertEqual(shown.count('target="DROP"'), 2)
        self.assertIn('port="2222"', shown)


if not shutil.which("nft"):
    raise AssertionError("the tests need nftables: tools/install-packages")
