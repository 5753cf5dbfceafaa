// SPDX-License-Identifier: Apache-2.0
// Bodies of messages: CPIM (RFC 3862) with the wish for notices (RFC 5438), the
// notices, and "is typing" (RFC 3994). Text in, text out.
import { escapeXml, named, readXml } from "./xml.js";

export const CPIM = "message/cpim";
export const TYPING = "application/im-iscomposing+xml";
const NOTICE = "message/imdn+xml";
const WISHES = "positive-delivery, negative-delivery, processing, display";
const bytes = (text) => new TextEncoder().encode(text).length;

function wrap(from, to, headers, type, content) {
	return [
		`From: <sip:${from}>`, `To: <sip:${to}>`, `DateTime: ${new Date().toISOString()}`,
		"NS: imdn <urn:ietf:params:imdn>", ...headers, "",
		...type, `Content-Length: ${bytes(content)}`, "", content,
	].join("\r\n");
}

export function writeText(from, to, id, text) {
	return wrap(from, to, [`imdn.Message-ID: ${id}`, `imdn.Disposition-Notification: ${WISHES}`],
		["Content-Type: text/plain; charset=utf-8"], text);
}

// kind: "delivered" or "displayed"
export function writeNotice(from, to, id, about, kind) {
	const element = kind === "displayed" ? "display-notification" : "delivery-notification";
	const xml = '<?xml version="1.0" encoding="UTF-8"?>\r\n<imdn xmlns="urn:ietf:params:xml:ns:imdn">' +
		`<message-id>${escapeXml(about)}</message-id><datetime>${new Date().toISOString()}</datetime>` +
		`<recipient-uri>sip:${escapeXml(from)}</recipient-uri>` +
		`<${element}><status><${kind}/></status></${element}></imdn>`;
	return wrap(from, to, [`imdn.Message-ID: ${id}`],
		[`Content-Type: ${NOTICE}`, "Content-Disposition: notification"], xml);
}

export function writeTyping(active) {
	return '<?xml version="1.0" encoding="UTF-8"?>\r\n<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing">' +
		`<state>${active ? "active" : "idle"}</state>${active ? "<refresh>60</refresh>" : ""}</isComposing>`;
}

const kind = (type) => (type ?? "").split(";")[0].trim().toLowerCase();

function readHeaders(block) {
	const headers = new Map();
	for (const line of block.split(/\r?\n/)) {
		const at = line.indexOf(":");
		if (at > 0)
			headers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
	}
	return headers;
}

function readNotice(xml) {
	const doc = readXml(xml);
	const about = doc && named(doc, "message-id")[0]?.textContent.trim();
	const status = doc && named(doc, "status")[0]?.firstElementChild?.localName;
	return about && status ? { kind: "notice", about, status } : null;
}

function readTyping(xml) {
	const doc = readXml(xml);
	const state = doc && named(doc, "state")[0]?.textContent.trim();
	return state ? { kind: "typing", active: state === "active" } : null;
}

function readContent(type, content) {
	switch (kind(type)) {
	case "text/plain":
		return { kind: "text", text: content };
	case NOTICE:
		return readNotice(content);
	case TYPING:
		return readTyping(content);
	default:
		return null;
	}
}

// {kind: "text", text, id, wishes, time}, {kind: "notice", about, status},
// {kind: "typing", active}; null: nothing that is understood.
export function readBody(type, body) {
	if (kind(type) !== CPIM)
		return readContent(type || "text/plain", body);
	const [first, second, ...rest] = body.split(/\r?\n\r?\n/);
	if (second === undefined)
		return null;
	const outer = readHeaders(first), inner = readHeaders(second);
	const content = body.slice(body.indexOf(second, first.length) + second.length).replace(/^\r?\n\r?\n/, "");
	const found = rest.length ? readContent(inner.get("content-type"), content) : null;
	if (found?.kind === "text") {
		const ns = outer.get("imdn.message-id") ? "imdn." : "";
		const time = Date.parse(outer.get("datetime"));
		found.id = outer.get(`${ns}message-id`);
		found.wishes = (outer.get(`${ns}disposition-notification`) ?? "").split(",").map((w) => w.trim());
		found.time = Number.isNaN(time) ? undefined : time;
	}
	return found;
}
