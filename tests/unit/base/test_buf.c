/* SPDX-License-Identifier: Apache-2.0 */
/* The growing buffer: content, limit, and the error that stays. */
#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/oom.h"

static void test_writes(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	buf_u8(&b, 1);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, 0x08090a0b0c0d0e0f);
	buf_put(&b, SLICE_NONE);
	assert_true(slice_eq(buf_slice(&b),
			     SLICE_LIT("\x01\x02\x03\x04\x05\x06\x07\x08"
				       "\x09\x0a\x0b\x0c\x0d\x0e\x0f")));
	buf_reset(&b);
	buf_dec(&b, 0);
	buf_str(&b, " ");
	buf_dec(&b, UINT64_MAX);
	buf_printf(&b, " %s-%d", "x", -7);
	assert_true(slice_eq(buf_slice(&b),
			     SLICE_LIT("0 18446744073709551615 x--7")));
	assert_false(buf_failed(&b));
	buf_free(&b);
	buf_free(&b);
	buf_free(NULL);
}

static void test_limit(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 4);
	buf_str(&b, "abcd"); /* exactly */
	assert_false(buf_failed(&b));
	buf_str(&b, "e");
	assert_true(buf_failed(&b));
	assert_true(slice_eq(buf_slice(&b), SLICE_LIT("abcd")));
	/* an error stays, even for what would fit */
	b.len = 0;
	buf_str(&b, "x");
	assert_int_equal(b.len, 0);
	buf_reset(&b);
	buf_printf(&b, "%s", "1234");
	assert_false(buf_failed(&b));
	assert_int_equal(b.max, 4);
	buf_printf(&b, "%s", "");
	assert_false(buf_failed(&b));
	buf_printf(&b, "%d", 5);
	assert_true(buf_failed(&b));
	assert_true(slice_eq(buf_slice(&b), SLICE_LIT("1234")));
	buf_free(&b);
}

static void test_overflow(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	buf_str(&b, "abc");
	assert_null(buf_reserve(&b, SIZE_MAX - 1));
	assert_true(buf_failed(&b));
	assert_int_equal(b.len, 3);
	buf_free(&b);
}

static void test_reserve(void **state)
{
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	for (int i = 0; i < 1000; i++) {
		uint8_t *at = buf_reserve(&b, 10);
		assert_non_null(at);
		memset(at, 'a' + i % 26, 3);
		buf_commit(&b, 3);
	}
	assert_int_equal(b.len, 3000);
	buf_consume(&b, 2997);
	assert_true(slice_eq(buf_slice(&b), SLICE_LIT("lll")));
	buf_consume(&b, 0);
	buf_consume(&b, 3);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static int fill(void *arg)
{
	struct buf b;
	(void)arg;
	buf_init(&b, 0);
	for (int i = 0; i < 100; i++) {
		buf_str(&b, "some text that makes it grow ");
		buf_printf(&b, "%d,", i);
	}
	int err = buf_failed(&b) ? -ENOMEM : 0;
	/* what stands is whole: never half of a write */
	if (err && b.len)
		assert_true(b.ptr[b.len - 1] == ',' || b.ptr[b.len - 1] == ' ');
	buf_free(&b);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(fill, NULL);
}

/* Memory of the caller, until it does not suffice. */
static void test_lent(void **state)
{
	uint8_t memory[8] = { 0 };
	struct buf b;
	(void)state;
	buf_init_lent(&b, memory, sizeof(memory));
	buf_str(&b, "12345678");
	assert_ptr_equal(b.ptr, memory);
	buf_free(&b);
	buf_init_lent(&b, memory, sizeof(memory));
	buf_str(&b, "abcdefgh");
	buf_str(&b, "i");
	assert_ptr_not_equal(b.ptr, memory);
	assert_memory_equal(memory, "abcdefgh", sizeof(memory));
	for (int i = 0; i < 100; i++)
		buf_str(&b, "jklm");
	assert_int_equal(b.len, 409);
	assert_true(slice_starts(buf_slice(&b), SLICE_LIT("abcdefghijklmj")));
	assert_false(buf_failed(&b));
	buf_free(&b);
}

static int lent_runs_out(void *arg)
{
	uint8_t memory[4];
	struct buf b;
	(void)arg;
	buf_init_lent(&b, memory, sizeof(memory));
	buf_str(&b, "1234");
	buf_str(&b, "5");
	assert_true(slice_starts(buf_slice(&b), SLICE_LIT("1234")));
	int err = buf_failed(&b) ? -ENOMEM : 0;
	assert_int_equal(b.len, err ? 4 : 5);
	buf_free(&b);
	return err;
}

static void test_lent_oom(void **state)
{
	(void)state;
	oom_walk(lent_runs_out, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes),   cmocka_unit_test(test_limit),
		cmocka_unit_test(test_overflow), cmocka_unit_test(test_reserve),
		cmocka_unit_test(test_oom),      cmocka_unit_test(test_lent),
		cmocka_unit_test(test_lent_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
