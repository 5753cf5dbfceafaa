# SPDX-License-Identifier: Apache-2.0
"""The firewall in the middle: loads what `sallyport firewall` printed, whole
or without one row, and tells what was let through and what was dropped."""
import json
import re


class Nft:
    form = "nftables"

    def __init__(self, hosts):
        self.hosts = hosts

    def load(self, text, without=None):
        lines = text.splitlines(keepends=True)
        kept = [x for x in lines if f'"sallyport {without}"' not in x]
        assert without is None or len(kept) < len(lines), without
        self.hosts.do("wall", "nft", "-f", "-", input="".join(kept))

    def _rules(self):
        shown = json.loads(self.hosts.do("wall", "nft", "-j", "list", "chain",
                                         "inet", "sallyport", "forward"))
        for item in shown["nftables"]:
            rule = item.get("rule")
            for part in rule["expr"] if rule else ():
                if "counter" in part and "comment" in rule:
                    yield rule["comment"], part["counter"]["packets"]

    def counters(self):
        """{row: packets}; a row may be several rules."""
        found = {}
        for comment, packets in self._rules():
            if comment.startswith("sallyport "):
                row = comment.split()[1]
                found[row] = found.get(row, 0) + packets
        return found

    def dropped(self):
        return sum(n for comment, n in self._rules()
                   if comment == "everything else")


class Iptables:
    form = "iptables"

    def __init__(self, hosts):
        self.hosts = hosts

    def load(self, text, without=None):
        lines = text.splitlines(keepends=True)
        kept = [x for x in lines if f'"sallyport {without}"' not in x]
        assert without is None or len(kept) < len(lines), without
        self.hosts.do("wall", "iptables-restore", input="".join(kept))

    def _saved(self):
        return self.hosts.do("wall", "iptables-save", "-c", "-t", "filter")

    def counters(self):
        found = {}
        for packets, row in re.findall(
                r'^\[(\d+):\d+\] .*--comment "sallyport ([^"]+)"',
                self._saved(), re.M):
            found[row] = found.get(row, 0) + int(packets)
        return found

    def dropped(self):
        return int(re.search(r"^:FORWARD DROP \[(\d+):", self._saved(),
                             re.M).group(1))
