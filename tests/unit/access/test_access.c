/* SPDX-License-Identifier: Apache-2.0 */
/* The rules as an index: what is refused at load, who a peer is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "access/access.h"
#include "support/oom.h"

/* Slices and rows for static tables. */
#define S(s)                                        \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define ROW(d, e, l)                                    \
	{                                               \
		.domain = S(d), .edge = S(e), .line = l \
	}

static const struct slice ours[] = { S("contoso.test"), S("it.contoso.test") };
static const struct access_partner partners[] = {
	ROW("fabrikam.test", "edge.fabrikam.test", 10),
	ROW("litware.test", "sip.hosting.test", 11),
	ROW("proseware.test", "sip.hosting.test", 12),
};
static const struct access_conf good = { .domains = ours,
					 .domain_count = 2,
					 .partners = partners,
					 .partner_count = 3 };

static void index_answers(void **state)
{
	(void)state;
	char error[256];
	struct access *a = NULL;
	assert_int_equal(access_create(&a, &good, error), 0);
	assert_true(access_is_ours(a, SLICE_LIT("contoso.test")));
	assert_true(access_is_ours(a, SLICE_LIT("it.contoso.test")));
	assert_false(access_is_ours(a, SLICE_LIT("de.contoso.test")));
	assert_false(access_is_ours(a, SLICE_LIT("CONTOSO.test")));
	assert_false(access_is_ours(a, SLICE_LIT("contoso.test.")));
	assert_false(access_is_ours(a, SLICE_LIT("fabrikam.test")));
	assert_false(access_is_ours(a, SLICE_NONE));
	access_free(a);
	access_free(NULL);
}

static const struct {
	const char *what;
	const char names[3][256];
	size_t count;
	const struct access_partner *expect;
} peers[] = {
	{ "the edge of one partner", { "edge.fabrikam.test" }, 1, partners },
	{ "the edge of two partners is the first row",
	  { "sip.hosting.test" },
	  1,
	  partners + 1 },
	{ "one of several names",
	  { "www.fabrikam.test", "edge.fabrikam.test" },
	  2,
	  partners },
	{ "no names at all", { "" }, 0, NULL },
	{ "an empty name", { "" }, 1, NULL },
	{ "the partner's domain is not its edge",
	  { "fabrikam.test" },
	  1,
	  NULL },
	{ "a wildcard", { "*.fabrikam.test" }, 1, NULL },
	{ "a name below the edge", { "a.edge.fabrikam.test" }, 1, NULL },
	{ "a name that begins the same", { "edge.fabrikam.tes" }, 1, NULL },
	{ "ourselves", { "contoso.test" }, 1, NULL },
};

static void peers_are_known(void **state)
{
	(void)state;
	char error[256];
	struct access *a = NULL;
	assert_int_equal(access_create(&a, &good, error), 0);
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++) {
		const struct access_partner *p =
			access_peer(a, peers[i].names, peers[i].count);
		if (p != peers[i].expect)
			fail_msg("%s", peers[i].what);
	}
	access_free(a);
}

static const struct {
	const char *what;
	struct slice domain[2];
	size_t domains;
	struct access_partner partner[2];
	size_t partners;
	const char *words[2];
} bad[] = {
	{ "our domain twice",
	  { S("a.test"), S("a.test") },
	  2,
	  { ROW("b.test", "e.test", 4) },
	  1,
	  { "a.test", "twice" } },
	{ "our domain in upper case",
	  { S("A.test") },
	  1,
	  { ROW("b.test", "e.test", 4) },
	  1,
	  { "A.test", "canonical" } },
	{ "our domain with a final dot",
	  { S("a.test.") },
	  1,
	  { ROW("b.test", "e.test", 4) },
	  1,
	  { "a.test.", "canonical" } },
	{ "our domain empty",
	  { S("") },
	  1,
	  { ROW("b.test", "e.test", 4) },
	  1,
	  { "domain", "canonical" } },
	{ "a partner in our domain",
	  { S("a.test") },
	  1,
	  { ROW("a.test", "e.test", 4) },
	  1,
	  { "line 4", "ours" } },
	{ "a partner twice",
	  { S("a.test") },
	  1,
	  { ROW("b.test", "e.test", 4), ROW("b.test", "f.test", 9) },
	  2,
	  { "line 9", "line 4" } },
	{ "a partner with a wildcard edge",
	  { S("a.test") },
	  1,
	  { ROW("b.test", "*.b.test", 4) },
	  1,
	  { "line 4", "edge" } },
	{ "a partner with a wildcard domain",
	  { S("a.test") },
	  1,
	  { ROW("*", "e.test", 4) },
	  1,
	  { "line 4", "domain" } },
};

