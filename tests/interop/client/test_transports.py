# SPDX-License-Identifier: Apache-2.0
"""Chromium's own WebRTC by the relay alone, with each of its transports.

Two connections of one page call each other with a picture that moves: over
UDP and TCP at the relay's port, and as TLS (`turns:`) at the port that browsers
get to from everywhere, 443 in the wild, and at the relay's own. Each
time both sides decode frames, and every candidate is a relay's that was got
by that transport. With a certificate that the browser does not trust there is
no TLS, and so no call.
"""
import unittest

from harness import browser
from harness.case import Case
from harness.stage import wait_for

from client.webrtc import CALL, STATS

USER, PASSWORD = "device", "a-long-random-one"


@unittest.skipIf(browser.missing(), browser.missing())
class Transports(Case):
    def setUp(self):
        super().setUp()
        self.org = self.stage.org("contoso")
        at = self.org.address
        self.org.extra += f"""\
relay:
  listen: ["{at}:13478"]
  tls_listen: ["{at}:15349"]
  range: 24000-24127
  allow_peers: ["{at}/32"]
  users: [{{ name: {USER}, password: {PASSWORD} }}]
"""
        self.org.start()

    def call(self, url, trusted=True):
        flags = browser.trusting(self.org)
        if not trusted:
            flags = [f for f in flags
                     if not f.startswith("--ignore-certificate")]
        page = self.stage.later(browser.Browser(more=flags))
        page.run(CALL, url, USER, PASSWORD)
        return page

    def seen(self, page, by):
        def enough():
            told = page.run(STATS)
            return all(t["frames"] >= 10 for t in told) and told
        for told in wait_for(enough, 90, f"both decode frames over {by}"):
            self.assertEqual(set(told["kinds"]), {"relay"}, told)
            self.assertEqual(set(told["by"]), {by}, told)

    def test_udp(self):
        page = self.call(f"turn:{self.org.address}:13478?transport=udp")
        self.seen(page, "udp")

    def test_tcp(self):
        page = self.call(f"turn:{self.org.address}:13478?transport=tcp")
        self.seen(page, "tcp")

    def test_tls_where_the_web_is(self):
        page = self.call(f"turns:{self.org.edge}:{self.org.client_port}"
                         "?transport=tcp")
        self.seen(page, "tls")
        self.assertGreater(self.org.metric("turn_allocated_total"), 1)

    def test_tls_of_the_relay(self):
        page = self.call(f"turns:{self.org.edge}:15349?transport=tcp")
        self.seen(page, "tls")

    def test_tls_of_a_stranger(self):
        page = self.call(f"turns:{self.org.edge}:15349?transport=tcp", False)
        wait_for(lambda: page.run(
            "return made.every(m => m.iceGatheringState === 'complete')"), 90,
            "nothing more to gather")
        self.assertEqual([t["kinds"] for t in page.run(STATS)], [[], []])
        self.assertEqual(self.org.metric("turn_allocated_total"), 0)


if __name__ == "__main__":
    unittest.main()
