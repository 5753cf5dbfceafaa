/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chart.h"

#include <stdlib.h>
#include <string.h>

static const char *const BLOCKS[] = { " ", "▁", "▂", "▃", "▄",
				      "▅", "▆", "▇", "█" };
static const char *const SIGNS[] = {
	" ", ".", ":", "-", "=", "+", "*", "%", "#"
};
enum { LEVELS = sizeof(SIGNS) / sizeof(SIGNS[0]) };

bool chart_has_blocks(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = getenv(names[i]);
		if (text && *text)
			return strstr(text, "UTF-8") || strstr(text, "utf8");
	}
	return false;
}

void chart_line(struct buf *out, const uint64_t *value, size_t count,
		bool blocks)
{
	uint64_t top = 1;
	if (count > CHART_COLUMNS) {
		value += count - CHART_COLUMNS;
		count = CHART_COLUMNS;
	}
	for (size_t i = 0; i < count; i++)
		if (value[i] > top)
			top = value[i];
	for (size_t i = 0; i < count; i++) {
		/* whatever is not zero is seen */
		double part = (double)value[i] / (double)top * (LEVELS - 2);
		size_t level = value[i] ? 1 + (size_t)part : 0;
		buf_str(out, blocks ? BLOCKS[level] : SIGNS[level]);
	}
}

void chart_number(struct buf *out, double value)
{
	static const char *const units[] = { "", " k", " M", " G", " T" };
	size_t unit = 0;
	while (value >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1000;
		unit++;
	}
	bool fraction = value > 0 && value < 99.95 &&
			(unit > 0 || value != (double)(uint64_t)value);
	buf_printf(out, fraction ? "%.1f%s" : "%.0f%s", value, units[unit]);
}
