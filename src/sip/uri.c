/* SPDX-License-Identifier: Apache-2.0 */
/* Reading URIs, their parameters and escapes. */
#include "sip/uri.h"

#include <errno.h>

#include "sip/host.h"

static enum sip_scheme scheme_of(struct slice text)
{
	if (scan_is_word(text, SLICE_LIT("sip")))
		return SIP_SCHEME_SIP;
	if (scan_is_word(text, SLICE_LIT("sips")))
		return SIP_SCHEME_SIPS;
	if (scan_is_word(text, SLICE_LIT("tel")))
		return SIP_SCHEME_TEL;
	return SIP_SCHEME_OTHER;
}

static struct slice scan_scheme(struct cur *c)
{
	const uint8_t *from = c->pos;

	if (!scan_is(scan_peek(c), SCAN_ALPHA))
		scan_fail(c);
	scan_run(c, SCAN_SCHEME);
	struct slice scheme = scan_since(from, c);
	scan_expect(c, ':');
	return scheme;
}

/* userinfo with its '@'. None of the later parts can hold a bare '@', so the
 * first one in the text ends it (SIP-26). */
static void scan_userinfo(struct cur *c, struct sip_uri *out)
{
	out->user = SLICE_NONE;
	out->password = SLICE_NONE;
	if (slice_chr(scan_rest(c), '@') < 0)
		return;
	out->user = scan_escaped(c, SCAN_USER);
	if (out->user.len == 0)
		scan_fail(c);
	if (scan_byte(c, ':'))
		out->password = scan_escaped(c, SCAN_PASSWORD);
	scan_expect(c, '@');
}

static void need_some(struct cur *c, struct slice s)
{
	if (s.len == 0)
		scan_fail(c);
}

static struct slice scan_uri_params(struct cur *c)
{
	const uint8_t *from = c->pos;

	while (scan_byte(c, ';')) {
		need_some(c, scan_escaped(c, SCAN_PARAM));
		if (scan_byte(c, '='))
			need_some(c, scan_escaped(c, SCAN_PARAM));
	}
	return scan_since(from, c);
}

static struct slice scan_uri_headers(struct cur *c)
{
	const uint8_t *from = c->pos;

	if (!scan_byte(c, '?'))
		return SLICE_NONE;
	do {
		need_some(c, scan_escaped(c, SCAN_HEADER));
		scan_expect(c, '=');
		scan_escaped(c, SCAN_HEADER);
	} while (scan_byte(c, '&'));
	return scan_since(from, c);
}

static void set_host(struct sip_uri *out, const struct sip_host *host)
{
	out->host = host->text;
	out->host_is_ip4 = host->is_ip4;
	out->host_is_ip6 = host->is_ip6;
	out->port = host->port;
}

static void scan_sip(struct cur *c, struct sip_uri *out)
{
	struct sip_host host;

	scan_userinfo(c, out);
	sip_scan_host(c, &host);
	sip_scan_port(c, false, &host);
	set_host(out, &host);
	out->params = scan_uri_params(c);
	out->headers = scan_uri_headers(c);
}

/* RFC 3966 3: the number, at least one digit in it; its context is judged by
 * who dials. */
static void scan_tel(struct cur *c, struct sip_uri *out)
{
	const uint8_t *from = c->pos;
	bool global = scan_byte(c, '+');
	size_t digits = 0;

	for (int b; (b = scan_peek(c)) >= 0 && b != ';'; cur_u8(c)) {
		if (scan_is(b, SCAN_DIGIT) ||
		    (!global && (scan_is(b, SCAN_HEX) || b == '*' || b == '#')))
			digits++;
		else if (b != '-' && b != '.' && b != '(' && b != ')')
			break;
	}
	if (digits == 0)
		scan_fail(c);
	out->user = scan_since(from, c);
	out->params = scan_uri_params(c);
}

static void no_parts(struct sip_uri *out)
{
	set_host(out, &(struct sip_host){ .port = 0 });
	out->user = SLICE_NONE;
	out->password = SLICE_NONE;
	out->params = SLICE_NONE;
	out->headers = SLICE_NONE;
}

/* Every member is set once, where it belongs: this is done several times for
 * each message. */
int sip_uri_parse(struct slice text, struct sip_uri *out)
{
	struct cur c = scan_over(text);

	out->text = text;
	out->scheme_text = scan_scheme(&c);
	out->scheme = scheme_of(out->scheme_text);
	switch (out->scheme) {
	case SIP_SCHEME_SIP:
	case SIP_SCHEME_SIPS:
		scan_sip(&c, out);
		break;
	case SIP_SCHEME_TEL:
		no_parts(out);
		scan_tel(&c, out);
		break;
	case SIP_SCHEME_OTHER: /* absoluteURI */
		no_parts(out);
		need_some(&c, scan_escaped(&c, SCAN_URIC));
		break;
	}
	if (scan_done(&c))
		return 0;
	*out = (struct sip_uri){ .port = 0 };
	return -EINVAL;
}

bool sip_param_next(struct slice *params, struct slice *name,
		    struct slice *value)
{
	struct cur c = scan_over(*params);

	*name = SLICE_NONE;
	*value = SLICE_NONE;
	if (!scan_sep(&c, ';'))
		return false;
	/* what was accepted by a parser needs no stricter reading */
	*name = scan_run(&c, SCAN_PNAME);
	if (scan_sep(&c, '='))
		*value = scan_peek(&c) == '"' ? scan_quoted(&c)
					      : scan_run(&c, SCAN_PVALUE);
	*params = scan_rest(&c);
	return !scan_failed(&c) && name->len > 0;
}

bool sip_param(struct slice params, const char *name, struct slice *value)
{
	struct slice want = slice_str(name);
	struct slice found, text;

	while (sip_param_next(&params, &found, &text)) {
		if (!scan_ieq(found, want))
			continue;
		*value = text;
		return true;
	}
	return false;
}

int sip_unescape(struct slice in, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		if (in.ptr[i] != '%') {
			buf_u8(out, in.ptr[i]);
			continue;
		}
		int byte = scan_hex2(in, i + 1);
		if (byte < 0)
			return -EINVAL;
		buf_u8(out, (uint8_t)byte);
		i += 2;
	}
	return buf_failed(out) ? -ENOMEM : 0;
}

void sip_escape_user(struct buf *out, struct slice raw)
{
	for (size_t i = 0; i < raw.len; i++) {
		if (scan_is(raw.ptr[i], SCAN_USER))
			buf_u8(out, raw.ptr[i]);
		else
			buf_printf(out, "%%%02X", raw.ptr[i]);
	}
}
