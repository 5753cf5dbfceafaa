/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace as a ladder: users and servers inside on the left, the edge in the
 * middle, partners on the right; an arrow a message, and below it what was
 * decided and what the edge changed. Text for a terminal of a fixed width,
 * everything of strangers escaped. Pure.
 */
#pragma once

#include "cli/trace_record.h"

enum { LADDER_WIDTH_MIN = 72, LADDER_WIDTH_MAX = 160 };

struct ladder_style {
	unsigned width; /* columns; out of bounds: the nearest */
	bool utf8;      /* else ASCII */
	bool colour;
};

struct ladder;

int ladder_create(struct ladder **out, const struct ladder_style *style);
void ladder_free(struct ladder *l); /* tolerates NULL */
/* Appends the lines of one record. Sticky error in out. */
void ladder_draw(struct ladder *l, struct buf *out,
		 const struct trace_record *r);
/* A line about the trace itself. */
void ladder_note(struct ladder *l, struct buf *out, const char *text);
/* "12:31:04.120", UTC. */
void ladder_time(struct buf *out, uint64_t time_ms);
