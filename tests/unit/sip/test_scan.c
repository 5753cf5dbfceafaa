/* SPDX-License-Identifier: Apache-2.0 */
/* The word-wise helpers of the token reader say the same as going byte by
 * byte, for every byte at every place. */
#include "sip/host.h"
#include "sip/scan.h"
#include "stream.h"

enum { LONGEST = 20 };

/* Exact copies, so that a read beyond the end is seen by the sanitizer. */
static struct slice copy_of(const void *text, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, text, len);
	return slice_of(copy, len);
}

static void assert_same_answer(struct slice text, size_t at)
{
	struct slice other = copy_of(text.ptr, text.len);
	uint8_t *byte = (uint8_t *)(uintptr_t)other.ptr + at;

	for (int b = 0; b < 256; b++) {
		*byte = (uint8_t)b;
		if (scan_ieq(text, other) != slice_ieq(text, other))
			fail_msg("%02x for %02x at %zu of %zu", (unsigned)b,
				 text.ptr[at], at, text.len);
	}
	free((void *)(uintptr_t)other.ptr);
}

static void test_equal_without_case(void **state)
{
	static const char text[LONGEST + 1] = "aZ@[`{_\x7f-\xc1zA Mm\r\x80.k0";

	(void)state;
	assert_true(scan_ieq(SLICE_NONE, SLICE_LIT("")));
	assert_false(scan_ieq(SLICE_LIT("a"), SLICE_LIT("ab")));
	for (size_t len = 1; len <= LONGEST; len++) {
		struct slice s = copy_of(text, len);
		for (size_t at = 0; at < len; at++)
			assert_same_answer(s, at);
		free((void *)(uintptr_t)s.ptr);
	}
}

static void test_plain(void **state)
{
	uint8_t text[LONGEST];

	(void)state;
	assert_true(scan_is_plain(SLICE_NONE));
	memset(text, 'a', sizeof(text));
	for (size_t len = 1; len <= LONGEST; len++) {
		struct slice s = copy_of(text, len);
		for (size_t i = 0; i < len * 256; i++) {
			uint8_t *byte = (uint8_t *)(uintptr_t)s.ptr + i / 256;
			*byte = (uint8_t)i;
			if (scan_is_plain(s) !=
			    (*byte >= 0x20 && *byte <= 0x7e))
				fail_msg("%02x at %zu of %zu", *byte, i / 256,
					 len);
			*byte = 'a';
		}
		free((void *)(uintptr_t)s.ptr);
	}
}

static void test_separators(void **state)
{
	static const struct {
		const char *text;
		int left; /* -1: not there */
	} rows[] = {
		{ ";a", 1 },    { " ; a", 1 },   { "\r\n ;\r\n\ta", 1 },
		{ ";", 0 },     { "", -1 },      { " ", -1 },
		{ "a;", -1 },   { " a;", -1 },   { "\r\n;", -1 },
		{ "\r\n", -1 }, { "\t \t;", 0 }, { ";\r\na", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct slice s = copy_of(rows[i].text, strlen(rows[i].text));
		struct cur c = scan_over(s);
		bool there = scan_sep(&c, ';');
		assert_int_equal(there, rows[i].left >= 0);
		assert_int_equal(cur_left(&c),
				 there ? (size_t)rows[i].left : s.len);
		free((void *)(uintptr_t)s.ptr);
	}
}

static void test_hosts(void **state)
{
	static const char *const ip4[] = { "0.0.0.0", "192.0.2.4",
					   "255.255.255.255", NULL };
	static const char *const names[] = { "a",       "a.",     "A-1.b",
					     "1.2.3.d", "1a.b2.", "xn--a.b-c",
					     NULL };
	static const char *const neither[] = {
		"",         ".",         "..",         "a..",      "a..b",
		".a",       "-a",        "a-",         "a-.b",     "a.1",
		"1",        "1.2.3",     "1.2.3.",     "01.2.3.4", "1.2.3.256",
		"1.2.3.4.", "1.2.3.4.5", "1.2.3.1000", "a_b",      "a b",
		" 1.2.3.4", NULL,
	};

	(void)state;
	for (size_t i = 0; ip4[i]; i++)
		assert_true(sip_is_ip4(slice_str(ip4[i])) &&
			    !sip_is_name(slice_str(ip4[i])));
	for (size_t i = 0; names[i]; i++)
		assert_true(sip_is_name(slice_str(names[i])) &&
			    !sip_is_ip4(slice_str(names[i])));
	for (size_t i = 0; neither[i]; i++)
		if (sip_is_name(slice_str(neither[i])) ||
		    sip_is_ip4(slice_str(neither[i])))
			fail_msg("%s is a host", neither[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_without_case),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
