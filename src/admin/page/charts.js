/* SPDX-License-Identifier: Apache-2.0 */
/* Line charts as SVG, built node by node: no text is ever markup. */
"use strict";
const SVG = "http://www.w3.org/2000/svg";
const CHART = { width: 440, height: 150, left: 46, bottom: 20, top: 8 };

function svgNode(name, attributes, text) {
	const node = document.createElementNS(SVG, name);
	for (const [key, value] of Object.entries(attributes))
		node.setAttribute(key, value);
	if (text !== undefined)
		node.textContent = text;
	return node;
}

/* 1234567 as "1.23 M" */
function short(n) {
	const units = ["", " k", " M", " G", " T"];
	let unit = 0;
	while (n >= 1000 && unit < units.length - 1) {
		n /= 1000;
		unit++;
	}
	const digits = n >= 100 || Number.isInteger(n) ? 0 : n >= 10 ? 1 : 2;
	return n.toFixed(digits) + units[unit];
}

/* The next round number: 1, 2 or 5 and zeros. */
function ceiling(n) {
	if (n <= 0)
		return 1;
	const power = 10 ** Math.floor(Math.log10(n));
	for (const step of [1, 2, 5, 10])
		if (step * power >= n)
			return step * power;
	return n;
}

function points(values, most, count) {
	const w = CHART.width - CHART.left - 6;
	const h = CHART.height - CHART.bottom - CHART.top;
	return values.map((v, i) => {
		const x = CHART.left + w * (count - values.length + i) / Math.max(1, count - 1);
		const y = CHART.top + h * (1 - v / most);
		return [x.toFixed(1), y.toFixed(1)];
	});
}

function drawGrid(svg, most, span) {
	const bottom = CHART.height - CHART.bottom;
	for (const part of [0, 0.5, 1]) {
		const y = bottom - (bottom - CHART.top) * part;
		svg.append(svgNode("line", { class: "grid", x1: CHART.left, x2: CHART.width - 6, y1: y, y2: y }));
		svg.append(svgNode("text", { x: CHART.left - 6, y: y + 4, "text-anchor": "end" }, short(most * part)));
	}
	svg.append(svgNode("text", { x: CHART.left, y: CHART.height - 5 }, span));
	svg.append(svgNode("text", { x: CHART.width - 6, y: CHART.height - 5, "text-anchor": "end" }, "0"));
}

/* lines: [{name, values}], one or two; count: samples of the whole width. */
function chart(title, lines, count, span) {
	const most = ceiling(Math.max(...lines.flatMap((l) => l.values), 0));
	const last = lines.map((l) => `${l.name} ${short(l.values.at(-1) ?? 0)}`).join(", ");
	const svg = svgNode("svg", { viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img", "aria-label": `${title}: ${last}` });
	drawGrid(svg, most, span);
	lines.forEach((line, i) => {
		const at = points(line.values, most, count);
		if (!at.length)
			return;
		const path = at.map((p) => p.join(",")).join(" ");
		const bottom = CHART.height - CHART.bottom;
		if (i === 0)
			svg.append(svgNode("polygon", { class: "area", points: `${at[0][0]},${bottom} ${path} ${at.at(-1)[0]},${bottom}` }));
		svg.append(svgNode("polyline", { class: i ? "line second" : "line", points: path }));
	});
	return svg;
}
