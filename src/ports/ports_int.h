/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of ports/ share: words and the plain table of cells. */
#pragma once

#include "ports/ports.h"

enum { CELLS_MAX = 8 };

/* A table of texts, on its way to one of the forms. */
struct cells {
	size_t columns;
	const struct ports_words *title; /* [columns] */
	const char *const *key;          /* [columns + more], for JSON */
	size_t more;                     /* columns that only JSON has */
	size_t rows;
	/* Appends the text of one cell. */
	void (*cell)(void *arg, size_t row, size_t column, struct buf *out);
	void *arg;
	enum ports_lang lang;
};

/* cells.c */
void cells_print(struct buf *out, const struct cells *c, enum ports_form form);
/* Columns of a terminal that s takes. */
size_t cells_width(struct slice s);
void cells_json_text(struct buf *out, struct slice s);

/* words.c */
const char *words_in(const struct ports_words *w, enum ports_lang lang);
extern const struct ports_words words_end[PORTS_END_COUNT];
const char *words_transport(enum ports_transport t);

/* table.c */
/* "5061" or "50000-59999"; "any" when it is open. */
void range_text(struct buf *out, struct ports_range r);
/* Who an end is, and by which address, if it is known. */
void end_name(struct buf *out, const struct ports_row *row, bool source,
	      enum ports_lang lang);
void end_address(struct buf *out, const struct ports_table *t,
		 const struct ports_row *row, bool source,
		 enum ports_lang lang);

/* svg.c */
void svg_print(struct buf *out, const struct ports_table *t,
	       enum ports_lang lang);
