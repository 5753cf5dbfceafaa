/* SPDX-License-Identifier: Apache-2.0 */
/* Via values and addresses (RFC 3261 20.10, 20.42, RFC 3581, RFC 5118). */
#include "stream.h"

static void test_via(void **state)
{
	static const struct {
		const char *text, *transport, *host, *branch;
		uint16_t port;
	} rows[] = {
		{ "SIP/2.0/TLS a.test", "TLS", "a.test", "", 0 },
		{ "SIP / 2.0\r\n / UDP\t192.0.2.1 : 5060 ; branch = b", "UDP",
		  "192.0.2.1", "b", 5060 },
		{ "SIP/2.0/UNKNOWN [2001:db8::1]:5070;branch=x", "UNKNOWN",
		  "2001:db8::1", "x", 5070 },
		{ "SIP/2.0/TCP a.test;received=2001:db8::9:255;rport", "TCP",
		  "a.test", "", 0 },
		{ "SIP/2.0/TCP a.test;received=[2001:db8::9:255]", "TCP",
		  "a.test", "", 0 },
		{ "SIP/2.0/TCP a.test;rport=5060;ms-info=\"a;b,c\";branch=q",
		  "TCP", "a.test", "q", 0 },
		{ "SIP/2.0/TLS a.test;branch=z9hG4bK-.!%66*_+`'~", "TLS",
		  "a.test", "z9hG4bK-.!%66*_+`'~", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_via v;
		if (sip_via_parse(slice_str(rows[i].text), &v) != 0)
			fail_msg("refused: %s", rows[i].text);
		assert_slice(v.transport, slice_str(rows[i].transport));
		assert_slice(v.host, slice_str(rows[i].host));
		assert_slice(v.branch, slice_str(rows[i].branch));
		assert_int_equal(v.port, rows[i].port);
	}
}

static void test_bad_via(void **state)
{
	static const char *const rows[] = {
		"",
		"SIP",
		"SIP/2.0",
		"SIP/2.0/TLS",
		"SIP/2.0/TLSa.test",
		"SIP 2.0 TLS a.test",
		"SIP/2.0/TLS a.test b",
		"SIP/2.0/TLS a.test:0",
		"SIP/2.0/TLS a.test:x",
		"SIP/2.0/TLS a_b.test",
		"SIP/2.0/TLS 2001:db8::1",
		"SIP/2.0/TLS a.test;",
		"SIP/2.0/TLS a.test;;branch=a",
		"SIP/2.0/TLS a.test;branch",
		"SIP/2.0/TLS a.test;branch=",
		"SIP/2.0/TLS a.test;branch=\"x\"",
		"SIP/2.0/TLS a.test;branch=a;branch=b",
		"SIP/2.0/TLS a.test;branch=a/b",
		"SIP/2.0/TLS a.test;rport=0",
		"SIP/2.0/TLS a.test;rport=65536",
		"SIP/2.0/TLS a.test;rport=1;rport=2",
		"SIP/2.0/TLS a.test;received=a.test",
		"SIP/2.0/TLS a.test;received=1.2.3.4;received=1.2.3.5",
		"SIP/2.0/TLS a.test;x=2001:db8::1",
		"SIP/2.0/TLS a.test, SIP/2.0/TLS b.test",
		"SIP/2.0/TLS a.test;x=\"open",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_via v;
		if (sip_via_parse(slice_str(rows[i]), &v) == 0)
			fail_msg("accepted: %s", rows[i]);
	}
}

static void test_addr(void **state)
{
	static const struct {
		const char *text, *display, *uri, *params;
		bool bracketed;
	} rows[] = {
		{ "sip:a@b.test", "", "sip:a@b.test", "", false },
		{ "sip:a@b.test;tag=x", "", "sip:a@b.test", ";tag=x", false },
		{ "<sip:a@b.test;lr>;tag=x", "", "sip:a@b.test;lr", ";tag=x",
		  true },
		{ "A. Bell\r\n <sip:a@b.test>", "A. Bell", "sip:a@b.test", "",
		  true },
		{ "caller<sip:a@b.test>", "caller", "sip:a@b.test", "", true },
		{ "\"a<,\\\"\"<sip:a,b@b.test?x=y> ; q = 1", "\"a<,\\\"\"",
		  "sip:a,b@b.test?x=y", " ; q = 1", true },
		{ "<tel:+12>;+sip.instance=\"<urn:uuid:1>\"", "", "tel:+12",
		  ";+sip.instance=\"<urn:uuid:1>\"", true },
		{ "<isbn:2983792873>", "", "isbn:2983792873", "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_addr a;
		if (sip_addr_parse(slice_str(rows[i].text), &a) != 0)
			fail_msg("refused: %s", rows[i].text);
		assert_slice(a.display, slice_str(rows[i].display));
		assert_slice(a.uri.text, slice_str(rows[i].uri));
		assert_slice(a.params, slice_str(rows[i].params));
		assert_int_equal(a.bracketed, rows[i].bracketed);
	}
}

static void test_bad_addr(void **state)
{
	static const char *const rows[] = {
		"",
		"<>",
		"a",
		"a@b.test",
		"<sip:a@b.test",
		"sip:a@b.test>",
		"< sip:a@b.test>",
		"<sip:a@b.test >",
		"sip:a@b.test?x=y",
		"sip:a,b@c.test",
		"\"open <sip:a@b.test>",
		"\"a\" sip:a@b.test",
		"Bell, A <sip:a@b.test>",
		"\xc3\xa9 <sip:a@b.test>",
		"<sip:a@b.test>;",
		"<sip:a@b.test>;;x",
		"<sip:a@b.test> x",
		"<sip:a@b.test>, <sip:c@b.test>",
		"<sip:a@b.test>;x=y z",
		"\"a\\\r\n b\" <sip:a@b.test>",
		"<sip:a@b.test>;x=",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct sip_addr a;
		if (sip_addr_parse(slice_str(rows[i]), &a) == 0)
			fail_msg("accepted: %s", rows[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_via),
		cmocka_unit_test(test_bad_via),
		cmocka_unit_test(test_addr),
		cmocka_unit_test(test_bad_addr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
