// SPDX-License-Identifier: Apache-2.0
// One account: its connection, its registration, and the way back when either
// is lost. The password stays in memory, for that way back.
//
// Events: "state" (detail: connecting, online, lost, or refused with .why),
// "message" (a SIP.js Message), "call" (a SIP.js Invitation).
import { Messager, Registerer, RegistererState, UserAgent } from "sip.js";
import { Digest, authorization } from "./digest.js";

const FIRST_MS = 1000, LONGEST_MS = 30000, KEEP_ALIVE_S = 25, EXPIRES_S = 600;
// What no second try with the same password would change.
const FINAL = new Set([400, 401, 403, 404, 407]);

// "alice@contoso.test" of a SIP.js URI.
export const addressOf = (uri) => `${uri.user ?? ""}@${uri.host}`.toLowerCase();
export const senderOf = (message) => addressOf(message.request.from.uri);

function deviceId() {
	let id = sessionStorage.getItem("device");
	if (!id) {
		id = crypto.randomUUID();
		sessionStorage.setItem("device", id);
	}
	return id;
}

export class Account extends EventTarget {
	#password;
	#timer = 0;
	#wait = FIRST_MS;

	constructor(address, password, makeMedia) {
		super();
		this.address = address.trim().toLowerCase();
		this.#password = password;
		this.state = "connecting";
		this.wanted = true;
		this.user = this.address.split("@")[0];
		this.ua = new UserAgent({
			uri: this.uri(this.address),
			authorizationUsername: this.user,
			authorizationPassword: password,
			contactName: this.user,
			instanceId: deviceId(),
			// the end of the connection says it all, at once
			gracefulShutdown: false,
			logBuiltinEnabled: false,
			sessionDescriptionHandlerFactory: makeMedia,
			transportOptions: {
				server: `wss://${location.host}/ws`,
				keepAliveInterval: KEEP_ALIVE_S,
			},
			userAgentString: "Sallyport web",
			delegate: {
				onDisconnect: () => this.#lost(),
				onInvite: (call) => this.#tell("call", call),
				onMessage: (message) => this.#tell("message", message),
			},
		});
		const core = this.ua.userAgentCore.configuration;
		core.authenticationFactory = () => new Digest(core.loggerFactory, undefined, this.user, this.#password);
		this.registerer = new Registerer(this.ua, { expires: EXPIRES_S, regId: 1, instanceId: deviceId(), logConfiguration: false });
		this.registerer.stateChange.addListener((state) => {
			if (state === RegistererState.Unregistered && this.state === "online")
				this.#lost();
		});
	}

	uri(address) {
		return UserAgent.makeURI(`sip:${address}`);
	}

	#tell(type, detail) {
		this.dispatchEvent(new CustomEvent(type, { detail }));
	}

	#become(state, why) {
		this.state = state;
		this.#tell("state", { state, why });
	}

	#lost() {
		if (!this.wanted || this.state === "refused")
			return;
		if (this.state !== "lost")
			this.#become("lost");
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.retry(), this.#wait * (0.75 + Math.random() / 2));
		this.#wait = Math.min(this.#wait * 2, LONGEST_MS);
	}

	// At once: the network is back, say.
	retry() {
		clearTimeout(this.#timer);
		if (this.wanted && this.state === "lost")
			this.#connect(() => this.ua.reconnect());
	}

	start() {
		this.#connect(() => this.ua.start());
	}

	async #connect(how) {
		try {
			await how();
			await this.#register();
		} catch {
			this.#lost();
		}
	}

	#register() {
		return this.registerer.register({ requestDelegate: {
			onAccept: () => {
				this.#wait = FIRST_MS;
				if (this.wanted && this.state !== "online")
					this.#become("online");
			},
			onReject: ({ message }) => {
				if (FINAL.has(message.statusCode))
					this.#refused(message.statusCode);
				else
					this.#lost();
			},
		} });
	}

	#refused(status) {
		this.wanted = false;
		this.#become("refused", status);
		this.ua.stop().catch(() => {});
	}

	// Resolves to the status of the answer; 0: there was none.
	send(address, type, body) {
		return new Promise((resolve) => {
			const target = this.uri(address);
			const answer = ({ message }) => resolve(message.statusCode ?? 0);
			if (!target || this.state !== "online")
				return resolve(0);
			new Messager(this.ua, target, body, type)
				.message({ requestDelegate: { onAccept: answer, onReject: answer } })
				.catch(() => resolve(0));
		});
	}

	// A credential of the relay, as RTCPeerConnection takes it; []: no relay.
	async relay() {
		const target = "/turn?service=turn";
		const ask = (headers) => fetch(target, { headers, credentials: "omit", cache: "no-store" });
		try {
			let answer = await ask({});
			if (answer.status === 401) {
				const challenge = answer.headers.get("WWW-Authenticate") ?? "";
				answer = await ask({ Authorization: authorization(challenge, this.user, this.#password, target) });
			}
			if (!answer.ok)
				return [];
			const told = await answer.json();
			return [{ urls: told.uris, username: told.username, credential: told.password }];
		} catch {
			return [];
		}
	}

	async stop() {
		this.wanted = false;
		clearTimeout(this.#timer);
		this.#password = "";
		await this.ua.stop().catch(() => {});
	}
}
