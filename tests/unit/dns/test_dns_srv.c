/* SPDX-License-Identifier: Apache-2.0 */
/* SRV records: reading, and drawing by weight. */
#include "dns/dns_srv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The record's data stands at the end of a message that begins with the name
 * "sip.d.example" at 0, "d.example" being at 4. */
#define NAMES "\3sip\1d\7example\0"
/* SLICE_LIT() for static objects. */
#define BYTES(s)                                    \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define L63 "abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabc"

static const struct {
	const char *name;
	struct slice data;
	int err;
	const char *target;
	uint16_t priority, weight, port;
} rows[] = {
	{ "plain", BYTES("\0\1\0\2\x13\xc5\4SIP2\1D\7example\0"), 0,
	  "sip2.d.example", 1, 2, 5061 },
	{ "compressed", BYTES("\0\1\0\2\x13\xc5\xc0\0"), 0, "sip.d.example", 1,
	  2, 5061 },
	{ "half compressed", BYTES("\0\1\0\2\x13\xc5\2ab\xc0\4"), 0,
	  "ab.d.example", 1, 2, 5061 },
	{ "not offered", BYTES("\0\0\0\0\0\0\0"), 0, ".", 0, 0, 0 },
	{ "largest numbers", BYTES("\377\377\377\377\377\377\1a\0"), 0, "a",
	  65535, 65535, 65535 },
	{ "label of 63", BYTES("\0\1\0\2\x13\xc5\77" L63 "\0"), 0, L63, 1, 2,
	  5061 },
	{ "port 0", BYTES("\0\1\0\2\0\0\xc0\0"), -EINVAL, NULL, 0, 0, 0 },
	{ "underscore", BYTES("\0\1\0\2\x13\xc5\3a_b\0"), -EINVAL, NULL, 0, 0,
	  0 },
	{ "hyphen first", BYTES("\0\1\0\2\x13\xc5\2-a\0"), -EINVAL, NULL, 0, 0,
	  0 },
	{ "hyphen last", BYTES("\0\1\0\2\x13\xc5\2a-\xc0\0"), -EINVAL, NULL, 0,
	  0, 0 },
	{ "an address",
	  BYTES("\0\1\0\2\x13\xc5\003"
		"127"
		"\001"
		"0"
		"\001"
		"0"
		"\001"
		"1\0"),
	  -EINVAL, NULL, 0, 0, 0 },
	{ "NUL in a label", BYTES("\0\1\0\2\x13\xc5\3a\0b\0"), -EBADMSG, NULL,
	  0, 0, 0 },
	{ "dot in a label", BYTES("\0\1\0\2\x13\xc5\3a.b\0"), -EBADMSG, NULL, 0,
	  0, 0 },
	{ "eighth bit", BYTES("\0\1\0\2\x13\xc5\2\303\274\0"), -EBADMSG, NULL,
	  0, 0, 0 },
	{ "points to itself", BYTES("\0\1\0\2\x13\xc5\xc0\25"), -EBADMSG, NULL,
	  0, 0, 0 },
	{ "points past the end", BYTES("\0\1\0\2\x13\xc5\xc1\0"), -EBADMSG,
	  NULL, 0, 0, 0 },
	{ "points back into itself", BYTES("\0\1\0\2\x13\xc5\1a\xc0\25"),
	  -EBADMSG, NULL, 0, 0, 0 },
	{ "reserved label", BYTES("\0\1\0\2\x13\xc5\x80"), -EBADMSG, NULL, 0, 0,
	  0 },
	{ "no end", BYTES("\0\1\0\2\x13\xc5\1a"), -EBADMSG, NULL, 0, 0, 0 },
	{ "half a pointer", BYTES("\0\1\0\2\x13\xc5\xc0"), -EBADMSG, NULL, 0, 0,
	  0 },
	{ "bytes behind", BYTES("\0\1\0\2\x13\xc5\1a\0x"), -EBADMSG, NULL, 0, 0,
	  0 },
	{ "no target", BYTES("\0\1\0\2\x13\xc5"), -EBADMSG, NULL, 0, 0, 0 },
	{ "name of 255", /* four labels of 63 are one byte too many */
	  BYTES("\0\1\0\2\x13\xc5\77" L63 "\77" L63 "\77" L63 "\77" L63 "\0"),
	  -EBADMSG, NULL, 0, 0, 0 },
	{ "empty", BYTES(""), -EBADMSG, NULL, 0, 0, 0 },
};

/* In memory of exactly its length. */
static int read_row(struct slice data, size_t cut, struct dns_srv *out)
{
	const struct slice names = SLICE_LIT(NAMES);
	uint8_t *all = malloc(names.len + cut);

	assert_non_null(all);
	memcpy(all, names.ptr, names.len);
	memcpy(all + names.len, data.ptr, cut);
	const struct dns_record r = {
		.message = slice_of(all, names.len + cut),
		.data = slice_of(all + names.len, cut),
		.type = DNS_TYPE_SRV,
	};
	int err = dns_srv_read(&r, out);
	free(all);
	return err;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct dns_srv s;
		int err = read_row(rows[i].data, rows[i].data.len, &s);
		if (err != rows[i].err)
			fail_msg("%s: %d", rows[i].name, err);
		if (err)
			continue;
		assert_string_equal(s.target, rows[i].target);
		assert_int_equal(s.priority, rows[i].priority);
		assert_int_equal(s.weight, rows[i].weight);
		assert_int_equal(s.port, rows[i].port);
	}
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (size_t len = 0; len < rows[i].data.len; len++) {
			struct dns_srv s;
			if (!read_row(rows[i].data, len, &s) && !rows[i].err)
				fail_msg("%s: at %zu", rows[i].name, len);
		}
}

