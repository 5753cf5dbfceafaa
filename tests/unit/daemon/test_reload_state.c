/* SPDX-License-Identifier: Apache-2.0 */
/* CFG-01, CFG-02: all or nothing, one at a time, the last one wins. */
#include "daemon/reload_state.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct reload_state serving(void)
{
	return (struct reload_state){ .generation = 1, .candidate = 1 };
}

static void test_all_say_yes(void **state)
{
	(void)state;
	struct reload_state r = serving();
	assert_true(reload_ask(&r));
	assert_int_equal(reload_loaded(&r, 3), RELOAD_WAIT);
	assert_int_equal(r.candidate, 2);
	assert_int_equal(r.generation, 1);
	assert_int_equal(reload_vote(&r, true), RELOAD_WAIT);
	assert_int_equal(reload_vote(&r, true), RELOAD_WAIT);
	assert_int_equal(reload_vote(&r, true), RELOAD_COMMIT);
	assert_false(reload_committing(&r, 2));
	assert_int_equal(r.generation, 2);
	assert_false(reload_ask(&r)); /* one at a time */
	assert_false(reload_committed(&r));
	assert_true(reload_committed(&r));
	assert_true(reload_end(&r));
	assert_int_equal(r.phase, RELOAD_IDLE);
}

static void test_one_no_ends_it_at_once(void **state)
{
	(void)state;
	struct reload_state r = serving();
	reload_ask(&r);
	reload_loaded(&r, 3);
	assert_int_equal(reload_vote(&r, true), RELOAD_WAIT);
	assert_int_equal(reload_vote(&r, false), RELOAD_ABORT);
	assert_false(reload_end(&r));
	assert_int_equal(r.generation, 1);
}

static void test_a_number_is_never_used_twice(void **state)
{
	(void)state;
	struct reload_state r = serving();
	reload_ask(&r);
	reload_loaded(&r, 1);
	reload_vote(&r, false);
	reload_end(&r);
	reload_ask(&r);
	assert_int_equal(reload_loaded(&r, 1), RELOAD_WAIT);
	assert_int_equal(r.candidate, 3);
	assert_int_equal(reload_vote(&r, true), RELOAD_COMMIT);
	assert_true(reload_committing(&r, 0));
	reload_end(&r);
	assert_int_equal(r.generation, 3);
}

static void test_a_refused_file_changes_nothing(void **state)
{
	(void)state;
	struct reload_state r = serving();
	reload_ask(&r);
	assert_false(reload_end(&r));
	assert_int_equal(r.generation, 1);
	assert_int_equal(r.candidate, 1);
	assert_true(reload_ask(&r));
}

static void test_nobody_to_ask_commits(void **state)
{
	(void)state;
	struct reload_state r = serving();
	reload_ask(&r);
	assert_int_equal(reload_loaded(&r, 0), RELOAD_COMMIT);
}

static void test_a_storm_is_one_more_run(void **state)
{
	(void)state;
	struct reload_state r = serving();
	assert_true(reload_ask(&r));
	for (int i = 0; i < 1000; i++)
		assert_false(reload_ask(&r));
	reload_loaded(&r, 1);
	assert_false(reload_ask(&r));
	reload_vote(&r, true);
	assert_true(reload_end(&r));
	assert_true(reload_ask(&r));
	reload_loaded(&r, 1);
	reload_vote(&r, true);
	assert_false(reload_end(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_say_yes),
		cmocka_unit_test(test_one_no_ends_it_at_once),
		cmocka_unit_test(test_a_number_is_never_used_twice),
		cmocka_unit_test(test_a_refused_file_changes_nothing),
		cmocka_unit_test(test_nobody_to_ask_commits),
		cmocka_unit_test(test_a_storm_is_one_more_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
