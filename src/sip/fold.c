/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unfolding (RFC 3261 7.3.1): in an accepted value CR stands only at the
 * start of a fold, since a quoted pair never holds it.
 */
#include "sip/fold.h"

#include "sip/scan.h"
#include "sip/sip.h"

static struct slice without_trailing_blanks(struct slice s)
{
	while (s.len > 0 && scan_is(s.ptr[s.len - 1], SCAN_BLANK))
		s.len--;
	return s;
}

bool sip_fold_next(struct slice *rest, struct slice *piece)
{
	if (rest->len == 0)
		return false;
	ptrdiff_t cr = slice_chr(*rest, '\r');
	if (cr < 0) {
		*piece = *rest;
		*rest = SLICE_NONE;
		return true;
	}
	*piece = without_trailing_blanks(slice_head(*rest, (size_t)cr));
	struct cur c = cur_init(slice_from(*rest, (size_t)cr));
	if (!scan_blank(&c))
		cur_u8(&c); /* a lone CR: never in an accepted value */
	*rest = slice_of(c.pos, cur_left(&c));
	return true;
}

void sip_fold_write(struct buf *out, struct slice value)
{
	struct slice piece;

	for (bool first = true; sip_fold_next(&value, &piece); first = false) {
		if (!first)
			buf_u8(out, ' ');
		buf_put(out, piece);
	}
}

struct slice sip_unfold(struct arena *a, struct slice value)
{
	struct slice piece;
	size_t len = 0;

	if (slice_chr(value, '\r') < 0)
		return value;
	uint8_t *out = arena_alloc(a, value.len);
	if (!out)
		return SLICE_NONE;
	for (bool first = true; sip_fold_next(&value, &piece); first = false) {
		if (!first)
			out[len++] = ' ';
		memcpy(out + len, piece.ptr, piece.len);
		len += piece.len;
	}
	return slice_of(out, len);
}
