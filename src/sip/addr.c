/* SPDX-License-Identifier: Apache-2.0 */
/* name-addr and addr-spec with header parameters (RFC 3261 20.10, 25.1). */
#include "sip/addr.h"

#include <errno.h>

#include "sip/scan.h"

/* Display name in front of '<'; false when what stands there is none, *c is
 * then where it was. */
static bool scan_display(struct cur *c, struct slice *display)
{
	const uint8_t *from = c->pos;
	const uint8_t *end = from;

	if (scan_peek(c) == '<') {
		*display = SLICE_NONE;
		return true;
	}
	if (scan_peek(c) == '"') {
		scan_quoted(c);
		end = c->pos;
		scan_blank(c);
	} else {
		while (scan_run(c, SCAN_TOKEN).len > 0) {
			end = c->pos;
			if (!scan_blank(c))
				break;
		}
	}
	if (scan_peek(c) == '<') {
		*display = slice_of(from, (size_t)(end - from));
		return true;
	}
	c->pos = from;
	c->failed = false;
	return false;
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

static struct slice scan_addr_params(struct cur *c,
				     struct sip_addr_known *known)
{
	struct slice name, value;
	const uint8_t *from = c->pos;

	while (scan_param(c, &name, &value)) {
		if (scan_is_word(name, SLICE_LIT("tag")) && known->tags++ == 0)
			known->tag = value;
		else if (scan_is_word(name, SLICE_LIT("q")) && known->qs++ == 0)
			known->q = value;
	}
	return scan_since(from, c);
}

int sip_addr_read(struct slice value, struct sip_addr *out,
		  struct sip_addr_known *known)
{
	struct cur c = scan_over(scan_trim(value));

	*known = (struct sip_addr_known){ .tags = 0 };
	out->display = SLICE_NONE;
	out->bracketed = scan_display(&c, &out->display);
	struct slice uri = out->bracketed ? scan_bracketed(&c) : scan_bare(&c);
	out->params = scan_addr_params(&c, known);
	scan_blank(&c);
	if (scan_done(&c) && sip_uri_parse(uri, &out->uri) == 0)
		return 0;
	*out = (struct sip_addr){ .bracketed = false };
	return -EINVAL;
}

int sip_addr_parse(struct slice value, struct sip_addr *out)
{
	struct sip_addr_known known;

	return sip_addr_read(value, out, &known);
}
