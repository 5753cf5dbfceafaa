// SPDX-License-Identifier: Apache-2.0
// XML in and out. Documents are only looked into; nothing of them gets into the
// page but text.
const policy = window.trustedTypes?.createPolicy("sallyport-xml", { createHTML: (s) => s });

// The document, or null.
export function readXml(text) {
	const doc = new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "application/xml");
	return doc.getElementsByTagName("parsererror").length ? null : doc;
}

// Elements of that name, in any namespace.
export function named(parent, name) {
	return [...parent.getElementsByTagNameNS("*", name)];
}

export function escapeXml(text) {
	return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
