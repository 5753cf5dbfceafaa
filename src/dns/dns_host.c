/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses of a host name: the answer of both look-ups. */
#include "dns/dns_host.h"

#include <errno.h>

#include "dns/dns_reply.h"

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
void dns_host_answer(const struct dns_host *h, struct dns_answer *out)
{
	const struct dns_lookup *half[] = { &h->aaaa, &h->a };
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
