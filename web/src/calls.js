// SPDX-License-Identifier: Apache-2.0
// One call at a time, with the relay's credentials of that moment.
//
// Event "change": the call is another, or in another state.
import { Inviter, SessionState } from "sip.js";
import { addressOf } from "./account.js";

const hasVideo = (sdp) => /^m=video [1-9]/m.test(sdp ?? "");

export class Calls extends EventTarget {
	constructor(account, maker) {
		super();
		this.account = account;
		this.maker = maker;
		this.call = null;
		account.addEventListener("call", ({ detail }) => this.#incoming(detail));
	}

	#changed() {
		this.dispatchEvent(new Event("change"));
	}

	async #prepare() {
		this.maker.configuration = {
			bundlePolicy: "balanced",
			iceServers: await this.account.relay(),
			iceTransportPolicy: this.relayOnly ? "relay" : "all",
		};
	}

	#begin(session, address, outgoing, video) {
		const call = { session, address, outgoing, video, state: "ringing", muted: false, dark: false };
		this.call = call;
		session.stateChange.addListener((state) => this.#follow(call, state));
		this.#changed();
		return call;
	}

	#incoming(session) {
		if (this.call) {
			session.reject({ statusCode: 486 });
			return;
		}
		this.#begin(session, addressOf(session.request.from.uri), false, hasVideo(session.request.body));
		session.progress().catch(() => {});
	}

	async start(address, video) {
		const target = this.account.uri(address);
		if (this.call || !target || this.account.state !== "online")
			return;
		const session = new Inviter(this.account.ua, target, { sessionDescriptionHandlerOptions: { constraints: { audio: true, video } } });
		const call = this.#begin(session, address, true, video);
		try {
			await this.#prepare();
			if (this.call !== call)
				return; // given up meanwhile
			await session.invite({ requestDelegate: { onReject: ({ message }) => { call.status = message.statusCode; } } });
		} catch (e) {
			this.#failed(call, e);
		}
	}

	async answer(video) {
		const call = this.call;
		if (call?.state !== "ringing" || call.outgoing)
			return;
		call.state = "answering";
		this.#changed();
		try {
			await this.#prepare();
			if (this.call !== call)
				return;
			await call.session.accept({ sessionDescriptionHandlerOptions: { constraints: { audio: true, video } } });
		} catch (e) {
			this.#failed(call, e);
		}
	}

	#failed(call, error) {
		call.why = error instanceof DOMException ? "nomedia" : "notnow";
		this.hangUp(call);
	}

	#follow(call, state) {
		if (state === SessionState.Established) {
			call.state = "joined";
			call.media = call.session.sessionDescriptionHandler;
			call.media.peerConnectionDelegate = { onconnectionstatechange: () => {
				if (call.media.peerConnection?.connectionState === "failed")
					this.hangUp(call);
			} };
		}
		if (state === SessionState.Terminated)
			this.#over(call);
		this.#changed();
	}

	#over(call) {
		if (this.call !== call)
			return;
		this.call = null;
		this.dispatchEvent(new CustomEvent("over", { detail: call }));
		this.#changed();
	}

	hangUp(call = this.call) {
		if (!call)
			return;
		const { session } = call;
		const how = {
			[SessionState.Initial]: () => (call.outgoing ? session.dispose() : session.reject()),
			[SessionState.Establishing]: () => (call.outgoing ? session.cancel() : session.reject()),
			[SessionState.Established]: () => session.bye(),
		}[session.state];
		call.declined = true;
		Promise.resolve(how?.()).catch(() => session.dispose().catch(() => {})).finally(() => this.#over(call));
	}

	#enable(kind, on) {
		for (const track of this.call.media?.localMediaStream.getTracks() ?? [])
			if (track.kind === kind)
				track.enabled = on;
		this.#changed();
	}

	mute() {
		this.call.muted = !this.call.muted;
		this.#enable("audio", !this.call.muted);
	}

	darken() {
		this.call.dark = !this.call.dark;
		this.#enable("video", !this.call.dark);
	}
}
