/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every class of peer, both directions, kinds of request, policies and marks,
 * against a second, slow and obvious opinion that shares nothing with the
 * first but the names of the refusals.
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

enum class {
	DIRECT,
	BY_SRV,
	PUBLIC_AV,
	PUBLIC_IM,
	HOSTING,
	ENDED,
	KEPT,
	BLOCKED,
	STRANGER,
	DISCOVERED, /* by nobody's entry, discovery is on */
	ALLOWED,    /* the same, but the operator allows it */
	RULED,      /* listed, and the operator blocks it */
	INHERITED,  /* its provider has ended, AV took it over */
	LEFTOVER,   /* the same, and the old server still sends */
	WRAPPED,    /* of the AV provider, around a blocked domain */
	OTHERS,     /* by the default route */
	GATEWAY,    /* behind an XMPP gateway */
	COLLEAGUE,  /* of our own domain, whom a hosting provider has */
	FORGED,     /* a partner that says it has him */
	CLASSES
};
enum ask { MESSAGE, CALL, TRANSFER, PARTY, PUBLISH, ASKS };
enum { NOW = 2000, ALL_MAY = 32 };

static const struct slice ours[] = { S("contoso.test") };
static const struct slice kept[] = { S("kept.test") };
static const struct access_provider providers[] = {
	{ .name = S("av"), .kind = ACCESS_PUBLIC_IM, .audio_video = true },
	{ .name = S("im"), .kind = ACCESS_PUBLIC_IM },
	{ .name = S("hosting"), .audio_video = true },
	{ .name = S("ended"),
	  .kind = ACCESS_PUBLIC_IM,
	  .ends_s = NOW,
	  .kept = kept,
	  .kept_count = 1,
	  .successor = S("im") },
	{ .name = S("old"), .ends_s = NOW, .successor = S("av") },
	{ .name = S("gateway"), .kind = ACCESS_XMPP },
	{ .name = S("cloud"), .shared = true },
};
static const char *const domains[CLASSES] = {
	"direct.test",   "srv.test",     "av.test",      "im.test",
	"hosted.test",   "ended.test",   "kept.test",    "x.blocked.test",
	"stranger.test", "found.test",   "allowed.test", "a.ruled.test",
	"old.test",      "old.test",     "av.test",      "others.test",
	"jabber.test",   "contoso.test", "contoso.test",
};
static const char names[CLASSES][1][256] = {
	{ "edge.direct.test" },    { "sip.srv.test" },
	{ "edge.av.test" },        { "edge.im.test" },
	{ "edge.hosting.test" },   { "edge.ended.test" },
	{ "edge.ended.test" },     { "edge.direct.test" },
	{ "edge.stranger.test" },  { "sip.found.test" },
	{ "sip.allowed.test" },    { "edge.ruled.test" },
	{ "edge.av.test" },        { "edge.old.test" },
	{ "edge.av.test" },        { "edge.others.test" },
	{ "gateway.jabber.test" }, { "edge.cloud.test" },
	{ "edge.direct.test" },
};

static struct access_partner others = { .edge = S("edge.others.test") };
static struct access_partner heir = { .domain = S("old.test"),
				      .edge = S("edge.av.test"),
				      .provider = &providers[0] };
static struct access_partner rows[] = {
	{ .domain = S("direct.test"), .edge = S("edge.direct.test") },
	{ .domain = S("srv.test") },
	{ .domain = S("av.test"),
	  .edge = S("edge.av.test"),
	  .provider = &providers[0] },
	{ .domain = S("im.test"),
	  .edge = S("edge.im.test"),
	  .provider = &providers[1] },
	{ .domain = S("hosted.test"),
	  .edge = S("edge.hosting.test"),
	  .provider = &providers[2] },
	{ .domain = S("ended.test"),
	  .edge = S("edge.ended.test"),
	  .provider = &providers[3] },
	{ .domain = S("a.ruled.test"), .edge = S("edge.ruled.test") },
	{ .domain = S("kept.test"),
	  .edge = S("edge.ended.test"),
	  .provider = &providers[3] },
	{ .domain = S("old.test"),
	  .edge = S("edge.old.test"),
	  .provider = &providers[4],
	  .heir = &heir },
	{ .domain = S("jabber.test"),
	  .edge = S("gateway.jabber.test"),
	  .provider = &providers[5] },
	{ .domain = S("contoso.test"),
	  .edge = S("edge.cloud.test"),
	  .provider = &providers[6] },
};
static const struct access_block blocks[] = {
	{ .domain = S("blocked.test"), .subdomains = true },
};