/* Keys name one partner, and nothing that a certificate can prove is a key of
 * one found by SRV. */
static void keys_of_partners(void **state)
{
	static const struct access_partner rows[] = {
		ROW("a.test", "sip.a.test", 1),
		ROW("b.test", "", 2),
	};
	const struct access_conf conf = { .domains = ours,
					  .domain_count = 2,
					  .partners = rows,
					  .partner_count = 2 };
	static const char names[][256] = { "x.y.b.test", "b.test", "test",
					   "srv:b.test", "sip.b.test" };
	char error[256], key[ACCESS_KEY_MAX];
	struct access *a = NULL;
	(void)state;
	assert_int_equal(access_create(&a, &conf, error), 0);
	access_partner_key(&rows[0], key);
	assert_string_equal(key, "sip.a.test");
	assert_ptr_equal(access_partner_by_key(a, slice_str(key)), &rows[0]);
	access_partner_key(&rows[1], key);
	assert_string_equal(key, "srv:b.test");
	assert_ptr_equal(access_partner_by_key(a, slice_str(key)), &rows[1]);
	assert_null(access_partner_by_key(a, SLICE_LIT("srv:a.test")));
	assert_null(access_partner_by_key(a, SLICE_LIT("srv:")));
	assert_null(access_partner_by_key(a, SLICE_LIT("b.test")));
	assert_null(access_peer(a, names, 5));
	assert_null(access_peer_by_srv(a, names, 4));
	assert_ptr_equal(access_peer_by_srv(a, names, 5), &rows[1]);
	access_free(a);
}

static void conflicts_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct access_conf conf = { .domains = bad[i].domain,
					    .domain_count = bad[i].domains,
					    .partners = bad[i].partner,
					    .partner_count = bad[i].partners };
		struct access *a = NULL;
		char error[256] = "";
		if (access_create(&a, &conf, error) != -EINVAL || a)
			fail_msg("%s: accepted", bad[i].what);
		for (size_t w = 0; w < 2; w++) {
			if (!strstr(error, bad[i].words[w]))
				fail_msg("%s: %s", bad[i].what, error);
		}
	}
}

static int create_once(void *arg)
{
	(void)arg;
	char error[256] = "";
	struct access *a = NULL;
	int err = access_create(&a, &good, error);
	if (err) {
		assert_null(a);
		assert_non_null(strstr(error, "memory"));
	}
	access_free(a);
	return err;
}

static void hosts_of_partners(void **state)
{
	static const struct access_partner list[] = {
		ROW("fabrikam.test", "edge.fabrikam.test", 10),
		ROW("litware.test", "sip.hosting.test", 11),
		ROW("proseware.test", "sip.hosting.test", 12),
		{ .domain = S("northwind.test") },
		ROW("sub.northwind.test", "edge.sub.northwind.test", 14),
	};
	static const char *const rows[][2] = {
		{ "fabrikam.test", "fabrikam.test" },
		{ "edge.fabrikam.test", "fabrikam.test" },
		{ "x.fabrikam.test", "" }, /* it has one server, named */
		{ "sip.hosting.test", "litware.test" },
		{ "sip.northwind.test", "northwind.test" },
		{ "a.sip.northwind.test", "" },
		{ "sub.northwind.test", "sub.northwind.test" },
		{ "edge.sub.northwind.test", "sub.northwind.test" },
		{ "test", "" },
		{ "", "" },
	};
	struct access_conf conf = good;
	struct access *a = NULL;
	char error[256];
	(void)state;
	conf.partners = list;
	conf.partner_count = sizeof(list) / sizeof(list[0]);
	assert_int_equal(access_create(&a, &conf, error), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice got =
			access_partner_by_host(a, slice_str(rows[i][0]));
		if (!slice_eq(got, slice_str(rows[i][1])))
			fail_msg("%s: %.*s", rows[i][0], SLICE_FMT(got));
	}
	access_free(a);
}

static void survives_oom(void **state)
{
	(void)state;
	oom_walk(create_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_answers),
		cmocka_unit_test(peers_are_known),
		cmocka_unit_test(keys_of_partners),
		cmocka_unit_test(hosts_of_partners),
		cmocka_unit_test(conflicts_are_refused),
		cmocka_unit_test(survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
