/* SPDX-License-Identifier: Apache-2.0 */
/* PRC-03: who does not answer for 10 s is ended, once; a pause is forgiven. */
#include "daemon/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Ticks until ABORT when nothing is answered, the PING's own included. */
static int ticks_to_abort(struct watchdog *w)
{
	for (int i = 1; i < 100; i++) {
		if (watchdog_tick(w) == WATCHDOG_ABORT)
			return i;
	}
	return 0;
}

static void test_answers_keep_it_alive(void **state)
{
	(void)state;
	struct watchdog w = { 0 };
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(watchdog_tick(&w), WATCHDOG_PING);
		watchdog_pong(&w, w.id);
	}
}

static void test_silence_ends_it_once(void **state)
{
	(void)state;
	struct watchdog w = { 0 };
	/* 10 s after the tick before, at which it still answered */
	assert_int_equal(ticks_to_abort(&w) * WATCHDOG_TICK_MS, 10000);
	for (int i = 0; i < 100; i++)
		assert_int_equal(watchdog_tick(&w), WATCHDOG_WAIT);
}

static void test_a_pause_of_five_seconds_is_forgiven(void **state)
{
	(void)state;
	struct watchdog w = { 0 };
	assert_int_equal(watchdog_tick(&w), WATCHDOG_PING);
	for (int ms = 0; ms < 5000; ms += WATCHDOG_TICK_MS)
		assert_int_equal(watchdog_tick(&w), WATCHDOG_WAIT);
	watchdog_pong(&w, w.id);
	assert_int_equal(watchdog_tick(&w), WATCHDOG_PING);
	assert_int_equal(ticks_to_abort(&w), WATCHDOG_MISSES);
}

static void test_old_and_foreign_answers_do_not_count(void **state)
{
	(void)state;
	struct watchdog w = { 0 };
	watchdog_tick(&w);
	watchdog_pong(&w, w.id);
	watchdog_tick(&w);
	watchdog_pong(&w, w.id - 1);
	watchdog_pong(&w, w.id + 1);
	assert_true(w.waiting);
	watchdog_pong(&w, w.id);
	assert_false(w.waiting);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers_keep_it_alive),
		cmocka_unit_test(test_silence_ends_it_once),
		cmocka_unit_test(test_a_pause_of_five_seconds_is_forgiven),
		cmocka_unit_test(test_old_and_foreign_answers_do_not_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
