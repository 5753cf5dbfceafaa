/* SPDX-License-Identifier: Apache-2.0 */
/* A table of texts as columns for a terminal, Markdown, CSV (RFC 4180) or
 * JSON. */
#include "base/text.h"
#include "ports/ports_int.h"

/* East Asian characters take two columns (Unicode Standard Annex 11). */
static bool wide(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x1100, 0x115f }, { 0x2e80, 0xa4cf },   { 0xac00, 0xd7a3 },
		{ 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
		{ 0xffe0, 0xffe6 }, { 0x20000, 0x3fffd },
	};
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

size_t cells_width(struct slice s)
{
	size_t width = 0;
	uint32_t code;
	for (size_t n; (n = text_utf8_next(s, &code)); s = slice_from(s, n))
		width += wide(code) ? 2 : 1;
	return width;
}

static void title(const struct cells *c, size_t column, struct buf *out)
{
	buf_str(out, words_in(&c->title[column], c->lang));
}

/* The text of a cell in *scratch; row 0 is the title. */
static struct slice text_of(const struct cells *c, size_t row, size_t column,
			    struct buf *scratch)
{
	buf_reset(scratch);
	if (row == 0)
		title(c, column, scratch);
	else
		c->cell(c->arg, row - 1, column, scratch);
	return buf_slice(scratch);
}

static void measure(const struct cells *c, struct buf *scratch,
		    size_t width[CELLS_MAX])
{
	for (size_t column = 0; column < c->columns; column++) {
		width[column] = 0;
		for (size_t row = 0; row <= c->rows; row++) {
			size_t w =
				cells_width(text_of(c, row, column, scratch));
			if (w > width[column])
				width[column] = w;
		}
	}
}

static void pad(struct buf *out, size_t used, size_t width)
{
	enum { GAP = 2 };
	for (; used < width + GAP; used++)
		buf_str(out, " ");
}

static void print_text(struct buf *out, const struct cells *c,
		       struct buf *scratch)
{
	size_t width[CELLS_MAX];
	measure(c, scratch, width);
	for (size_t row = 0; row <= c->rows; row++) {
		for (size_t column = 0; column < c->columns; column++) {
			struct slice s = text_of(c, row, column, scratch);
			buf_put(out, s);
			if (column + 1 < c->columns)
				pad(out, cells_width(s), width[column]);
		}
		buf_str(out, "\n");
	}
}

static void print_markdown(struct buf *out, const struct cells *c,
			   struct buf *scratch)
{
	for (size_t row = 0; row <= c->rows; row++) {
		buf_str(out, "|");
		for (size_t column = 0; column < c->columns; column++) {
			buf_str(out, " ");
			buf_put(out, text_of(c, row, column, scratch));
			buf_str(out, " |");
		}
		buf_str(out, "\n");
		if (row == 0) {
			buf_str(out, "|");
			for (size_t i = 0; i < c->columns; i++)
				buf_str(out, "---|");
			buf_str(out, "\n");
		}
	}
}

static void csv_text(struct buf *out, struct slice s)
{
	bool quote = slice_chr(s, ',') >= 0 || slice_chr(s, '"') >= 0;
	if (!quote) {
		buf_put(out, s);
		return;
	}
	buf_str(out, "\"");
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '"')
			buf_str(out, "\"");
		buf_put(out, slice_of(&s.ptr[i], 1));
	}
	buf_str(out, "\"");
}

static void print_csv(struct buf *out, const struct cells *c,
		      struct buf *scratch)
{
	for (size_t row = 0; row <= c->rows; row++) {
		for (size_t column = 0; column < c->columns; column++) {
			if (column)
				buf_str(out, ",");
			csv_text(out, text_of(c, row, column, scratch));
		}
		buf_str(out, "\r\n");
	}
}

void cells_json_text(struct buf *out, struct slice s)
{
	buf_str(out, "\"");
	for (size_t i = 0; i < s.len; i++) {
		uint8_t b = s.ptr[i];
		if (b == '"' || b == '\\')
			buf_str(out, "\\");
		if (b < 0x20)
			buf_printf(out, "\\u%04x", b);
		else
			buf_put(out, slice_of(&s.ptr[i], 1));
	}
	buf_str(out, "\"");
}

static void print_json(struct buf *out, const struct cells *c,
		       struct buf *scratch)
{
	buf_str(out, "[");
	for (size_t row = 1; row <= c->rows; row++) {
		buf_str(out, row > 1 ? ",\n {" : "\n {");
		for (size_t column = 0; column < c->columns + c->more;
		     column++) {
			if (column)
				buf_str(out, ", ");
			cells_json_text(out, slice_str(c->key[column]));
			buf_str(out, ": ");
			cells_json_text(out, text_of(c, row, column, scratch));
		}
		buf_str(out, "}");
	}
	buf_str(out, "\n]\n");
}

void cells_print(struct buf *out, const struct cells *c, enum ports_form form)
{
	static void (*const forms[])(struct buf *, const struct cells *,
				     struct buf *) = {
		[PORTS_TEXT] = print_text, [PORTS_MARKDOWN] = print_markdown,
		[PORTS_CSV] = print_csv,   [PORTS_JSON] = print_json,
		[PORTS_SVG] = print_text,
	};
	struct buf scratch;
	buf_init(&scratch, 0);
	forms[form](out, c, &scratch);
	if (buf_failed(&scratch))
		out->failed = true;
	buf_free(&scratch);
}
