/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and JSON on the command's output. */
#include "cli/out.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "cli/term.h"

#define BOLD "\033[1m"
#define PLAIN "\033[0m"

void out_table_init(struct out_table *t, size_t columns)
{
	assert(columns > 0 && columns <= OUT_COLUMNS_MAX);
	*t = (struct out_table){ .columns = columns };
	buf_init(&t->text, 0);
	for (size_t i = 0; i < columns; i++)
		t->number[i] = true;
}

void out_table_free(struct out_table *t)
{
	buf_free(&t->text);
}

static bool is_number(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isdigit(s.ptr[i]))
			return false;
	return true;
}

void out_cell(struct out_table *t, struct slice text)
{
	size_t column = t->cells % t->columns;
	size_t start = t->text.len;

	if (!text.len)
		text = SLICE_LIT("-");
	term_escape(&t->text, text, TERM_LINE);
	if (buf_failed(&t->text))
		return;
	struct slice cell = slice_from(buf_slice(&t->text), start);
	size_t width = term_width(cell);
	if (width > t->width[column])
		t->width[column] = width;
	if (t->cells >= t->columns && !is_number(text))
		t->number[column] = false;
	buf_u8(&t->text, 0);
	t->cells++;
}

void out_cell_json(struct out_table *t, const json_t *value)
{
	char digits[32];

	if (json_is_string(value)) {
		out_cell(t, slice_of(json_string_value(value),
				     json_string_length(value)));
		return;
	}
	if (json_is_integer(value))
		snprintf(digits, sizeof(digits), "%lld",
			 (long long)json_integer_value(value));
	else if (json_is_real(value))
		snprintf(digits, sizeof(digits), "%g", json_real_value(value));
	else if (json_is_boolean(value))
		snprintf(digits, sizeof(digits), "%s",
			 json_is_true(value) ? "yes" : "no");
	else
		digits[0] = '\0';
	out_cell(t, slice_str(digits));
}

static void spaces(FILE *out, size_t count)
{
	while (count--)
		fputc(' ', out);
}

static void print_cell(struct cli *c, const struct out_table *t, size_t column,
		       struct slice cell)
{
	size_t gap = t->width[column] - term_width(cell);
	bool last = column + 1 == t->columns;

	if (column)
		spaces(c->out, 2);
	if (t->number[column])
		spaces(c->out, gap);
	fwrite(cell.ptr, 1, cell.len, c->out);
	if (!t->number[column] && !last)
		spaces(c->out, gap);
}

int out_table_print(struct cli *c, const struct out_table *t)
{
	struct slice rest = buf_slice(&t->text);

	if (buf_failed(&t->text))
		return -ENOMEM;
	if (t->cells <= t->columns)
		return 0;
	for (size_t i = 0; i < t->cells; i++) {
		size_t column = i % t->columns;
		struct slice cell =
			slice_head(rest, (size_t)slice_chr(rest, 0));
		if (!i && c->colour)
			fputs(BOLD, c->out);
		print_cell(c, t, column, cell);
		if (i + 1 == t->columns && c->colour)
			fputs(PLAIN, c->out);
		if (column + 1 == t->columns)
			fputc('\n', c->out);
		rest = slice_from(rest, cell.len + 1);
	}
	return 0;
}

void out_cell_time(struct out_table *t, const json_t *seconds)
{
	time_t at = (time_t)json_integer_value(seconds);
	char text[64];
	struct tm tm;

	if (!at || !gmtime_r(&at, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		text[0] = '\0';
	out_cell(t, slice_str(text));
}

void out_heading(struct cli *c, const char *text)
{
	fprintf(c->out, "\n%s", c->colour ? BOLD : "");
	term_print(c->out, slice_str(text), TERM_LINE);
	fprintf(c->out, "%s\n", c->colour ? PLAIN : "");
}

int out_json(struct cli *c, json_t *value)
{
	char *text =
		value ? json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII |
						  JSON_ENCODE_ANY)
		      : NULL;

	json_decref(value);
	if (!text)
		return cli_fail(c, CLI_NO, "out of memory");
	/* DEL is the one control character that JSON lets through */
	for (const char *p = text; *p; p++) {
		if (*p == 0x7f)
			fputs("\\u007f", c->out);
		else
			fputc(*p, c->out);
	}
	fputc('\n', c->out);
	fflush(c->out);
	free(text);
	return CLI_DONE;
}

json_t *out_json_text(struct slice s)
{
	struct buf b;

	if (text_utf8(s))
		return json_stringn(s.len ? (const char *)s.ptr : "", s.len);
	buf_init(&b, 0);
	term_escape(&b, s, TERM_LINE);
	json_t *text = buf_failed(&b)
			       ? NULL
			       : json_stringn((const char *)b.ptr, b.len);
	buf_free(&b);
	return text;
}
