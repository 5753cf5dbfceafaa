/* SPDX-License-Identifier: Apache-2.0 */
/* Spellings of domain names, paths, accounts and addresses (SIP-26). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/text.h"
#include "support/oom.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* canonical form, or NULL and a word of the refusal */
static const struct {
	const char *in, *out, *word;
} domains[] = {
	{ "contoso.test", "contoso.test", NULL },
	{ "CONTOSO.Test", "contoso.test", NULL },
	{ "contoso.test.", "contoso.test", NULL },
	{ "a-b.c1", "a-b.c1", NULL },
	{ "localhost", "localhost", NULL },
	{ "1.2.3.4a", "1.2.3.4a", NULL },
	{ "XN--MNCHEN-3YA.test", "xn--mnchen-3ya.test", NULL },
	{ A63 ".test", A63 ".test", NULL },
	{ A63 "." A63 "." A63 "." A61, A63 "." A63 "." A63 "." A61, NULL },
	{ A63 "." A63 "." A63 "." A61 ".", A63 "." A63 "." A63 "." A61, NULL },
	{ A63 "." A63 "." A63 "." A61 "a", NULL, "253" },
	{ A63 "a.test", NULL, "63" },
	{ "", NULL, "253" },
	{ ".", NULL, "253" },
	{ "..", NULL, "parts" },
	{ "a..test", NULL, "parts" },
	{ ".a.test", NULL, "parts" },
	{ "a.test..", NULL, "parts" },
	{ "-a.test", NULL, "hyphens" },
	{ "a-.test", NULL, "hyphens" },
	{ "a_b.test", NULL, "letters" },
	{ "a b.test", NULL, "letters" },
	{ "a%2etest", NULL, "letters" },
	{ "*.a.test", NULL, "wildcard" },
	{ "*", NULL, "wildcard" },
	{ "m\xc3\xbcnchen.test", NULL, "A-labels" },
	{ "alice@a.test", NULL, "@" },
	{ "a.test:5061", NULL, "port" },
	{ "sip:a.test", NULL, "scheme" },
	{ "192.0.2.1", NULL, "IP address" },
	{ "192.0.2.1.", NULL, "IP address" },
	{ "192.0.2.1:5061", NULL, "IP address" },
	{ "[2001:db8::1]", NULL, "IP address" },
	{ "2001:db8::1", NULL, "IP address" },
	{ "1.2", NULL, "IP address" },
	{ "a.test.1", NULL, "number" },
};

static void domains_are_canonical(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(domains) / sizeof(*domains); i++) {
		char out[CONF_DOMAIN_SIZE] = "unset";
		const char *why =
			conf_text_domain(slice_str(domains[i].in), out);
		if (domains[i].out && (why || strcmp(out, domains[i].out) != 0))
			fail_msg("%s: %s, %s", domains[i].in, why, out);
		if (domains[i].word && (!why || !strstr(why, domains[i].word)))
			fail_msg("%s: %s", domains[i].in, why ? why : out);
	}
	char out[CONF_DOMAIN_SIZE];
	assert_non_null(conf_text_domain(SLICE_LIT("a\0b.test"), out));
}

static const struct {
	const char *text;
	bool path, user, addr, server;
} others[] = {
	{ "/var/lib/x", true, false, false, false },
	{ "/", true, false, false, false },
	{ "", false, false, false, false },
	{ "var", false, true, false, false },
	{ "./var", false, false, false, false },
	{ "/a\nb", false, false, false, false },
	{ "/a\x7f", false, false, false, false },
	{ "_sally-port.1", false, true, false, false },
	{ "9sally", false, false, false, false },
	{ "sally$", false, false, false, false },
	{ "root", false, false, false, false },
	{ "0", false, false, false, false },
	{ "00", false, false, false, false },
	{ "1", false, true, false, false },
	{ "2147483647", false, true, false, false },
	{ "2147483648", false, false, false, false },
	{ "a2345678901234567890123456789012", false, true, false, false },
	{ "a23456789012345678901234567890123", false, false, false, false },
	{ "192.0.2.1:5061", false, false, true, true },
	{ "[2001:db8::1]:5061", false, false, true, true },
	{ "192.0.2.1", false, false, false, true },
	{ "2001:db8::1", false, false, false, true },
	{ "[::]:0", false, false, false, false },
	{ "[::]:65536", false, false, false, false },
	{ ":5061", false, false, false, false },
	{ "a.test:5061", false, false, false, false },
};

static void other_texts(void **state)
{
	(void)state;
	oom_arm(1); /* no check of a text needs memory */
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		struct slice t = slice_str(others[i].text);
		struct addr addr;
		if (!conf_text_path(t, 107) != others[i].path)
			fail_msg("path %s", others[i].text);
		if (!conf_text_user(t) != others[i].user)
			fail_msg("user %s", others[i].text);
		if (!conf_text_addr(CONF_ADDR, t, &addr) != others[i].addr)
			fail_msg("address %s", others[i].text);
		if (!conf_text_addr(CONF_SERVERS, t, &addr) != others[i].server)
			fail_msg("server %s", others[i].text);
	}
	assert_false(oom_fired());
	oom_arm(0);
	struct addr_prefix p;
	assert_null(conf_text_prefix(SLICE_LIT("10.0.0.0/8"), &p));
	assert_null(conf_text_prefix(SLICE_LIT("::1/128"), &p));
	assert_non_null(conf_text_prefix(SLICE_LIT("10.0.0.1/8"), &p));
	assert_non_null(conf_text_prefix(SLICE_LIT("10.0.0.0"), &p));
	assert_null(conf_text_path(SLICE_LIT("/234"), 4));
	assert_non_null(conf_text_path(SLICE_LIT("/2345"), 4));
}

static const struct {
	const char *text;
	const char *host; /* NULL: refused, "": an address */
	uint16_t port;
} hops[] = {
	{ "Pool.Contoso.internal.:5061", "pool.contoso.internal", 5061 },
	{ "pool.contoso.internal", "pool.contoso.internal", 0 },
	{ "10.0.0.5:5060", "", 5060 },
	{ "[2001:db8::5]:5060", "", 5060 },
	{ "10.0.0.5", NULL, 0 },
	{ "2001:db8::5", NULL, 0 },
	{ "pool.contoso.internal:", NULL, 0 },
	{ "pool.contoso.internal:0", NULL, 0 },
	{ "pool.contoso.internal:65536", NULL, 0 },
	{ "pool.contoso.internal:5061:1", NULL, 0 },
	{ ":5061", NULL, 0 },
	{ "*.contoso.internal:5061", NULL, 0 },
	{ "sip:pool.contoso.internal", NULL, 0 },
	{ "", NULL, 0 },
};

static void next_hops(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hops) / sizeof(*hops); i++) {
		struct conf_text_hop hop;
		const char *why = conf_text_hop(slice_str(hops[i].text), &hop);
		if (!why != !!hops[i].host)
			fail_msg("%s: %s", hops[i].text, why ? why : "taken");
		if (why)
			continue;
		assert_string_equal(hop.host, hops[i].host);
		assert_int_equal(hop.host[0] ? hop.port : addr_port(&hop.addr),
				 hops[i].port);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(domains_are_canonical),
		cmocka_unit_test(other_texts),
		cmocka_unit_test(next_hops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
