# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus reads the counters and runs the rules for alerts."""
import json
import pathlib
import subprocess
import urllib.parse
import urllib.request

from harness.case import Case
from harness.pages import PORT, with_pages
from harness.stage import wait_for
from peers.program import Program, need

RULES = (pathlib.Path(__file__).resolve().parents[3] / "packaging" /
         "prometheus" / "sallyport.rules.yml")
CONFIG = """\
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [ "{rules}" ]
scrape_configs:
  - job_name: sallyport
    static_configs: [ {{ targets: [ "{target}" ] }} ]
"""
ANSWERS = ("histogram_quantile(0.99, sum by (le) "
           "(sallyport_sip_answer_seconds_bucket))")


class Prometheus(Case):
    def setUp(self):
        super().setUp()
        program = need("prometheus", "prometheus")
        self.contoso = with_pages(self.stage.org("contoso")).start()
        self.base = f"http://{self.contoso.address}:19090"
        folder = self.contoso.folder / "prometheus"
        folder.mkdir()
        config = folder / "prometheus.yml"
        config.write_text(CONFIG.format(
            rules=RULES, target=f"{self.contoso.address}:{PORT}"))
        self.peer = self.stage.later(Program([
            program, f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address={self.contoso.address}:19090"]))
        self.peer.wait_output("ready to receive", 60)

    def api(self, path, **args):
        query = urllib.parse.urlencode(args)
        with urllib.request.urlopen(f"{self.base}/api/v1/{path}?{query}",
                                    timeout=20) as reply:
            return json.load(reply)["data"]

    def value(self, expression):
        result = self.api("query", query=expression)["result"]
        return float(result[0]["value"][1]) if result else None

    def test_counters_and_rules(self):
        alice = self.client(self.contoso, "alice")
        bob = self.client(self.contoso, "bob")
        self.assertStatus(alice.message("bob@contoso.test", "hello"), 200)
        self.assertReceived(bob, "hello")
        wait_for(lambda: self.value("sum(sallyport_sip_messages_total)") == 1,
                 60, "the message is counted")
        self.assertEqual(self.value("sum(up)"), 1.0)
        # the buckets are understood as such: a time comes out of them
        self.assertGreaterEqual(self.value(ANSWERS), 0.0)
        count = self.value("sum(sallyport_sip_answer_seconds_count)")
        self.assertGreaterEqual(count, 3)  # two REGISTER, one MESSAGE
        types = self.api("metadata")
        self.assertEqual(types["sallyport_sip_answer_seconds"][0]["type"],
                         "histogram")
        self.assertEqual(types["sallyport_connections"][0]["type"], "gauge")
        target = self.api("targets")["activeTargets"][0]
        self.assertEqual(target["lastError"], "")

        def judged():
            rules = [r for g in self.api("rules")["groups"]
                     for r in g["rules"]]
            return rules if all(r["health"] != "unknown" for r in rules) \
                else None
        rules = wait_for(judged, 60, "every rule was judged once")
        self.assertGreaterEqual(len(rules), 9)
        self.assertEqual([r["name"] for r in rules if r["health"] != "ok"],
                         [])

    def test_rules_are_valid(self):
        done = subprocess.run([need("promtool", "prometheus"), "check",
                               "rules", str(RULES)], capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
