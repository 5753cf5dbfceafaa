/* SPDX-License-Identifier: Apache-2.0 */
/* The character classes of RFC 3261 25.1, a bit each in one table. Private to
 * sip/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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
