# SPDX-License-Identifier: Apache-2.0
"""Calls of the web client, across the wall.

* A video call with the relays alone: frames are decoded on both sides, every
  candidate that was offered is a relay's, and the credentials came from the
  edge; hung up on one side it ends on both.
* A call with sound alone.
* One that is declined or given up leaves its trace.

The cameras are Chromium's own moving pictures.
"""
from harness.stage import wait_for

from client.people import Pages

# Keeps the connections that the page makes where the test sees them.
SPY = """
window.made = [];
const Original = window.RTCPeerConnection;
window.RTCPeerConnection = function (configuration) {
	const made = new Original(configuration);
	window.made.push(made);
	return made;
};
"""
STATS = """
const [made] = window.made.slice(-1);
return made?.localDescription ? made.getStats().then((all) => {
	const told = { frames: 0, bytes: 0, kinds: [] };
	for (const s of all.values()) {
		if (s.type === "inbound-rtp" && s.kind === "video")
			told.frames = s.framesDecoded ?? 0;
		if (s.type === "inbound-rtp" && s.kind === "audio")
			told.bytes = s.bytesReceived ?? 0;
		if (s.type === "local-candidate")
			told.kinds.push(s.candidateType);
	}
	told.offered = (made.localDescription.sdp.match(/^a=candidate:.*$/gm) ?? [])
		.map((line) => / typ (\\S+)/.exec(line)[1]);
	return told;
}) : null;
"""


class Call(Pages):
    def two_people(self):
        alice = self.person(self.contoso, "alice").sign_in()
        bob = self.person(self.fabrikam, "bob").sign_in()
        for p in (alice, bob):
            p.b.run(SPY)
            p.b.click("#relay-only")
        alice.add(bob.aor)
        bob.add(alice.aor)
        return alice, bob

    def rings(self, p):
        wait_for(lambda: p.shows("call"), 90, f"it rings at {p.user}")

    def joined(self, p):
        wait_for(lambda: p.b.run("return document.getElementById('call')"
                                 ".dataset.state") == "joined", 90,
                 f"{p.user} is in the call")

    def hears(self, p, frames=0):
        """Sound came, and so many frames were decoded."""
        def enough():
            told = p.b.run(STATS)
            return (told and told["bytes"] > 1000
                    and told["frames"] >= frames and told)
        return wait_for(enough, 90, f"{p.user} hears and sees")

    def quiet(self, p):
        wait_for(lambda: not p.shows("call"), 60, f"no call at {p.user}")

    def test_video_by_the_relays_alone(self):
        alice, bob = self.two_people()
        alice.b.click("#call-video")
        self.rings(bob)
        self.assertIn(alice.aor, bob.b.text("#call-title"))
        bob.b.click("#answer-video")
        for p in (alice, bob):
            self.joined(p)
            told = self.hears(p, frames=10)
            self.assertEqual(set(told["offered"]), {"relay"}, told)
            self.assertEqual(set(told["kinds"]), {"relay"}, told)
            wait_for(lambda: p.b.run("return document.getElementById("
                                     "'remote').videoWidth"), 30, "a picture")
        alice.b.picture("client-call")
        alice.b.click("#mute")
        self.assertEqual(alice.b.run(
            "return made[0].getSenders().map(s => [s.track.kind, "
            "s.track.enabled]).sort().join()"), "audio,false,video,true")
        bob.b.click("#hangup")
        for p in (alice, bob):
            self.quiet(p)
        alice.b.wait_text("The call has ended.", "#log", 30)
        # one with sound alone
        bob.b.click("#call-audio")
        self.rings(alice)
        alice.b.click("#answer")
        for p in (alice, bob):
            self.joined(p)
            self.assertEqual(self.hears(p)["frames"], 0)
            self.assertEqual(p.b.run("return made.at(-1).getSenders()"
                                     ".map(s => s.track?.kind).join()"),
                             "audio")
        alice.b.click("#hangup")
        for p in (alice, bob):
            self.quiet(p)
        # one that is declined
        alice.b.click("#call-audio")
        self.rings(bob)
        bob.b.click("#hangup")
        self.quiet(alice)
        alice.b.wait_text("Not answered", "#log", 30)
        # one that nobody took
        alice.b.click("#call-audio")
        self.rings(bob)
        alice.b.click("#hangup")
        self.quiet(bob)
        bob.b.wait_text("Missed call", "#log", 30)
        self.assertEqual(alice.complaints() + bob.complaints(), [])
