# SPDX-License-Identifier: Apache-2.0
"""A signed DNS zone, served by Knot DNS on a loopback address; its records
can be changed while it runs, and it can be stopped and go on."""
import os
import pwd
import signal
import subprocess

from harness.stage import bracketed, wait_for
from peers.program import Program, need

PORT = 10053
KNOT = """\
server:
    rundir: {folder}/run
    listen: {address}@{port}
    user: {user}
database:
    storage: {folder}
    journal-db: journal
    kasp-db: keys
    timer-db: timers
policy:
  - id: p
    algorithm: ECDSAP256SHA256
    single-type-signing: on
zone:
  - domain: test
    storage: {folder}
    file: test.zone
    zonefile-sync: -1
    dnssec-signing: on
    dnssec-policy: p
"""
HEAD = """\
$ORIGIN test.
$TTL 30
@ SOA ns.test. admin.test. 1 3600 600 86400 30
@ NS ns.test.
ns {kind} {address}
"""


class Zone:
    """records: lines of a zone file, relative to test."""

    def __init__(self, stage, address, records):
        self.address = address
        self.kind = "AAAA" if ":" in address else "A"
        self.server = f"{bracketed(address)}:{PORT}"
        self.folder = stage.folder / "dns"
        (self.folder / "run").mkdir(parents=True)
        self.settings = self.folder / "knot.conf"
        self.settings.write_text(KNOT.format(
            folder=self.folder, address=address, port=PORT,
            user=pwd.getpwuid(os.geteuid()).pw_name))
        (self.folder / "test.zone").write_text(
            HEAD.format(address=address, kind=self.kind) + "\n".join(records) + "\n")
        self.program = stage.later(Program(
            [need("knotd", "knot"), "-c", self.settings]))
        self.anchor = self.folder / "anchor"
        wait_for(self._take_anchor, 30, "a signed zone")

    def dig(self, *words):
        done = subprocess.run(
            [need("kdig", "knot-dnsutils"), f"@{self.address}", "-p",
             str(PORT), "+short", "+timeout=1", "+retry=0", *words],
            capture_output=True, text=True)
        return done.stdout

    def _take_anchor(self):
        keys = [k for k in self.dig("test", "DNSKEY").splitlines()
                if k.startswith("257 ")]
        if not keys or not self.dig("ns.test", self.kind):
            return False
        self.anchor.write_text("".join(f"test. 60 IN DNSKEY {k}\n"
                                       for k in keys))
        return True

    def wrong_anchor(self):
        """The key of another zone of that name."""
        path = self.folder / "wrong"
        text = self.anchor.read_text().rstrip()
        tail = "AAAA" if not text.endswith("AAAA") else "BBBB"
        # the last characters are of the key itself: it is another one then
        path.write_text(text[:-8] + tail + text[-4:] + "\n")
        return path

    def yaml(self, anchor=None):
        """What a configuration says of it."""
        return (f'dns:\n  servers: ["{self.server}"]\n'
                f"  trust_anchor: {anchor or self.anchor}\n")

    def pause(self):
        """It takes questions and answers none."""
        self.program.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.program.process.send_signal(signal.SIGCONT)
