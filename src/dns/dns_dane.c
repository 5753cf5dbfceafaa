/* SPDX-License-Identifier: Apache-2.0 */
/* The question for TLSA records (RFC 6698): one look-up, and what of its answer
 * can be used. */
#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/log.h"
#include "dns/dns_engine.h"
#include "dns/dns_name.h"
#include "dns/dns_tlsa.h"

enum { PREFIX_MAX = sizeof("_65535._tcp.") };

struct question {
	struct dns_job job;
	dns_digests_fn fn;
	void *arg;
	struct dns_lookup lookup;
	char name[PREFIX_MAX + DNS_NAME_SIZE];
};

static void question_free(struct question *q)
{
	dns_lookup_close(&q->lookup);
	dns_job_close(&q->job);
	free(q);
}

static void drop(struct dns_job *job)
{
	question_free(container_of(job, struct question, job));
}

/* One record more; false: no memory. What nobody can use is left out. */
static bool add(const struct dns_record *r, struct dns_digests *out)
{
	struct dns_digest *d = &out->digest[out->count];
	struct dns_tlsa t;
	if (r->type != DNS_TYPE_TLSA || out->count == DNS_TLSA_MAX ||
	    dns_tlsa_read(r, &t))
		return true;
	*d = (struct dns_digest){ .usage = t.usage, .selector = t.selector };
	if (t.matching == 0) {
		d->len = SHA256_BYTES;
		if (crypto_sha256(&t.data, 1, d->digest))
			return false;
	} else {
		d->len = (uint8_t)t.data.len; /* 32 or 64: was checked */
		memcpy(d->digest, t.data.ptr, t.data.len);
	}
	out->count++;
	if (r->ttl_s < out->ttl_s)
		out->ttl_s = r->ttl_s;
	return true;
}

static void fail(struct dns_digests *out, int error, const char *text)
{
	out->error = error;
	out->text = text;
	out->count = 0;
	out->ttl_s = error == -ENOENT ? DNS_TTL_NEGATIVE_S : DNS_TTL_MIN_S;
}

static void read_records(const struct dns_lookup *l, struct dns_digests *out)
{
	struct dns_message m;
	struct dns_record r;
	int more = dns_message_open(&m, dns_lookup_message(l));
	if (!more)
		more = 1;
	while (more > 0 && (more = dns_message_next(&m, &r)) > 0)
		if (!add(&r, out))
			more = -ENOMEM;
	if (more < 0)
		fail(out, -EIO, "the answer cannot be read");
	else if (!out->count)
		fail(out, -ENOENT, "there is no TLSA record that can be used");
	out->ttl_s = dns_clamp_ttl(out->ttl_s);
}

static void answer(const struct dns_lookup *l, struct dns_digests *out)
{
	*out = (struct dns_digests){ .ttl_s = DNS_TTL_MAX_S };
	if (l->error)
		fail(out, l->error, l->text);
	else if (!l->secure)
		fail(out, -ENOENT, "the zone is not secured by DNSSEC");
	else
		read_records(l, out);
}

static void run(struct dns_job *job)
{
	struct question *q = container_of(job, struct question, job);
	struct dns_digests found;

	if (job->expired)
		dns_lookup_expire(&q->lookup);
	if (!q->lookup.done)
		return;
	answer(&q->lookup, &found);
	if (found.error && found.error != -ENOENT)
		LOG_LIMITED(LOG_WARN, "dns.fail", slice_str(q->name),
			    KV_STR("name", q->name), KV_STR("why", found.text));
	dns_digests_fn fn = q->fn;
	void *arg = q->arg;
	question_free(q);
	fn(arg, &found);
}

static const struct dns_job_ops question_ops = { .run = run,
						 .drop = drop,
						 .weight = 1 };

int dns_tlsa(struct dns *d, struct slice name, uint16_t port, dns_digests_fn fn,
	     void *arg)
{
	if (!dns_name_can_be_asked(name))
		return -EINVAL;
	if (!dns_job_allowed(d, question_ops.weight))
		return -ENOBUFS;
	struct question *q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->fn = fn;
	q->arg = arg;
	snprintf(q->name, sizeof(q->name), "_%u._tcp.%.*s", (unsigned)port,
		 SLICE_FMT(name));
	dns_job_open(&q->job, d, &question_ops);
	dns_lookup_ask(&q->lookup, &q->job, q->name, DNS_TYPE_TLSA);
	return 0;
}
