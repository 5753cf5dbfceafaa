/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does the whole question of policy cost for a request that was read?
 * Canonical names from its view (SIP-26), what its SDP asks for, and judgement:
 * among 10 000 partners, a thousand blocked domains, a thousand rulings of the
 * operator and policies for 100 000 users.
 *
 *   edge_decide [rounds]
 */
#include <stdio.h>
#include <stdlib.h>

#include "access/access.h"
#include "bench/clock.h"
#include "bench/sip_corpus.h"
#include "edge/facts.h"
#include "sip/sip.h"

enum {
	PARTNERS = 10000,
	BLOCKED = 1000,
	RULED = 1000,
	USERS = 100000,
	SAMPLES = 20,
	NAME_BYTES = 64
};

/* Everything that is looked at. */
struct rules {
	struct access_conf conf;
	struct access_partner partner[PARTNERS];
	struct access_block block[BLOCKED];
	struct access_policy policy;
	struct slice user[USERS];
	char partner_name[PARTNERS][NAME_BYTES];
	char block_name[BLOCKED][NAME_BYTES];
	char user_name[USERS][NAME_BYTES];
	struct access *access;
	struct access_rulings *rulings;
};

static const struct slice ours[] = { { (const uint8_t *)"contoso.test", 12 } };

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void fill_partners(struct rules *r)
{
	for (int i = 0; i < PARTNERS; i++) {
		char *name = r->partner_name[i];
		snprintf(name, NAME_BYTES, "partner-%d.test", i);
		if (i == PARTNERS / 2)
			snprintf(name, NAME_BYTES, "fabrikam.test");
		r->partner[i].domain = slice_str(name);
		r->partner[i].edge = slice_str(name);
	}
	for (int i = 0; i < BLOCKED; i++) {
		snprintf(r->block_name[i], NAME_BYTES, "spam-%d.example", i);
		r->block[i].domain = slice_str(r->block_name[i]);
		r->block[i].subdomains = true;
	}
}

static void fill_users(struct rules *r)
{
	for (int i = 0; i < USERS; i++) {
		char *name = r->user_name[i];
		snprintf(name, NAME_BYTES, "user-%d@contoso.test", i);
		if (i == USERS / 2)
			snprintf(name, NAME_BYTES, "alice@contoso.test");
		r->user[i] = slice_str(name);
	}
	r->policy = (struct access_policy){ .users = r->user,
					    .user_count = USERS,
					    .set = ACCESS_MAY_FEDERATE,
					    .may = ACCESS_MAY_FEDERATE };
}

static struct rules *make(void)
{
	struct rules *r = must(calloc(1, sizeof(*r)));
	char error[256], name[NAME_BYTES];
	fill_partners(r);
	fill_users(r);
	r->conf = (struct access_conf){ .domains = ours,
					.domain_count = 1,
					.partners = r->partner,
					.partner_count = PARTNERS,
					.blocks = r->block,
					.block_count = BLOCKED,
					.discovery = true,
					.denied = ACCESS_MAY_FEDERATE,
					.policies = &r->policy,
					.policy_count = 1 };
	if (access_create(&r->access, &r->conf, error) ||
	    access_rulings_create(&r->rulings))
		abort();
	for (int i = 0; i < RULED; i++) {
		snprintf(name, sizeof(name), "ruled-%d.example", i);
		if (access_rulings_set(r->rulings, slice_str(name),
				       ACCESS_RULED_BLOCK))
			abort();
	}
	return r;
}

static void unmake(struct rules *r)
{
	access_rulings_free(r->rulings);
	access_free(r->access);
	free(r);
}

static enum access_kind decide(const struct rules *r, const struct sip_msg *m)
{
	char from_aor[SIP_AOR_MAX], to_aor[SIP_AOR_MAX];
	char from[SIP_DOMAIN_MAX], to[SIP_DOMAIN_MAX];
	struct access_partner unlisted;
	struct access_facts f = {
		.source = ACCESS_FROM_INSIDE,
		.method = m->method_text,
		.registers = m->method == SIP_REGISTER,
		.crosses = access_crosses(m->method_text),
		.rulings = r->rulings,
	};

	facts_of_message(&f, m);
	if (sip_aor(&m->from.uri, from_aor) ||
	    sip_domain(m->from.uri.host, from) || sip_domain(m->uri.host, to))
		abort();
	f.from_aor = slice_str(from_aor);
	if (!sip_aor(&m->uri, to_aor))
		f.to_aor = slice_str(to_aor);
	f.from_domain = slice_str(from);
	f.to_domain = slice_str(to);
	if (access_unlisted(r->access, r->rulings, f.to_domain, &unlisted))
		f.unlisted = &unlisted;
	facts_of_media(&f, r->access, m);
	return access_judge(r->access, &f).kind;
}

static void measure(const struct rules *r, size_t kind, long rounds)
{
	struct arena *a = must(arena_create(SIP_VIEW_BYTES, 1 << 20));
	uint64_t best = UINT64_MAX;
	enum access_kind verdict = ACCESS_REFUSE;
	struct sip_msg m;
	struct buf all;

	buf_init(&all, 0);
	buf_put(&all, sip_corpus[kind].head);
	buf_printf(&all, "Content-Length: %zu\r\n\r\n",
		   sip_corpus[kind].body.len);
	buf_put(&all, sip_corpus[kind].body);
	if (sip_parse(a, buf_slice(&all), &sip_limits_default, &m))
		abort();
	for (int s = 0; s < SAMPLES; s++) {
		uint64_t t0 = clock_ns();
		for (long i = 0; i < rounds; i++)
			verdict = decide(r, &m);
		uint64_t t = clock_ns() - t0;
		best = t < best ? t : best;
	}
	printf("edge_decide %s: %.0f ns (%s)\n", sip_corpus[kind].name,
	       (double)best / (double)rounds,
	       verdict == ACCESS_TO_PARTNER ? "to a partner" : "refused");
	buf_free(&all);
	arena_free(a);
}

int main(int argc, char **argv)
{
	struct rules *r = make();
	long rounds = argc > 1 ? atol(argv[1]) : 10000;

	for (size_t i = 0; i < sizeof(sip_corpus) / sizeof(*sip_corpus); i++)
		measure(r, i, rounds);
	unmake(r);
	return 0;
}