struct question {
	enum class class;
	bool inwards;
	enum ask ask;
	unsigned may;
	enum access_level level;
	bool marked, said_verified;
	enum access_limit limit;
};

static bool public_of(enum class c)
{
	return c == PUBLIC_AV || c == PUBLIC_IM || c == ENDED || c == KEPT ||
	       c == INHERITED || c == LEFTOVER;
}

/* The second opinion. */
static const struct reject *expected(const struct question *q)
{
	bool federate = q->may & ACCESS_MAY_FEDERATE;
	bool public_im = q->may & ACCESS_MAY_PUBLIC_IM;
	bool xmpp = q->may & ACCESS_MAY_XMPP;
	bool local = q->class == COLLEAGUE || q->class == FORGED;
	bool narrow = public_of(q->class) || q->class == GATEWAY;
	bool may = local                 ? true
		   : public_of(q->class) ? public_im
		   : q->class == GATEWAY ? xmpp
					 : federate;
	if (q->inwards && q->class == STRANGER)
		return &ACCESS_REJ_NOT_PARTNER;
	if (q->class == BLOCKED || q->class == RULED || q->class == WRAPPED)
		return &ACCESS_REJ_BLOCKED;
	if (q->inwards && (q->class == LEFTOVER || q->class == FORGED))
		return &ACCESS_REJ_FROM_MISMATCH;
	if (q->class == STRANGER)
		return &ACCESS_REJ_NO_ROUTE;
	if (q->inwards && q->class == DISCOVERED) {
		if (q->limit == ACCESS_OVER_RATE)
			return &ACCESS_REJ_LIMIT_RATE;
		if (q->limit == ACCESS_OVER_ADDRESSES)
			return &ACCESS_REJ_LIMIT_ADDRESSES;
		if (q->limit == ACCESS_LIMIT_FAILED)
			return &ACCESS_REJ_LIMIT_UNKNOWN;
	}
	if (q->inwards && q->level == ACCESS_LEVEL_STRICT &&
	    q->class != ALLOWED && !q->marked)
		return &ACCESS_REJ_UNMARKED;
	if (q->class == ENDED)
		return &ACCESS_REJ_PROVIDER_ENDED;
	if (!q->inwards && !federate && !public_im && !xmpp && !local)
		return &ACCESS_REJ_POLICY_NOTHING;
	if (!q->inwards && !may && q->class == GATEWAY)
		return &ACCESS_REJ_POLICY_XMPP;
	if (!q->inwards && !may)
		return public_of(q->class) ? &ACCESS_REJ_POLICY_PUBLIC_IM
					   : &ACCESS_REJ_POLICY_FEDERATION;
	if (q->ask == PUBLISH)
		return &ACCESS_REJ_PARTNER_METHOD;
	if (narrow && (q->ask == TRANSFER || q->ask == PARTY))
		return &ACCESS_REJ_PROVIDER_METHOD;
	if (!may)
		return &ACCESS_REJ_POLICY_ADDRESSEE;
	if (q->class == GATEWAY && q->ask == CALL)
		return &ACCESS_REJ_AUDIO_VIDEO;
	if (public_of(q->class) && q->ask == CALL &&
	    ((q->class != PUBLIC_AV && q->class != INHERITED &&
	      q->class != LEFTOVER) ||
	     !(q->may & ACCESS_MAY_PUBLIC_AV)))
		return &ACCESS_REJ_AUDIO_VIDEO;
	return NULL;
}

static struct access_mark expected_mark(const struct question *q)
{
	struct access_mark m = { .type = ACCESS_SOURCE_NONE };
	if (!q->inwards)
		return m;
	m.type = q->class == DIRECT || q->class == OTHERS
			 ? ACCESS_SOURCE_DIRECT_PARTNER
		 : q->class == BY_SRV || q->class == DISCOVERED ||
				 q->class == ALLOWED
			 ? ACCESS_SOURCE_AUTO_FEDERATION
			 : ACCESS_SOURCE_AUTHORIZED_SERVER;
	m.public_cloud = public_of(q->class);
	if (q->level == ACCESS_LEVEL_VERIFIED && q->class != ALLOWED)
		m.verified = true;
	if (q->level == ACCESS_LEVEL_SOURCE ||
	    q->level == ACCESS_LEVEL_STRICT || q->class == ALLOWED)
		m.verified = q->said_verified;
	return m;
}

