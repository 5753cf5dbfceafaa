/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dashboard. Everything that comes from the server is put into the page as
 * text, never as markup. A page is a function that returns nodes; it is drawn
 * again every few seconds while it can be seen.
 */
"use strict";
const REFRESH_MS = 5000;
const RANK = { read: 0, operate: 1, secure: 2 };
const state = { me: null, page: "overview", span: "now", filter: "", rows: "", timer: 0, turn: 0 };
const $ = (id) => document.getElementById(id);

/* ---- nodes ---- */

/* node("td", {class: "number"}, "text", otherNode...) */
function node(name, attributes, ...children) {
	const n = document.createElement(name);
	for (const [key, value] of Object.entries(attributes ?? {})) {
		if (key.startsWith("on"))
			n.addEventListener(key.slice(2), value);
		else if (value !== false && value !== undefined)
			n.setAttribute(key, value === true ? "" : value);
	}
	n.append(...children.filter((c) => c !== null && c !== undefined).map((c) => typeof c === "number" ? String(c) : c));
	return n;
}

function card(title, ...children) {
	return node("section", { class: "card" }, title ? node("h2", {}, title) : null, ...children);
}

const BAD = new Set(["down", "failed", "blocked", "open", "disabled"]);
const WARN = new Set(["starting", "draining", "watched", "half-open", "backoff"]);
const GOOD = new Set(["ready", "up", "connected", "active", "closed"]);

function pill(text) {
	const kind = BAD.has(text) ? "bad" : WARN.has(text) ? "warn" : GOOD.has(text) ? "good" : "";
	return node("span", { class: `pill ${kind}` }, WORDS[text] ? word(text) : text);
}

function when(seconds) {
	return new Date(seconds * 1000).toLocaleString(language === "zh" ? "zh-CN" : "en-GB", { timeZone: "UTC" }) + " UTC";
}

function cell(key, value) {
	if (value instanceof Node)
		return node("td", {}, value);
	if (key === "state" || key === "status")
		return node("td", {}, pill(String(value)));
	const number = typeof value === "number" || /^\d+$/.test(value);
	return node("td", number ? { class: "number" } : {}, value === undefined || value === "" ? "–" : String(value));
}

/* rows: objects; columns: their keys, or all that occur. */
function table(rows, columns) {
	columns ??= [...new Set(rows.flatMap((r) => Object.keys(r)))];
	if (!rows.length)
		return node("p", { class: "muted" }, word("none"));
	return node("div", { class: "scroll", tabindex: "0", role: "region" },
		node("table", {},
			node("thead", {}, node("tr", {}, ...columns.map((c) => node("th", { scope: "col" }, word(c))))),
			node("tbody", {}, ...rows.map((r) => node("tr", {}, ...columns.map((c) => cell(c, r[c])))))));
}

/* ---- the server ---- */

async function ask(path, body) {
	const options = { credentials: "same-origin" };
	if (body) {
		options.method = "POST";
		options.headers = { "Content-Type": "application/json", "X-Sallyport-Token": state.me?.token ?? "" };
		options.body = JSON.stringify(body);
	}
	const reply = await fetch(`/api/v1/${path}`, options);
	const data = await reply.json().catch(() => ({ error: reply.statusText }));
	if (reply.ok)
		return data;
	const error = new Error(data.error ?? reply.statusText);
	error.status = reply.status;
	throw error;
}

function may(role) {
	return RANK[state.me?.role] >= RANK[role];
}

function toast(text) {
	$("toast").replaceChildren(node("p", {}, text));
	setTimeout(() => $("toast").replaceChildren(), 6000);
}

function confirmed(title, text) {
	const box = $("confirm");
	$("confirm-title").textContent = title;
	$("confirm-text").textContent = text;
	$("confirm-yes").textContent = title;
	box.returnValue = "no";
	box.showModal();
	$("confirm-no").focus();
	return new Promise((resolve) => box.addEventListener("close", () => resolve(box.returnValue === "yes"), { once: true }));
}

/* Asks first, does it, says what came of it. */
async function change(verb, args, title, question) {
	if (!await confirmed(title, question))
		return;
	try {
		await ask(verb, { ...args, confirm: true });
		toast(word("done"));
	} catch (e) {
		toast(e.message);
	}
	draw();
}

function button(label, run, extra) {
	return node("button", { type: "button", class: "plain small", onclick: run, ...extra }, label);
}

/* ---- pages ---- */

function tile(key, value, unit) {
	return node("div", { class: "card tile" }, node("span", { class: "muted" }, word(key)), node("b", {}, value), node("span", { class: "small" }, unit ?? ""));
}

const CHARTS = [
	["handled", ["messages", "calls"]], ["requests", ["requests", "forwarded"]],
	["answers", ["answer_p50", "answer_p99"]], ["delivered", ["delivered"]],
	["refusals", ["refusals", "timeouts"]], ["connections", ["connections", "transactions"]],
	["traffic", ["bytes_in", "bytes_out"]], ["media", ["relay_up_bytes", "relay_down_bytes"]],
	["relay_sessions", ["relay_sessions"]],
];

