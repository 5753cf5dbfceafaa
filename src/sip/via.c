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

static bool first(bool *seen)
{
	bool before = *seen;

	*seen = true;
	return !before;
}

/* Those that have a meaning stand there at most once. */
static bool param_ok(bool *branch, struct sip_via *via, struct slice name,
		     struct slice value)
{
	if (scan_is_word(name, SLICE_LIT("branch"))) {
		via->branch = value;
		return first(branch) && scan_is_token(value);
	}
	if (scan_is_word(name, SLICE_LIT("received")))
		return first(&via->received) && is_address(value);
	if (scan_is_word(name, SLICE_LIT("rport")))
		return first(&via->rport) &&
		       (value.len == 0 || sip_port(value));
	if (scan_is_word(name, SLICE_LIT("alias")))
		via->alias = true;
	return true;
}

static void read_params(struct cur *c, struct sip_via *via)
{
	bool branch = false;
	struct slice name, value;
	const uint8_t *from = c->pos;

	via->branch = SLICE_NONE;
	via->received = via->rport = via->alias = false;
	while (scan_param(c, &name, &value))
		if (!param_ok(&branch, via, name, value))
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
