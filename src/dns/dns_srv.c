/* SPDX-License-Identifier: Apache-2.0 */
/* SRV records: reading one, and drawing them by weight. */
#include "dns/dns_srv.h"

#include <errno.h>
#include <stdlib.h>

#include "dns/dns_name.h"

int dns_srv_read(const struct dns_record *r, struct dns_srv *out)
{
	struct cur c = cur_init(r->data);

	out->priority = cur_u16(&c);
	out->weight = cur_u16(&c);
	out->port = cur_u16(&c);
	dns_name_read(&c, r->message, out->target);
	if (!cur_done(&c))
		return -EBADMSG;
	if (dns_srv_is_refusal(out))
		return 0;
	if (!out->port || !dns_name_is_host(slice_str(out->target)))
		return -EINVAL;
	return 0;
}

bool dns_srv_is_refusal(const struct dns_srv *s)
{
	return strcmp(s->target, ".") == 0;
}

static int by_priority(const void *a, const void *b)
{
	const struct dns_srv *x = a;
	const struct dns_srv *y = b;

	return (int)x->priority - (int)y->priority;
}

static bool seen(const struct dns_srv *s, size_t count, const struct dns_srv *x)
{
	for (size_t i = 0; i < count; i++)
		if (s[i].port == x->port && !strcmp(s[i].target, x->target))
			return true;
	return false;
}

/* The nth of those without weight. */
static size_t weightless(const struct dns_srv *s, size_t n)
{
	size_t i = 0;

	for (;; i++)
		if (!s[i].weight && !n--)
			return i;
}

/*
 * One of `count` (at least 1) of equal priority. RFC 2782 draws from 0 to the
 * sum, and 0 means one without weight; where there is none the draw begins at
 * 1, so that the shares are exact.
 */
static size_t draw(const struct dns_srv *s, size_t count, dns_random_fn random,
		   void *arg)
{
	uint64_t sum = 0;
	size_t zeros = 0;

	for (size_t i = 0; i < count; i++) {
		sum += s[i].weight;
		zeros += s[i].weight == 0;
	}
	if (!sum)
		return count > 1 ? (size_t)(random(arg) % count) : 0;
	uint64_t r = zeros ? random(arg) % (sum + 1) : random(arg) % sum + 1;
	if (zeros && r == 0)
		return weightless(s, (size_t)(random(arg) % zeros));
	for (size_t i = 0; i < count; i++) {
		if (r <= s[i].weight)
			return i;
		r -= s[i].weight;
	}
	return 0;
}

static size_t same_priority(const struct dns_srv *s, size_t count)
{
	size_t n = 1;

	while (n < count && s[n].priority == s[0].priority)
		n++;
	return n;
}

size_t dns_srv_order(struct dns_srv *s, size_t count, size_t want,
		     dns_random_fn random, void *random_arg)
{
	size_t taken = 0;
	size_t at = 0;

	if (!count)
		return 0;
	qsort(s, count, sizeof(*s), by_priority);
	while (at < count && taken < want) {
		size_t n = same_priority(s + at, count - at);
		size_t i = at + draw(s + at, n, random, random_arg);
		struct dns_srv chosen = s[i];
		s[i] = s[at];
		s[at++] = chosen;
		if (!seen(s, taken, &chosen))
			s[taken++] = chosen;
	}
	return taken;
}
