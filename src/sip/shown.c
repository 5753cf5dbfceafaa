/* SPDX-License-Identifier: Apache-2.0 */
/* Which bytes of a message are nobody else's business, written over. */
#include "sip/shown.h"

/* Blanks and ends of lines stay: they are the form of the message. */
static void cover(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] > ' ')
			at[i] = 'x';
}

/* Length of the line that begins s, with its end: CRLF, or either alone. */
static size_t line_bytes(struct slice s)
{
	for (size_t at = 0; at < s.len; at++) {
		if (s.ptr[at] == '\n')
			return at + 1;
		if (s.ptr[at] == '\r')
			return at + 1 < s.len && s.ptr[at + 1] == '\n' ? at + 2
								       : at + 1;
	}
	return s.len;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

size_t sip_shown_head(struct slice whole)
{
	size_t at = 0;
	while (at < whole.len) {
		struct slice rest = slice_from(whole, at);
		size_t len = line_bytes(rest);
		at += len;
		if (slice_empty(slice_trim(slice_head(rest, len))))
			return at;
	}
	return whole.len;
}

/* ---- the head ---- */

/* A header that proves who somebody is; the scheme stands first in those that
 * have one. */
struct proof {
	const char *name;
	bool scheme;
};

static const struct proof *proof_of(struct slice name)
{
	static const struct proof proofs[] = {
		{ "Authorization", true },
		{ "Proxy-Authorization", true },
		{ "Authentication-Info", false },
		{ "Proxy-Authentication-Info", false },
	};
	for (size_t i = 0; i < sizeof(proofs) / sizeof(*proofs); i++)
		if (slice_ieq(name, slice_str(proofs[i].name)))
			return &proofs[i];
	return NULL;
}

/* RFC 3261 25.1: one word, so that nothing else stands before the "=". */
static bool is_word(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_blank(s.ptr[i]) || s.ptr[i] == ',' || s.ptr[i] == '"')
			return false;
	return true;
}

static bool harmless(struct slice param)
{
	return slice_ieq(param, SLICE_LIT("username")) ||
	       slice_ieq(param, SLICE_LIT("realm"));
}

/* Bytes of the value that begins s: a quoted text, or up to a comma. */
static size_t value_bytes(struct slice s)
{
	size_t at = 0;
	if (!s.len || s.ptr[0] != '"') {
		ptrdiff_t comma = slice_chr(s, ',');
		return comma < 0 ? s.len : (size_t)comma;
	}
	for (at = 1; at < s.len && s.ptr[at] != '"'; at++)
		if (s.ptr[at] == '\\')
			at++;
	return at < s.len ? at + 1 : s.len;
}

static size_t blanks(struct slice s)
{
	size_t n = 0;
	while (n < s.len && (is_blank(s.ptr[n]) || s.ptr[n] == ','))
		n++;
	return n;
}

/* Name and value in turns; what is no such pair is covered to the end. */
static void cover_params(uint8_t *at, size_t len)
{
	while (len) {
		struct slice s = slice_of(at, len);
		size_t skip = blanks(s);
		s = slice_from(s, skip);
		ptrdiff_t equals = slice_chr(s, '=');
		struct slice name = SLICE_NONE;
		if (equals > 0)
			name = slice_trim(slice_head(s, (size_t)equals));
		if (!name.len || !is_word(name)) {
			cover(at, len);
			return;
		}
		size_t before = skip + (size_t)equals + 1;
		struct slice rest = slice_from(slice_of(at, len), before);
		size_t gap = 0;
		while (gap < rest.len && is_blank(rest.ptr[gap]))
			gap++;
		size_t value = gap + value_bytes(slice_from(rest, gap));
		if (!harmless(name))
			cover(at + before, value);
		at += before + value;
		len -= before + value;
	}
}

/* "Digest username=..." keeps names, "NTLM xyz" only the scheme; a value of one
 * word nothing. */
static void cover_value(uint8_t *at, size_t len)
{
	while (len && is_blank(at[len - 1]))
		len--;
	size_t skip = blanks(slice_of(at, len)), scheme = skip;
	while (scheme < len && !is_blank(at[scheme]))
		scheme++;
	if (scheme == len)
		scheme = skip;
	if (slice_ieq(slice_of(at + skip, scheme - skip), SLICE_LIT("Digest")))
		cover_params(at + scheme, len - scheme);
	else
		cover(at + scheme, len - scheme);
}

/* Whose URIs have tokens as users: who holds one is in a dialog, or at a
 * connection. */
