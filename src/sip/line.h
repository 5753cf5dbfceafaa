/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a message head: shared by framing and parsing, so that both see
 * the same headers. Private to sip/. */
#pragma once

#include "sip/scan.h"
#include "sip/sip.h"

/* Takes the start line, without its CR LF. False: it does not end. */
bool sip_line_start(struct cur *c, struct slice *line);
struct sip_line {
	struct slice text; /* with its folds, without the last CR LF */
	bool plain;        /* 20..7E only; false: not looked at */
};

/* Takes the next header line. False at the empty line, which is taken too; *c
 * has failed when there is none. */
bool sip_line_next(struct cur *c, struct sip_line *line);
/* Name and trimmed value of a header line; false when the name is no token
 * followed by a colon (SIP-04). */
bool sip_line_split(struct slice line, struct sip_header *out);
/* Only text, folds and quoted pairs stand in the value (SIP-09). */
bool sip_line_value_ok(struct slice value);

struct sip_length { /* Content-Length of a head */
	bool good;  /* exactly one, digits, below 2^31 (SIP-02) */
	bool found; /* at least one */
	size_t bytes;
};
/* Is the line, which is not empty, worth asking for it? Content-Length or l:
 * most lines begin with another letter. */
static inline bool sip_line_maybe_length(struct slice line)
{
	uint8_t first = line.ptr[0] | 0x20;

	return first == 'l' ||
	       (first == 'c' &&
		scan_ieq(slice_head(line, 14), SLICE_LIT("content-length")));
}

/* head: from the first such line to the empty line. */
struct sip_length sip_line_length(struct slice head);
/* The same from one value. */
bool sip_line_length_value(struct slice value, size_t *bytes);
