/* SPDX-License-Identifier: Apache-2.0 */
/* What may be a name. Names in messages are tested with the records. */
#include "dns/dns_name.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *domain;
	const char *target;
	bool direct;
} children[] = {
	{ "d.example", "h.d.example", true },
	{ "D.Example.", "H.d.eXample", true },
	{ "d.example", "h.d.example.", true },
	{ "d.example", "h.sub.d.example", false },
	{ "sub.d.example", "h.sub.d.example", true },
	{ "d.example", "d.example", false },
	{ "d.example", "hd.example", false },
	{ "d.example", ".d.example", false },
	{ "d.example", "h..d.example", false },
	{ "d.example", "h.d.example.evil.example", false },
	{ "d.example", "h.e.example", false },
	{ "d.example", "example", false },
	{ "d.example", "-h.d.example", false },
	{ "d.example", "*.d.example", false },
	{ "d.example", "h.d.example..", false },
	{ "d.example", "", false },
	{ "d.example", ".", false },
	{ "", "h.d.example", false },
	{ "", "h", false },
	{ ".", "h.", false },
	{ "example", "h.example", true },
	{ "0.2.1", "192.0.2.1", false },
};

static void test_direct_child(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(children) / sizeof(*children); i++)
		if (dns_direct_child(slice_str(children[i].domain),
				     slice_str(children[i].target)) !=
		    children[i].direct)
			fail_msg("%s under %s", children[i].target,
				 children[i].domain);
	assert_false(dns_direct_child(SLICE_LIT("d.example"),
				      SLICE_LIT("h.d.example\0")));
	assert_false(dns_direct_child(SLICE_LIT("d.example"), SLICE_NONE));
}

static void test_hosts(void **state)
{
	(void)state;
	static const char *const good[] = { "a", "a-b.example", "3com.example",
					    "a.example.", "xn--bcher-kva.a" };
	static const char *const bad[] = { "",          "a_b",  "-a",    "a-",
					   "a..b",      ".a",   "a..",   "1",
					   "192.0.2.1", "::1",  "a b",   "a/b",
					   "a.12",      "\303", "a.\x7f" };
	char big[DNS_NAME_MAX + 2];

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!dns_name_is_host(slice_str(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (dns_name_is_host(slice_str(bad[i])))
			fail_msg("taken: %s", bad[i]);
	memset(big, 'a', sizeof(big));
	assert_true(dns_name_is_host(slice_of(big, 63)));
	assert_false(dns_name_is_host(slice_of(big, 64)));
	for (size_t i = 63; i < sizeof(big); i += 64)
		big[i] = '.';
	assert_true(dns_name_is_host(slice_of(big, 253)));
	assert_false(dns_name_is_host(slice_of(big, 254)));
}

static void test_canonical(void **state)
{
	(void)state;
	char out[DNS_NAME_MAX + 1];

	dns_name_canonical(SLICE_LIT("SIP.Contoso.Example."), out);
	assert_string_equal(out, "sip.contoso.example");
	dns_name_canonical(SLICE_LIT("a"), out);
	assert_string_equal(out, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_direct_child),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_canonical),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
