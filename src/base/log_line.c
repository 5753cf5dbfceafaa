/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one event becomes one line. Whatever comes in, a line holds printable
 * characters only, and a reader can tell where a value ends:
 *
 *   text: \ and " get a backslash; \xNN is a byte that is no valid UTF-8 or a
 *         control byte; \uNNNN is a character that moves, hides or reorders
 *         its neighbours. Values that are empty or hold blanks are quoted.
 *   JSON: the same, in JSON's own escapes; only a byte that is no UTF-8 has no
 *         such escape and reads "\xNN" after decoding.
 *
 * A value that was cut ends in \... which no escape looks like.
 */
#include "base/log_line.h"

#include <stdio.h>

#include "base/text.h"

enum {
	/* for the mark of a cut value, the closing quote, the count of pairs
	 * that were left out, the closing brace and LF */
	RESERVE_BYTES = 64,
	UNIT_BYTES = 16, /* one character, escaped */
};

/* Characters beyond ASCII that nobody should meet raw in a log: controls,
 * blanks that are not spaces, direction marks, joiners, invisible ones. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x007f, 0x00a0 },    { 0x00ad, 0x00ad },   { 0x034f, 0x034f },
	{ 0x0600, 0x0605 },    { 0x061c, 0x061c },   { 0x06dd, 0x06dd },
	{ 0x070f, 0x070f },    { 0x115f, 0x1160 },   { 0x1680, 0x1680 },
	{ 0x17b4, 0x17b5 },    { 0x180b, 0x180f },   { 0x2000, 0x200f },
	{ 0x2028, 0x202f },    { 0x205f, 0x206f },   { 0x2800, 0x2800 },
	{ 0x3000, 0x3000 },    { 0x3164, 0x3164 },   { 0xe000, 0xf8ff },
	{ 0xfe00, 0xfe0f },    { 0xfeff, 0xfeff },   { 0xffa0, 0xffa0 },
	{ 0xfff0, 0xffff },    { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
	{ 0xe0000, 0x10ffff },
};

static bool is_printable(uint32_t code)
{
	if (code < 0x20)
		return false;
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(*unprintable);
	     i++) {
		if (code >= unprintable[i].first && code <= unprintable[i].last)
			return false;
	}
	return true;
}

static void put(struct log_line *l, const char *text, size_t len)
{
	memcpy(l->text + l->len, text, len);
	l->len += len;
}

static void put_str(struct log_line *l, const char *text)
{
	size_t room = LOG_LINE_BYTES - RESERVE_BYTES;
	size_t len = strlen(text);
	if (l->len < room)
		put(l, text, len < room - l->len ? len : room - l->len);
}

static int escape_bytes(struct slice s, const char *before, char *out)
{
	int len = 0;
	for (size_t i = 0; i < s.len; i++)
		len += snprintf(out + len, (size_t)(UNIT_BYTES + 1 - len),
				"%sx%02x", before, (unsigned)s.ptr[i]);
	return len;
}

static int unit_text(struct slice s, uint32_t code, bool valid, char *out)
{
	if (!valid || code < 0x20 || code == 0x7f || code > 0xffff)
		return escape_bytes(slice_head(s, 4), "\\", out);
	return snprintf(out, UNIT_BYTES + 1, "\\u%04x", (unsigned)code);
}

static int unit_json(struct slice s, uint32_t code, bool valid, char *out)
{
	if (!valid)
		return escape_bytes(s, "\\\\", out);
	if (code <= 0xffff)
		return snprintf(out, UNIT_BYTES + 1, "\\u%04x", (unsigned)code);
	code -= 0x10000;
	return snprintf(out, UNIT_BYTES + 1, "\\u%04x\\u%04x",
			0xd800 + (unsigned)(code >> 10),
			0xdc00 + (unsigned)(code & 0x3ff));
}

/* Takes one character off *s into out, escaped. Returns the bytes of out. */
static int next_unit(struct slice *s, enum log_format format,
		     char out[static UNIT_BYTES + 1])
{
	uint32_t code = 0;
	size_t n = text_utf8_next(*s, &code);
	bool valid = n > 0;
	struct slice unit = slice_head(*s, valid ? n : 1);
	*s = slice_from(*s, unit.len);
	if (valid && (code == '"' || code == '\\')) {
		out[0] = '\\';
		out[1] = (char)code;
		return 2;
	}
	if (valid && is_printable(code)) {
		memcpy(out, unit.ptr, unit.len);
		return (int)unit.len;
	}
	return format == LOG_JSON ? unit_json(unit, code, valid, out)
				  : unit_text(unit, code, valid, out);
}

