/* SPDX-License-Identifier: Apache-2.0 */
/* Shared counts: never above a limit, and what a dead process held is free. */
#include "relay/cells.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static int setup(void **state)
{
	*state = calloc(1, cells_bytes());
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void test_limit_over_processes(void **state)
{
	struct cells *c = cells_claim(*state, 0);
	uint32_t cell = CELLS_NONE, other;
	cells_claim(*state, 1);
	assert_int_equal(cells_take(c, 0, 77, 3, 0, &cell), 0);
	assert_int_equal(cells_take(c, 1, 77, 3, 0, &other), 0);
	assert_int_equal(cell, other);
	assert_int_equal(cells_take(c, 1, 77, 3, 0, &other), 0);
	assert_int_equal(cells_take(c, 0, 77, 3, 0, &other), -EDQUOT);
	assert_int_equal(cells_take(c, 1, 77, 3, 0, &other), -EDQUOT);
	assert_int_equal(cells_held(c, cell), 3);
	/* another key, and no limit */
	assert_int_equal(cells_take(c, 0, 78, 0, 0, &other), 0);
	assert_int_not_equal(cell, other);
	cells_give(c, 1, cell);
	assert_int_equal(cells_take(c, 0, 77, 3, 0, &other), 0);
	/* process 1 died; its successor holds nothing */
	cells_claim(*state, 1);
	assert_int_equal(cells_held(c, cell), 2);
	cells_give(c, 0, CELLS_NONE); /* what was never taken */
}

static void test_cells_are_used_again(void **state)
{
	struct cells *c = cells_claim(*state, 0);
	uint32_t cell;
	for (uint64_t key = 1; key < 200000; key++) {
		assert_int_equal(cells_take(c, 0, key, 1, key, &cell), 0);
		cells_give(c, 0, cell);
	}
}

static void test_full_table_says_so(void **state)
{
	struct cells *c = cells_claim(*state, 0);
	uint32_t cell;
	int err = 0;
	uint64_t key = 1;
	for (; key < 100000 && !err; key++)
		err = cells_take(c, 0, key, 1, 0, &cell);
	assert_int_equal(err, -ENOSPC);
	assert_true(key > 4096);
	/* those that stand are found yet */
	assert_int_equal(cells_take(c, 0, 1, 1, 0, &cell), -EDQUOT);
}

static void test_rate(void **state)
{
	struct cells *c = cells_claim(*state, 0);
	uint64_t tat = 0, now = 5000000000;
	uint32_t cell;
	unsigned passed = 0;
	for (int i = 0; i < 100; i++)
		passed += rate_pass(&tat, now, 1000, 80);
	assert_int_equal(passed, 10);
	assert_true(rate_pass(&tat, now, 1000, 0));
	assert_int_equal(cells_take(c, 0, 5, 0, now, &cell), 0);
	for (int i = 0; i < 1000; i++)
		passed += cells_pass(c, cell, now + (uint64_t)i * 10000000,
				     1000, 80);
	/* a second at once, then ten a second for ten seconds */
	assert_in_range(passed, 118, 120);
	/* small packets on a fast line are not free: 1 Gbit/s for a second,
	 * and a second's worth at once */
	passed = 0;
	for (uint64_t ns = 0, tat_one = 0; ns < 1000000000; ns += 500)
		passed += rate_pass(&tat_one, ns, 100, 1000000);
	assert_int_equal(passed, 2000000);
	for (uint64_t i = 0, tat_one = 0; i < 3000000; i++)
		passed -= rate_pass(&tat_one, 7, 100, 1000000);
	assert_in_range(passed, 749990, 750000);
	assert_true(cells_pass(c, CELLS_NONE, now, 1000, 80));
	/* a rate that was used lately keeps its cell */
	cells_give(c, 0, cell);
	assert_int_equal(cells_held(c, cell), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_limit_over_processes),
		TEST(test_cells_are_used_again),
		TEST(test_full_table_says_so),
		TEST(test_rate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
