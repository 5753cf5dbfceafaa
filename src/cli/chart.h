/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers over time in one line of text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { CHART_COLUMNS = 60 };

/* A mark a value, the highest of them all full; the last CHART_COLUMNS of the
 * count values. blocks: eighths of a block (UTF-8), else ASCII. */
void chart_line(struct buf *out, const uint64_t *value, size_t count,
		bool blocks);
/* "999", "1.2 k", "34 M": three digits at least, in thousands. */
void chart_number(struct buf *out, double value);
/* Does the locale of this environment write UTF-8? */
bool chart_has_blocks(void);
