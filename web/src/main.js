// SPDX-License-Identifier: Apache-2.0
// The page: signs in, then joins account, contacts, conversations and calls
// with what is seen of them.
import { Account } from "./account.js";
import { Calls } from "./calls.js";
import { Chats } from "./chats.js";
import { $ } from "./dom.js";
import { mediaMaker } from "./media.js";
import { Presence } from "./presence.js";
import { bindCall, drawCall } from "./view_call.js";
import { bindChat, drawChat } from "./view_chat.js";
import { bindPeople, drawPeople } from "./view_people.js";
import { speak, translate, word } from "./words.js";

const app = {
	account: null, presence: null, chats: null, calls: null, peer: null,
	open(address) {
		app.peer = address;
		draw();
		(address ? $("text") : document.querySelector("#people button") ?? $("add-address")).focus();
	},
	setRelayOnly(on) {
		if (app.calls)
			app.calls.relayOnly = on;
	},
};

function draw() {
	if (!app.account)
		return;
	drawPeople(app);
	drawChat(app);
	drawCall(app);
	const trouble = ["lost", "connecting"].includes(app.account.state);
	$("banner").hidden = !trouble;
	$("banner").textContent = trouble ? word(app.account.state) : "";
}

// Once for all that happens in one turn.
let drawing = false;
function drawSoon() {
	if (drawing)
		return;
	drawing = true;
	setTimeout(() => {
		drawing = false;
		draw();
	});
}

function show(signedIn) {
	$("login").hidden = signedIn;
	$("app").hidden = !signedIn;
	if (signedIn)
		$("add-address").focus();
	else
		$("login-address").focus();
}

function refused(why) {
	app.account = null;
	$("login-go").disabled = false;
	$("login-error").textContent = why;
	$("login-password").value = "";
	show(false);
}

function onState({ detail: { state, why } }) {
	if (state === "refused") {
		refused(word("wrong", why));
		return;
	}
	if (state === "online" && $("app").hidden) {
		$("login-go").disabled = false;
		$("login-error").textContent = "";
		$("login-password").value = "";
		$("me").textContent = app.account.address;
		show(true);
	}
	if (state === "lost" && $("app").hidden) {
		app.account.stop();
		refused(word("notnow"));
		return;
	}
	drawSoon();
}

function signIn(address, password) {
	const maker = mediaMaker();
	const account = new Account(address, password, maker);
	app.account = account;
	app.presence = new Presence(account);
	app.chats = new Chats(account);
	app.calls = new Calls(account, maker);
	app.calls.relayOnly = $("relay-only").checked;
	app.peer = null;
	app.presence.mine = $("mine").value;
	account.addEventListener("state", (e) => app.account === account && onState(e));
	for (const part of [app.presence, app.chats, app.calls])
		part.addEventListener("change", drawSoon);
	app.calls.addEventListener("over", ({ detail }) => app.over(detail));
	account.start();
}

function bind() {
	$("login-form").addEventListener("submit", (e) => {
		e.preventDefault();
		$("login-error").textContent = "";
		$("login-go").disabled = true;
		try {
			signIn($("login-address").value, $("login-password").value);
		} catch {
			refused(word("badaddress"));
		}
	});
	$("logout").addEventListener("click", async () => {
		const { account } = app;
		app.calls.hangUp();
		app.account = null;
		show(false);
		await account.stop();
	});
	for (const select of document.querySelectorAll(".lang"))
		select.addEventListener("change", () => {
			speak(select.value);
			draw();
		});
	window.addEventListener("online", () => app.account?.retry());
	bindPeople(app);
	bindChat(app);
	bindCall(app);
}

translate();
bind();
show(false);