function chartCard(history, [title, names]) {
	const rate = history.kinds[names[0]] === "rate";
	const lines = names.map((name) => ({ name: word(name), values: history.series[name].map((v) => rate ? v / history.step : v) }));
	const day = history.step > 5;
	const heading = word(title) + (rate ? ` ${word("persecond")}` : history.kinds[names[0]] === "milliseconds" ? ` ${word("inms")}` : "");
	if (!lines[0].values.length)
		return node("section", { class: "card chart" }, node("h2", {}, heading), node("p", { class: "muted" }, word("collecting")));
	const legend = lines.map((l, i) => node("span", {}, node("span", { class: i ? "key second" : "key" }), `${l.name} ${short(l.values.at(-1))}`));
	return node("section", { class: "card chart" }, node("h2", {}, heading),
		chart(heading, lines, day ? 1440 : 180, day ? "−24 h" : "−15 min"),
		node("div", { class: "legend" }, ...legend));
}

function spanButtons() {
	const one = (span) => button(word(span), () => {
		state.span = span;
		draw();
	}, { "aria-pressed": String(state.span === span), disabled: state.span === span });
	return node("div", { class: "row" }, one("now"), one("day"));
}

async function overview() {
	const [status, history, refusals, now] = await Promise.all([ask("status"), ask(`history?span=${state.span}`), ask("refusals"), ask("history?span=now")]);
	const last = (name) => now.series[name].at(-1) ?? 0;
	const silent = status.silent.length ? node("p", { class: "error", role: "alert" }, `${word("noanswer")} ${status.silent.join(", ")}`) : null;
	$("version").textContent = status.version;
	refusals.refusals.sort((a, b) => b.count - a.count);
	return [silent,
		node("div", { class: "tiles" },
			tile("messages", short(last("messages") / now.step), word("persecond")),
			tile("calls", short(last("calls") / now.step), word("persecond")),
			tile("answers", short(last("answer_p99")), word("ms99")),
			tile("connections", short(last("connections"))),
			tile("relay_sessions", short(last("relay_sessions"))), tile("refusals", short(refusals.refusals.reduce((n, r) => n + r.count, 0)))),
		spanButtons(),
		node("div", { class: "charts" }, ...CHARTS.map((c) => chartCard(history, c))),
		card(word("refused"), table(refusals.refusals, ["reason", "count", "meaning"])),
		card(word("processes"), table(status.processes, ["role", "slot", "state", "pid", "restarts", "generation"])),
		card(word("certificates"), table(status.certificates))];
}

function ruleButtons(domain) {
	const one = (rule) => button(word(rule), () => change("partner.rule", { domain, ruling: rule }, word(rule), word(`sure${rule}`, domain)), { "aria-label": `${word(rule)} ${domain}` });
	return node("div", { class: "row" }, ...["block", "allow", "watch", "clear"].map(one));
}

function otherDomain() {
	const field = node("input", { id: "domain", placeholder: "fabrikam.test", maxlength: "253", autocomplete: "off" });
	const one = (rule) => button(word(rule), () => field.value && change("partner.rule", { domain: field.value, ruling: rule }, word(rule), word(`sure${rule}`, field.value)));
	return card(word("another"), node("div", { class: "row" }, node("label", { for: "domain" }, word("domain")), field, ...["block", "allow", "watch", "clear"].map(one)));
}

async function partners() {
	const list = await ask("partner.list");
	const rows = list.partners.map((p) => {
		const domain = p.domain ?? p.partner ?? p.name;
		return may("operate") && domain ? { ...p, actions: ruleButtons(domain) } : p;
	});
	const columns = ["domain", "partner", "class", "state", "ruling", "connections", "queued", "retry_s", "last_error", "last_refusal"];
	return [card(word("partners"), table(rows, may("operate") ? [...columns, "actions"] : columns)), may("operate") ? otherDomain() : null, card(word("peercerts"), table(list.peer_certificates))];
}

async function relay() {
	let list;
	try {
		list = await ask("relay.list");
	} catch (e) {
		return [card(word("sessions"), node("p", { class: "muted" }, e.status === 400 ? word("norelay") : e.message))];
	}
	const rows = list.sessions.map((s) => may("operate") ? { ...s, actions: button(word("kill"), () => change("relay.kill", { session: s.session }, word("kill"), word("surekill", s.session))) } : s);
	return [card(word("sessions"), table(rows, rows.length && may("operate") ? ["session", "user", "client", "relayed", "transport", "age", "up_bytes", "down_bytes", "dropped", "actions"] : undefined))];
}

async function users() {
	const list = await ask("user.list");
	const rows = list.users.map((u) => {
		const verb = u.disabled ? "enable" : "disable";
		const row = { aor: u.aor, state: u.disabled ? "disabled" : "active", created: when(u.created) };
		if (may("secure"))
			row.actions = button(word(verb), () => change(`user.${verb}`, { aor: u.aor }, word(verb), word(`sure${verb}`, u.aor)), { "aria-label": `${word(verb)} ${u.aor}` });
		return row;
	});
	return [card(word("users"), table(rows))];
}

