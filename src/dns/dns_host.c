/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a host name, and the question for just that. */
#include "dns/dns_host.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "dns/dns_name.h"
#include "dns/dns_reply.h"

struct question {
	struct dns_job job;
	dns_fn fn;
	void *arg;
	bool is_literal;
	struct dns_answer answer;
	struct dns_host host;
	char name[DNS_NAME_SIZE];
};

/* -- the answer of both look-ups -- */

void dns_host_ask(struct dns_host *h, struct dns_job *job, const char *name)
{
	dns_lookup_ask(&h->a, job, name, DNS_TYPE_A);
	dns_lookup_ask(&h->aaaa, job, name, DNS_TYPE_AAAA);
}

bool dns_host_done(const struct dns_host *h)
{
	return h->a.done && h->aaaa.done;
}

void dns_host_expire(struct dns_host *h)
{
	dns_lookup_expire(&h->a);
	dns_lookup_expire(&h->aaaa);
}

void dns_host_close(struct dns_host *h)
{
	dns_lookup_close(&h->a);
	dns_lookup_close(&h->aaaa);
}

static void add_addresses(struct dns_answer *a,
			  const struct dns_lookup *const half[static 2])
{
	for (size_t i = 0; i < DNS_REPLY_MAX; i++)
		for (size_t k = 0; k < 2; k++)
			if (i < half[k]->count && a->count < DNS_ADDRESSES_MAX)
				a->addr[a->count++] = half[k]->addr[i];
}

/* One family's addresses are enough, whatever became of the other. Without
 * any the worse failure is told: "no address" only if both halves say so. */
void dns_host_answer(const struct dns_host *h, enum dns_first first,
		     struct dns_answer *out)
{
	bool six = first == DNS_IPV6_FIRST;
	const struct dns_lookup *half[] = { six ? &h->aaaa : &h->a,
					    six ? &h->a : &h->aaaa };
	const struct dns_lookup *worst = half[0];

	*out = (struct dns_answer){ .secure = true, .ttl_s = DNS_TTL_MAX_S };
	if (dns_error_weight(half[1]->error) > dns_error_weight(worst->error))
		worst = half[1];
	add_addresses(out, half);
	for (size_t k = 0; k < 2; k++) {
		if (out->count && !half[k]->count)
			continue;
		out->secure = out->secure && half[k]->secure;
		if (half[k]->ttl_s < out->ttl_s)
			out->ttl_s = half[k]->ttl_s;
	}
	out->ttl_s = dns_clamp_ttl(out->ttl_s);
	if (out->count)
		return;
	out->error = worst->error;
	out->text = worst->text;
	if (out->error == -ENOENT)
		out->ttl_s = DNS_TTL_NEGATIVE_S;
}

/* -- the question -- */

static void question_free(struct question *q)
{
	dns_host_close(&q->host);
	dns_job_close(&q->job);
	free(q);
}

static void drop(struct dns_job *job)
{
	question_free(container_of(job, struct question, job));
}

static void run(struct dns_job *job)
{
	struct question *q = container_of(job, struct question, job);

	if (!q->is_literal) {
		if (job->expired)
			dns_host_expire(&q->host);
		if (!dns_host_done(&q->host))
			return;
		dns_host_answer(&q->host, DNS_IPV4_FIRST, &q->answer);
	}
	const struct dns_answer answer = q->answer;
	if (answer.error && answer.error != -ENOENT)
		LOG_LIMITED(LOG_WARN, "dns.fail", slice_str(q->name),
			    KV_STR("name", q->name),
			    KV_STR("why", answer.text));
	dns_fn fn = q->fn;
	void *arg = q->arg;
	question_free(q);
	fn(arg, &answer);
}

static const struct dns_job_ops question_ops = { .run = run,
						 .drop = drop,
						 .weight = 1 };

int dns_addresses(struct dns *d, struct slice name, dns_fn fn, void *arg)
{
	struct addr literal;
	bool is_literal = !addr_parse_host(name, 0, &literal);

	if (!is_literal && !dns_name_can_be_asked(name))
		return -EINVAL;
	if (!dns_job_allowed(d, question_ops.weight))
		return -ENOBUFS;
	struct question *q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->fn = fn;
	q->arg = arg;
	q->is_literal = is_literal;
	dns_job_open(&q->job, d, &question_ops);
	if (is_literal) {
		q->answer = (struct dns_answer){ .ttl_s = DNS_TTL_MAX_S,
						 .count = 1,
						 .addr = { literal } };
		dns_job_wake(&q->job);
		return 0;
	}
	slice_cstr(name, q->name, sizeof(q->name)); /* fits: checked above */
	dns_host_ask(&q->host, &q->job, q->name);
	return 0;
}
