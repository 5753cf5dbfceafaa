/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last changes that operators made, for the pages. The log has all of them
 * (admin.change), for good; here they end with the process. Private to admin/.
 */
#pragma once

#include <jansson.h>

#include "base/slice.h"

enum { AUDIT_MAX = 200, AUDIT_TEXT_MAX = 120 };

struct audit_entry {
	struct slice who, what, of, before, after, result;
};

struct audit_row;

struct audit {
	uint64_t (*wall_ms)(void);
	struct audit_row *row; /* AUDIT_MAX, made with the first one */
	size_t next, count;
};

void audit_init(struct audit *x);
void audit_free(struct audit *x);
/* Texts are cut and copied; short of memory it is left out. */
void audit_note(struct audit *x, const struct audit_entry *e);
/* [{"time":n,"who":s,"what":s,"of":s,"old":s,"new":s,"result":s}...], the
 * newest first; NULL: out of memory. */
json_t *audit_rows(const struct audit *x);
