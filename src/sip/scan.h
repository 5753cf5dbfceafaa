/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token reader for the grammar of RFC 3261 25.1, on top of the cursor: its
 * error is sticky, so a rule is a list of calls and one cur_failed() at the
 * end. Every byte is looked at a bounded number of times. Private to sip/.
 */
#pragma once

#include "base/cursor.h"

enum scan_class {
	SCAN_DIGIT = 1 << 0,
	SCAN_HEX = 1 << 1,
	SCAN_ALNUM = 1 << 2,
	SCAN_TOKEN = 1 << 3,
	SCAN_WORD = 1 << 4,     /* Call-ID */
	SCAN_USER = 1 << 5,     /* unreserved, user-unreserved */
	SCAN_PASSWORD = 1 << 6, /* unreserved and "&=+$," */
	SCAN_PARAM = 1 << 7,    /* paramchar of a URI */
	SCAN_HEADER = 1 << 8,   /* hname, hvalue of a URI */
	SCAN_URIC = 1 << 9,     /* reserved, unreserved, and brackets */
	SCAN_QDTEXT = 1 << 10,  /* quoted-string, without LWS */
	SCAN_TEXT = 1 << 11,    /* what a header value may hold bare */
	SCAN_BLANK = 1 << 12,   /* SP, HTAB */
	SCAN_SCHEME = 1 << 13,  /* after the first letter */
	SCAN_ALPHA = 1 << 14,
	SCAN_PLAIN = 1 << 15,  /* says nothing in a comma list */
	SCAN_PVALUE = 1 << 16, /* up to the end of a parameter */
	SCAN_PNAME = 1 << 17,  /* and up to its '=' */
	SCAN_ASCII = 1 << 18,  /* 20..7E */
	SCAN_LABEL = 1 << 19,  /* of a domain: letters, digits, hyphen */
	SCAN_HOST = 1 << 20,   /* and the dot */
};

extern const uint32_t scan_table[256];

/* c as of cur_peek(): -1 is in no class. */
static inline bool scan_is(int c, unsigned classes)
{
	return c >= 0 && (scan_table[c & 0xff] & classes) != 0;
}

static inline void scan_fail(struct cur *c)
{
	c->failed = true;
	c->pos = c->end;
}

/* From where `from` stood to where `to` stands. */
static inline struct slice scan_between(const struct cur *from,
					const struct cur *to)
{
	if (to->failed)
		return SLICE_NONE;
	return slice_of(from->pos, (size_t)(to->pos - from->pos));
}

/* What is left, as a slice. */
static inline struct slice scan_rest(const struct cur *c)
{
	return slice_of(c->pos, (size_t)(c->end - c->pos));
}

static inline struct cur scan_over(struct slice s)
{
	return (struct cur){ s.ptr, s.len ? s.ptr + s.len : s.ptr, false };
}

static inline int scan_peek(const struct cur *c)
{
	return c->failed || c->pos == c->end ? -1 : *c->pos;
}

static inline bool scan_failed(const struct cur *c)
{
	return c->failed;
}

static inline bool scan_done(const struct cur *c)
{
	return !c->failed && c->pos == c->end;
}

/* Without the bytes of these classes at its start. */
static inline const uint8_t *scan_past(const uint8_t *at, const uint8_t *end,
				       unsigned classes)
{
	while (at != end && (scan_table[*at] & classes) != 0)
		at++;
	return at;
}

/* The run of bytes of these classes, maybe empty. */
static inline struct slice scan_run(struct cur *c, unsigned classes)
{
	const uint8_t *from = c->pos;

	c->pos = scan_past(from, c->end, classes);
	return c->failed ? SLICE_NONE : slice_of(from, (size_t)(c->pos - from));
}

/* The same; an empty one is an error. */
static inline struct slice scan_some(struct cur *c, unsigned classes)
{
	struct slice s = scan_run(c, classes);

	if (s.len == 0)
		scan_fail(c);
	return s;
}

/* Takes the byte if it is next. */
static inline bool scan_byte(struct cur *c, uint8_t byte)
{
	if (c->pos == c->end || *c->pos != byte)
		return false;
	c->pos++;
	return true;
}

static inline void scan_expect(struct cur *c, uint8_t byte)
{
	if (!scan_byte(c, byte))
		scan_fail(c);
}

/* The whole slice consists of these classes and is not empty. */
static inline bool scan_all(struct slice s, unsigned classes)
{
	if (s.len == 0)
		return false;
	return scan_past(s.ptr, s.ptr + s.len, classes) == s.ptr + s.len;
}

/* Blanks and folds of which the first byte is there. */
bool scan_blanks(struct cur *c);

/* SWS: blanks and folds, as many as there are; true when there were any. */
static inline bool scan_blank(struct cur *c)
{
	if (c->pos == c->end || *c->pos > ' ')
		return false;
	return scan_blanks(c);
}

/* Bytes of these classes and %HH escapes, maybe empty. */
struct slice scan_escaped(struct cur *c, unsigned classes);
/* scan_sep() when a blank or a fold may stand first. */
bool scan_sep_blanks(struct cur *c, uint8_t byte);

/* SWS byte SWS; without the byte nothing is taken. */
static inline bool scan_sep(struct cur *c, uint8_t byte)
{
	if (c->pos == c->end)
		return false;
	if (*c->pos <= ' ')
		return scan_sep_blanks(c, byte);
	if (*c->pos != byte)
		return false;
	c->pos++;
	scan_blank(c);
	return true;
}

/* quoted-string with its quotes. */
struct slice scan_quoted(struct cur *c);
/* *( SEMI generic-param ) up to something else; every parameter strict. */
struct slice scan_params(struct cur *c);
/* slice_trim(), which mostly has nothing to do. */
static inline struct slice scan_trim(struct slice s)
{
	if (s.len > 0 && s.ptr[0] > ' ' && s.ptr[s.len - 1] > ' ')
		return s;
	return slice_trim(s);
}

/* Both of one length, not empty: by words. */
bool scan_ieq_long(struct slice a, struct slice b);

/* slice_ieq(), which mostly is over with the length, the first or the last
 * letter: equal ones differ at most in the bit of their case. */
static inline bool scan_ieq(struct slice a, struct slice b)
{
	if (a.len != b.len)
		return false;
	if (a.len == 0)
		return true;
	unsigned ends = (unsigned)(a.ptr[0] ^ b.ptr[0]) |
			(unsigned)(a.ptr[a.len - 1] ^ b.ptr[b.len - 1]);
	return (ends & ~0x20U) == 0 && scan_ieq_long(a, b);
}

/* Printable ASCII and spaces only: nothing in it needs a second look. */
bool scan_is_plain(struct slice s);
/* The two characters of a %HH at s[at] are there; value or -1. */
int scan_hex2(struct slice s, size_t at);
