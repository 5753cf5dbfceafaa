// SPDX-License-Identifier: Apache-2.0
// The conversation that is open.
import { $, node } from "./dom.js";
import { locale, word } from "./words.js";

function line(l) {
	const time = new Date(l.time);
	const clock = node("time", { datetime: time.toISOString() }, time.toLocaleTimeString(locale(), { hour: "2-digit", minute: "2-digit" }));
	if (l.event)
		return node("li", { class: "event" }, word(l.event), " · ", clock);
	return node("li", { class: l.mine ? "mine" : "theirs" },
		node("div", { class: "text" }, l.text), node("div", { class: "small" }, clock, node("span", { class: "state" })));
}

function drawState(element, l) {
	const state = element.querySelector(".state");
	const text = l.mine ? ` · ${word(l.state)}${l.status > 299 ? ` (${l.status})` : ""}` : "";
	if (!state || state.textContent === text)
		return;
	state.className = `state ${l.state}`;
	state.textContent = text;
}

// Which line an element shows.
const drawn = new WeakMap();

// Only what has changed: a screen reader speaks what is new.
function drawLines(app, lines) {
	const log = $("log");
	const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
	if (log.lang !== locale())
		log.replaceChildren();
	log.lang = locale();
	while (log.children.length > lines.length)
		log.lastChild.remove();
	lines.forEach((l, i) => {
		const old = log.children[i];
		if (old && drawn.get(old) === l) {
			drawState(old, l);
			return;
		}
		const fresh = line(l);
		drawn.set(fresh, l);
		drawState(fresh, l);
		if (old)
			old.replaceWith(fresh);
		else
			log.append(fresh);
	});
	if (atEnd)
		log.scrollTop = log.scrollHeight;
}

export function drawChat(app) {
	$("chat").hidden = !app.peer;
	$("nobody").hidden = !!app.peer;
	$("app").classList.toggle("talking", !!app.peer);
	if (!app.peer)
		return;
	const chat = app.chats.of(app.peer);
	const { state, note } = app.presence.stateOf(app.peer);
	$("peer").textContent = app.peer;
	$("peer-state").textContent = note ? `${word(state)} · ${note}` : word(state);
	$("typing").textContent = chat.typing ? word("typing", app.peer) : "";
	$("remove").hidden = !app.presence.added.has(app.peer);
	$("call-audio").disabled = $("call-video").disabled = !!app.calls.call || app.account.state !== "online";
	drawLines(app, chat.lines);
	if (document.visibilityState === "visible")
		app.chats.read(app.peer);
}

export function bindChat(app) {
	const send = () => {
		const text = $("text").value;
		if (!text.trim() || !app.peer)
			return;
		$("text").value = "";
		app.chats.send(app.peer, text);
	};
	$("write").addEventListener("submit", (e) => {
		e.preventDefault();
		send();
		$("text").focus();
	});
	$("text").addEventListener("keydown", (e) => {
		if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
			e.preventDefault();
			send();
		}
	});
	$("text").addEventListener("input", () => app.chats.type(app.peer, !$("text").value));
	$("back").addEventListener("click", () => app.open(null));
	$("remove").addEventListener("click", () => {
		app.presence.remove(app.peer);
		app.chats.all.delete(app.peer);
		app.open(null);
	});
	$("call-audio").addEventListener("click", () => app.calls.start(app.peer, false));
	$("call-video").addEventListener("click", () => app.calls.start(app.peer, true));
	document.addEventListener("visibilitychange", () => drawChat(app));
}
