/* SPDX-License-Identifier: Apache-2.0 */
/* TURN-05: each range, first, last, one inside, one outside, in every spelling
 * of IPv4 inside IPv6; what configuration opens and closes. */
#include "relay/peer_policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct relay_conf conf;
static struct relay_addr local;

static struct relay_addr at(const char *host, uint16_t port)
{
	struct addr a;
	assert_int_equal(addr_parse_host(slice_str(host), port, &a), 0);
	return relay_addr_of(&a);
}

static bool allowed(const char *host, uint16_t port)
{
	struct relay_addr a = at(host, port);
	return peer_check(&conf, &local, &a, true) == NULL;
}

static int setup(void **state)
{
	static struct addr own[1];
	(void)state;
	addr_parse_host(SLICE_LIT("9.9.9.9"), 0, &own[0]);
	conf = (struct relay_conf){ .port_first = 50000,
				    .port_last = 59999,
				    .own = own,
				    .own_count = 1 };
	local = at("9.9.9.10", 3478);
	return 0;
}

/* first, last, inside, and the neighbours that are allowed ("": they are
 * special too). */
static const char *const ranges[][5] = {
	{ "0.0.0.0", "0.255.255.255", "0.1.2.3", "", "1.0.0.0" },
	{ "10.0.0.0", "10.255.255.255", "10.9.8.7", "9.255.255.255",
	  "11.0.0.0" },
	{ "100.64.0.0", "100.127.255.255", "100.100.1.1", "100.63.255.255",
	  "100.128.0.0" },
	{ "127.0.0.0", "127.255.255.255", "127.0.0.1", "126.255.255.255",
	  "128.0.0.0" },
	{ "169.254.0.0", "169.254.255.255", "169.254.169.254",
	  "169.253.255.255", "169.255.0.0" },
	{ "172.16.0.0", "172.31.255.255", "172.20.1.1", "172.15.255.255",
	  "172.32.0.0" },
	{ "192.0.0.0", "192.0.0.255", "192.0.0.8", "191.255.255.255",
	  "192.0.1.0" },
	{ "192.0.2.0", "192.0.2.255", "192.0.2.9", "192.0.1.255", "192.0.3.0" },
	{ "192.31.196.0", "192.31.196.255", "192.31.196.4", "192.31.195.255",
	  "192.31.197.0" },
	{ "192.52.193.0", "192.52.193.255", "192.52.193.4", "192.52.192.255",
	  "192.52.194.0" },
	{ "192.175.48.0", "192.175.48.255", "192.175.48.6", "192.175.47.255",
	  "192.175.49.0" },
	{ "192.88.99.0", "192.88.99.255", "192.88.99.1", "192.88.98.255",
	  "192.88.100.0" },
	{ "192.168.0.0", "192.168.255.255", "192.168.1.1", "192.167.255.255",
	  "192.169.0.0" },
	{ "198.18.0.0", "198.19.255.255", "198.18.5.5", "198.17.255.255",
	  "198.20.0.0" },
	{ "198.51.100.0", "198.51.100.255", "198.51.100.7", "198.51.99.255",
	  "198.51.101.0" },
	{ "203.0.113.0", "203.0.113.255", "203.0.113.9", "203.0.112.255",
	  "203.0.114.0" },
	{ "224.0.0.0", "239.255.255.255", "239.1.1.1", "223.255.255.255", "" },
	{ "240.0.0.0", "255.255.255.255", "250.1.1.1", "", "" },
	{ "::", "::ffff:ffff", "::1", "", "" },
	{ "64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9b::808:808", "", "" },
	{ "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
	  "64:ff9b:1::7f00:1", "", "" },
	{ "100::", "100::ffff:ffff:ffff:ffff", "100::5", "", "" },
	{ "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:20::1",
	  "2000:ffff::1", "2001:200::" },
	{ "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::1",
	  "2001:db7:ffff::1", "2001:db9::" },
	{ "2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	  "2002:808:808::1", "2001:ffff::1", "2003::" },
	{ "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1::1",
	  "3ffe:ffff::1", "3fff:1000::" },
	{ "2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
	  "2620:4f:8000::6", "2620:4f:7fff::1", "2620:4f:8001::" },
	{ "5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f00::1", "",
	  "" },
	{ "fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fd77::1", "",
	  "" },
	{ "fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe80::1", "",
	  "" },
	{ "fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::1", "",
	  "" },
	{ "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff02::1", "",
	  "" },
};

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		for (int k = 0; k < 3; k++) {
			if (allowed(ranges[i][k], 5000))
				fail_msg("%s is allowed", ranges[i][k]);
		}
		for (int k = 3; k < 5; k++) {
			if (*ranges[i][k] && !allowed(ranges[i][k], 5000))
				fail_msg("%s is denied", ranges[i][k]);
		}
	}
}

