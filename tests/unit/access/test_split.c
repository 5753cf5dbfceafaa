/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A split domain: some of our users live with a hosting provider. Who may
 * speak for them, who reaches them, and what passes through us.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/access.h"
#include "access/reject.h"

#define S(s)                                        \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static const struct slice ours[] = { S("contoso.test"), S("whole.test"),
				     S("half.test") };
static const struct access_provider cloud = { .name = S("cloud"),
					      .shared = true,
					      .line = 30 };
/* partners know that one */
static const struct access_provider front = { .name = S("front"),
					      .shared = true,
					      .forwards = true };
static const struct access_provider plain = { .name = S("plain") };
static const struct access_partner rows[] = {
	{ .domain = S("fabrikam.test"), .edge = S("edge.fabrikam.test") },
	{ .domain = S("northwind.test"), .edge = S("edge.northwind.test") },
	{ .domain = S("litware.test"),
	  .edge = S("edge.cloud.test"),
	  .provider = &cloud },
	{ .domain = S("contoso.test"),
	  .edge = S("edge.cloud.test"),
	  .level = ACCESS_LEVEL_VERIFIED,
	  .provider = &cloud },
	{ .domain = S("half.test"),
	  .edge = S("edge.front.test"),
	  .provider = &front },
};
static const struct access_block blocks[] = { { .domain = S("evil.test") } };

static struct access *create(bool closed)
{
	static struct access_conf conf; /* borrowed for its life */
	conf = (struct access_conf){
		.domains = ours,
		.domain_count = 3,
		.partners = rows,
		.partner_count = sizeof(rows) / sizeof(rows[0]),
		.blocks = blocks,
		.block_count = 1,
		.denied = closed ? ~0U : 0,
	};
	char error[256];
	struct access *a = NULL;
	assert_int_equal(access_create(&a, &conf, error), 0);
	return a;
}

static const char FABRIKAM[][256] = { "edge.fabrikam.test" };
static const char FRONT[][256] = { "edge.front.test" };
static const char CLOUD[][256] = { "edge.cloud.test" };

struct row {
	const char (*peer)[256]; /* NULL: from inside */
	const char *from, *to;
	const char *token; /* of the route, or NULL */
	const char *callee;
	enum access_kind kind;
	const struct reject *reject;
	const char *onwards; /* domain of the row, or NULL */
};

static const struct row table[] = {
	/* colleagues and we */
	{ CLOUD, "contoso.test", "contoso.test", NULL, "contoso.test",
	  ACCESS_TO_INSIDE, NULL, NULL },
	{ NULL, "contoso.test", "contoso.test", NULL, "contoso.test",
	  ACCESS_TO_PARTNER, NULL, NULL },
	/* nobody else has some, and not of the other domain */
	{ FABRIKAM, "contoso.test", "contoso.test", NULL, "contoso.test",
	  ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH, NULL },
	{ CLOUD, "whole.test", "contoso.test", NULL, "contoso.test",
	  ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH, NULL },
	{ NULL, "contoso.test", "whole.test", NULL, "whole.test", ACCESS_REFUSE,
	  &ACCESS_REJ_INSIDE_LOOP, NULL },
	/* partners reach colleagues by way of the inside, and nobody else */
	{ NULL, "fabrikam.test", "contoso.test", NULL, "contoso.test",
	  ACCESS_TO_PARTNER, NULL, NULL },
	{ NULL, "fabrikam.test", "northwind.test", NULL, "northwind.test",
	  ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH, NULL },
	/* a colleague has no partners through us */
	{ CLOUD, "contoso.test", "fabrikam.test", NULL, "fabrikam.test",
	  ACCESS_REFUSE, &ACCESS_REJ_NOT_OURS, NULL },
	/* what partners wrote comes from where they know us, if it may */
	{ FRONT, "fabrikam.test", "half.test", NULL, "half.test",
	  ACCESS_TO_INSIDE, NULL, NULL },
	{ FRONT, "stranger.test", "half.test", NULL, "half.test",
	  ACCESS_TO_INSIDE, NULL, NULL },
	{ FRONT, "evil.test", "half.test", NULL, "half.test", ACCESS_REFUSE,
	  &ACCESS_REJ_BLOCKED, NULL },
	{ FRONT, "fabrikam.test", "contoso.test", NULL, "contoso.test",
	  ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH, NULL },
	{ FRONT, "contoso.test", "half.test", NULL, "half.test", ACCESS_REFUSE,
	  &ACCESS_REJ_FROM_MISMATCH, NULL },
	{ CLOUD, "fabrikam.test", "contoso.test", NULL, "contoso.test",
	  ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH, NULL },
	{ FABRIKAM, "northwind.test", "half.test", NULL, "half.test",
	  ACCESS_REFUSE, &ACCESS_REJ_FROM_MISMATCH, NULL },
	/* but dialogs that began the other way */
	{ FABRIKAM, "fabrikam.test", "contoso.test", "edge.cloud.test",
	  "contoso.test", ACCESS_TO_PARTNER, NULL, "contoso.test" },
	{ CLOUD, "contoso.test", "fabrikam.test", "edge.fabrikam.test",
	  "fabrikam.test", ACCESS_TO_PARTNER, NULL, "fabrikam.test" },
	{ FABRIKAM, "fabrikam.test", "northwind.test", "edge.northwind.test",
	  "northwind.test", ACCESS_REFUSE, &ACCESS_REJ_NOT_OURS, NULL },
	{ CLOUD, "contoso.test", "litware.test", "edge.cloud.test",
	  "litware.test", ACCESS_REFUSE, &ACCESS_REJ_NOT_OURS, NULL },
	{ CLOUD, "contoso.test", "fabrikam.test", "edge.gone.test",
	  "fabrikam.test", ACCESS_REFUSE, &ACCESS_REJ_NOT_OURS, NULL },
};

