/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for an answer: by id, by whom they asked, by age. */
#include "edge/asks.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/oom.h"

static int setup(void **state)
{
	static struct asks a;
	*state = &a;
	return asks_init(&a);
}

static int teardown(void **state)
{
	asks_free(*state);
	return 0;
}

static void test_taken_once(void **state)
{
	struct asks *a = *state;
	assert_int_equal(asks_add(a, 7, 2, 1000), 0);
	assert_int_equal(asks_add(a, 7, 2, 1000), -EEXIST);
	assert_false(asks_take(a, 8, 2));
	assert_false(asks_take(a, 7, 1)); /* somebody else answers */
	assert_true(asks_take(a, 7, 2));
	assert_false(asks_take(a, 7, 2));
	assert_int_equal(a->by_id.count, 0);
}

static void test_whom_they_asked(void **state)
{
	struct asks *a = *state;
	uint64_t id = 0;
	assert_int_equal(asks_add(a, 1, 0, 1000), 0);
	assert_int_equal(asks_add(a, 2, 1, 1000), 0);
	assert_int_equal(asks_add(a, 3, 0, 1000), 0);
	assert_true(asks_take_of(a, 0, &id));
	assert_int_equal(id, 1);
	assert_true(asks_take_of(a, 0, &id));
	assert_int_equal(id, 3);
	assert_false(asks_take_of(a, 0, &id));
	assert_true(asks_take(a, 2, 1));
}

static void test_too_late(void **state)
{
	struct asks *a = *state;
	uint64_t id = 0;
	assert_false(asks_take_late(a, 100000, &id));
	assert_int_equal(asks_add(a, 1, 0, 1000), 0);
	assert_int_equal(asks_add(a, 2, 0, 1001), 0);
	assert_false(asks_take_late(a, 1000 + ASKS_DEADLINE_MS, &id));
	assert_true(asks_take_late(a, 1001 + ASKS_DEADLINE_MS, &id));
	assert_int_equal(id, 1);
	assert_false(asks_take_late(a, 1001 + ASKS_DEADLINE_MS, &id));
	assert_true(asks_take_late(a, 1002 + ASKS_DEADLINE_MS, &id));
	assert_int_equal(id, 2);
}

static void test_only_so_many(void **state)
{
	struct asks *a = *state;
	for (uint64_t id = 0; id < ASKS_MAX; id++)
		assert_int_equal(asks_add(a, id, 0, 0), 0);
	assert_int_equal(asks_add(a, ASKS_MAX, 0, 0), -ENOBUFS);
	assert_true(asks_take(a, 0, 0));
	assert_int_equal(asks_add(a, ASKS_MAX, 0, 0), 0);
}

static void test_no_memory(void **state)
{
	struct asks *a = *state;
	oom_arm(1);
	assert_int_equal(asks_add(a, 1, 0, 0), -ENOMEM);
	oom_arm(0);
	assert_false(asks_take(a, 1, 0));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_taken_once), TEST(test_whom_they_asked),
		TEST(test_too_late),   TEST(test_only_so_many),
		TEST(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
