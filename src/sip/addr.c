/* SPDX-License-Identifier: Apache-2.0 */
/* name-addr and addr-spec with header parameters (RFC 3261 20.10, 25.1). */
#include <errno.h>

#include "sip/scan.h"
#include "sip/sip.h"

/* Display name in front of '<'; false when what stands there is none, *c is
 * then where it was. */
static bool scan_display(struct cur *c, struct slice *display)
{
	struct cur at = *c;
	struct cur end = at;

	if (scan_peek(&at) == '"') {
		scan_quoted(&at);
		end = at;
		scan_blank(&at);
	} else {
		while (scan_run(&at, SCAN_TOKEN).len > 0) {
			end = at;
			if (!scan_blank(&at))
				break;
		}
	}
	if (scan_peek(&at) != '<')
		return false;
	*display = scan_between(c, &end);
	*c = at;
	return true;
}

static struct slice scan_bracketed(struct cur *c)
{
	scan_expect(c, '<');
	struct slice rest = scan_rest(c);
	ptrdiff_t close = slice_chr(rest, '>');
	if (close < 0) {
		scan_fail(c);
		return SLICE_NONE;
	}
	struct slice uri = cur_bytes(c, (size_t)close);
	cur_u8(c);
	return uri;
}

/* Without brackets the URI ends at the first blank or semicolon, and may hold
 * neither a comma nor a question mark (RFC 3261 20). */
static struct slice scan_bare(struct cur *c)
{
	struct slice uri = scan_run(c, SCAN_PVALUE);

	if (slice_chr(uri, ',') >= 0 || slice_chr(uri, '?') >= 0)
		scan_fail(c);
	return uri;
}

int sip_addr_parse(struct slice value, struct sip_addr *out)
{
	struct cur c = scan_over(scan_trim(value));
	struct sip_addr addr = { .display = SLICE_NONE };

	addr.bracketed = scan_display(&c, &addr.display);
	struct slice uri = addr.bracketed ? scan_bracketed(&c) : scan_bare(&c);
	addr.params = scan_params(&c);
	scan_blank(&c);
	if (!scan_done(&c) || sip_uri_parse(uri, &addr.uri) < 0)
		return -EINVAL;
	*out = addr;
	return 0;
}