/* A generator of the test's own, so that it says the same every time. */
static uint64_t draw(void *arg)
{
	uint64_t *x = arg;

	*x += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t z = *x;
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static struct dns_srv srv(uint16_t priority, uint16_t weight, int n)
{
	struct dns_srv s = { .priority = priority,
			     .weight = weight,
			     .port = 5061 };

	snprintf(s.target, sizeof(s.target), "h%d.example", n);
	return s;
}

enum { DRAWS = 10000, SLACK = 250 };

static const struct {
	const char *name;
	size_t count;
	uint16_t weight[4];
	unsigned first[4]; /* of 10 000; five deviations are under 250 */
} shares[] = {
	{ "equal", 4, { 7, 7, 7, 7 }, { 2500, 2500, 2500, 2500 } },
	{ "small", 2, { 1, 3 }, { 2500, 7500 } },
	{ "large", 3, { 65535, 32768, 0 }, { 6667, 3333, 0 } },
	{ "no weights", 4, { 0, 0, 0, 0 }, { 2500, 2500, 2500, 2500 } },
	{ "zero is next to none", 3, { 0, 60, 40 }, { 99, 5941, 3960 } },
	{ "one", 1, { 5 }, { DRAWS } },
};

static void test_shares(void **state)
{
	(void)state;
	uint64_t seed = 1;

	for (size_t i = 0; i < sizeof(shares) / sizeof(*shares); i++) {
		unsigned first[4] = { 0 };
		for (int n = 0; n < DRAWS; n++) {
			struct dns_srv s[4];
			for (int k = 0; k < 4; k++)
				s[k] = srv(1, shares[i].weight[k], k);
			size_t count = dns_srv_order(s, shares[i].count, 32,
						     draw, &seed);
			assert_int_equal(count, shares[i].count);
			first[s[0].target[1] - '0']++;
		}
		for (size_t k = 0; k < shares[i].count; k++)
			if (abs((int)first[k] - (int)shares[i].first[k]) >
			    SLACK)
				fail_msg("%s: %zu came first %u times",
					 shares[i].name, k, first[k]);
	}
}

/* What remains is drawn by the same rule: after 50 of 50, 30, 20 the shares of
 * the second place are 3 to 2. */
static void test_second_place(void **state)
{
	(void)state;
	uint64_t seed = 2;
	int after[3] = { 0 };
	int n = 0;

	while (n < DRAWS) {
		struct dns_srv s[] = { srv(1, 50, 0), srv(1, 30, 1),
				       srv(1, 20, 2) };
		dns_srv_order(s, 3, 32, draw, &seed);
		if (s[0].target[1] != '0')
			continue;
		after[s[1].target[1] - '0']++;
		n++;
	}
	assert_int_equal(after[0], 0);
	assert_in_range(after[1], 6000 - SLACK, 6000 + SLACK);
}

/* Weights never matter across priorities. */
static void test_priorities(void **state)
{
	(void)state;
	uint64_t seed = 3;

	for (int n = 0; n < 1000; n++) {
		struct dns_srv s[] = { srv(20, 65535, 0), srv(10, 0, 1),
				       srv(10, 1, 2), srv(0, 0, 3),
				       srv(65535, 9, 4) };
		assert_int_equal(dns_srv_order(s, 5, 32, draw, &seed), 5);
		for (int i = 1; i < 5; i++)
			assert_true(s[i - 1].priority <= s[i].priority);
		assert_string_equal(s[0].target, "h3.example");
		assert_string_equal(s[3].target, "h0.example");
	}
}

static void test_first_of_many(void **state)
{
	(void)state;
	enum { MANY = 3000 };
	uint64_t seed = 4;
	struct dns_srv *s = calloc(MANY, sizeof(*s));
	bool seen[MANY] = { false };

	assert_non_null(s);
	for (int i = 0; i < MANY; i++)
		s[i] = srv((uint16_t)(i % 10), (uint16_t)i, i);
	assert_int_equal(dns_srv_order(s, MANY, 32, draw, &seed), 32);
	for (int i = 0; i < 32; i++) {
		int n = atoi(s[i].target + 1);
		assert_int_equal(s[i].priority, 0);
		assert_int_equal(n % 10, 0);
		assert_false(seen[n]);
		seen[n] = true;
	}
	free(s);
}

static void test_duplicates(void **state)
{
	(void)state;
	uint64_t seed = 5;

	for (int n = 0; n < 100; n++) {
		struct dns_srv s[] = { srv(1, 1, 1), srv(2, 5, 1), srv(1, 9, 1),
				       srv(2, 5, 2), srv(1, 1, 1) };
		s[3].port = 5062;
		s[4].port = 5062;
		assert_int_equal(dns_srv_order(s, 5, 32, draw, &seed), 3);
		assert_int_equal(s[0].priority, 1);
		assert_int_equal(s[1].priority, 1);
		assert_int_not_equal(s[0].port, s[1].port);
		assert_string_equal(s[2].target, "h2.example");
	}
	assert_int_equal(dns_srv_order(NULL, 0, 32, draw, &seed), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_second_place),
		cmocka_unit_test(test_priorities),
		cmocka_unit_test(test_first_of_many),
		cmocka_unit_test(test_duplicates),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
