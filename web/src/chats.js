// SPDX-License-Identifier: Apache-2.0
// Conversations: what was said, how far it came, and who is typing. Kept in
// memory while one is signed in.
//
// Event "change" (detail: the address whose conversation it is).
import { senderOf } from "./account.js";
import { CPIM, TYPING, readBody, writeNotice, writeText, writeTyping } from "./cpim.js";

const TYPING_AGAIN_MS = 50000, TYPING_IDLE_MS = 15000, TYPING_LASTS_MS = 120000;
// States of what we sent, worst first: a late notice never takes back.
const RANK = ["failed", "sending", "sent", "stored", "delivered", "displayed"];
const NO_CPIM = new Set([406, 415, 488]);

export class Chats extends EventTarget {
	constructor(account) {
		super();
		this.account = account;
		this.all = new Map();
		account.addEventListener("message", ({ detail }) => this.#take(detail));
	}

	of(address) {
		let chat = this.all.get(address);
		if (!chat) {
			chat = { address, lines: [], unread: 0, typing: false, plain: false, told: 0 };
			this.all.set(address, chat);
		}
		return chat;
	}

	#changed(address) {
		this.dispatchEvent(new CustomEvent("change", { detail: address }));
	}

	// An event in the conversation, such as a call that was missed.
	note(address, word) {
		this.of(address).lines.push({ event: word, time: Date.now() });
		this.#changed(address);
	}

	async send(address, text) {
		const chat = this.of(address);
		const line = { id: crypto.randomUUID(), mine: true, text, time: Date.now(), state: "sending" };
		chat.lines.push(line);
		chat.told = 0;
		clearTimeout(chat.idle);
		this.#changed(address);
		let status = chat.plain ? 415 : await this.account.send(address, CPIM, writeText(this.account.address, address, line.id, text));
		if (NO_CPIM.has(status)) {
			chat.plain = true;
			status = await this.account.send(address, "text/plain; charset=utf-8", text);
		}
		line.status = status;
		this.#advance(line, status === 202 ? "stored" : status >= 200 && status < 300 ? "sent" : "failed");
		this.#changed(address);
	}

	#advance(line, state) {
		if (line.state === "sending" || RANK.indexOf(state) > RANK.indexOf(line.state) || state === "failed")
			line.state = state;
	}

	#take(message) {
		const from = senderOf(message);
		const found = readBody(message.request.getHeader("Content-Type"), message.request.body);
		if (!found) {
			message.reject({ statusCode: 415, extraHeaders: [`Accept: ${CPIM}, text/plain, ${TYPING}`] });
			return;
		}
		message.accept();
		if (found.kind !== "text" && !this.all.has(from))
			return; // about nothing that is here
		this[`take_${found.kind}`](this.of(from), found);
		this.#changed(from);
	}

	take_text(chat, found) {
		chat.typing = false;
		if (found.id && chat.lines.some((l) => !l.mine && l.id === found.id))
			return; // sent again
		chat.lines.push({ id: found.id, text: found.text, time: found.time ?? Date.now(), wishes: found.wishes ?? [] });
		chat.unread++;
		this.#notify(chat, chat.lines.at(-1), "delivered", "positive-delivery");
	}

	take_notice(chat, found) {
		const line = chat.lines.find((l) => l.mine && l.id === found.about);
		if (line)
			this.#advance(line, { stored: "stored", delivered: "delivered", displayed: "displayed" }[found.status] ?? "failed");
	}

	take_typing(chat, found) {
		chat.typing = found.active;
		clearTimeout(chat.forget);
		chat.forget = setTimeout(() => {
			chat.typing = false;
			this.#changed(chat.address);
		}, TYPING_LASTS_MS);
	}

	#notify(chat, line, kind, wish) {
		if (line.id && line.wishes.includes(wish))
			this.account.send(chat.address, CPIM, writeNotice(this.account.address, chat.address, crypto.randomUUID(), line.id, kind));
	}

	// The conversation can be seen.
	read(address) {
		const chat = this.of(address);
		for (const line of chat.lines.filter((l) => l.wishes && !l.read)) {
			line.read = true;
			this.#notify(chat, line, "displayed", "display");
		}
		const changed = chat.unread > 0;
		chat.unread = 0;
		if (changed)
			this.#changed(address);
	}

	// A key was pressed; empty: the text was taken back.
	type(address, empty) {
		const chat = this.of(address);
		const tell = (active) => this.account.send(address, TYPING, writeTyping(active));
		clearTimeout(chat.idle);
		if (empty) {
			if (chat.told)
				tell(false);
			chat.told = 0;
			return;
		}
		if (Date.now() - chat.told > TYPING_AGAIN_MS) {
			chat.told = Date.now();
			tell(true);
		}
		chat.idle = setTimeout(() => {
			chat.told = 0;
			tell(false);
		}, TYPING_IDLE_MS);
	}
}
