/* SPDX-License-Identifier: Apache-2.0 */
/* What others wrote cannot steer a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/term.h"

#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

struct row {
	struct slice in;
	const char *line, *lines;
	size_t width; /* of line */
};

static const struct row rows[] = {
	{ TEXT("plain"), "plain", "plain", 5 },
	{ TEXT(""), "", "", 0 },
	{ TEXT("a\nb"), "a\\nb", "a\nb", 4 },
	{ TEXT("a\\b"), "a\\\\b", "a\\b", 4 },
	{ TEXT("\r\t"), "\\r\\t", "\\r\\t", 4 },
	{ TEXT("\033[31m"), "\\x1b[31m", "\\x1b[31m", 8 },
	{ TEXT("\0\177"), "\\x00\\x7f", "\\x00\\x7f", 8 },
	{ TEXT("\xc2\x9b"), "\\u009b", "\\u009b", 6 },
	{ TEXT("\xe2\x80\xae"), "\\u202e", "\\u202e", 6 },
	{ TEXT("\xf3\xa0\x81\x81"), "\\U000e0041", "\\U000e0041", 10 },
	{ TEXT("\xff\xc3"), "\\xff\\xc3", "\\xff\\xc3", 8 },
	{ TEXT("\xc3\xbc"), "\xc3\xbc", "\xc3\xbc", 1 },
	{ TEXT("u\xcc\x88"), "u\xcc\x88", "u\xcc\x88", 1 },
	{ TEXT("\xe4\xb8\xad"), "\xe4\xb8\xad", "\xe4\xb8\xad", 2 },
};

static void check(struct slice in, enum term_mode mode, const char *want)
{
	struct buf b;

	buf_init(&b, 0);
	term_escape(&b, in, mode);
	buf_u8(&b, 0);
	assert_false(buf_failed(&b));
	assert_string_equal(b.ptr, want);
	buf_free(&b);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check(rows[i].in, TERM_LINE, rows[i].line);
		check(rows[i].in, TERM_LINES, rows[i].lines);
		assert_int_equal(term_width(slice_str(rows[i].line)),
				 rows[i].width);
	}
}

static void test_every_byte(void **state)
{
	struct buf b;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;
		buf_init(&b, 0);
		term_escape(&b, slice_of(&byte, 1), TERM_LINE);
		assert_true(b.len > 0);
		for (size_t n = 0; n < b.len; n++)
			assert_in_range(b.ptr[n], 0x20, 0x7e);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_every_byte),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
