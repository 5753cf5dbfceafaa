/* SPDX-License-Identifier: Apache-2.0 */
/* TIM-01, TIM-02: jumps are seen once and signed; a slew is none. */
#include "daemon/clockwatch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WALL UINT64_C(1767225600000) /* 2026 */
#define HOUR INT64_C(3600000)

static void test_jumps(void **state)
{
	(void)state;
	static const int64_t jumps[] = { HOUR, -HOUR, 87660 * HOUR,
					 CLOCK_JUMP_MS, -CLOCK_JUMP_MS };
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct clockwatch w = { 0 };
		uint64_t wall = WALL;
		assert_int_equal(clockwatch_step(&w, 1000, wall), 0);
		wall += 2000;
		assert_int_equal(clockwatch_step(&w, 3000, wall), 0);
		wall = (uint64_t)((int64_t)wall + 2000 + jumps[i]);
		assert_int_equal(clockwatch_step(&w, 5000, wall), jumps[i]);
		assert_int_equal(clockwatch_step(&w, 7000, wall + 2000), 0);
	}
}

static void test_a_slew_is_no_jump(void **state)
{
	(void)state;
	struct clockwatch w = { 0 };
	uint64_t wall = WALL;
	for (uint64_t mono = 0; mono < 1000000; mono += 2000) {
		assert_int_equal(clockwatch_step(&w, mono, wall), 0);
		wall += 2001;
	}
}

static void test_plausible(void **state)
{
	(void)state;
	assert_true(clock_plausible(WALL));
	assert_false(clock_plausible(0));
	assert_false(clock_plausible(UINT64_C(4070908800000))); /* 2099 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jumps),
		cmocka_unit_test(test_a_slew_is_no_jump),
		cmocka_unit_test(test_plausible),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
