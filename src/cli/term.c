/* SPDX-License-Identifier: Apache-2.0 */
/* Escaping for terminals, and how wide characters are on them. */
#include "cli/term.h"

#include "base/text.h"

struct range {
	uint32_t first, last;
};

/* Controls, direction marks, separators of lines, invisible ones. Joiners and
 * variation selectors stay: emoji are made of them. */
static const struct range unsafe[] = {
	{ 0x0000, 0x001f }, { 0x007f, 0x009f },   { 0x00ad, 0x00ad },
	{ 0x061c, 0x061c }, { 0x180e, 0x180e },   { 0x200b, 0x200b },
	{ 0x200e, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },
	{ 0xe000, 0xf8ff }, { 0xfeff, 0xfeff },   { 0xfff0, 0xfffb },
	{ 0xfffe, 0xffff }, { 0xe0000, 0xe0fff }, { 0xf0000, 0x10ffff },
};

static const struct range narrowest[] = {
	{ 0x0300, 0x036f },
	{ 0x200c, 0x200d },
	{ 0x20d0, 0x20f0 },
	{ 0xfe00, 0xfe0f },
};

static const struct range wide[] = {
	{ 0x1100, 0x115f }, { 0x2e80, 0xa4cf },   { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 }, { 0x1f300, 0x1faff }, { 0x20000, 0x3fffd },
};

#define IN(code, ranges) \
	in_ranges(code, ranges, sizeof(ranges) / sizeof(*(ranges)))

static bool in_ranges(uint32_t code, const struct range *r, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (code >= r[i].first && code <= r[i].last)
			return true;
	return false;
}

static void put_code(struct buf *out, uint32_t code)
{
	switch (code) {
	case '\n':
		buf_str(out, "\\n");
		break;
	case '\r':
		buf_str(out, "\\r");
		break;
	case '\t':
		buf_str(out, "\\t");
		break;
	default:
		buf_printf(out,
			   code < 0x80      ? "\\x%02x"
			   : code < 0x10000 ? "\\u%04x"
					    : "\\U%08x",
			   (unsigned)code);
	}
}

void term_escape(struct buf *out, struct slice s, enum term_mode mode)
{
	while (s.len) {
		uint32_t code = 0;
		size_t n = text_utf8_next(s, &code);
		if (!n)
			buf_printf(out, "\\x%02x", (unsigned)s.ptr[0]);
		else if (mode == TERM_LINES && (code == '\n' || code == '\\'))
			buf_u8(out, (uint8_t)code);
		else if (code == '\\')
			buf_str(out, "\\\\");
		else if (IN(code, unsafe))
			put_code(out, code);
		else
			buf_put(out, slice_head(s, n));
		s = slice_from(s, n ? n : 1);
	}
}

void term_print(FILE *out, struct slice s, enum term_mode mode)
{
	struct buf b;

	buf_init(&b, 0);
	term_escape(&b, s, mode);
	if (b.len)
		fwrite(b.ptr, 1, b.len, out);
	buf_free(&b);
}

size_t term_width(struct slice s)
{
	size_t width = 0;

	while (s.len) {
		uint32_t code = 0;
		size_t n = text_utf8_next(s, &code);
		if (!IN(code, narrowest))
			width += IN(code, wide) ? 2 : 1;
		s = slice_from(s, n ? n : 1);
	}
	return width;
}
