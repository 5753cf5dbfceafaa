// SPDX-License-Identifier: Apache-2.0
// The contacts and who has written, with their states.
import { $, node, toast } from "./dom.js";
import { word } from "./words.js";

const ADDRESS = /^[^\s@<>"]+@[^\s@<>"]+$/;

function person(app, address) {
	const { state, note } = app.presence.stateOf(address);
	const unread = app.chats.of(address).unread;
	return node("li", {}, node("button", {
		type: "button", "data-address": address, "data-state": state,
		"aria-current": app.peer === address ? "true" : false,
		onclick: () => app.open(address),
	},
	node("span", { class: `dot ${state}`, "aria-hidden": "true" }),
	node("span", { class: "name" }, address),
	unread ? node("span", { class: "count", "aria-label": word("unread", unread) }, String(unread)) : null,
	node("span", { class: "small" }, note ? `${word(state)} · ${note}` : word(state))));
}

export function drawPeople(app) {
	const focused = document.activeElement?.dataset?.address;
	const all = new Set([...app.presence.contacts, ...app.chats.all.keys()]);
	const unread = [...app.chats.all.values()].reduce((n, chat) => n + chat.unread, 0);
	$("people").replaceChildren(...[...all].sort().map((a) => person(app, a)));
	document.title = unread ? `(${unread}) Sallyport` : "Sallyport";
	if (focused)
		[...$("people").querySelectorAll("button")].find((b) => b.dataset.address === focused)?.focus();
}

export function bindPeople(app) {
	$("add").addEventListener("submit", (e) => {
		e.preventDefault();
		const address = $("add-address").value.trim().toLowerCase();
		if (!ADDRESS.test(address) || !app.account.uri(address)) {
			toast(word("badaddress"));
			return;
		}
		$("add-address").value = "";
		app.presence.add(address);
		app.open(address);
	});
	$("mine").addEventListener("change", () => app.presence.publish($("mine").value));
}
