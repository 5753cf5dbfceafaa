// SPDX-License-Identifier: Apache-2.0
// The page's elements. What comes from anybody is put there as text, never as
// markup.
export const $ = (id) => document.getElementById(id);

// node("li", {class: "mine"}, "text", otherNode...)
export function node(name, attributes, ...children) {
	const n = document.createElement(name);
	for (const [key, value] of Object.entries(attributes ?? {})) {
		if (key.startsWith("on"))
			n.addEventListener(key.slice(2), value);
		else if (value !== false && value !== undefined)
			n.setAttribute(key, value === true ? "" : value);
	}
	n.append(...children.filter((c) => c !== null && c !== undefined));
	return n;
}

export function toast(text) {
	$("toast").replaceChildren(node("p", {}, text));
	clearTimeout(toast.timer);
	toast.timer = setTimeout(() => $("toast").replaceChildren(), 8000);
}
