/* SPDX-License-Identifier: Apache-2.0 */
/* Values inside header values: comma lists, tokens, seconds, folds. */
#include <errno.h>

#include "sip/scan.h"
#include "sip/sip.h"

/* <...> of a name-addr: a URI holds neither '>' nor '"'. */
static void skip_brackets(struct cur *c)
{
	struct slice rest = scan_rest(c);
	ptrdiff_t close = slice_chr(rest, '>');

	if (close < 0)
		scan_fail(c);
	else
		cur_bytes(c, (size_t)close + 1);
}

/* To the next comma outside quotes and brackets, or the end. */
static void skip_value(struct cur *c)
{
	int next;

	scan_run(c, SCAN_PLAIN);
	while ((next = scan_peek(c)) >= 0 && next != ',') {
		if (next == '"')
			scan_quoted(c);
		else if (next == '<')
			skip_brackets(c);
		else
			cur_u8(c);
		scan_run(c, SCAN_PLAIN);
	}
}

int sip_list_next(struct slice *list, struct slice *value)
{
	struct cur c = scan_over(scan_trim(*list));

	if (cur_left(&c) == 0) {
		*list = SLICE_NONE;
		return 0;
	}
	const uint8_t *from = c.pos;
	skip_value(&c);
	struct slice text = scan_trim(scan_since(from, &c));
	bool more = scan_byte(&c, ',');
	scan_blank(&c);
	if (scan_failed(&c) || text.len == 0 || (more && cur_left(&c) == 0))
		return -EINVAL;
	*value = text;
	*list = scan_rest(&c);
	return 1;
}

bool sip_has_token(const struct sip_msg *m, enum sip_header_id id,
		   const char *token)
{
	const struct sip_header *h;
	size_t index = 0;

	while ((h = sip_header_next(m, id, &index))) {
		struct slice list = h->value;
		struct slice value;
		while (sip_list_next(&list, &value) == 1)
			if (scan_ieq(value, slice_str(token)))
				return true;
	}
	return false;
}

int sip_delta_seconds(struct slice value, uint32_t *out)
{
	uint64_t seconds = 0;

	if (!scan_all(value, SCAN_DIGIT))
		return -EINVAL;
	if (slice_u64(value, UINT32_MAX, &seconds) < 0)
		seconds = UINT32_MAX;
	*out = (uint32_t)seconds;
	return 0;
}
