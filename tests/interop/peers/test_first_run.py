# SPDX-License-Identifier: Apache-2.0
"""What `make run` says to somebody with a softphone is true.

* The two organisations stay up and the words for both softphones are there:
  account, password, server with port and transport, authority.
* Linphone, given exactly these words for alice and for bob, signs in at both
  organisations with its certificate checks on, and a chat crosses the wall.
  A name is looked up in the hosts line that is printed with it.

The demonstration uses well-known ports and Linphone wants a default route:
this runs in a network namespace of its own, as root.
"""
import re
import shutil
import signal
import types

from harness.case import Apart, Case
from harness.stage import BUILD, ROOT, wait_for
from peers.linphone import Linphone
from peers.names import Names
from peers.network import RESOLVER
from peers.program import Program

WORDS = re.compile(
    r"account +(?P<user>\w+)@(?P<domain>[\w.]+) +password +(?P<password>\S+)"
    r"\n +server +(?P<server>\S+) port (?P<port>\d+), transport TLS.*"
    r"\n +trust +(?P<trust>\S+)")
HOSTS = re.compile(r"^ +hosts +(\S+) (\S+)", re.M)


class Demo(Program):
    """tools/demo on the binaries under test; ends by SIGTERM, which makes it
    end its daemons."""

    def __init__(self, folder):
        tree = folder / "tree"
        (tree / "tools").mkdir(parents=True)
        for name in ("demo", "demo-call"):
            shutil.copy(ROOT / "tools" / name, tree / "tools")
        (tree / "tests").symlink_to(ROOT / "tests")
        (tree / "build").symlink_to(BUILD)
        super().__init__([tree / "tools" / "demo"])

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
        super().close()


class FirstRun(Apart, Case):
    def test_the_words_for_softphones(self):
        demo = self.stage.later(Demo(self.stage.folder))
        demo.wait_output("Stop with Ctrl-C", 90)
        said = demo.output
        self.assertIn("packets alice heard", said)
        accounts = {m["user"]: m for m in WORDS.finditer(said)}
        self.assertEqual(sorted(accounts), ["alice", "bob"], said)
        self.stage.later(Names({name: address for address, name
                                in HOSTS.findall(said)}, RESOLVER, 53))
        alice, bob = (self.phone(accounts[u]) for u in ("alice", "bob"))
        alice.say(f"chat sip:{bob.aor} as it was printed")
        bob.wait_output(f"Message received from sip:{alice.aor}: "
                        "as it was printed")

    def phone(self, m):
        org = types.SimpleNamespace(domain=m["domain"], address=m["server"])
        phone = self.stage.later(Linphone(
            self.network, self.stage, org, m["user"], ca=m["trust"],
            server=f"sip:{m['server']}:{m['port']};transport=tls",
            password=m["password"]))
        wait_for(lambda: "[LinphoneRegistrationOk]" in phone.log()
                 or "SSL handshake failed" in phone.log(), 15, "an outcome")
        self.assertTrue(
            "[LinphoneRegistrationOk]" in phone.log(),
            f"{m['user']} cannot sign in at {m['server']}:\n"
            + "\n".join(line for line in phone.log().splitlines()
                        if "belle-sip-error" in line or "flags=" in line))
        return phone
