/* SPDX-License-Identifier: Apache-2.0 */
/* Tables: alignment, colour, hostile cells, memory that runs out. */
#include "cli/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "support/oom.h"
#include "unit/cli/capture.h"

static int print(struct cli *c, const char *const *cells, size_t columns)
{
	struct out_table t;

	out_table_init(&t, columns);
	for (; *cells; cells++)
		out_cell(&t, slice_str(*cells));
	int err = out_table_print(c, &t);
	out_table_free(&t);
	return err;
}

static const char *const people[] = {
	"NAME", "AGE", "CITY", "ann", "7", "", "bob", "42", "\033[2J\n", NULL
};

static void test_table(void **state)
{
	static const struct {
		const char *cells[10];
		size_t columns;
		bool colour;
		const char *want;
	} rows[] = {
		{ { "NAME", "N", "a", "1", "long", "12" },
		  2,
		  false,
		  "NAME   N\na      1\nlong  12\n" },
		{ { "A", "B", "1", "x" },
		  2,
		  true,
		  "\033[1mA  B\033[0m\n1  x\n" },
		{ { "A", "B" }, 2, true, "" },
		{ { "A", "B", "", "\n" }, 2, false, "A  B\n-  \\n\n" },
		{ { "A", "B", "\xe4\xb8\xad", "x", "abc", "y" },
		  2,
		  false,
		  "A    B\n\xe4\xb8\xad   x\nabc  y\n" },
	};
	struct capture c;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		capture_open(&c);
		c.cli.colour = rows[i].colour;
		assert_int_equal(print(&c.cli, rows[i].cells, rows[i].columns),
				 0);
		fflush(c.cli.out);
		assert_string_equal(c.out, rows[i].want);
		capture_close(&c);
	}
}

static int print_people(void *arg)
{
	return print(arg, people, 3);
}

static void test_no_memory(void **state)
{
	struct cli c = { .out = fopen("/dev/null", "w") };

	(void)state;
	assert_non_null(c.out);
	oom_arm(1);
	assert_int_equal(print_people(&c), -ENOMEM);
	assert_true(oom_fired());
	oom_walk(print_people, &c);
	fclose(c.out);
}

static void test_json_text(void **state)
{
	json_t *good = out_json_text(SLICE_LIT("a\033b"));
	json_t *bad = out_json_text(SLICE_LIT("a\xff\033"));
	json_t *none = out_json_text(SLICE_NONE);

	(void)state;
	assert_string_equal(json_string_value(good), "a\033b");
	assert_string_equal(json_string_value(bad), "a\\xff\\x1b");
	assert_string_equal(json_string_value(none), "");
	json_decref(good);
	json_decref(bad);
	json_decref(none);
}

static void test_colour(void **state)
{
	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	assert_true(cli_colour(true));
	assert_false(cli_colour(false));
	setenv("NO_COLOR", "1", 1);
	assert_false(cli_colour(true));
	setenv("NO_COLOR", "", 1);
	assert_true(cli_colour(true));
	setenv("TERM", "dumb", 1);
	assert_false(cli_colour(true));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_json_text),
		cmocka_unit_test(test_colour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
