/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/chart.h"

#include <stdarg.h>
#include <stdlib.h>
#include <setjmp.h>

#include <cmocka.h>

static void test_lines(void **state)
{
	static const uint64_t some[] = { 0, 1, 50, 100 };
	uint64_t many[CHART_COLUMNS + 5] = { 1000, 1000, 1000, 1000, 1000 };
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	chart_line(&b, some, 4, false);
	assert_true(slice_eq(buf_slice(&b), SLICE_LIT(" .=#")));
	buf_reset(&b);
	chart_line(&b, some, 4, true);
	assert_true(slice_eq(buf_slice(&b), SLICE_LIT(" ▁▄█")));
	/* what is too old to be seen sets no measure */
	buf_reset(&b);
	many[CHART_COLUMNS + 4] = 1;
	chart_line(&b, many, CHART_COLUMNS + 5, false);
	assert_int_equal(b.len, CHART_COLUMNS);
	assert_int_equal(buf_slice(&b).ptr[0], ' ');
	assert_int_equal(buf_slice(&b).ptr[CHART_COLUMNS - 1], '#');
	buf_reset(&b);
	chart_line(&b, NULL, 0, false);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{ 0, "0" },          { 7, "7" },         { 0.2, "0.2" },
		{ 12.34, "12.3" },   { 999, "999" },     { 1000, "1.0 k" },
		{ 123456, "123 k" }, { 34e6, "34.0 M" }, { 2e15, "2000 T" },
	};
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		buf_reset(&b);
		chart_number(&b, rows[i].value);
		if (!slice_eq(buf_slice(&b), slice_str(rows[i].text)))
			fail_msg("%.*s instead of %s", SLICE_FMT(buf_slice(&b)),
				 rows[i].text);
	}
	buf_free(&b);
}

static void test_locales(void **state)
{
	(void)state;
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	setenv("LANG", "de_DE.UTF-8", 1);
	assert_true(chart_has_blocks());
	setenv("LC_ALL", "C", 1);
	assert_false(chart_has_blocks());
	unsetenv("LC_ALL");
	unsetenv("LANG");
	assert_false(chart_has_blocks());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_locales),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
