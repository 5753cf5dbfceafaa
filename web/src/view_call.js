// SPDX-License-Identifier: Apache-2.0
// The call that rings or is under way.
import { $, toast } from "./dom.js";
import { ring } from "./ring.js";
import { word } from "./words.js";

function title(call) {
	if (call.state === "joined")
		return word("talking", call.address);
	if (call.outgoing)
		return word("outgoing", call.address);
	return word(call.video ? "incomingvideo" : "incoming", call.address);
}

function attach(id, stream) {
	if ($(id).srcObject !== (stream ?? null))
		$(id).srcObject = stream ?? null;
}

export function drawCall(app) {
	const { call } = app.calls;
	const ringsHere = call?.state === "ringing" && !call.outgoing;
	const appears = call && $("call").hidden;
	$("call").hidden = !call;
	ring(!!ringsHere);
	attach("remote", call?.media?.remoteMediaStream);
	attach("local", call?.media?.localMediaStream);
	if (!call)
		return;
	$("call").classList.toggle("audio", !call.video || call.state !== "joined");
	$("call").dataset.state = call.state;
	$("call-title").textContent = title(call);
	$("call-state").textContent = word({ ringing: "ringing", answering: "connecting", joined: "joined" }[call.state]);
	$("answer").hidden = !ringsHere;
	$("answer-video").hidden = !ringsHere || !call.video;
	$("mute").hidden = call.state !== "joined";
	$("camera").hidden = call.state !== "joined" || !call.video;
	$("mute").setAttribute("aria-pressed", String(call.muted));
	$("camera").setAttribute("aria-pressed", String(call.dark));
	if (appears)
		(ringsHere ? $("answer") : $("hangup")).focus();
}

function over(app, call) {
	if (call.why)
		toast(word(call.why));
	else if (call.state === "joined")
		app.chats.note(call.address, "ended");
	else if (call.outgoing && !call.declined)
		app.chats.note(call.address, "notanswered");
	else if (!call.outgoing && !call.declined)
		app.chats.note(call.address, "missed");
}

export function bindCall(app) {
	$("answer").addEventListener("click", () => app.calls.answer(false));
	$("answer-video").addEventListener("click", () => app.calls.answer(true));
	$("hangup").addEventListener("click", () => app.calls.hangUp());
	$("mute").addEventListener("click", () => app.calls.mute());
	$("camera").addEventListener("click", () => app.calls.darken());
	$("relay-only").addEventListener("change", () => {
		localStorage.setItem("relay-only", $("relay-only").checked ? "1" : "");
		app.setRelayOnly($("relay-only").checked);
	});
	$("relay-only").checked = localStorage.getItem("relay-only") === "1";
	app.over = (call) => over(app, call);
}
