/* SPDX-License-Identifier: Apache-2.0 */
/* Comparing URIs: RFC 3261 19.1.4, RFC 3966 4. */
#include "sip/scan.h"
#include "sip/uri.h"

enum {
	/* Comparing is quadratic in the parts; beyond this many only the
	 * same text is equal (OVL-03). */
	PARTS_MAX = 64,
	RESERVED_ESCAPE = 0x100,
};

/* ";/?:@&=+$," */
static bool is_reserved(int byte)
{
	return byte != 0 && strchr(";/?:@&=+$,", byte) != NULL;
}

/* The next character of escaped text: an escape equals its character, except
 * that of a reserved one. -1 at the end. */
static int next_char(struct cur *c, bool fold_case)
{
	int byte = cur_peek(c);
	int mark = 0;

	if (byte < 0)
		return -1;
	cur_u8(c);
	if (byte == '%') {
		byte = scan_hex2(slice_of(c->pos, cur_left(c)), 0);
		cur_bytes(c, 2);
		if (byte < 0)
			return -1;
		mark = is_reserved(byte) ? RESERVED_ESCAPE : 0;
	}
	if (fold_case && byte >= 'A' && byte <= 'Z')
		byte |= 0x20;
	return byte | mark;
}

static bool escaped_equal(struct slice a, struct slice b, bool fold_case)
{
	struct cur x = cur_init(a);
	struct cur y = cur_init(b);
	int left, right;

	do {
		left = next_char(&x, fold_case);
		right = next_char(&y, fold_case);
	} while (left == right && left >= 0);
	return left == right;
}

static bool host_equal(const struct sip_uri *a, const struct sip_uri *b)
{
	char x[SIP_DOMAIN_MAX];
	char y[SIP_DOMAIN_MAX];

	if (sip_domain(a->host, x) < 0 || sip_domain(b->host, y) < 0)
		return slice_ieq(a->host, b->host);
	return strcmp(x, y) == 0;
}

/* Parameters or headers: the same walk with other separators. */
struct parts {
	struct slice rest;
	char separator; /* ';' or '&' */
};

static struct parts params_of(const struct sip_uri *u)
{
	return (struct parts){ slice_from(u->params, 1), ';' };
}

static struct parts headers_of(const struct sip_uri *u)
{
	return (struct parts){ slice_from(u->headers, 1), '&' };
}

static bool next_part(struct parts *p, struct slice *name, struct slice *value)
{
	if (p->rest.len == 0)
		return false;
	ptrdiff_t end = slice_chr(p->rest, (uint8_t)p->separator);
	struct slice part =
		end < 0 ? p->rest : slice_head(p->rest, (size_t)end);
	p->rest = end < 0 ? SLICE_NONE : slice_from(p->rest, (size_t)end + 1);
	ptrdiff_t equals = slice_chr(part, '=');
	*name = equals < 0 ? part : slice_head(part, (size_t)equals);
	*value = equals < 0 ? SLICE_NONE : slice_from(part, (size_t)equals + 1);
	return true;
}

static size_t count_parts(struct parts p)
{
	struct slice name, value;
	size_t n = 0;

	while (next_part(&p, &name, &value))
		n++;
	return n;
}

static bool find_part(struct parts p, struct slice want, struct slice *value)
{
	struct slice name;

	while (next_part(&p, &name, value))
		if (escaped_equal(name, want, true))
			return true;
	return false;
}

/* Parameters that count even when only one of the two has them. */
static bool must_be_in_both(struct slice name)
{
	static const char *const always[] = {
		"user",          "ttl", "method", "maddr",
		"phone-context", "ext", "isub",
	};

	for (size_t i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (escaped_equal(name, slice_str(always[i]), true))
			return true;
	return false;
}

static bool params_match(const struct sip_uri *a, const struct sip_uri *b)
{
	struct parts p = params_of(a);
	struct slice name, mine, theirs;

	while (next_part(&p, &name, &mine)) {
		if (find_part(params_of(b), name, &theirs)) {
			if (!escaped_equal(mine, theirs, true))
				return false;
		} else if (must_be_in_both(name)) {
			return false;
		}
	}
	return true;
}

/* Headers are never ignored. */
static bool headers_match(const struct sip_uri *a, const struct sip_uri *b)
{
	struct parts p = headers_of(a);
	struct slice name, mine, theirs;

	while (next_part(&p, &name, &mine))
		if (!find_part(headers_of(b), name, &theirs) ||
		    !escaped_equal(mine, theirs, false))
			return false;
	return true;
}

static int next_digit(struct cur *c)
{
	for (int b; (b = cur_peek(c)) >= 0;) {
		cur_u8(c);
		if (b != '-' && b != '.' && b != '(' && b != ')')
			return b >= 'A' && b <= 'Z' ? b | 0x20 : b;
	}
	return -1;
}

/* Visual separators do not count (RFC 3966 4). */
static bool number_equal(struct slice a, struct slice b)
{
	struct cur x = cur_init(a);
	struct cur y = cur_init(b);
	int left, right;

	do {
		left = next_digit(&x);
		right = next_digit(&y);
	} while (left == right && left >= 0);
	return left == right;
}

static bool parts_equal(const struct sip_uri *a, const struct sip_uri *b)
{
	if (count_parts(params_of(a)) > PARTS_MAX ||
	    count_parts(params_of(b)) > PARTS_MAX ||
	    count_parts(headers_of(a)) > PARTS_MAX)
		return false;
	return params_match(a, b) && params_match(b, a) &&
	       count_parts(headers_of(a)) == count_parts(headers_of(b)) &&
	       headers_match(a, b) && headers_match(b, a);
}

bool sip_uri_equal(const struct sip_uri *a, const struct sip_uri *b)
{
	if (slice_eq(a->text, b->text))
		return true;
	if (a->scheme != b->scheme || a->scheme == SIP_SCHEME_OTHER)
		return false;
	if (a->scheme == SIP_SCHEME_TEL)
		return number_equal(a->user, b->user) && parts_equal(a, b);
	return escaped_equal(a->user, b->user, false) &&
	       escaped_equal(a->password, b->password, false) &&
	       host_equal(a, b) && a->port == b->port && parts_equal(a, b);
}
