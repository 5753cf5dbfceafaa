/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's word about domains. */
#include "access/rulings.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/oom.h"

static void test_set_and_forget(void **state)
{
	struct access_rulings *r = NULL;
	struct slice d = SLICE_LIT("fabrikam.test");
	(void)state;
	assert_int_equal(access_rulings_create(&r), 0);
	assert_int_equal(access_ruling_of(NULL, d), ACCESS_RULED_NOT);
	assert_false(access_ruling_blocks(NULL, d));
	assert_int_equal(access_rulings_set(r, d, ACCESS_RULED_WATCH), 0);
	assert_int_equal(access_ruling_of(r, d), ACCESS_RULED_WATCH);
	assert_false(access_ruling_blocks(r, d));
	assert_int_equal(access_rulings_set(r, d, ACCESS_RULED_BLOCK), 0);
	assert_true(access_ruling_blocks(r, d));
	assert_true(access_ruling_blocks(r, SLICE_LIT("a.b.fabrikam.test")));
	assert_false(access_ruling_blocks(r, SLICE_LIT("xfabrikam.test")));
	assert_false(access_ruling_blocks(r, SLICE_LIT("test")));
	assert_int_equal(access_ruling_of(r, SLICE_LIT("b.fabrikam.test")),
			 ACCESS_RULED_NOT);
	assert_int_equal(access_rulings_set(r, d, ACCESS_RULED_NOT), 0);
	assert_int_equal(access_ruling_of(r, d), ACCESS_RULED_NOT);
	assert_false(access_ruling_blocks(r, d));
	assert_int_equal(access_rulings_set(r, d, ACCESS_RULED_NOT), 0);
	access_rulings_free(r);
	access_rulings_free(NULL);
}

static void count(void *arg, struct slice domain, enum access_ruling ruling)
{
	(void)domain;
	*(unsigned *)arg += ruling == ACCESS_RULED_ALLOW;
}

/* What another process says is checked. */
static void test_bounds(void **state)
{
	struct access_rulings *r = NULL;
	char name[32], longest[300];
	unsigned n = 0;
	(void)state;
	memset(longest, 'a', sizeof(longest));
	assert_int_equal(access_rulings_create(&r), 0);
	assert_int_equal(access_rulings_set(r, SLICE_NONE, ACCESS_RULED_ALLOW),
			 -EINVAL);
	assert_int_equal(access_rulings_set(r, slice_of(longest, 254),
					    ACCESS_RULED_ALLOW),
			 -EINVAL);
	assert_int_equal(access_rulings_set(r, SLICE_LIT("x.test"),
					    (enum access_ruling)99),
			 -EINVAL);
	for (int i = 0; i < ACCESS_RULINGS_MAX; i++) {
		snprintf(name, sizeof(name), "d%d.test", i);
		assert_int_equal(access_rulings_set(r, slice_str(name),
						    ACCESS_RULED_ALLOW),
				 0);
	}
	assert_int_equal(access_rulings_set(r, SLICE_LIT("one.more.test"),
					    ACCESS_RULED_BLOCK),
			 -ENOSPC);
	assert_int_equal(
		access_rulings_set(r, SLICE_LIT("d7.test"), ACCESS_RULED_BLOCK),
		0);
	access_rulings_each(r, count, &n);
	assert_int_equal(n, ACCESS_RULINGS_MAX - 1);
	access_rulings_clear(r);
	assert_false(access_ruling_blocks(r, SLICE_LIT("d7.test")));
	access_rulings_free(r);
}

static int without_memory(void *arg)
{
	struct access_rulings *r = NULL;
	(void)arg;
	int err = access_rulings_create(&r);
	if (!err)
		err = access_rulings_set(r, SLICE_LIT("x.test"),
					 ACCESS_RULED_BLOCK);
	if (err && r)
		assert_false(access_ruling_blocks(r, SLICE_LIT("x.test")));
	access_rulings_free(r);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(without_memory, NULL);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(access_ruling_name(ACCESS_RULED_BLOCK), "block");
	assert_string_equal(access_ruling_name((enum access_ruling)77), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_forget),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_oom),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
