/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A domain that is split with a hosting provider: every sender, way, place and
 * setting, against a second opinion that is written from the rules for people
 * and shares nothing with the first but the names of the refusals.
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

/* Who writes, and by whose connection. */
enum who {
	OURS_INSIDE,     /* alice, by home */
	HOSTED,          /* dave, by the provider */
	HOSTED_BY_OTHER, /* dave, by the partner's connection */
	TENANT,          /* of another domain behind the provider */
	PARTNER,
	PARTNER_INSIDE, /* the partner's request, sent back by home */
	TENANT_INSIDE,  /* the same of a tenant */
	PUBLIC,         /* of a public IM provider */
	WHOS
};
enum where {
	TO_SHARED,   /* a user of the shared domain */
	TO_UNSHARED, /* of another domain of ours */
	TO_PARTNER,
	TO_PUBLIC,
	TO_TENANT,
	TO_BLOCKED,
	TO_NOWHERE,
	WHERES
};
enum way { PLAIN, BY_TOKEN, IN_DIALOG, WAYS };
struct question {
	enum who who;
	enum where where;
	enum way way;
	bool transit, federate, public_im, call, publish;
	enum access_homed homed;
};

static const struct slice ours[] = { S("contoso.test"), S("own.test") };
static struct access_provider providers[] = {
	{ .name = S("hosting"), .shared = true },
	{ .name = S("im"), .kind = ACCESS_PUBLIC_IM },
};
static const struct access_partner rows[] = {
	{ .domain = S("contoso.test"),
	  .edge = S("edge.hosting.test"),
	  .provider = &providers[0] },
	{ .domain = S("tenant.test"),
	  .edge = S("edge.hosting.test"),
	  .provider = &providers[0] },
	{ .domain = S("partner.test"), .edge = S("edge.partner.test") },
	{ .domain = S("im.test"),
	  .edge = S("edge.im.test"),
	  .provider = &providers[1] },
};
static const struct access_block blocks[] = { { .domain = S("bad.test") } };

static const struct {
	const char *user, *domain;
	char peer[1][256];
} writers[WHOS] = {
	[OURS_INSIDE] = { "alice@contoso.test", "contoso.test", { "" } },
	[HOSTED] = { "dave@contoso.test",
		     "contoso.test",
		     { "edge.hosting.test" } },
	[HOSTED_BY_OTHER] = { "dave@contoso.test",
			      "contoso.test",
			      { "edge.partner.test" } },
	[TENANT] = { "tom@tenant.test",
		     "tenant.test",
		     { "edge.hosting.test" } },
	[PARTNER] = { "bob@partner.test",
		      "partner.test",
		      { "edge.partner.test" } },
	[PARTNER_INSIDE] = { "bob@partner.test", "partner.test", { "" } },
	[TENANT_INSIDE] = { "tom@tenant.test", "tenant.test", { "" } },
	[PUBLIC] = { "pat@im.test", "im.test", { "edge.im.test" } },
};
static const struct {
	const char *user, *domain, *edge;
} readers[WHERES] = {
	[TO_SHARED] = { "eve@contoso.test", "contoso.test",
			"edge.hosting.test" },
	[TO_UNSHARED] = { "eve@own.test", "own.test", "edge.hosting.test" },
	[TO_PARTNER] = { "ben@partner.test", "partner.test",
			 "edge.partner.test" },
	[TO_PUBLIC] = { "pam@im.test", "im.test", "edge.im.test" },
	[TO_TENANT] = { "tim@tenant.test", "tenant.test", "edge.hosting.test" },
	[TO_BLOCKED] = { "bad@bad.test", "bad.test", "edge.bad.test" },
	[TO_NOWHERE] = { "x@nowhere.test", "nowhere.test",
			 "edge.nowhere.test" },
};

/* Only what a token can lead to, and only senders whom it does not name. */
static bool makes_sense(const struct question *q)
{
	bool inside = q->who == OURS_INSIDE || q->who == PARTNER_INSIDE ||
		      q->who == TENANT_INSIDE;
	if (q->way == PLAIN)
		return true;
	return !inside && q->where != TO_UNSHARED && q->where != TO_NOWHERE &&
	       strcmp(writers[q->who].peer[0], readers[q->where].edge) != 0;
}

