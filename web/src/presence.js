// SPDX-License-Identifier: Apache-2.0
// Who is there: our own state published, contacts watched. The contacts that
// the server keeps come in one subscription (RFC 4662); those that were added
// here are kept in this browser and watched one by one.
//
// Event "change" (detail: the address whose state is another).
import { Publisher, Subscriber, SubscriptionState } from "sip.js";
import { escapeXml, named, readXml } from "./xml.js";

const PIDF = "application/pidf+xml";
const ACCEPT = `Accept: ${PIDF}, application/rlmi+xml, multipart/related`;
const EXPIRES_S = 3600, AGAIN_MS = 30000;
const ACTIVITY = { busy: "busy", meeting: "busy", "on-the-phone": "busy", away: "away", vacation: "away", sleeping: "away" };

function addressIn(uri) {
	const found = /^(?:sips?|pres):([^;?@]+@[^;?]+)/i.exec(uri ?? "");
	return found ? found[1].toLowerCase() : "";
}

// {address, state, note} of a presence document; null: it is none.
function readPresence(text) {
	const doc = readXml(text);
	const root = doc?.documentElement;
	if (root?.localName !== "presence")
		return null;
	const open = named(root, "basic").some((e) => e.textContent.trim() === "open");
	const doing = named(root, "activities").flatMap((e) => [...e.children]).map((e) => ACTIVITY[e.localName]).find((s) => s);
	return {
		address: addressIn(root.getAttribute("entity")),
		state: open ? doing ?? "available" : "offline",
		note: named(root, "note")[0]?.textContent.trim() ?? "",
	};
}

function writePresence(address, state) {
	const activity = state === "available" || state === "offline" ? "" :
		`<dm:person id="p1"><rpid:activities><rpid:${state}/></rpid:activities></dm:person>`;
	return '<?xml version="1.0" encoding="UTF-8"?>\r\n<presence xmlns="urn:ietf:params:xml:ns:pidf" ' +
		'xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" ' +
		`entity="sip:${escapeXml(address)}"><tuple id="web"><status><basic>${state === "offline" ? "closed" : "open"}</basic></status></tuple>${activity}</presence>`;
}

// The parts of a multipart body, as {type, text}.
function parts(type, body) {
	const boundary = /boundary="?([^";]+)/i.exec(type)?.[1];
	if (!boundary)
		return [{ type, text: body }];
	return body.split(`--${boundary}`).slice(1, -1).map((part) => {
		const at = part.search(/\r?\n\r?\n/);
		return { type: /content-type:\s*([^;\r\n]+)/i.exec(part.slice(0, at))?.[1] ?? "", text: part.slice(at).trim() };
	});
}

function kept(key) {
	try {
		const list = JSON.parse(localStorage.getItem(key));
		return Array.isArray(list) ? list.filter((a) => typeof a === "string") : [];
	} catch {
		return [];
	}
}

export class Presence extends EventTarget {
	constructor(account) {
		super();
		this.account = account;
		this.states = new Map(); // address: {state, note}
		this.listed = new Set(); // by the server
		this.mine = "available";
		this.key = `contacts ${account.address}`;
		this.added = new Set(kept(this.key));
		this.subscribers = new Map();
		account.addEventListener("state", ({ detail }) => detail.state === "online" ? this.#begin() : this.#end());
	}

	get contacts() {
		return [...new Set([...this.listed, ...this.added])].sort();
	}

	stateOf(address) {
		return this.states.get(address) ?? { state: "unknown", note: "" };
	}

	add(address) {
		if (address === this.account.address || this.contacts.includes(address))
			return;
		this.added.add(address);
		this.#keep();
		if (this.account.state === "online")
			this.#watch(address);
		this.#changed(address);
	}

	remove(address) {
		this.added.delete(address);
		this.#keep();
		this.#drop(address);
		this.#changed(address);
	}

	#keep() {
		localStorage.setItem(this.key, JSON.stringify([...this.added]));
	}

	#changed(address) {
		this.dispatchEvent(new CustomEvent("change", { detail: address }));
	}

	#begin() {
		this.#end();
		this.publish(this.mine);
		this.#subscribe("", this.account.uri(`contacts@${location.hostname}`), ["Supported: eventlist"]);
		for (const address of this.added)
			this.#watch(address);
	}

	// The dialogs went with the connection.
	#end() {
		for (const address of [...this.subscribers.keys()])
			this.#drop(address);
		this.publisher?.dispose().catch(() => {});
		this.publisher = undefined;
		for (const address of this.states.keys())
			this.#set({ address, state: "unknown", note: "" });
	}

	#drop(address) {
		const subscriber = this.subscribers.get(address);
		this.subscribers.delete(address);
		subscriber?.dispose().catch(() => {});
	}

	publish(state) {
		this.mine = state;
		if (this.account.state !== "online")
			return;
		this.publisher ??= new Publisher(this.account.ua, this.account.uri(this.account.address), "presence", { contentType: PIDF, expires: EXPIRES_S, unpublishOnClose: false });
		this.publisher.publish(writePresence(this.account.address, state)).catch(() => {});
	}

	#watch(address) {
		const target = this.account.uri(address);
		if (target)
			this.#subscribe(address, target, []);
	}

	#subscribe(address, target, extra) {
		const subscriber = new Subscriber(this.account.ua, target, "presence", {
			expires: EXPIRES_S,
			extraHeaders: [ACCEPT, ...extra],
			delegate: { onNotify: (n) => {
				n.accept();
				this.#take(n.request.getHeader("Content-Type") ?? "", n.request.body ?? "");
			} },
		});
		this.subscribers.set(address, subscriber);
		subscriber.stateChange.addListener((state) => {
			if (state === SubscriptionState.Terminated && this.subscribers.get(address) === subscriber)
				this.#again(address, target, extra);
		});
		subscriber.subscribe().catch(() => {});
	}

	// The other side ended it: refused, or its server began anew.
	#again(address, target, extra) {
		this.subscribers.delete(address);
		setTimeout(() => {
			const wanted = !address || this.added.has(address);
			if (this.account.state === "online" && wanted && !this.subscribers.has(address))
				this.#subscribe(address, target, extra);
		}, AGAIN_MS);
	}

	#take(type, body) {
		for (const part of parts(type, body)) {
			if (part.type.includes("rlmi+xml"))
				this.#takeList(part.text);
			const found = part.type.includes("pidf+xml") ? readPresence(part.text) : null;
			if (found?.address)
				this.#set(found);
		}
	}

	#takeList(text) {
		const doc = readXml(text);
		if (doc?.documentElement.getAttribute("fullState") === "true")
			this.listed.clear();
		for (const resource of doc ? named(doc, "resource") : []) {
			const address = addressIn(resource.getAttribute("uri"));
			if (address && !this.listed.has(address)) {
				this.listed.add(address);
				this.#changed(address);
			}
		}
	}

	#set({ address, state, note }) {
		this.states.set(address, { state, note });
		this.#changed(address);
	}
}