/* Up to `limit` bytes, the mark of a cut included. */
static void put_escaped(struct log_line *l, struct slice s, size_t limit)
{
	const char *mark = l->format == LOG_JSON ? "\\\\..." : "\\...";
	size_t start = l->len;
	size_t fits = start; /* the last place where the mark still fits */
	char unit[UNIT_BYTES + 1];
	while (s.len) {
		size_t n = (size_t)next_unit(&s, l->format, unit);
		if (l->len - start + n > limit) {
			l->len = fits;
			put(l, mark, strlen(mark));
			return;
		}
		put(l, unit, n);
		if (l->len - start + strlen(mark) <= limit)
			fits = l->len;
	}
}

static bool needs_quotes(struct slice s)
{
	return !s.len || slice_chr(slice_head(s, LOG_VALUE_BYTES), ' ') >= 0 ||
	       slice_chr(slice_head(s, LOG_VALUE_BYTES), '"') >= 0;
}

static void put_value(struct log_line *l, const struct log_kv *kv, size_t room)
{
	char digits[24];
	if (kv->kind != LOG_KV_STR) {
		if (kv->kind == LOG_KV_I64)
			snprintf(digits, sizeof(digits), "%lld",
				 (long long)kv->num);
		else
			snprintf(digits, sizeof(digits), "%llu",
				 (unsigned long long)kv->num);
		put_str(l, digits);
		return;
	}
	bool quotes = l->format == LOG_JSON || needs_quotes(kv->str);
	if (quotes)
		put(l, "\"", 1);
	put_escaped(l, kv->str,
		    room < LOG_VALUE_BYTES ? room : LOG_VALUE_BYTES);
	if (quotes)
		put(l, "\"", 1);
}

void log_line_pair(struct log_line *l, const struct log_kv *kv)
{
	bool json = l->format == LOG_JSON;
	size_t room = LOG_LINE_BYTES - RESERVE_BYTES - l->len;
	size_t frame = strlen(kv->key) + 32; /* and a number */
	if (l->len > LOG_LINE_BYTES - RESERVE_BYTES || room < frame) {
		l->left_out++;
		return;
	}
	put_str(l, json ? ",\"" : " ");
	put_str(l, kv->key);
	put_str(l, json ? "\":" : "=");
	put_value(l, kv, room - frame);
}

/* The date of a day since 1970 in the Gregorian calendar. Years are counted
 * from 1 March, so that the leap day is the last of them. */
static void put_date(struct log_line *l, uint64_t days)
{
	enum {
		DAYS_400 = 146097,
		DAYS_100 = 36524,
		DAYS_4 = 1461,
		DAYS_1 = 365
	};
	char text[32];
	days += 719468; /* from 1 March of the year 0 to 1970 */
	uint64_t era = days / DAYS_400;
	unsigned day = (unsigned)(days % DAYS_400);
	unsigned year = (day - day / (DAYS_4 - 1) + day / DAYS_100 -
			 day / (DAYS_400 - 1)) /
			DAYS_1;
	day -= DAYS_1 * year + year / 4 - year / 100;
	unsigned month = (5 * day + 2) / 153; /* 0: March */
	unsigned of_month = day - (153 * month + 2) / 5 + 1;
	unsigned civil = month < 10 ? month + 3 : month - 9;
	uint64_t full_year = era * 400 + year + (civil <= 2);
	snprintf(text, sizeof(text), "%04llu-%02u-%02u",
		 (unsigned long long)full_year, civil, of_month);
	put_str(l, text);
}

static void put_time(struct log_line *l, uint64_t time_ms)
{
	char text[32];
	uint64_t seconds = time_ms / 1000;
	put_date(l, seconds / 86400);
	snprintf(text, sizeof(text), "T%02u:%02u:%02u.%03uZ",
		 (unsigned)(seconds / 3600 % 24), (unsigned)(seconds / 60 % 60),
		 (unsigned)(seconds % 60), (unsigned)(time_ms % 1000));
	put_str(l, text);
}

void log_line_start(struct log_line *l, enum log_format format,
		    uint64_t time_ms, enum log_level level, const char *event)
{
	l->format = format;
	l->len = 0;
	l->left_out = 0;
	bool json = format == LOG_JSON;
	put_str(l, json ? "{\"time\":\"" : "");
	put_time(l, time_ms);
	put_str(l, json ? "\",\"level\":\"" : " ");
	put_str(l, log_level_name(level));
	put_str(l, json ? "\",\"event\":\"" : " ");
	put_str(l, event);
	put_str(l, json ? "\"" : "");
}

struct slice log_line_end(struct log_line *l)
{
	char tail[RESERVE_BYTES];
	bool json = l->format == LOG_JSON;
	int n = 0;
	if (l->left_out)
		n = snprintf(tail, sizeof(tail),
			     json ? ",\"left_out\":%zu" : " left_out=%zu",
			     l->left_out);
	n += snprintf(tail + n, sizeof(tail) - (size_t)n, json ? "}\n" : "\n");
	put(l, tail, (size_t)n);
	return slice_of(l->text, l->len);
}