static bool has_routes(struct slice name)
{
	static const char *const names[] = { "Route", "Record-Route", "Path",
					     "Service-Route" };
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (slice_ieq(name, slice_str(names[i])))
			return true;
	return false;
}

static bool starts_with(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	       slice_ieq(slice_head(s, prefix.len), prefix);
}

/* Bytes of s up to any of these, a blank, or its end. */
static size_t upto(struct slice s, const char *ends)
{
	size_t n = 0;
	while (n < s.len && !is_blank(s.ptr[n]) && s.ptr[n] &&
	       !strchr(ends, s.ptr[n]))
		n++;
	return n;
}

/* <sip:TOKEN@edge.example;lr> */
static void cover_users(uint8_t *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct slice s = slice_of(at + i, len - i);
		size_t scheme = starts_with(s, SLICE_LIT("sip:"))    ? 4
				: starts_with(s, SLICE_LIT("sips:")) ? 5
								     : 0;
		if (!scheme)
			continue;
		s = slice_from(s, scheme);
		size_t user = upto(s, "@<>,\"");
		if (user < s.len && s.ptr[user] == '@')
			cover(at + i + scheme, user);
		i += scheme + user - 1;
	}
}

/* What sip/hidden.h put into a URI. */
static void cover_hidden(uint8_t *at, size_t len)
{
	const struct slice name = SLICE_LIT(";inside=");
	for (size_t i = 0; i + name.len < len; i++) {
		struct slice s = slice_of(at + i, len - i);
		if (at[i] == ';' && starts_with(s, name))
			cover(at + i + name.len,
			      upto(slice_from(s, name.len), ";?<>,\""));
	}
}

static void cover_line(uint8_t *line, size_t len)
{
	struct slice s = slice_of(line, len), name = SLICE_NONE;
	ptrdiff_t colon = slice_chr(s, ':');
	if (colon >= 0)
		name = slice_trim(slice_head(s, (size_t)colon));
	const struct proof *p = proof_of(name);
	size_t value = (size_t)(colon + 1);
	if (p)
		(p->scheme ? cover_value : cover_params)(line + value,
							 len - value);
	else if (has_routes(name))
		cover_users(line + value, len - value);
	cover_hidden(line, len);
}

/* A line and those that continue it (RFC 3261 7.3.1). */
static size_t folded_bytes(struct slice s)
{
	size_t at = line_bytes(s);
	while (at < s.len && (s.ptr[at] == ' ' || s.ptr[at] == '\t'))
		at += line_bytes(slice_from(s, at));
	return at;
}

static void cover_head(uint8_t *head, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t line = folded_bytes(slice_of(head + at, len - at));
		cover_line(head + at, line);
		at += line;
	}
}

/* ---- the body ---- */

/* From what on, up to what: the end of the line when that is 0. */
static const struct {
	const char *begin;
	uint8_t end;
} secrets[] = {
	{ "a=crypto:", 0 },
	{ "a=ice-pwd:", 0 },
	{ "k=", 0 },
	{ "<password>", '<' },
};

/* What of the body is secret where at stands: its beginning, its length. */
static size_t secret_at(struct slice body, size_t at, bool line,
			size_t *skipped)
{
	struct slice rest = slice_from(body, at);
	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		struct slice begin = slice_str(secrets[i].begin);
		uint8_t end = secrets[i].end;
		if (!(line || end) || !starts_with(rest, begin))
			continue;
		*skipped = begin.len;
		rest = slice_from(rest, begin.len);
		ptrdiff_t stop = slice_chr(rest, end);
		if (!end)
			return line_bytes(rest);
		return stop < 0 ? rest.len : (size_t)stop;
	}
	*skipped = 1;
	return 0;
}

static void cover_body(uint8_t *body, size_t len)
{
	bool line = true;
	for (size_t at = 0; at < len;) {
		size_t skipped, secret = secret_at(slice_of(body, len), at,
						   line, &skipped);
		cover(body + at + skipped, secret);
		at += skipped + secret;
		line = body[at - 1] == '\n' || body[at - 1] == '\r';
	}
}

void sip_shown(struct buf *out, struct slice whole, bool body)
{
	size_t start = out->len, head = sip_shown_head(whole);
	buf_put(out, body ? whole : slice_head(whole, head));
	if (buf_failed(out) || !whole.len)
		return;
	cover_head(out->ptr + start, head);
	if (body)
		cover_body(out->ptr + start + head, whole.len - head);
}