/* From inside to outside. */
static const struct reject *expected_out(const struct question *q)
{
	bool shared = q->where == TO_SHARED;
	if (q->who != OURS_INSIDE && !shared)
		return &ACCESS_REJ_FROM_MISMATCH;
	if (q->where == TO_UNSHARED)
		return &ACCESS_REJ_INSIDE_LOOP;
	if (q->where == TO_BLOCKED)
		return &ACCESS_REJ_BLOCKED;
	if (q->where == TO_NOWHERE)
		return &ACCESS_REJ_NO_ROUTE;
	if (!shared && !q->federate && !q->public_im)
		return &ACCESS_REJ_POLICY_NOTHING;
	if (q->where == TO_PUBLIC && !q->public_im)
		return &ACCESS_REJ_POLICY_PUBLIC_IM;
	if (!shared && q->where != TO_PUBLIC && !q->federate)
		return &ACCESS_REJ_POLICY_FEDERATION;
	if (q->publish)
		return &ACCESS_REJ_PARTNER_METHOD;
	return q->where == TO_PUBLIC && q->call ? &ACCESS_REJ_AUDIO_VIDEO
						: NULL;
}

/* From the outside to the inside. */
static const struct reject *expected_in(const struct question *q)
{
	bool may = q->who == PUBLIC ? q->public_im : q->federate;
	if (q->where != TO_SHARED && q->where != TO_UNSHARED)
		return &ACCESS_REJ_NOT_OURS;
	if (q->publish)
		return &ACCESS_REJ_PARTNER_METHOD;
	if (q->who != HOSTED && !may)
		return &ACCESS_REJ_POLICY_ADDRESSEE;
	return q->who == PUBLIC && q->call ? &ACCESS_REJ_AUDIO_VIDEO : NULL;
}

/* From dave to others outside. */
static const struct reject *expected_across(const struct question *q)
{
	bool partner = q->where == TO_PARTNER || q->where == TO_PUBLIC;
	if (q->way == PLAIN && q->where == TO_BLOCKED)
		return &ACCESS_REJ_BLOCKED;
	if (q->way == PLAIN && q->where == TO_NOWHERE)
		return &ACCESS_REJ_NO_ROUTE;
	if (!partner || (q->way != IN_DIALOG && !q->transit))
		return &ACCESS_REJ_NOT_OURS;
	if (!q->federate && !q->public_im)
		return &ACCESS_REJ_POLICY_NOTHING;
	if (q->where == TO_PUBLIC && !q->public_im)
		return &ACCESS_REJ_POLICY_PUBLIC_IM;
	if (q->where != TO_PUBLIC && !q->federate)
		return &ACCESS_REJ_POLICY_FEDERATION;
	if (q->publish)
		return &ACCESS_REJ_PARTNER_METHOD;
	return q->where == TO_PUBLIC && q->call ? &ACCESS_REJ_AUDIO_VIDEO
						: NULL;
}

static const struct reject *expected(const struct question *q)
{
	static const struct reject *const homes[ACCESS_HOMED_COUNT] = {
		[ACCESS_HOMED_HERE] = &ACCESS_REJ_SPLIT_LOCAL,
		[ACCESS_HOMED_FAILED] = &ACCESS_REJ_SPLIT_UNKNOWN,
	};
	bool inwards = q->where == TO_SHARED || q->where == TO_UNSHARED;
	if (!writers[q->who].peer[0][0])
		return expected_out(q);
	if (q->who == HOSTED_BY_OTHER)
		return &ACCESS_REJ_FROM_MISMATCH;
	if (q->way == PLAIN && (q->who != HOSTED || inwards || !q->transit))
		return expected_in(q); /* home judges who he is */
	if (q->who == HOSTED)
		return q->homed == ACCESS_HOMED_NOT ? expected_across(q)
						    : homes[q->homed];
	/* by a token: to dave's dialogs alone */
	if (q->where != TO_SHARED || q->way != IN_DIALOG)
		return &ACCESS_REJ_NOT_OURS;
	if (q->publish)
		return &ACCESS_REJ_PARTNER_METHOD;
	return q->who == PUBLIC && q->call ? &ACCESS_REJ_AUDIO_VIDEO : NULL;
}

static struct access_facts facts_of(const struct question *q)
{
	bool inside = !writers[q->who].peer[0][0];
	struct access_facts f = {
		.source = inside ? ACCESS_FROM_INSIDE : ACCESS_FROM_FEDERATION,
		.method =
			q->publish ? SLICE_LIT("PUBLISH") : SLICE_LIT("INVITE"),
		.crosses = !q->publish,
		.audio_video = q->call,
		.homed = q->homed,
		.now_s = 1000,
		.from_aor = slice_str(writers[q->who].user),
		.from_domain = slice_str(writers[q->who].domain),
		.to_aor = slice_str(readers[q->where].user),
		.to_domain = slice_str(readers[q->where].domain),
		.callee_domain = slice_str(readers[q->where].domain),
		.in_dialog = q->way == IN_DIALOG,
	};
	if (!inside) {
		f.peer_name = writers[q->who].peer;
		f.peer_name_count = 1;
	}
	if (q->way != PLAIN) {
		f.route = ACCESS_ROUTE_PARTNER;
		f.route_edge = slice_str(readers[q->where].edge);
	}
	return f;
}

