/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong passwords at limit - 1, limit and limit + 1 (SIP-22). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/guess.h"
#include "support/oom.h"

static void blocks_at_the_limit_and_once(void **state)
{
	struct guesses g;
	(void)state;
	assert_int_equal(guesses_init(&g, GUESS_MAX), 0);
	for (int i = 1; i < GUESS_MAX; i++)
		assert_false(guesses_failed(&g, 1, 1000));
	assert_false(guesses_blocked(&g, 1, 1000));
	assert_true(guesses_failed(&g, 1, 1000));
	assert_true(guesses_blocked(&g, 1, 1000));
	assert_false(guesses_blocked(&g, 2, 1000));
	assert_true(guesses_blocked(&g, 1, 1000 + GUESS_SILENT_MS - 1));
	assert_false(guesses_blocked(&g, 1, 1000 + GUESS_SILENT_MS));
	guesses_free(&g);
}

static void a_slow_typist_is_never_blocked(void **state)
{
	struct guesses g;
	(void)state;
	assert_int_equal(guesses_init(&g, GUESS_MAX), 0);
	for (uint64_t i = 0; i < 100; i++)
		assert_false(guesses_failed(&g, 1, i * GUESS_WINDOW_MS / 9));
	guesses_free(&g);
}

static void the_table_is_bounded(void **state)
{
	struct guesses g;
	(void)state;
	assert_int_equal(guesses_init(&g, GUESS_MAX), 0);
	for (uint64_t i = 0; i < GUESS_SOURCES_MAX + 100; i++)
		guesses_failed(&g, i, 5);
	assert_int_equal(g.sources.count, GUESS_SOURCES_MAX);
	guesses_free(&g);
}

static void without_memory_nobody_is_blocked(void **state)
{
	struct guesses g;
	(void)state;
	assert_int_equal(guesses_init(&g, GUESS_MAX), 0);
	for (int i = 0; i < 2 * GUESS_MAX; i++) {
		oom_arm(1);
		assert_false(guesses_failed(&g, 1, 5));
	}
	oom_arm(0);
	assert_false(guesses_blocked(&g, 1, 5));
	guesses_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_at_the_limit_and_once),
		cmocka_unit_test(a_slow_typist_is_never_blocked),
		cmocka_unit_test(the_table_is_bounded),
		cmocka_unit_test(without_memory_nobody_is_blocked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
