/* SPDX-License-Identifier: Apache-2.0 */
/* The reader: what it yields, and that its first error stays. */
#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
	struct cur c = cur_init(SLICE_LIT("\x01\x02\x03\x04\x05\x06\x07\x08"
					  "\x09\x0a\x0b\x0c\x0d\x0e\x0f"));
	(void)state;
	assert_int_equal(cur_peek(&c), 1);
	assert_int_equal(cur_u8(&c), 1);
	assert_int_equal(cur_u16(&c), 0x0203);
	assert_int_equal(cur_u32(&c), 0x04050607);
	assert_false(cur_done(&c));
	assert_int_equal(cur_u64(&c), 0x08090a0b0c0d0e0f);
	assert_true(cur_done(&c));
	assert_int_equal(cur_peek(&c), -1);
	assert_int_equal(cur_left(&c), 0);
}

static void test_error_stays(void **state)
{
	struct cur c = cur_init(SLICE_LIT("\x01\x02\x03"));
	(void)state;
	assert_int_equal(cur_u32(&c), 0);
	assert_true(cur_failed(&c));
	/* three bytes are there, but nobody gets them any more */
	assert_int_equal(cur_u8(&c), 0);
	assert_int_equal(cur_bytes(&c, 0).len, 0);
	assert_null(cur_bytes(&c, 1).ptr);
	assert_int_equal(cur_peek(&c), -1);
	assert_false(cur_done(&c));
	struct cur child = cur_sub(&c, 0);
	assert_true(cur_failed(&child));
}

static void test_child(void **state)
{
	struct cur c = cur_init(SLICE_LIT("\x02"
					  "abc"));
	(void)state;
	struct cur child = cur_sub(&c, cur_u8(&c));
	assert_int_equal(cur_left(&child), 2);
	assert_true(slice_eq(cur_bytes(&child, 2), SLICE_LIT("ab")));
	assert_true(cur_done(&child));
	cur_u8(&child);
	assert_true(cur_failed(&child));
	/* the parent goes on behind it, untouched */
	assert_int_equal(cur_u8(&c), 'c');
	assert_true(cur_done(&c));
	struct cur none = cur_init(SLICE_LIT("\x05"
					     "abc"));
	child = cur_sub(&none, cur_u8(&none));
	assert_true(cur_failed(&child));
	assert_true(cur_failed(&none));
}

static void test_empty(void **state)
{
	struct cur c = cur_init(SLICE_NONE);
	(void)state;
	assert_true(cur_done(&c));
	assert_int_equal(cur_bytes(&c, 0).len, 0);
	assert_int_equal(cur_bytes(&c, SIZE_MAX).len, 0);
	assert_true(cur_failed(&c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_error_stays),
		cmocka_unit_test(test_child),
		cmocka_unit_test(test_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
