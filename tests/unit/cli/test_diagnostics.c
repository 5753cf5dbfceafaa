/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ms-diagnostics, from anybody. */
#include "cli/diagnostics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *in;
	unsigned id;
	const char *reason; /* its start */
} rows[] = {
	{ "1005;reason=\"no partner\";source=\"edge\"", 1005, "no partner" },
	{ "1005; Source=\"a;b\"; Reason=\"x\"", 1005, "x" },
	{ "1005;reason=\"a \\\"b\\\" c\"", 1005, "a \"b\" c" },
	{ "1005;reason=\"open", 1005, "open" },
	{ "1005;reason=\"open\\", 1005, "open" },
	{ "1005;reason=", 1005, "the domain is neither" },
	{ "1005;reason=\"\"", 1005, "the domain is neither" },
	{ "1005", 1005, "the domain is neither" },
	{ "1000;reason=\"unauthorized\"", 1000, "authentication failed" },
	{ "4242;reason=\"unauthorized\"", 4242, "" },
	{ "1000;", 1000, "authentication failed" },
	{ "4242", 4242, "" },
	{ "", 0, "" },
	{ ";reason=\"x\"", 0, "" },
	{ "x;reason=\"y\"", 0, "" },
	{ "100000;reason=\"y\"", 0, "" },
	{ "-1;reason=\"y\"", 0, "" },
};

static void test_rows(void **state)
{
	struct diagnostics d;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		diagnostics_read(&d, slice_str(rows[i].in),
				 SLICE_LIT("Unauthorized"));
		assert_int_equal(d.id, rows[i].id);
		struct slice want = slice_str(rows[i].reason);
		if (!slice_starts(buf_slice(&d.reason), want) ||
		    (!want.len && d.reason.len))
			fail_msg("row %zu: %.*s", i,
				 SLICE_FMT(buf_slice(&d.reason)));
		diagnostics_free(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