async function ports() {
	const lang = language === "zh" ? "zh" : "en";
	const reply = await ask(`ports?form=json&lang=${lang}`);
	return [card(word("portmap"), node("img", { class: "drawing", src: `/api/v1/ports.svg?lang=${lang}`, alt: word("portmap") })),
		card(word("rows"), table(JSON.parse(reply.text), ["id", "role", "direction", "protocol", "transport", "port", "source", "destination", "note"]))];
}

function configCard(config) {
	const field = node("input", { id: "filter", type: "search", value: state.filter });
	const box = node("div", {});
	const show = () => {
		state.filter = field.value;
		box.replaceChildren(table(config.keys.filter((k) => `${k.key} ${k.value}`.toLowerCase().includes(field.value.toLowerCase())), ["key", "value"]));
	};
	field.addEventListener("input", show);
	show();
	return card(`${word("config")} (${config.generation})`, node("div", { class: "row" }, node("label", { for: "filter" }, word("filter")), field), box);
}

async function server() {
	const [config, changes] = await Promise.all([ask("config"), ask("changes")]);
	const operations = may("operate") ? card(word("actions"), node("div", { class: "row" },
		button(word("reload"), () => change("reload", {}, word("reload"), word("surereload"))),
		button(word("drain"), () => change("drain", {}, word("drain"), word("suredrain"))))) : null;
	return [operations,
		card(word("changes"), table(changes.changes.map((c) => ({ ...c, time: when(c.time) })), ["time", "who", "what", "of", "old", "new", "result"])),
		configCard(config)];
}

const PAGES = { overview, partners, relay, users, ports, server };
/* These are read and written in, and so not drawn again by themselves. */
const QUIET = new Set(["ports", "server"]);

/* ---- drawing ---- */

function drawWords() {
	document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
	for (const n of document.querySelectorAll("[data-word]"))
		n.textContent = word(n.dataset.word);
	for (const n of document.querySelectorAll("select.lang"))
		n.value = language;
	$("nav").replaceChildren(...Object.keys(PAGES).map((p) => node("a", { href: `#${p}`, "aria-current": p === state.page ? "page" : false }, word(p))));
}

function showLive(good) {
	$("live").className = `pill ${good ? "good" : "bad"}`;
	$("live").textContent = word(good ? "live" : "lost");
}

function isBusy() {
	const at = document.activeElement;
	return $("confirm").open || (at && at.matches("#main input, #main button, #main .scroll"));
}

/* forced: by a person, not by the clock */
async function draw(forced = true) {
	const turn = ++state.turn;
	clearTimeout(state.timer);
	try {
		const nodes = await PAGES[state.page]();
		if (turn !== state.turn)
			return;
		if (forced || !isBusy())
			$("main").replaceChildren(...nodes.filter(Boolean));
		showLive(true);
	} catch (e) {
		if (turn !== state.turn)
			return;
		if (e.status === 401) {
			signedOut();
			return;
		}
		showLive(false);
		if (e.status)
			toast(e.message);
	}
	state.timer = setTimeout(tick, REFRESH_MS);
}

function tick() {
	if (document.hidden || QUIET.has(state.page))
		state.timer = setTimeout(tick, REFRESH_MS);
	else
		draw(false);
}

function goto() {
	const page = location.hash.slice(1);
	state.page = Object.hasOwn(PAGES, page) ? page : "overview";
	drawWords();
	if (state.me)
		draw();
}

/* ---- signing in ---- */

function signedOut() {
	state.me = null;
	state.turn++;
	clearTimeout(state.timer);
	$("main").replaceChildren();
	$("app").hidden = true;
	$("login").hidden = false;
	$("name").focus();
}

function signedIn(me) {
	state.me = me;
	$("who").textContent = `${me.name} (${me.role})`;
	$("login").hidden = true;
	$("app").hidden = false;
	goto();
}

async function onLogin(event) {
	event.preventDefault();
	$("login-error").textContent = "";
	try {
		const me = await ask("login", { name: $("name").value, password: $("password").value });
		signedIn(me);
		$("main").focus();
	} catch (e) {
		$("login-error").textContent = e.status === 401 ? word("wrong") : e.status === 429 ? word("locked") : e.message;
	}
	$("password").value = "";
}

async function onLogout() {
	await ask("logout", {}).catch(() => {});
	signedOut();
}

function speak(to) {
	language = to;
	localStorage.setItem("language", to);
	goto();
}

async function start() {
	language = localStorage.getItem("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
	for (const n of document.querySelectorAll("select.lang"))
		n.addEventListener("change", () => speak(n.value));
	$("login-form").addEventListener("submit", onLogin);
	$("logout").addEventListener("click", onLogout);
	window.addEventListener("hashchange", goto);
	goto();
	try {
		signedIn(await ask("session"));
	} catch {
		signedOut();
	}
}

start();
