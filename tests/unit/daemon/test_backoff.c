/* SPDX-License-Identifier: Apache-2.0 */
/* PRC-01: at once first, then doubling to 30 s for what keeps ending young. */
#include "daemon/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_doubles_to_the_ceiling(void **state)
{
	(void)state;
	static const uint32_t expected[] = { 0,    500,   1000,  2000, 4000,
					     8000, 16000, 30000, 30000 };
	struct backoff b = { 0 };
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(backoff_next(&b, 0), expected[i]);
}

static void test_a_long_life_starts_over(void **state)
{
	(void)state;
	struct backoff b = { 0 };
	backoff_next(&b, 0);
	backoff_next(&b, 0);
	assert_int_equal(backoff_next(&b, BACKOFF_YOUNG_MS - 1), 1000);
	assert_int_equal(backoff_next(&b, BACKOFF_YOUNG_MS), 0);
	assert_int_equal(backoff_next(&b, 5), 0);
	assert_int_equal(backoff_next(&b, 5), 500);
}

static void test_never_overflows(void **state)
{
	(void)state;
	struct backoff b = { UINT32_MAX - 1 };
	for (int i = 0; i < 5; i++)
		assert_int_equal(backoff_next(&b, 0), BACKOFF_MAX_MS);
	assert_int_equal(b.young, UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles_to_the_ceiling),
		cmocka_unit_test(test_a_long_life_starts_over),
		cmocka_unit_test(test_never_overflows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
