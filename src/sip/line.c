/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting a message head into lines, names and values. */
#include "sip/line.h"

#include "base/text.h"
#include "sip/scan.h"

/* Everything up to CR LF, which is taken too. A bare LF is an error. */
static struct slice scan_to_crlf(struct cur *c)
{
	struct slice rest = slice_of(c->pos, cur_left(c));
	ptrdiff_t lf = slice_chr(rest, '\n');

	if (lf < 1 || rest.ptr[lf - 1] != '\r') {
		scan_fail(c);
		return SLICE_NONE;
	}
	cur_bytes(c, (size_t)lf + 1);
	return slice_head(rest, (size_t)lf - 1);
}

bool sip_line_start(struct cur *c, struct slice *line)
{
	*line = scan_to_crlf(c);
	return !cur_failed(c);
}

bool sip_line_next(struct cur *c, struct slice *line)
{
	struct slice first = scan_to_crlf(c);

	if (cur_failed(c) || first.len == 0)
		return false;
	*line = first;
	while (scan_is(cur_peek(c), SCAN_BLANK)) {
		struct slice more = scan_to_crlf(c);
		if (cur_failed(c))
			return false;
		line->len += more.len + 2; /* they are neighbours */
	}
	return true;
}

bool sip_line_split(struct slice line, struct sip_header *out)
{
	struct cur c = cur_init(line);

	out->name = scan_some(&c, SCAN_TOKEN);
	scan_run(&c, SCAN_BLANK); /* HCOLON: no fold before the colon */
	scan_expect(&c, ':');
	if (cur_failed(&c))
		return false;
	out->value = slice_trim(slice_of(c.pos, cur_left(&c)));
	out->id = sip_header_id_of(out->name);
	return true;
}

/* Once control bytes are there: each must be a quoted pair in a quoted
 * string. */
static bool controls_quoted(struct slice value)
{
	struct cur c = cur_init(value);
	bool quoted = false;

	while (cur_left(&c) > 0) {
		if (scan_blank(&c))
			continue;
		uint8_t b = cur_u8(&c);
		if (b == '"')
			quoted = !quoted;
		else if (quoted && b == '\\')
			b = cur_u8(&c) == '\r' ? 0 : '\\';
		if (!scan_is(b, SCAN_TEXT))
			return false;
	}
	return !cur_failed(&c) && !quoted;
}

bool sip_line_value_ok(struct slice value)
{
	struct cur c = cur_init(value);
	uint8_t high = 0;

	for (size_t i = 0; i < value.len; i++)
		high |= value.ptr[i];
	if (high >= 0x80 && !text_utf8(value))
		return false;
	do {
		scan_run(&c, SCAN_TEXT);
	} while (scan_blank(&c));
	return cur_done(&c) || controls_quoted(value);
}

bool sip_line_length_value(struct slice value, size_t *bytes)
{
	uint64_t n = 0;

	if (!scan_all(value, SCAN_DIGIT) || slice_u64(value, INT32_MAX, &n) < 0)
		return false;
	*bytes = (size_t)n;
	return true;
}

struct sip_length sip_line_length(struct slice head)
{
	struct cur c = cur_init(head);
	struct sip_length length = { .good = false };
	struct slice line;
	size_t seen = 0;

	if (!sip_line_start(&c, &line))
		return length;
	while (sip_line_next(&c, &line)) {
		struct sip_header h;
		/* Content-Length or l */
		if ((line.ptr[0] | 0x20) != 'c' && (line.ptr[0] | 0x20) != 'l')
			continue;
		if (!sip_line_split(line, &h) || h.id != SIP_H_CONTENT_LENGTH)
			continue;
		length.found = true;
		length.good = ++seen == 1 &&
			      sip_line_length_value(h.value, &length.bytes);
		if (!length.good)
			break;
	}
	return length;
}
