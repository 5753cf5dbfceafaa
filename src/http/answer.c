/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered: texts, refusals, and the handshake of WebSocket. */
#include "base/crypto.h"
#include "base/text.h"
#include "http/http.h"
#include "http/reject.h"

enum { KEY_BYTES = 16 }; /* RFC 6455 4.1: before base64 */

static void write_start(struct buf *out, unsigned status, const char *reason)
{
	buf_printf(out, "HTTP/1.1 %u %s\r\n", status, reason);
}

static void write_body(struct buf *out, const char *type, struct slice body)
{
	buf_printf(out,
		   "Connection: close\r\n"
		   "Cache-Control: no-store\r\n"
		   "X-Content-Type-Options: nosniff\r\n"
		   "Content-Security-Policy: default-src 'none'; "
		   "frame-ancestors 'none'\r\n"
		   "Content-Type: %s\r\n"
		   "Content-Length: ",
		   type);
	buf_dec(out, body.len + 1);
	buf_str(out, "\r\n\r\n");
	buf_put(out, body);
	buf_str(out, "\n");
}

static void write_plain(struct buf *out, const char *text)
{
	write_body(out, "text/plain; charset=utf-8", slice_str(text));
}

void http_write_text(struct buf *out, unsigned status, const char *reason,
		     const char *text)
{
	write_start(out, status, reason);
	write_plain(out, text);
}

void http_write_json(struct buf *out, struct slice json)
{
	write_start(out, 200, "OK");
	write_body(out, "application/json", json);
}

void http_write_challenge(struct buf *out, const struct reject *reject,
			  struct slice challenge)
{
	write_start(out, reject->status, reject->reason);
	buf_printf(out, "WWW-Authenticate: %.*s\r\n", SLICE_FMT(challenge));
	write_plain(out, reject->text);
}

void http_write_reject(struct buf *out, const struct reject *reject)
{
	write_start(out, reject->status, reject->reason);
	if (reject->status == 405)
		buf_str(out, "Allow: GET\r\n");
	if (reject->status == 426)
		buf_str(out, "Upgrade: websocket\r\n"
			     "Sec-WebSocket-Version: 13\r\n");
	write_plain(out, reject->text);
}

void http_json_text(struct buf *out, struct slice text)
{
	buf_u8(out, '"');
	while (text.len) {
		uint32_t code = 0;
		size_t n = text_utf8_next(text, &code);
		if (!n)
			buf_u8(out, '?');
		else if (code < 0x20 || code == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)code);
		else if (code == '"' || code == '\\')
			buf_printf(out, "\\%c", (char)code);
		else
			buf_put(out, slice_head(text, n));
		text = slice_from(text, n ? n : 1);
	}
	buf_u8(out, '"');
}

bool http_query(const struct http_request *r, const char *name,
		struct slice *value)
{
	struct slice rest = r->query;
	while (rest.len) {
		ptrdiff_t end = slice_chr(rest, '&');
		struct slice one =
			end < 0 ? rest : slice_head(rest, (size_t)end);
		ptrdiff_t eq = slice_chr(one, '=');
		if (eq >= 0 &&
		    slice_eq(slice_head(one, (size_t)eq), slice_str(name))) {
			*value = slice_from(one, (size_t)eq + 1);
			return true;
		}
		rest = end < 0 ? SLICE_NONE : slice_from(rest, (size_t)end + 1);
	}
	return false;
}

/* "https://NAME" or "https://NAME:PORT": the name. Anything else is empty. */
static struct slice origin_host(struct slice origin, struct slice *authority)
{
	const struct slice https = SLICE_LIT("https://");
	*authority = SLICE_NONE;
	if (!slice_ieq(slice_head(origin, https.len), https))
		return SLICE_NONE;
	*authority = slice_from(origin, https.len);
	ptrdiff_t colon = slice_chr(*authority, ':');
	return colon < 0 ? *authority : slice_head(*authority, (size_t)colon);
}

static bool has_field(const struct http_request *r, const char *name)
{
	for (size_t i = 0; i < r->fields; i++)
		if (slice_ieq(r->field[i].name, slice_str(name)))
			return true;
	return false;
}

bool http_origin_ok(const struct http_request *r, const struct slice *host,
		    size_t count)
{
	struct slice authority;
	struct slice name = origin_host(http_field(r, "Origin"), &authority);
	if (!has_field(r, "Origin"))
		return true;
	if (!name.len)
		return false;
	if (slice_ieq(authority, r->host))
		return true;
	for (size_t i = 0; i < count; i++)
		if (slice_ieq(name, host[i]))
			return true;
	return false;
}

static bool key_ok(struct slice key)
{
	uint8_t raw[KEY_BYTES + 2];
	return text_unbase64(key, raw, sizeof(raw)) == KEY_BYTES;
}

static const struct reject *check_handshake(const struct http_request *r,
					    const char *protocol)
{
	if (!slice_eq(r->method, SLICE_LIT("GET")))
		return &http_reject_method;
	if (!http_has_token(r, "Upgrade", "websocket") ||
	    !slice_eq(http_field(r, "Sec-WebSocket-Version"), SLICE_LIT("13")))
		return &http_reject_upgrade;
	if (r->old || !http_has_token(r, "Connection", "upgrade") ||
	    !key_ok(http_field(r, "Sec-WebSocket-Key")))
		return &http_reject_handshake;
	return http_has_token(r, "Sec-WebSocket-Protocol", protocol)
		       ? NULL
		       : &http_reject_protocol;
}

const struct reject *http_websocket(const struct http_request *r,
				    const char *protocol, struct buf *out)
{
	const struct reject *reject = check_handshake(r, protocol);
	uint8_t digest[SHA1_BYTES];
	/* RFC 6455 1.3 */
	const struct slice parts[] = {
		http_field(r, "Sec-WebSocket-Key"),
		SLICE_LIT("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"),
	};
	if (reject)
		return reject;
	if (crypto_sha1(parts, 2, digest))
		return &http_reject_memory;
	write_start(out, 101, "Switching Protocols");
	buf_str(out, "Upgrade: websocket\r\nConnection: Upgrade\r\n"
		     "Sec-WebSocket-Accept: ");
	text_base64(out, slice_of(digest, sizeof(digest)));
	buf_printf(out, "\r\nSec-WebSocket-Protocol: %s\r\n\r\n", protocol);
	return buf_failed(out) ? &http_reject_memory : NULL;
}