static struct access_facts facts_of(const struct row *r)
{
	static char from[64], to[64];
	strcpy(from, "bob@");
	strcpy(to, "alice@");
	strcat(from, r->from);
	strcat(to, r->to);
	struct access_facts f = {
		.source = r->peer ? ACCESS_FROM_FEDERATION : ACCESS_FROM_INSIDE,
		.peer_name = r->peer,
		.peer_name_count = r->peer ? 1 : 0,
		.method = SLICE_LIT("MESSAGE"),
		.crosses = true,
		.from_aor = slice_str(from),
		.from_domain = slice_str(r->from),
		.to_aor = slice_str(to),
		.to_domain = slice_str(r->to),
		.callee_domain = slice_str(r->callee),
	};
	if (r->token) {
		f.route = ACCESS_ROUTE_PARTNER;
		f.in_dialog = true;
		f.homed = ACCESS_HOMED_NOT;
		f.route_edge = slice_str(r->token);
	}
	return f;
}

static void test_table(void **state)
{
	struct access *a = create(false);
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct row *r = &table[i];
		struct access_facts f = facts_of(r);
		struct access_verdict v = access_judge(a, &f);
		if (v.kind != r->kind || v.reject != r->reject)
			fail_msg("row %zu: %d, %s", i, v.kind,
				 v.reject ? v.reject->why : "yes");
		assert_int_equal(v.onwards != NULL, r->onwards != NULL);
		if (r->onwards)
			assert_true(slice_eq(v.onwards->domain,
					     slice_str(r->onwards)));
	}
	access_free(a);
}

/* Colleagues need no leave to write to each other. */
static void test_no_policy(void **state)
{
	struct access *a = create(true);
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct access_facts f = facts_of(&table[i]);
		assert_int_equal(access_judge(a, &f).kind, table[i].kind);
	}
	access_free(a);
}

/* The inside is told that he was vouched for, and by whom. */
static void test_mark(void **state)
{
	struct access *a = create(false);
	struct access_facts f = facts_of(&table[0]);
	struct access_verdict v = access_judge(a, &f);
	(void)state;
	assert_int_equal(v.mark.type, ACCESS_SOURCE_AUTHORIZED_SERVER);
	assert_true(v.mark.verified);
	assert_false(v.mark.public_cloud);
	assert_true(v.mark.shared);
	access_free(a);
}

/* A domain of ours with one that shares nothing is a mistake. */
static void test_not_shared(void **state)
{
	static const struct access_partner bad[] = {
		{ .domain = S("contoso.test"),
		  .edge = S("edge.plain.test"),
		  .provider = &plain,
		  .line = 9 },
	};
	const struct access_conf conf = { .domains = ours,
					  .domain_count = 2,
					  .partners = bad,
					  .partner_count = 1 };
	char error[256] = "";
	struct access *a = NULL;
	(void)state;
	assert_int_not_equal(access_create(&a, &conf, error), 0);
	assert_non_null(strstr(error, "line 9"));
	assert_non_null(strstr(error, "shared_address_space: true"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_no_policy),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_not_shared),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
