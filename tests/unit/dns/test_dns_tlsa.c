/* SPDX-License-Identifier: Apache-2.0 */
/* TLSA records by rows. */
#include "dns/dns_tlsa.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *name;
	uint8_t head[3];
	size_t len; /* of the data */
	int err;
} rows[] = {
	{ "3 1 1", { 3, 1, 1 }, 32, 0 },
	{ "2 0 2", { 2, 0, 2 }, 64, 0 },
	{ "0 0 0, a certificate", { 0, 0, 0 }, 200, 0 },
	{ "digest too short", { 3, 1, 1 }, 31, -EBADMSG },
	{ "digest too long", { 3, 1, 1 }, 33, -EBADMSG },
	{ "SHA-512 of 32 bytes", { 3, 1, 2 }, 32, -EBADMSG },
	{ "no data", { 3, 1, 0 }, 0, -EBADMSG },
	{ "usage 4", { 4, 1, 1 }, 32, -EINVAL },
	{ "selector 2", { 3, 2, 1 }, 32, -EINVAL },
	{ "matching 3", { 3, 1, 3 }, 32, -EINVAL },
	{ "private use", { 255, 255, 255 }, 32, -EINVAL },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint8_t data[256] = { 0 };
		struct dns_tlsa t;
		memcpy(data, rows[i].head, 3);
		data[3] = 0xab;
		const struct dns_record r = { .data = slice_of(
						      data, 3 + rows[i].len) };
		int err = dns_tlsa_read(&r, &t);
		if (err != rows[i].err)
			fail_msg("%s: %d", rows[i].name, err);
		if (err)
			continue;
		assert_int_equal(t.usage, rows[i].head[0]);
		assert_int_equal(t.selector, rows[i].head[1]);
		assert_int_equal(t.matching, rows[i].head[2]);
		assert_int_equal(t.data.len, rows[i].len);
		assert_int_equal(t.data.ptr[0], 0xab);
	}
}

static void test_short(void **state)
{
	(void)state;
	static const uint8_t data[] = { 3, 1, 1 };

	for (size_t len = 0; len <= sizeof(data); len++) {
		const struct dns_record r = { .data = slice_of(data, len) };
		struct dns_tlsa t;
		assert_int_equal(dns_tlsa_read(&r, &t), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_short),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
