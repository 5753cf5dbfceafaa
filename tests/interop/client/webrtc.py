# SPDX-License-Identifier: Apache-2.0
"""Scripts for a page of Chromium's that calls itself by a relay alone."""

# Each connection sends a picture, and gets the other's.
CALL = """
const [url, username, credential] = arguments;
const canvas = document.createElement("canvas");
const draw = canvas.getContext("2d");
setInterval(() => {
	draw.fillStyle = `hsl(${Date.now() / 10 % 360} 90% 50%)`;
	draw.fillRect(0, 0, canvas.width, canvas.height);
}, 40);
const made = [0, 1].map(() => new RTCPeerConnection({
	iceTransportPolicy: "relay",
	iceServers: [{ urls: [url], username, credential }],
}));
window.made = made;
window.said = [];
made.forEach((one, i) => {
	const other = made[1 - i];
	one.onicecandidate = (e) => other.addIceCandidate(e.candidate ?? undefined);
	one.onicecandidateerror = (e) => window.said.push(e.errorText);
	const stream = canvas.captureStream(25);
	one.addTrack(stream.getTracks()[0], stream);
});
const [a, b] = made;
return (async () => {
	await a.setLocalDescription();
	await b.setRemoteDescription(a.localDescription);
	await b.setLocalDescription();
	await a.setRemoteDescription(b.localDescription);
})();
"""
STATS = """
return Promise.all(window.made.map((one) => one.getStats().then((all) => {
	const told = { frames: 0, kinds: [], by: [] };
	for (const s of all.values()) {
		if (s.type === "inbound-rtp")
			told.frames = s.framesDecoded ?? 0;
		if (s.type === "local-candidate") {
			told.kinds.push(s.candidateType);
			told.by.push(s.relayProtocol);
		}
	}
	return told;
})));
"""
