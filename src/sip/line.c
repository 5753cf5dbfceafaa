/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting a message head into lines, names and values. */
#include "sip/line.h"

#include "base/text.h"
#include "sip/scan.h"

/* Everything up to CR LF, which is taken too. A bare LF is an error. */
static struct slice scan_to_crlf(struct cur *c)
{
	const uint8_t *from = c->pos;
	const uint8_t *lf =
		from != c->end ? memchr(from, '\n', (size_t)(c->end - from))
			       : NULL;

	if (!lf || lf == from || lf[-1] != '\r') {
		scan_fail(c);
		return SLICE_NONE;
	}
	c->pos = lf + 1;
	return slice_of(from, (size_t)(lf - 1 - from));
}

bool sip_line_start(struct cur *c, struct slice *line)
{
	*line = scan_to_crlf(c);
	return !scan_failed(c);
}

/* The line and its folds, whatever is in it. */
static bool line_next(struct cur *c, struct slice *line)
{
	struct slice first = scan_to_crlf(c);

	if (scan_failed(c) || first.len == 0)
		return false;
	*line = first;
	while (scan_is(scan_peek(c), SCAN_BLANK)) {
		struct slice more = scan_to_crlf(c);
		if (scan_failed(c))
			return false;
		line->len += more.len + 2; /* they are neighbours */
	}
	return true;
}

/* Most lines are printable ASCII up to their CR LF, and no fold follows. */
bool sip_line_next(struct cur *c, struct sip_line *line)
{
	const uint8_t *from = c->pos;
	const uint8_t *cr = scan_past_ascii(from, c->end);

	line->plain = c->end - cr > 2 && cr != from && cr[0] == '\r' &&
		      cr[1] == '\n' && !scan_is(cr[2], SCAN_BLANK);
	if (!line->plain)
		return line_next(c, &line->text);
	line->text = slice_of(from, (size_t)(cr - from));
	c->pos = cr + 2;
	return true;
}

/* Up to the colon, when a block holds it: a known name needs no look at each
 * of its letters. */
static bool split_known(struct slice line, struct sip_header *out)
{
	if (line.len < BLOCK)
		return false;
	unsigned colons = block_eq(line.ptr, ':');
	if (!colons)
		return false;
	unsigned colon = block_first(colons);
	out->name = slice_of(line.ptr, colon);
	out->id = sip_header_id_of(out->name);
	out->value = slice_from(line, colon + 1);
	if (out->value.len > 0 && out->value.ptr[0] == ' ')
		out->value = slice_from(out->value, 1);
	out->value = scan_trim(out->value);
	return out->id != SIP_H_UNKNOWN;
}

bool sip_line_split(struct slice line, struct sip_header *out)
{
	struct cur c = scan_over(line);

	if (split_known(line, out))
		return true;
	out->name = scan_some(&c, SCAN_TOKEN);
	scan_run(&c, SCAN_BLANK); /* HCOLON: no fold before the colon */
	scan_expect(&c, ':');
	if (scan_failed(&c))
		return false;
	out->value = scan_trim(scan_rest(&c));
	out->id = sip_header_id_of(out->name);
	return true;
}

/* Once control bytes are there: each must be a quoted pair in a quoted
 * string. */
static bool controls_quoted(struct slice value)
{
	struct cur c = scan_over(value);
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
	return !scan_failed(&c) && !quoted;
}

bool sip_line_value_ok(struct slice value)
{
	struct cur c = scan_over(value);
	uint8_t high = 0;

	if (scan_is_plain(value))
		return true;
	for (size_t i = 0; i < value.len; i++)
		high |= value.ptr[i];
	if (high >= 0x80 && !text_utf8(value))
		return false;
	do {
		scan_run(&c, SCAN_TEXT);
	} while (scan_blank(&c));
	return scan_done(&c) || controls_quoted(value);
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
	struct cur c = scan_over(head);
	struct sip_length length = { .good = false };
	struct sip_line line;
	size_t seen = 0;

	while (sip_line_next(&c, &line)) {
		struct sip_header h;
		if (!sip_line_maybe_length(line.text) ||
		    !sip_line_split(line.text, &h) ||
		    h.id != SIP_H_CONTENT_LENGTH)
			continue;
		length.found = true;
		length.good = ++seen == 1 &&
			      sip_line_length_value(h.value, &length.bytes);
		if (!length.good)
			break;
	}
	return length;
}
