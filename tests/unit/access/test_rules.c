/* SPDX-License-Identifier: Apache-2.0 */
/* Blocked domains and policies: what wins, and what contradicts itself. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "access/access_int.h"
#include "access/reject.h"
#include "support/oom.h"

#define S(s)                                        \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

static const struct slice ours[] = { S("contoso.test") };
static const struct slice alice[] = { S("alice@contoso.test") };
static const struct slice sales[] = { S("alice@contoso.test"),
				      S("carol@contoso.test") };
static const struct access_partner partner[] = {
	{ .domain = S("fabrikam.test"),
	  .edge = S("edge.fabrikam.test"),
	  .line = 7 },
};

static struct access_conf conf(void)
{
	return (struct access_conf){ .domains = ours,
				     .domain_count = 1,
				     .partners = partner,
				     .partner_count = 1 };
}

static struct access *create(const struct access_conf *c)
{
	char error[256] = "";
	struct access *a = NULL;
	assert_int_equal(access_create(&a, c, error), 0);
	return a;
}

static void test_blocked_domains(void **state)
{
	static const struct access_block blocks[] = {
		{ .domain = S("spam.test"), .subdomains = true },
		{ .domain = S("only.test") },
	};
	static const struct {
		const char *domain;
		bool blocked;
	} rows[] = {
		{ "spam.test", true },       { "a.b.spam.test", true },
		{ "notspam.test", false },   { "test", false },
		{ "only.test", true },       { "a.only.test", false },
		{ "fabrikam.test", false },  { "", false },
		{ "spam.test.evil", false },
	};
	struct access_conf c = conf();
	(void)state;
	c.blocks = blocks;
	c.block_count = 2;
	struct access *a = create(&c);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rules_block(a, slice_str(rows[i].domain)) !=
					 NULL,
				 rows[i].blocked);
	access_free(a);
}

static void test_most_specific_wins(void **state)
{
	static const struct access_policy policies[] = {
		{ .users = sales,
		  .user_count = 2,
		  .group = true,
		  .set = ACCESS_MAY_FEDERATE | ACCESS_MAY_OUTSIDE,
		  .may = ACCESS_MAY_FEDERATE },
		{ .users = alice,
		  .user_count = 1,
		  .set = ACCESS_MAY_FEDERATE | ACCESS_MAY_PUBLIC_AV,
		  .may = ACCESS_MAY_PUBLIC_AV },
	};
	struct access_conf c = conf();
	(void)state;
	c.policies = policies;
	c.policy_count = 2;
	c.denied = ACCESS_MAY_FEDERATE | ACCESS_MAY_PUBLIC_AV;
	struct access *a = create(&c);
	unsigned all = ACCESS_MAY_FEDERATE | ACCESS_MAY_PUBLIC_IM |
		       ACCESS_MAY_PUBLIC_AV | ACCESS_MAY_OUTSIDE;
	assert_int_equal(access_policy_of(a, SLICE_LIT("bob@contoso.test")) &
				 all,
			 ACCESS_MAY_PUBLIC_IM | ACCESS_MAY_OUTSIDE);
	assert_int_equal(access_policy_of(a, sales[1]) & all,
			 ACCESS_MAY_FEDERATE | ACCESS_MAY_PUBLIC_IM);
	assert_int_equal(access_policy_of(a, alice[0]) & all,
			 ACCESS_MAY_PUBLIC_IM | ACCESS_MAY_PUBLIC_AV);
	access_free(a);
}

static void refused(const struct access_conf *c, const char *says)
{
	char error[256] = "";
	struct access *a = NULL;
	assert_int_equal(access_create(&a, c, error), -EINVAL);
	if (!strstr(error, says))
		fail_msg("no \"%s\" in \"%s\"", says, error);
}

static void test_contradictions(void **state)
{
	static const struct access_block above[] = {
		{ .domain = S("test"), .subdomains = true, .line = 9 },
	};
	static const struct access_block twice[] = {
		{ .domain = S("spam.test") },
		{ .domain = S("spam.test"), .line = 12 },
	};
	static const struct access_policy groups[] = {
		{ .users = sales, .user_count = 2, .group = true, .line = 3 },
		{ .users = alice, .user_count = 1, .group = true, .line = 5 },
	};
	struct access_conf c = conf();
	(void)state;
	c.blocks = above;
	c.block_count = 1;
	refused(&c, "allowed (line 7) and blocked (line 9)");
	c.blocks = twice;
	c.block_count = 2;
	refused(&c, "blocked twice (line 12)");
	c = conf();
	c.policies = groups;
	c.policy_count = 2;
	refused(&c, "(lines 3 and 5)");
}

static void test_the_end_of_a_provider(void **state)
{
	static const struct slice kept[] = { S("china.test") };
	const struct access_provider p = { .ends_s = 100,
					   .kept = kept,
					   .kept_count = 1 };
	const struct access_provider lives = { .ends_s = 0 };
	(void)state;
	assert_false(rules_ended(&p, SLICE_LIT("a.test"), 99));
	assert_true(rules_ended(&p, SLICE_LIT("a.test"), 100));
	assert_false(rules_ended(&p, SLICE_LIT("china.test"), 100));
	assert_false(rules_ended(&lives, SLICE_LIT("a.test"), UINT64_MAX));
	assert_false(rules_ended(NULL, SLICE_LIT("a.test"), 100));
}

struct told {
	size_t count;
	struct access_step last;
};

static void on_step(void *arg, const struct access_step *step)
{
	struct told *t = arg;
	t->count++;
	t->last = *step;
}

/* Each check in order up to the one that refuses, with the line. */
static void test_explanation(void **state)
{
	static const struct access_block blocks[] = {
		{ .domain = S("spam.test"), .line = 21 },
	};
	struct access_conf c = conf();
	struct told told = { 0 };
	(void)state;
	c.blocks = blocks;
	c.block_count = 1;
	struct access *a = create(&c);
	struct access_facts f = { .source = ACCESS_FROM_INSIDE,
				  .method = SLICE_LIT("MESSAGE"),
				  .crosses = true,
				  .from_aor = alice[0],
				  .from_domain = ours[0],
				  .to_domain = SLICE_LIT("spam.test") };
	struct access_verdict v = access_explain(a, &f, on_step, &told);
	assert_ptr_equal(v.reject, &ACCESS_REJ_BLOCKED);
	assert_ptr_equal(told.last.reject, &ACCESS_REJ_BLOCKED);
	assert_int_equal(told.last.line, 21);
	assert_int_equal(told.count, 3);
	told = (struct told){ 0 };
	f.to_domain = SLICE_LIT("fabrikam.test");
	v = access_explain(a, &f, on_step, &told);
	assert_int_equal(v.kind, ACCESS_TO_PARTNER);
	assert_null(told.last.reject);
	assert_int_equal(told.count, 9);
	access_free(a);
}

static int build(void *arg)
{
	static const struct access_policy policies[] = {
		{ .users = sales, .user_count = 2, .group = true },
	};
	static const struct access_block blocks[] = {
		{ .domain = S("spam.test") },
	};
	struct access_conf c = conf();
	char error[256];
	struct access *a = NULL;
	(void)arg;
	c.policies = policies;
	c.policy_count = 1;
	c.blocks = blocks;
	c.block_count = 1;
	int err = access_create(&a, &c, error);
	if (!err)
		access_free(a);
	return err;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	oom_walk(build, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocked_domains),
		cmocka_unit_test(test_most_specific_wins),
		cmocka_unit_test(test_contradictions),
		cmocka_unit_test(test_the_end_of_a_provider),
		cmocka_unit_test(test_explanation),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
