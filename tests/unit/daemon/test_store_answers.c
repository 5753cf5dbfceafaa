/* SPDX-License-Identifier: Apache-2.0 */
/* STO-06: however slow the disk is, only so many wait for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/store_answers.h"
#include "support/oom.h"

static int add(struct store_answers *a, uint64_t id)
{
	const struct proc_id home = { .role = PROC_HOME };
	const struct store_change change = { .aor = SLICE_LIT("a@x.test") };
	return store_answers_add(a, &home, id, &change);
}

static void test_full(void **state)
{
	struct store_answers a;
	(void)state;
	store_answers_init(&a, NULL, NULL);
	for (uint64_t id = 1; id <= STORE_ANSWERS_MAX; id++) {
		assert_false(store_answers_full(&a));
		assert_int_equal(add(&a, id), 0);
	}
	assert_true(store_answers_full(&a));
	store_answers_free(&a);
	assert_false(store_answers_full(&a));
}

static int one(void *arg)
{
	struct store_answers a;
	(void)arg;
	store_answers_init(&a, NULL, NULL);
	int err = add(&a, 1);
	assert_int_equal(a.count, err ? 0 : 1);
	store_answers_free(&a);
	return err;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	oom_walk(one, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
