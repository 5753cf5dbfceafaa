// SPDX-License-Identifier: Apache-2.0
// Sound and picture of a session. An offer leaves as soon as every stream of it
// has a candidate of the relay, which is the last kind to come: what is still
// missing then mostly never comes.
import { SessionDescriptionHandler, defaultMediaStreamFactory } from "sip.js/lib/platform/web";

const GATHERING_MS = 4000, LATECOMERS_MS = 300;

class Media extends SessionDescriptionHandler {
	constructor(...rest) {
		super(...rest);
		this.relayed = new Set();
		this.peerConnection.addEventListener("icecandidate", ({ candidate }) => {
			if (candidate?.type !== "relay")
				return;
			this.relayed.add(candidate.sdpMLineIndex);
			if (this.relayed.size === this.#transports())
				setTimeout(() => this.iceGatheringComplete(), LATECOMERS_MS);
		});
	}

	// What was offered in a bundle is answered over one transport.
	#transports() {
		const offered = this.peerConnection.remoteDescription?.sdp ?? "";
		return offered.includes("a=group:BUNDLE") ? 1 : this.peerConnection.getTransceivers().length;
	}
}

// Sessions get their media from here; .configuration says how, before each call.
export function mediaMaker() {
	const maker = (session) => new Media(
		session.userAgent.getLogger("sip.SessionDescriptionHandler"),
		defaultMediaStreamFactory(),
		{ iceGatheringTimeout: GATHERING_MS, peerConnectionConfiguration: maker.configuration });
	maker.configuration = { iceServers: [] };
	return maker;
}
