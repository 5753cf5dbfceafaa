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
static bool params_ok(struct sip_via *via)
{
	struct slice rest = via->params;
	struct slice name, value;
	unsigned branches = 0;
	unsigned received = 0;
	unsigned rports = 0;

	while (sip_param_next(&rest, &name, &value)) {
		if (scan_ieq(name, SLICE_LIT("branch"))) {
			via->branch = value;
			if (++branches > 1 || !scan_all(value, SCAN_TOKEN))
				return false;
		} else if (scan_ieq(name, SLICE_LIT("received"))) {
			if (++received > 1 || !is_address(value))
				return false;
		} else if (scan_ieq(name, SLICE_LIT("rport"))) {
			if (++rports > 1 || (value.len > 0 && !sip_port(value)))
				return false;
		}
	}
	return true;
}

int sip_via_parse(struct slice value, struct sip_via *out)
{
	struct sip_via via = { .text = scan_trim(value) };
	struct cur c = scan_over(via.text);
	struct sip_host host;

	scan_some(&c, SCAN_TOKEN); /* protocol-name */
	if (!scan_sep(&c, '/'))
		scan_fail(&c);
	scan_some(&c, SCAN_TOKEN); /* protocol-version */
	if (!scan_sep(&c, '/'))
		scan_fail(&c);
	via.transport = scan_some(&c, SCAN_TOKEN);
	if (!scan_blank(&c))
		scan_fail(&c);
	sip_scan_host(&c, &host);
	sip_scan_port(&c, true, &host);
	via.host = host.text;
	via.port = host.port;
	via.params = scan_params(&c);
	scan_blank(&c);
	if (!scan_done(&c) || !params_ok(&via))
		return -EINVAL;
	*out = via;
	return 0;
}