/* Where it goes, when it may. */
static void check_way(const struct question *q, const struct access_verdict *v)
{
	bool homely = q->where == TO_SHARED || q->where == TO_UNSHARED;
	bool in = writers[q->who].peer[0][0] && homely && q->way == PLAIN;
	assert_int_equal(v->kind, in ? ACCESS_TO_INSIDE : ACCESS_TO_PARTNER);
	assert_int_equal(v->mark.type != ACCESS_SOURCE_NONE, in);
	const struct access_partner *to = v->onwards ? v->onwards : v->partner;
	assert_non_null(to);
	assert_true(
		slice_eq(to->domain, in ? slice_str(writers[q->who].domain)
					: slice_str(readers[q->where].domain)));
	if (v->onwards) /* who is proven */
		assert_true(slice_eq(v->partner->domain,
				     slice_str(writers[q->who].domain)));
}

static void ask(const struct question *q)
{
	const struct slice users[] = { S("alice@contoso.test"),
				       S("dave@contoso.test"),
				       S("eve@contoso.test"),
				       S("eve@own.test") };
	unsigned may = (q->federate ? ACCESS_MAY_FEDERATE : 0u) |
		       (q->public_im ? ACCESS_MAY_PUBLIC_IM : 0u);
	const struct access_policy policy = {
		.users = users, .user_count = 4, .set = 31, .may = may
	};
	const struct access_conf conf = {
		.domains = ours,
		.domain_count = 2,
		.partners = rows,
		.partner_count = sizeof(rows) / sizeof(rows[0]),
		.blocks = blocks,
		.block_count = 1,
		.denied = 31,
		.policies = &policy,
		.policy_count = 1,
	};
	char error[256] = "";
	struct access *a = NULL;
	providers[0].transit = q->transit;
	if (access_create(&a, &conf, error))
		fail_msg("%s", error);
	struct access_facts f = facts_of(q);
	struct access_verdict v = access_judge(a, &f);
	const struct reject *want = expected(q);
	if (v.reject != want)
		fail_msg("who %d where %d way %d homed %d transit %d: %s "
			 "instead of %s",
			 q->who, q->where, q->way, q->homed, q->transit,
			 v.reject ? v.reject->why : "yes",
			 want ? want->why : "yes");
	if (!want)
		check_way(q, &v);
	access_free(a);
}

static void test_every_combination(void **state)
{
	unsigned asked = 0;
	(void)state;
	for (int i = 0; i < WHOS * WHERES * WAYS * 3 * 32; i++) {
		int n = i;
		struct question q = { .who = (enum who)(n % WHOS) };
		n /= WHOS;
		q.where = (enum where)(n % WHERES);
		n /= WHERES;
		q.way = (enum way)(n % WAYS);
		n /= WAYS;
		q.homed = (enum access_homed)(ACCESS_HOMED_NOT + n % 3);
		n /= 3;
		q.transit = n & 1;
		q.federate = n & 2;
		q.public_im = n & 4;
		q.call = n & 8;
		q.publish = n & 16;
		if (!makes_sense(&q))
			continue;
		ask(&q);
		asked++;
	}
	assert_int_equal(asked, 8832);
}

/* Nobody has asked home yet: that is what is missing, and nothing else. */
static void test_home_is_asked(void **state)
{
	const struct access_conf conf = { .domains = ours,
					  .domain_count = 2,
					  .partners = rows,
					  .partner_count = 3 };
	struct question q = { .who = HOSTED,
			      .where = TO_PARTNER,
			      .way = IN_DIALOG };
	char error[256] = "";
	struct access *a = NULL;
	(void)state;
	assert_int_equal(access_create(&a, &conf, error), 0);
	struct access_facts f = facts_of(&q);
	assert_int_equal(access_judge(a, &f).kind, ACCESS_NEED_HOMED);
	assert_null(access_judge(a, &f).reject);
	f.from_aor = SLICE_NONE; /* the domain itself is nobody */
	assert_ptr_equal(access_judge(a, &f).reject, &ACCESS_REJ_FROM_MISMATCH);
	access_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_combination),
		cmocka_unit_test(test_home_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
