/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A refusal is one constant row: what goes on the wire, into the log and into
 * the counters. Checks return a pointer to a row, NULL meaning fine. Three
 * kinds of failure stay apart: ours (-E...), theirs (struct reject), a bug
 * (assert).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/metrics.h"

struct reject {
	uint16_t status;      /* SIP status code, 400..699; 0: drop silently */
	uint16_t diagnostics; /* ms-diagnostics id, 0: none */
	bool closes;          /* close the connection after the answer */
	bool rests;           /* with 503: says when to come back */
	bool inside_only;     /* the id is not told to outsiders */
	enum metric metric;
	const char *why;    /* log value, one word: content_length */
	const char *reason; /* reason phrase on the wire */
	const char *text;   /* a sentence for people: what and what to do */
	const char *spec;   /* RFC 3261 8.1.1.8, or a threat row */
};