/* An operator with NAT64 or 6to4 opens the prefix, not what hides in it. */
static void test_every_spelling(void **state)
{
	static const char *const open[] = {
		"::/96",     "::ffff:0:0:0/96", "64:ff9b::/96",
		"2002::/16", "2001::/32",       "2a00::/16",
	};
	static const struct {
		const char *before, *after;
	} spelling[] = {
		{ "::", "" },          { "::ffff:0:", "" },
		{ "64:ff9b::", "" },   { "2002:", "::1" },
		{ "2a00::5efe:", "" }, { "2a00::200:5efe:", "" },
		{ "::ffff:", "" },
	};
	struct addr_prefix allow[6];
	(void)state;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(
			addr_parse_prefix(slice_str(open[i]), &allow[i]), 0);
	conf.allow = allow;
	conf.allow_count = 6;
	for (size_t i = 0; i < 15; i++) {
		for (size_t k = 0; k < 7; k++) {
			struct relay_addr a = at(ranges[i][2], 0);
			char text[64];
			snprintf(text, sizeof(text), "%s%02x%02x:%02x%02x%s",
				 spelling[k].before, a.ip[0], a.ip[1], a.ip[2],
				 a.ip[3], spelling[k].after);
			if (allowed(text, 5000))
				fail_msg("%s is allowed", text);
		}
	}
	assert_true(allowed("64:ff9b::808:808", 5000));
	assert_true(allowed("2002:808:808::1", 5000));
	assert_true(allowed("2a00::5efe:808:808", 5000));
	/* Teredo writes the client's address inverted */
	assert_false(allowed("2001:0:1:2:3:4:80ff:fffe", 5000));
	assert_true(allowed("2001:0:1:2:3:4:f7f7:f7f7", 5000));
}

static void test_ports(void **state)
{
	struct addr_prefix allow[1];
	struct relay_addr zero = at("8.8.8.8", 0);
	(void)state;
	assert_false(allowed("8.8.8.8", 0));
	assert_false(allowed("8.8.8.8", 1023));
	assert_true(allowed("8.8.8.8", 1024));
	assert_true(allowed("8.8.8.8", 65535));
	assert_null(peer_check(&conf, &local, &zero, false));
	addr_parse_prefix(SLICE_LIT("8.8.8.0/24"), &allow[0]);
	conf.allow = allow;
	conf.allow_count = 1;
	assert_true(allowed("8.8.8.8", 443));
	assert_false(allowed("8.8.8.8", 0));
	assert_false(allowed("8.8.9.8", 443));
}

static void test_ourselves(void **state)
{
	struct addr_prefix allow[1];
	(void)state;
	static const char *const us[] = { "9.9.9.9", "9.9.9.10" };
	for (int i = 0; i < 2; i++) {
		assert_false(allowed(us[i], 3478));
		assert_false(allowed(us[i], 49999));
		assert_true(allowed(us[i], 50000));
		assert_true(allowed(us[i], 59999));
		assert_false(allowed(us[i], 60000));
	}
	conf.allow = allow;
	conf.allow_count = 1;
	addr_parse_prefix(SLICE_LIT("9.9.9.0/24"), &allow[0]);
	assert_false(allowed("9.9.9.9", 5061));
	addr_parse_prefix(SLICE_LIT("9.9.9.9/32"), &allow[0]);
	assert_true(allowed("9.9.9.9", 5061));
	assert_false(allowed("9.9.9.10", 5061));
}

static void test_configured(void **state)
{
	struct addr_prefix allow[1], deny[1];
	(void)state;
	addr_parse_prefix(SLICE_LIT("10.8.0.0/16"), &allow[0]);
	addr_parse_prefix(SLICE_LIT("10.8.1.0/24"), &deny[0]);
	conf.allow = allow;
	conf.allow_count = 1;
	conf.deny = deny;
	conf.deny_count = 1;
	assert_true(allowed("10.8.0.1", 5000));
	assert_true(allowed("::ffff:10.8.0.1", 5000));
	assert_false(allowed("10.8.1.1", 5000));
	assert_false(allowed("::ffff:10.8.1.1", 5000));
	assert_false(allowed("10.9.0.1", 5000));
}

#define TEST(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ranges),     TEST(test_every_spelling),
		TEST(test_ports),      TEST(test_ourselves),
		TEST(test_configured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
