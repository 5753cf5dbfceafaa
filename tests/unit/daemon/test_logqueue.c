/* SPDX-License-Identifier: Apache-2.0 */
/* LOG-01: one event one line, clean whatever a process sent, and bounded. */
#include "daemon/logqueue.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/oom.h"

static void expect(const char *in, size_t len, const char *out)
{
	struct logqueue q;
	logqueue_init(&q);
	assert_int_equal(logqueue_put(&q, slice_of(in, len)), 0);
	struct slice s = logqueue_head(&q, SIZE_MAX);
	assert_int_equal(s.len, strlen(out));
	if (s.len)
		assert_memory_equal(s.ptr, out, s.len);
	logqueue_free(&q);
}

static void test_lines_are_clean(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		size_t len;
		const char *out;
	} rows[] = {
		{ "a", 1, "a\n" },           { "a\n", 2, "a\n" },
		{ "a\r\n", 3, "a\n" },       { "a\nb\n", 4, "a?b\n" },
		{ "a\0b", 3, "a?b\n" },      { "\x1b[2J", 4, "?[2J\n" },
		{ "\x7f", 1, "?\n" },        { "\xc3\xa9", 2, "\xc3\xa9\n" },
		{ "x\xc3\x28", 3, "x?(\n" }, { "", 0, "" },
		{ "\n\n", 2, "" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(rows[i].in, rows[i].len, rows[i].out);
}

static void test_long_lines_are_cut(void **state)
{
	(void)state;
	static char line[LOGQUEUE_LINE_MAX + 100];
	struct logqueue q;
	logqueue_init(&q);
	memset(line, 'x', sizeof(line));
	assert_int_equal(logqueue_put(&q, slice_of(line, sizeof(line))), 0);
	assert_int_equal(q.bytes.len, LOGQUEUE_LINE_MAX);
	assert_int_equal(q.bytes.ptr[LOGQUEUE_LINE_MAX - 1], '\n');
	logqueue_free(&q);
}

static void test_is_bounded(void **state)
{
	(void)state;
	struct logqueue q;
	size_t taken = 0;
	const struct slice line = SLICE_LIT("123456789");
	logqueue_init(&q);
	assert_false(logqueue_crowded(&q));
	while (logqueue_put(&q, line) == 0)
		taken++;
	assert_int_equal(taken, LOGQUEUE_MAX_BYTES / 10);
	assert_int_equal(logqueue_put(&q, line), -EAGAIN);
	assert_true(logqueue_crowded(&q));
	logqueue_took(&q, 10);
	assert_int_equal(logqueue_put(&q, line), 0);
	logqueue_took(&q, q.bytes.len);
	assert_false(logqueue_crowded(&q));
	logqueue_free(&q);
}

static int scenario(void *arg)
{
	struct logqueue q;
	(void)arg;
	logqueue_init(&q);
	int first = logqueue_put(&q, SLICE_LIT("first"));
	int second = logqueue_put(&q, SLICE_LIT("second"));
	/* one lost line does not take the next with it */
	assert_false(first && second);
	logqueue_free(&q);
	return first ? first : second;
}

static void test_survives_without_memory(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_are_clean),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_is_bounded),
		cmocka_unit_test(test_survives_without_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
