# SPDX-License-Identifier: Apache-2.0
"""Calls that move: both ends may use nothing but this relay, so each is the
other's peer. Their packets are relayed in the kernel, go up to the relay
process when the operator switches the fast path off, and back into the kernel
when it is on again. libnice loses no datagram meanwhile; Chromium decodes
frames in all three."""
import pathlib
import shutil
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))
import fastnet  # noqa: E402
import nice  # noqa: E402
from client.webrtc import CALL, STATS  # noqa: E402
from fastnet import PASSWORD, RELAY4, USER  # noqa: E402
from harness import browser  # noqa: E402
from harness.case import Case  # noqa: E402
from harness.stage import wait_for  # noqa: E402

# veth wakes a receiver of what XDP sends back only if it has a program itself
PASS = """\
#include <linux/bpf.h>
__attribute__((section("xdp"), used)) int all(struct xdp_md *frame)
{
	return XDP_PASS;
}
char terms[] __attribute__((section("license"), used)) = "Apache-2.0";
"""


class There:
    """A browser in that namespace; it is spoken to there."""

    def __init__(self, name, make):
        self.name = name
        self.page = fastnet.inside(name, make)

    def run(self, *words):
        return fastnet.inside(self.name, self.page.run, *words)

    def close(self):
        fastnet.inside(self.name, self.page.close)


@unittest.skipIf(fastnet.possible(), fastnet.possible() or "")
@unittest.skipUnless(shutil.which("clang"), "clang is not installed")
class Moves(Case):
    def setUp(self):
        super().setUp()
        self.net = self.stage.later(fastnet.FastNet())
        self.receive_from_xdp()
        self.org = fastnet.org(self.stage, self.net)
        self.org.start()
        if not self.org.log.find("fast.on"):
            why = self.org.log.find("fast.off")
            self.skipTest(why[-1]["why"] if why else "no fast path here")

    def receive_from_xdp(self):
        source = self.stage.folder / "pass.c"
        source.write_text(PASS)
        subprocess.run(["clang", "-target", "bpf", "-O2", "-idirafter",
                        "/usr/include/x86_64-linux-gnu", "-c", source, "-o",
                        source.with_suffix(".o")], check=True)
        subprocess.run(["ip", "-n", self.net.client, "link", "set", "dev",
                        "v0", "xdp", "obj", source.with_suffix(".o"), "sec",
                        "xdp"], check=True)

    def switch(self, value):
        fastnet.change(self.org, xdp=value)
        self.org.write()
        self.org.run("reload")

    def frames(self, reason):
        return self.org.metric("turn_fast_frames_total", f'"{reason}"')

    def grows(self, reason):
        """Both ends' packets: so many more than what a mere sign of life
        takes."""
        before = self.frames(reason)
        wait_for(lambda: self.frames(reason) >= before + 100, 60,
                 f"more {reason}")

    def there_and_back(self, seen=lambda: None):
        self.grows("sent_hairpin")
        seen()
        self.switch('"off"')
        self.grows("pass_off")
        seen()
        self.switch("auto")
        self.grows("sent_hairpin")
        seen()

    @unittest.skipIf(nice.missing(), nice.missing() or "")
    def test_libnice(self):
        pair = subprocess.Popen(
            ["ip", "netns", "exec", self.net.client,
             nice.build(self.stage.folder), "rfc5245", RELAY4, "3478", USER,
             PASSWORD, "udp", "0"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        try:
            self.there_and_back()
            told = pair.communicate(timeout=60)[0]
        finally:
            pair.kill()
        self.assertEqual(pair.returncode, 0, told)
        self.assertEqual(self.frames("drop_ttl"), 0)

    @unittest.skipIf(browser.missing(), browser.missing())
    def test_chromium(self):
        page = self.stage.later(There(self.net.client, lambda: browser.Browser(
            more=browser.trusting(self.org))))
        page.run(CALL, f"turn:{RELAY4}:3478?transport=udp", USER, PASSWORD)

        def decoded():
            return [t["frames"] for t in page.run(STATS)]

        def more_frames():
            before = decoded()
            wait_for(lambda: all(n >= b + 10 for n, b in
                                 zip(decoded(), before)), 60,
                     "both decode more frames")
        self.there_and_back(more_frames)


if __name__ == "__main__":
    unittest.main()
