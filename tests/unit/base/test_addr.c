/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses: texts, prefixes, and mapped forms that are IPv4 (TURN-05). */
#include "base/addr.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <arpa/inet.h>
#include <cmocka.h>

static struct addr parsed(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(slice_str(text), true, &a), 0);
	return a;
}

static void test_texts(void **state)
{
	static const struct {
		const char *in, *text, *host;
	} rows[] = {
		{ "192.0.2.1:5061", "192.0.2.1:5061", "192.0.2.1" },
		{ "[2001:db8::1]:5061", "[2001:db8::1]:5061", "2001:db8::1" },
		{ "[2001:0DB8:0::1]:1", "[2001:db8::1]:1", "2001:db8::1" },
		{ "[::]:443", "[::]:443", "::" },
		{ "[::ffff:192.0.2.1]:80", "192.0.2.1:80", "192.0.2.1" },
		{ "[fe80::1%7]:9", "[fe80::1%7]:9", "fe80::1%7" },
		{ "255.10.9.100:1", "255.10.9.100:1", "255.10.9.100" },
		{ "0.0.0.0:65535", "0.0.0.0:65535", "0.0.0.0" },
	};
	char out[ADDR_TEXT_MAX];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr a;
		assert_int_equal(addr_parse(slice_str(rows[i].in), false, &a),
				 0);
		assert_string_equal(addr_text(&a, out), rows[i].text);
		assert_string_equal(addr_host(&a, out), rows[i].host);
	}
	struct addr none = { .u.sa = { .sa_family = AF_UNIX } };
	assert_string_equal(addr_text(&none, out), "-:0");
	assert_int_equal(addr_len(&none), 0);
	assert_false(addr_equal(&none, &none));
}

static void test_refused(void **state)
{
	static const char *const rows[] = {
		"",
		":",
		":5061",
		"192.0.2.1",
		"192.0.2.1:",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		"192.0.2.1:+1",
		"192.0.2.1: 1",
		"192.0.2.01:1",
		"192.0.2:1",
		"192.0.2.1.1:1",
		"256.0.2.1:1",
		"2001:db8::1:5061",
		"[2001:db8::1]",
		"[2001:db8::1:5061",
		"[]:1",
		"[::1]x:1",
		"[192.0.2.1]:1",
		"[fe80::1%eth0]:1",
		"[fe80::1%]:1",
		"name.test:5061",
		"[::1]:99999",
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr a;
		assert_int_equal(addr_parse(slice_str(rows[i]), false, &a),
				 -EINVAL);
	}
	struct addr a;
	assert_int_equal(addr_parse(SLICE_LIT("1.2.3.4:0"), true, &a), 0);
	assert_int_equal(addr_parse(SLICE_LIT("1.2.3.4\0:1"), true, &a),
			 -EINVAL);
	assert_int_equal(addr_parse_host(SLICE_LIT("::1"), 7, &a), 0);
	assert_int_equal(addr_port(&a), 7);
	assert_int_equal(addr_parse_host(SLICE_LIT("[::1]"), 7, &a), 0);
	assert_int_equal(addr_parse_host(SLICE_LIT("192.0.2.9"), 8, &a), 0);
	assert_int_equal(addr_len(&a), sizeof(struct sockaddr_in));
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *prefix, *addr;
		bool in;
	} rows[] = {
		{ "192.0.2.0/24", "192.0.2.255:1", true },
		{ "192.0.2.0/24", "192.0.3.0:1", false },
		{ "192.0.2.0/24", "[::ffff:192.0.2.7]:1", true },
		{ "192.0.2.128/25", "192.0.2.127:1", false },
		{ "192.0.2.1/32", "192.0.2.1:9", true },
		{ "0.0.0.0/0", "203.0.113.1:1", true },
		{ "0.0.0.0/0", "[::1]:1", false },
		{ "2001:db8::/32", "[2001:db8:ffff::1]:1", true },
		{ "2001:db8::/33", "[2001:db8:8000::1]:1", false },
		{ "::/0", "[2001:db8::]:1", true },
		{ "::/0", "192.0.2.1:1", false },
		{ "::1/128", "[::1]:1", true },
	};
	static const char *const bad[] = {
		"192.0.2.1/24",  "192.0.2.0/33",         "192.0.2.0",
		"192.0.2.0/",    "2001:db8::1/32",       "2001:db8::/129",
		"name.test/8",   "192.0.2.0/-1",         "/8",
		"192.0.2.0:1/8", "::ffff:192.0.2.0/120",
	};
	struct addr_prefix p;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr a = parsed(rows[i].addr);
		assert_int_equal(
			addr_parse_prefix(slice_str(rows[i].prefix), &p), 0);
		assert_int_equal(addr_in_prefix(&a, &p), rows[i].in);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(addr_parse_prefix(slice_str(bad[i]), &p),
				 -EINVAL);
}

/* What accept() gives on a socket for both families. */
static struct addr mapped(const char *v4, uint16_t port)
{
	struct addr a = { .u.in6 = { .sin6_family = AF_INET6 } };
	a.u.in6.sin6_addr.s6_addr[10] = 0xff;
	a.u.in6.sin6_addr.s6_addr[11] = 0xff;
	assert_int_equal(inet_pton(AF_INET, v4, &a.u.in6.sin6_addr.s6_addr[12]),
			 1);
	addr_set_port(&a, port);
	return a;
}

static void test_mapped(void **state)
{
	struct addr m = mapped("192.0.2.1", 5061);
	struct addr v4 = parsed("192.0.2.1:5061");
	char out[ADDR_TEXT_MAX];
	(void)state;
	assert_int_equal(m.u.sa.sa_family, AF_INET6);
	assert_int_equal(addr_len(&m), sizeof(struct sockaddr_in6));
	assert_true(addr_equal(&m, &v4));
	assert_true(addr_source(&m) == addr_source(&v4));
	assert_string_equal(addr_text(&m, out), "192.0.2.1:5061");
	addr_set_port(&m, 1);
	assert_false(addr_equal(&m, &v4));
	assert_true(addr_same_host(&m, &v4));
}

static void test_sources(void **state)
{
	struct addr a = parsed("[2001:db8:0:1::1]:1");
	struct addr b = parsed("[2001:db8:0:1:ffff::9]:2");
	struct addr c = parsed("[2001:db8:0:2::1]:1");
	struct addr d = parsed("192.0.2.1:1");
	struct addr e = parsed("192.0.2.2:1");
	/* ::c000:201 as a /64 must not be 192.0.2.1 */
	struct addr f = parsed("[0:0:c000:201::1]:1");
	(void)state;
	assert_true(addr_source(&a) == addr_source(&b));
	assert_true(addr_source(&a) != addr_source(&c));
	assert_true(addr_source(&d) != addr_source(&e));
	assert_true(addr_source(&d) != addr_source(&f));
	struct addr g = parsed("[fe80::1%1]:1");
	struct addr h = parsed("[fe80::1%2]:1");
	assert_false(addr_same_host(&g, &h));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts),    cmocka_unit_test(test_refused),
		cmocka_unit_test(test_prefixes), cmocka_unit_test(test_mapped),
		cmocka_unit_test(test_sources),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
