/* SPDX-License-Identifier: Apache-2.0 */
/* NAPTR records by rows. */
#include "dns/dns_naptr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* SLICE_LIT() for static objects. */
#define BYTES(s)                                    \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define NUMBERS "\0\62\1\0"
#define TARGET "\5_sips\4_tcp\1d\7Example\0"

static const struct {
	const char *name;
	struct slice data;
	int err;
	bool sips;
	const char *replacement;
} rows[] = {
	{ "as in RFC 3263", BYTES(NUMBERS "\1s\10SIPS+D2T\0" TARGET), 0, true,
	  "_sips._tcp.d.example" },
	{ "in any case", BYTES(NUMBERS "\1S\10sips+d2t\0" TARGET), 0, true,
	  "_sips._tcp.d.example" },
	{ "UDP", BYTES(NUMBERS "\1s\7SIP+D2U\0" TARGET), 0, false,
	  "_sips._tcp.d.example" },
	{ "TCP without TLS", BYTES(NUMBERS "\1s\7SIP+D2T\0" TARGET), 0, false,
	  "_sips._tcp.d.example" },
	{ "leads to an address", BYTES(NUMBERS "\1a\10SIPS+D2T\0" TARGET), 0,
	  false, "_sips._tcp.d.example" },
	{ "leads to another NAPTR", BYTES(NUMBERS "\0\10SIPS+D2T\0" TARGET), 0,
	  false, "_sips._tcp.d.example" },
	{ "leads nowhere", BYTES(NUMBERS "\1s\10SIPS+D2T\0\0"), 0, false, "." },
	{ "regular expression", BYTES(NUMBERS "\1s\10SIPS+D2T\6!a!b!i" TARGET),
	  -EINVAL, false, NULL },
	{ "bytes behind", BYTES(NUMBERS "\1s\10SIPS+D2T\0" TARGET "x"),
	  -EBADMSG, false, NULL },
	{ "flags past the end", BYTES(NUMBERS "\377s"), -EBADMSG, false, NULL },
	{ "service past the end", BYTES(NUMBERS "\1s\11SIPS+D2T"), -EBADMSG,
	  false, NULL },
	{ "no replacement", BYTES(NUMBERS "\1s\10SIPS+D2T\0"), -EBADMSG, false,
	  NULL },
	{ "odd letter in it", BYTES(NUMBERS "\1s\10SIPS+D2T\0\3a b\0"),
	  -EBADMSG, false, NULL },
	{ "empty", BYTES(""), -EBADMSG, false, NULL },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct dns_record r = { .message = rows[i].data,
					      .data = rows[i].data };
		struct dns_naptr n;
		int err = dns_naptr_read(&r, &n);
		if (err != rows[i].err)
			fail_msg("%s: %d", rows[i].name, err);
		if (err)
			continue;
		assert_int_equal(n.order, 50);
		assert_int_equal(n.preference, 256);
		assert_string_equal(n.replacement, rows[i].replacement);
		if (dns_naptr_is_sips(&n) != rows[i].sips)
			fail_msg("%s", rows[i].name);
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t len = 1; len < rows[i].data.len; len++) {
			struct dns_naptr n;
			uint8_t *cut = malloc(len);
			assert_non_null(cut);
			memcpy(cut, rows[i].data.ptr, len);
			const struct dns_record r = {
				.message = slice_of(cut, len),
				.data = slice_of(cut, len)
			};
			if (!dns_naptr_read(&r, &n) && !rows[i].err)
				fail_msg("%s: at %zu", rows[i].name, len);
			free(cut);
		}
}

static void test_order(void **state)
{
	(void)state;
	const struct dns_naptr a = { .order = 1, .preference = 9 };
	const struct dns_naptr b = { .order = 2, .preference = 1 };
	const struct dns_naptr c = { .order = 2, .preference = 2 };

	assert_true(dns_naptr_before(&a, &b));
	assert_true(dns_naptr_before(&b, &c));
	assert_false(dns_naptr_before(&c, &b));
	assert_false(dns_naptr_before(&b, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
