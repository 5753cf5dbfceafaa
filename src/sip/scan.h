/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Token reader for the grammar of RFC 3261 25.1, on top of the cursor: its
 * error is sticky, so a rule is a list of calls and one cur_failed() at the
 * end. Every byte is looked at a bounded number of times. Private to sip/.
 */
#pragma once

#include "base/cursor.h"
#include "sip/block.h"
#include "sip/class.h"
#include "sip/word.h"

static inline void scan_fail(struct cur *c)
{
	c->failed = true;
	c->pos = c->end;
}

/* From there to where the cursor stands. */
static inline struct slice scan_since(const uint8_t *from, const struct cur *c)
{
	if (c->failed)
		return SLICE_NONE;
	return slice_of(from, (size_t)(c->pos - from));
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
	for (; end - at >= 4; at += 4) {
		if (!(scan_table[at[0]] & classes))
			return at;
		if (!(scan_table[at[1]] & classes))
			return at + 1;
		if (!(scan_table[at[2]] & classes))
			return at + 2;
		if (!(scan_table[at[3]] & classes))
			return at + 3;
	}
	while (at != end && (scan_table[*at] & classes) != 0)
		at++;
	return at;
}

/* To the first byte that is not 20..7E, or the end. */
static inline const uint8_t *scan_past_ascii(const uint8_t *at,
					     const uint8_t *end)
{
	for (; end - at >= BLOCK; at += BLOCK) {
		unsigned odd = block_odd(at);
		if (odd)
			return at + block_first(odd);
	}
	return scan_past(at, end, SCAN_ASCII);
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
/* Of a gen-value: is it a token, neither quoted nor in brackets? */
static inline bool scan_is_token(struct slice value)
{
	return value.len > 0 && value.ptr[0] != '"' && value.ptr[0] != '[';
}

/* SEMI generic-param, strict; false when no semicolon is next. The value is
 * empty where there is none. */
bool scan_param(struct cur *c, struct slice *name, struct slice *value);
/* *( SEMI generic-param ) up to something else; every parameter strict. */
struct slice scan_params(struct cur *c);
/* The two characters of a %HH at s[at] are there; value or -1. */
int scan_hex2(struct slice s, size_t at);
