/* SPDX-License-Identifier: Apache-2.0 */
/* What people and scripts read: aligned tables, and JSON by the line. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "cli/cli.h"

enum { OUT_COLUMNS_MAX = 16 };

/* Cells by rows, already escaped; the first row is the head. */
struct out_table {
	size_t columns;
	size_t cells;
	struct buf text;              /* each cell with NUL behind it */
	bool number[OUT_COLUMNS_MAX]; /* only numbers below its head */
	size_t width[OUT_COLUMNS_MAX];
};

/* columns: 1 to OUT_COLUMNS_MAX. */
void out_table_init(struct out_table *t, size_t columns);
void out_table_free(struct out_table *t);
void out_cell(struct out_table *t, struct slice text);
/* Strings, numbers and booleans; "-" for everything else. */
void out_cell_json(struct out_table *t, const json_t *value);
/* Without a row below the head: nothing. -ENOMEM. */
int out_table_print(struct cli *c, const struct out_table *t);
/* Seconds since 1970 as UTC. */
void out_cell_time(struct out_table *t, const json_t *seconds);
/* A heading, bold where there are colours. */
void out_heading(struct cli *c, const char *text);
/* One line; takes value over, NULL is memory that ran out. Safe for
 * terminals. Returns an exit status. */
int out_json(struct cli *c, json_t *value);
/* The text, or its escaped form where it is no UTF-8. */
json_t *out_json_text(struct slice s);
