/* SPDX-License-Identifier: Apache-2.0 */
/* One Via value (RFC 3261 20.42, RFC 3581, RFC 5118 4.5). */
#include <errno.h>

#include "sip/host.h"
#include "sip/sip.h"

/* received=: an address, its IPv6 form with brackets or without. */
static bool is_address(struct slice text)
{
	if (slice_starts(text, SLICE_LIT("[")) &&
	    slice_ends(text, SLICE_LIT("]")))
		text = slice_of(text.ptr + 1, text.len - 2);
	return sip_is_ip4(text) || sip_is_ip6(text, NULL);
}

/* The parameters that have a meaning, each at most once. */
struct params {
	unsigned branches, received, rports;
};

static bool param_ok(struct params *p, struct sip_via *via, struct slice name,
		     struct slice value)
{
	if (scan_is_word(name, SLICE_LIT("branch"))) {
		via->branch = value;
		return ++p->branches == 1 && scan_is_token(value);
	}
	if (scan_is_word(name, SLICE_LIT("received")))
		return ++p->received == 1 && is_address(value);
	if (scan_is_word(name, SLICE_LIT("rport")))
		return ++p->rports == 1 && (value.len == 0 || sip_port(value));
	return true;
}

static void read_params(struct cur *c, struct sip_via *via)
{
	struct params p = { 0 };
	struct slice name, value;
	const uint8_t *from = c->pos;

	via->branch = SLICE_NONE;
	while (scan_param(c, &name, &value))
		if (!param_ok(&p, via, name, value))
			scan_fail(c);
	via->params = scan_since(from, c);
}

/* protocol-name "/" protocol-version "/", mostly as everybody writes it. */
static void skip_protocol(struct cur *c)
{
	const struct slice usual = SLICE_LIT("SIP/2.0/");

	if (slice_starts(scan_rest(c), usual)) {
		c->pos += usual.len;
		scan_blank(c);
		return;
	}
	for (int i = 0; i < 2; i++) {
		scan_some(c, SCAN_TOKEN);
		if (!scan_sep(c, '/'))
			scan_fail(c);
	}
}

int sip_via_parse(struct slice value, struct sip_via *out)
{
	struct cur c = scan_over(scan_trim(value));
	struct sip_host host;

	out->text = scan_rest(&c);
	skip_protocol(&c);
	out->transport = scan_some(&c, SCAN_TOKEN);
	if (!scan_blank(&c))
		scan_fail(&c);
	sip_scan_host(&c, &host);
	sip_scan_port(&c, true, &host);
	out->host = host.text;
	out->port = host.port;
	read_params(&c, out);
	scan_blank(&c);
	if (scan_done(&c))
		return 0;
	*out = (struct sip_via){ .port = 0 };
	return -EINVAL;
}
