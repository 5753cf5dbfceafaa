// SPDX-License-Identifier: Apache-2.0
// Digest with SHA-256 (RFC 7616, RFC 8760), for SIP and for HTTP. SIP.js knows
// MD5 alone.
import { sha256 } from "@noble/hashes/sha2";
import { bytesToHex, randomBytes, utf8ToBytes } from "@noble/hashes/utils";
import { DigestAuthentication } from "sip.js/lib/core";

const hash = (text) => bytesToHex(sha256(utf8ToBytes(text)));

export class Digest extends DigestAuthentication {
	authenticate(request, challenge, body) {
		this.strong = String(challenge.algorithm).toUpperCase() === "SHA-256";
		const known = this.strong ? { ...challenge, algorithm: "MD5" } : challenge;
		const done = super.authenticate(request, known, body);
		if (done && this.strong)
			this.algorithm = "SHA-256";
		return done;
	}

	calculateResponse(body) {
		if (!this.strong) {
			super.calculateResponse(body);
			return;
		}
		const first = hash(`${this.username}:${this.realm}:${this.password}`);
		const second = hash(`${this.method}:${this.uri}`);
		const middle = this.qop ? `${this.nonce}:${this.ncHex}:${this.cnonce}:${this.qop}` : this.nonce;
		this.response = hash(`${first}:${middle}:${second}`);
	}
}

// The Authorization of a GET, for a challenge of our server's form.
export function authorization(challenge, user, password, target) {
	const part = (name) => new RegExp(`${name}="?([^",]*)`).exec(challenge)?.[1] ?? "";
	const realm = part("realm"), nonce = part("nonce"), nc = "00000001";
	const cnonce = bytesToHex(randomBytes(8));
	const response = hash(`${hash(`${user}:${realm}:${password}`)}:${nonce}:${nc}:${cnonce}:auth:${hash(`GET:${target}`)}`);
	return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${target}", ` +
		`algorithm=SHA-256, response="${response}", qop=auth, nc=${nc}, cnonce="${cnonce}"`;
}
