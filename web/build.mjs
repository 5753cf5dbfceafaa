// SPDX-License-Identifier: Apache-2.0
// Bundles the web client and writes it as a C file with the table http_files
// (src/http/page.h).
//   node build.mjs FOLDER   FOLDER/node_modules has the packages
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import zlib from "node:zlib";

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const folder = path.resolve(process.argv[2]);
const require = createRequire(path.join(folder, "package.json"));
const esbuild = require("esbuild");

const TYPES = {
	".html": "text/html; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
};

// SIP.js would fall back to a STUN server of somebody else.
const noStrangers = {
	name: "no-strangers",
	setup(build) {
		build.onLoad({ filter: /peer-connection-configuration-default\.js$/ }, () => ({
			contents: "export function defaultPeerConnectionConfiguration() { return {}; }",
		}));
	},
};

const bundle = await esbuild.build({
	entryPoints: [path.join(here, "src/main.js")],
	nodePaths: [path.join(folder, "node_modules")],
	bundle: true,
	minify: true,
	write: false,
	metafile: true,
	legalComments: "none",
	format: "iife",
	target: ["chrome100", "firefox100", "safari15.4"],
	outfile: "app.js",
	plugins: [noStrangers],
});

// The licences of what is in the bundle, whole.
function notices() {
	const names = new Set();
	for (const input of Object.keys(bundle.metafile.inputs)) {
		const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
		if (found)
			names.add(found[1]);
	}
	return [...names].sort().map((name) => {
		const at = path.join(folder, "node_modules", name);
		const about = JSON.parse(fs.readFileSync(path.join(at, "package.json")));
		const file = fs.readdirSync(at).find((f) => /^licen[cs]e/i.test(f));
		if (!file)
			throw new Error(`${name} has no licence file`);
		return `${name} ${about.version} (${about.license})\n\n${fs.readFileSync(path.join(at, file), "utf8").trim()}\n`;
	}).join("\n----\n\n");
}

const files = new Map();
for (const name of fs.readdirSync(path.join(here, "page")))
	files.set(name, fs.readFileSync(path.join(here, "page", name)));
files.set("app.js", Buffer.from(bundle.outputFiles[0].contents));
files.set("licences.txt", Buffer.from(`Parts of this page are the work of others:\n\n${notices()}`));

const tagOf = (data) => crypto.createHash("sha256").update(data).digest("hex").slice(0, 16);

// The page asks for its parts by their tags: what a browser has it keeps.
const page = files.get("index.html").toString().replace(/"\/((?:app|icon)\.[a-z]+)"/g, (_, name) => `"/${name}?${tagOf(files.get(name))}"`);
files.set("index.html", Buffer.from(page));
fs.writeFileSync(path.join(folder, "licences.txt"), files.get("licences.txt"));

function array(name, data) {
	const rows = [];
	for (let i = 0; i < data.length; i += 20)
		rows.push([...data.subarray(i, i + 20)].join(","));
	return `static const unsigned char ${name}[] = {\n${rows.join(",\n")}\n};\n`;
}

let arrays = "", table = "", n = 0;
for (const [name, data] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
	const gzip = zlib.gzipSync(data, { level: 9 });
	const where = name === "index.html" ? "/" : `/${name}`;
	arrays += array(`plain${n}`, data) + array(`gzip${n}`, gzip);
	table += `\t{ "${where}", "${TYPES[path.extname(name)]}", "${tagOf(data)}", plain${n}, sizeof(plain${n}), gzip${n}, sizeof(gzip${n}) },\n`;
	n++;
}
fs.writeFileSync(path.join(folder, "files.c"),
	`/* Made by web/build.mjs. */\n#include "http/page.h"\n\n${arrays}\nconst struct http_file http_files[] = {\n${table}\t{ .path = 0 }\n};\n`);
