/* SPDX-License-Identifier: Apache-2.0 */
/* Slices: comparing and cutting never reads past their end. */
#include "base/slice.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

static void test_equal(void **state)
{
	(void)state;
	assert_true(slice_eq(SLICE_NONE, SLICE_LIT("")));
	assert_true(slice_eq(SLICE_LIT("a\0b"), SLICE_LIT("a\0b")));
	assert_false(slice_eq(SLICE_LIT("a\0b"), SLICE_LIT("a\0c")));
	assert_false(slice_eq(SLICE_LIT("a"), SLICE_LIT("ab")));
	assert_true(slice_ieq(SLICE_LIT("Via-Z"), SLICE_LIT("vIA-z")));
	/* only letters have a case: @ and ` differ by the same bit */
	assert_false(slice_ieq(SLICE_LIT("@["), SLICE_LIT("`{")));
	assert_false(slice_ieq(SLICE_LIT("\xc3\x84"), SLICE_LIT("\xc3\xa4")));
	assert_false(slice_ieq(SLICE_LIT("a"), SLICE_LIT("b")));
}

static void test_ends(void **state)
{
	(void)state;
	assert_true(slice_starts(SLICE_LIT("sips:x"), SLICE_LIT("sip")));
	assert_false(slice_starts(SLICE_LIT("si"), SLICE_LIT("sip")));
	assert_true(slice_starts(SLICE_NONE, SLICE_NONE));
	assert_true(slice_ends(SLICE_LIT("a.test"), SLICE_LIT(".test")));
	assert_true(slice_ends(SLICE_LIT("a"), SLICE_NONE));
	assert_false(slice_ends(SLICE_LIT("test"), SLICE_LIT(".test")));
	assert_int_equal(slice_chr(SLICE_LIT("a@b@c"), '@'), 1);
	assert_int_equal(slice_chr(SLICE_LIT("abc"), '@'), -1);
	assert_int_equal(slice_chr(SLICE_NONE, '@'), -1);
}

static void test_cut(void **state)
{
	struct slice s = SLICE_LIT("0123456789");
	(void)state;
	assert_true(slice_eq(slice_from(s, 8), SLICE_LIT("89")));
	assert_int_equal(slice_from(s, 10).len, 0);
	assert_int_equal(slice_from(s, 11).len, 0);
	assert_int_equal(slice_from(SLICE_NONE, 0).len, 0);
	assert_true(slice_eq(slice_head(s, 2), SLICE_LIT("01")));
	assert_int_equal(slice_head(s, 99).len, 10);
	assert_true(slice_eq(slice_trim(SLICE_LIT("\r\n\t a b \t\r\n")),
			     SLICE_LIT("a b")));
	assert_int_equal(slice_trim(SLICE_LIT(" \t ")).len, 0);
	assert_int_equal(slice_str(NULL).len, 0);
}

static void test_number(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		int err;
		uint64_t value;
	} rows[] = {
		{ "0", UINT64_MAX, 0, 0 },
		{ "007", 9, 0, 7 },
		{ "18446744073709551615", UINT64_MAX, 0, UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX, -ERANGE, 0 },
		{ "4294967328", UINT32_MAX, -ERANGE, 0 },
		{ "70000", 65535, -ERANGE, 0 },
		{ "99999999999999999999999999", UINT64_MAX, -ERANGE, 0 },
		{ "99999999999999999999999999x", UINT64_MAX, -EINVAL, 0 },
		{ "", 9, -EINVAL, 0 },
		{ "-1", 9, -EINVAL, 0 },
		{ "+5", 9, -EINVAL, 0 },
		{ "0x10", 99, -EINVAL, 0 },
		{ " 5", 9, -EINVAL, 0 },
		{ "5 ", 9, -EINVAL, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t v = 4242;
		assert_int_equal(
			slice_u64(slice_str(rows[i].text), rows[i].max, &v),
			rows[i].err);
		assert_int_equal(v, rows[i].err ? 4242 : rows[i].value);
	}
}

static void test_text(void **state)
{
	char out[4] = "zzz";
	(void)state;
	assert_int_equal(slice_cstr(SLICE_LIT("abc"), out, sizeof(out)), 0);
	assert_string_equal(out, "abc");
	assert_int_equal(slice_cstr(SLICE_LIT("abcd"), out, sizeof(out)),
			 -ENOSPC);
	assert_int_equal(slice_cstr(SLICE_LIT("a\0b"), out, sizeof(out)),
			 -EINVAL);
	assert_int_equal(slice_cstr(SLICE_NONE, out, sizeof(out)), 0);
	assert_string_equal(out, "");
	char *copy = slice_strdup(SLICE_LIT("hello"));
	assert_string_equal(copy, "hello");
	free(copy);
	oom_arm(1);
	assert_null(slice_strdup(SLICE_LIT("hello")));
	oom_arm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal), cmocka_unit_test(test_ends),
		cmocka_unit_test(test_cut),   cmocka_unit_test(test_number),
		cmocka_unit_test(test_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
