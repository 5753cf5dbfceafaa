/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What does it cost to decide about a request that was read: canonical names
 * from its view (SIP-26) and judgement, among a thousand partners?
 *
 *   edge_decide [rounds]
 */
#include <stdio.h>
#include <stdlib.h>

#include "access/access.h"
#include "bench/clock.h"
#include "bench/sip_corpus.h"
#include "sip/sip.h"

enum { PARTNERS = 1000, SAMPLES = 20, NAME_MAX_BYTES = 64 };

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static struct access *make(struct access_conf *conf)
{
	struct access_partner *partners =
		must(calloc(PARTNERS, sizeof(*partners)));
	struct access *access = NULL;
	char error[256];

	for (int i = 0; i < PARTNERS; i++) {
		char *name = must(malloc(NAME_MAX_BYTES));
		snprintf(name, NAME_MAX_BYTES, "partner-%d.test", i);
		if (i == PARTNERS / 2)
			snprintf(name, NAME_MAX_BYTES, "fabrikam.test");
		partners[i].domain = slice_str(name);
		partners[i].edge = slice_str(name);
	}
	conf->partners = partners;
	conf->partner_count = PARTNERS;
	if (access_create(&access, conf, error) < 0)
		abort();
	return access;
}

static void unmake(struct access *access, struct access_conf *conf)
{
	access_free(access);
	for (int i = 0; i < PARTNERS; i++)
		free((void *)(uintptr_t)conf->partners[i].domain.ptr);
	free((void *)(uintptr_t)conf->partners);
}

static enum access_kind decide(const struct access *access,
			       const struct sip_msg *m)
{
	char aor[SIP_AOR_MAX], from[SIP_DOMAIN_MAX], to[SIP_DOMAIN_MAX];
	struct access_facts f = {
		.source = ACCESS_FROM_INSIDE,
		.method = m->method_text,
		.registers = m->method == SIP_REGISTER,
		.crosses = true,
	};

	if (sip_aor(&m->from.uri, aor) || sip_domain(m->from.uri.host, from) ||
	    sip_domain(m->uri.host, to))
		abort();
	f.from_aor = slice_str(aor);
	f.from_domain = slice_str(from);
	f.to_domain = slice_str(to);
	return access_judge(access, &f).kind;
}

static void measure(const struct access *access, size_t kind, long rounds)
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
			verdict = decide(access, &m);
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
	const struct slice ours[] = { SLICE_LIT("contoso.test") };
	struct access_conf conf = { .domains = ours, .domain_count = 1 };
	struct access *access = make(&conf);
	long rounds = argc > 1 ? atol(argv[1]) : 10000;

	for (size_t i = 0; i < sizeof(sip_corpus) / sizeof(*sip_corpus); i++)
		measure(access, i, rounds);
	unmake(access, &conf);
	return 0;
}
