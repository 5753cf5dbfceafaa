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
};

extern const uint32_t scan_table[256];

/* c as of cur_peek(): -1 is in no class. */
static inline bool scan_is(int c, unsigned classes)
{
	return c >= 0 && (scan_table[c & 0xff] & classes) != 0;
}

void scan_fail(struct cur *c);
/* The run of bytes of these classes, maybe empty. */
struct slice scan_run(struct cur *c, unsigned classes);
/* The same; an empty one is an error. */
struct slice scan_some(struct cur *c, unsigned classes);
/* Bytes of these classes and %HH escapes, maybe empty. */
struct slice scan_escaped(struct cur *c, unsigned classes);
/* Takes the byte if it is next. */
bool scan_byte(struct cur *c, uint8_t byte);
void scan_expect(struct cur *c, uint8_t byte);
/* SWS: blanks and folds, as many as there are; true when there were any. */
bool scan_blank(struct cur *c);
/* SWS byte SWS; without the byte nothing is taken. */
bool scan_sep(struct cur *c, uint8_t byte);
/* quoted-string with its quotes. */
struct slice scan_quoted(struct cur *c);
/* *( SEMI generic-param ) up to something else; every parameter strict. */
struct slice scan_params(struct cur *c);
/* From where `from` stood to where `to` stands. */
struct slice scan_between(const struct cur *from, const struct cur *to);
/* The whole slice consists of these classes and is not empty. */
bool scan_all(struct slice s, unsigned classes);
/* The two characters of a %HH at s[at] are there; value or -1. */
int scan_hex2(struct slice s, size_t at);
