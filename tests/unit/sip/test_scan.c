/* SPDX-License-Identifier: Apache-2.0 */
/* Separators with blanks and folds around them, and hosts. */
#include "sip/host.h"
#include "sip/scan.h"
#include "stream.h"

/* Exact copies, so that a read beyond the end is seen by the sanitizer. */
static struct slice copy_of(const void *text, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, text, len);
	return slice_of(copy, len);
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
		cmocka_unit_test(test_separators),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