static struct access_facts facts_of(const struct question *q)
{
	static const char *const methods[ASKS] = { "MESSAGE", "INVITE", "REFER",
						   "INVITE", "PUBLISH" };
	static struct access_target target[] = {
		{ .name = S("sip.srv.test"), .direct = true },
		{ .name = S("sip.found.test"), .direct = true },
		{ .name = S("sip.allowed.test"), .direct = true },
	};
	static char other[64];
	strcpy(other, q->class == WRAPPED ? "bob(X.Blocked.test)@" : "bob@");
	strcat(other, domains[q->class]);
	struct slice alice = SLICE_LIT("alice@contoso.test");
	struct slice our = SLICE_LIT("contoso.test");
	struct slice domain = slice_str(domains[q->class]);
	struct access_facts f = {
		.source = q->inwards ? ACCESS_FROM_FEDERATION
				     : ACCESS_FROM_INSIDE,
		.method = slice_str(methods[q->ask]),
		.crosses = q->ask != PUBLISH,
		.audio_video = q->ask == CALL,
		.multiparty = q->ask == PARTY,
		.marked = q->marked,
		.said_verified = q->said_verified,
		.now_s = NOW,
		.from_srv = { ACCESS_SRV_KNOWN, target, 3 },
		.limit = q->limit,
	};
	f.from_aor = q->inwards ? slice_str(other) : alice;
	f.to_aor = q->inwards ? alice : slice_str(other);
	f.from_domain = q->inwards ? domain : our;
	f.to_domain = q->inwards ? our : domain;
	if (q->inwards) {
		f.peer_name = names[q->class];
		f.peer_name_count = 1;
	}
	return f;
}

static void ask(const struct question *q)
{
	static const struct slice alice = S("alice@contoso.test");
	const struct access_policy policy = {
		.users = &alice, .user_count = 1, .set = 31, .may = q->may
	};
	const struct access_conf conf = {
		.domains = ours,
		.domain_count = 1,
		.partners = rows,
		.partner_count = sizeof(rows) / sizeof(rows[0]),
		.blocks = blocks,
		.block_count = 1,
		.discovery = q->class == DISCOVERED,
		.default_route = q->class == OTHERS ? &others : NULL,
		.discovered_level = q->level,
		.denied = 31,
		.policies = &policy,
		.policy_count = 1,
	};
	char error[256] = "";
	struct access *a = NULL;
	for (size_t i = 0; i < conf.partner_count; i++)
		rows[i].level = q->level;
	heir.level = others.level = q->level;
	assert_int_equal(access_create(&a, &conf, error), 0);
	struct access_facts f = facts_of(q);
	struct access_rulings *rulings = NULL;
	struct access_partner unlisted;
	assert_int_equal(access_rulings_create(&rulings), 0);
	access_rulings_set(rulings, SLICE_LIT("allowed.test"),
			   ACCESS_RULED_ALLOW);
	access_rulings_set(rulings, SLICE_LIT("ruled.test"),
			   ACCESS_RULED_BLOCK);
	f.rulings = rulings;
	if (access_unlisted(a, rulings, slice_str(domains[q->class]),
			    &unlisted))
		f.unlisted = &unlisted;
	struct access_verdict v = access_judge(a, &f);
	const struct reject *want = expected(q);
	if (v.reject != want)
		fail_msg("class %d %s ask %d may %u: %s instead of %s",
			 q->class, q->inwards ? "in" : "out", q->ask, q->may,
			 v.reject ? v.reject->why : "yes",
			 want ? want->why : "yes");
	if (!want) {
		struct access_mark m = expected_mark(q);
		assert_int_equal(v.mark.type, m.type);
		assert_int_equal(v.mark.verified, m.verified);
		assert_int_equal(v.mark.public_cloud, m.public_cloud);
		assert_non_null(v.partner);
	}
	access_rulings_free(rulings);
	access_free(a);
}

static void test_every_combination(void **state)
{
	struct question q;
	unsigned asked = 0;
	(void)state;
	memset(&q, 0, sizeof(q));
	for (int i = 0; i < CLASSES * 2 * ASKS * ALL_MAY * 4 * 3 * 4; i++) {
		int n = i;
		q.class = (enum class)(n % CLASSES);
		n /= CLASSES;
		q.inwards = n % 2;
		n /= 2;
		q.ask = (enum ask)(n % ASKS);
		n /= ASKS;
		q.may = (unsigned)(n % ALL_MAY);
		n /= ALL_MAY;
		q.level = (enum access_level)(n % 4);
		n /= 4;
		q.marked = n % 3 > 0;
		q.said_verified = n % 3 > 1;
		n /= 3;
		q.limit = (enum access_limit)(ACCESS_WITHIN_LIMITS + n);
		ask(&q);
		asked++;
	}
	assert_int_equal(asked, 291840);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_combination),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
