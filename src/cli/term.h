/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text of others on somebody's terminal: whatever could move the cursor, hide
 * or reorder its neighbours is written as an escape (\n, \x1b, \u202e), so
 * that what is seen is what came.
 */
#pragma once

#include <stdio.h>

#include "base/buf.h"

enum term_mode {
	TERM_LINE, /* one line; a backslash is doubled: nothing is ambiguous */
	TERM_LINES /* several lines: LF and backslash stay */
};

void term_escape(struct buf *out, struct slice s, enum term_mode mode);
void term_print(FILE *out, struct slice s, enum term_mode mode);
/* Columns that escaped text takes. */
size_t term_width(struct slice s);
