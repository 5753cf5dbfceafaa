/* SPDX-License-Identifier: Apache-2.0 */
/* One record set, asked of libunbound. */
#include <errno.h>
#include <stdlib.h>
#include <unbound.h>

#include "dns/dns_engine.h"
#include "dns/dns_reply.h"

enum {
	/* of libunbound's event callback */
	SECURITY_BOGUS = 1,
	SECURITY_SECURE = 2,
};

static const char no_such_name[] = "no such name";
static const char unreadable[] = "the answer cannot be read";
static const char no_memory[] = "no memory for the answer";
static const char servers_fail[] = "the name servers fail or refuse";

uint32_t dns_clamp_ttl(uint32_t ttl_s)
{
	if (ttl_s < DNS_TTL_MIN_S)
		return DNS_TTL_MIN_S;
	return ttl_s > DNS_TTL_MAX_S ? DNS_TTL_MAX_S : ttl_s;
}

int dns_error_weight(int error)
{
	static const int order[] = { 0, -ENOENT, -EIO, -ETIMEDOUT, -EBADMSG };

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (order[i] == error)
			return (int)i;
	return 0;
}

void dns_lookup_fail(struct dns_lookup *l, int error, const char *text)
{
	l->error = error;
	l->text = text;
	l->done = true;
}

static void *copy(const void *p, size_t len)
{
	void *out = malloc(len);

	if (out)
		memcpy(out, p, len);
	return out;
}

static void take_addresses(struct dns_lookup *l, struct slice message)
{
	struct dns_reply r;

	if (dns_reply_parse(message, l->type, &r)) {
		dns_lookup_fail(l, -EIO, unreadable);
		return;
	}
	if (!r.count) {
		dns_lookup_fail(l, -ENOENT, "the name has no address");
		return;
	}
	l->addr = copy(r.addr, r.count * sizeof(*r.addr));
	if (!l->addr) {
		dns_lookup_fail(l, -EIO, no_memory);
		return;
	}
	l->count = r.count;
	l->ttl_s = r.ttl_s;
	l->done = true;
}

/* The message is libunbound's own, and gone when we return. */
static void take_message(struct dns_lookup *l, struct slice message)
{
	struct dns_message m;

	if (dns_message_open(&m, message)) {
		dns_lookup_fail(l, -EIO, unreadable);
		return;
	}
	if (m.rcode) {
		bool none = m.rcode == DNS_RCODE_NXDOMAIN;
		dns_lookup_fail(l, none ? -ENOENT : -EIO,
				none ? no_such_name : servers_fail);
		return;
	}
	if (l->type == DNS_TYPE_A || l->type == DNS_TYPE_AAAA) {
		take_addresses(l, message);
		return;
	}
	l->message = copy(message.ptr, message.len);
	if (!l->message) {
		dns_lookup_fail(l, -EIO, no_memory);
		return;
	}
	l->message_len = message.len;
	l->done = true;
}

/* libunbound's callback; also during ub_ctx_delete(). The seven parameters are
 * its choice. NOLINTNEXTLINE(readability-function-size) */
static void on_resolved(void *arg, int rcode, void *packet, int packet_len,
			int security, char *why_bogus, int was_ratelimited)
{
	struct dns_lookup *l = arg;

	(void)why_bogus; /* freed before the answer is told */
	(void)was_ratelimited;
	if (l->job->dns->closing || l->done)
		return;
	l->secure = security == SECURITY_SECURE;
	if (security == SECURITY_BOGUS)
		dns_lookup_fail(l, -EBADMSG,
				"the answer fails DNSSEC validation");
	else if (rcode == DNS_RCODE_NXDOMAIN)
		dns_lookup_fail(l, -ENOENT, no_such_name);
	else if (rcode || !packet || packet_len < 0)
		dns_lookup_fail(l, -EIO, servers_fail);
	else
		take_message(l, slice_of(packet, (size_t)packet_len));
	dns_job_wake(l->job);
}

void dns_lookup_ask(struct dns_lookup *l, struct dns_job *job, const char *name,
		    uint16_t type)
{
	*l = (struct dns_lookup){ .job = job, .type = type, .id = -1 };
	int err = ub_resolve_event(job->dns->ctx, name, type, DNS_CLASS_IN, l,
				   on_resolved, &l->id);

	if (!err || l->done)
		return;
	/* It may have failed half-way and call back yet. */
	ub_cancel(job->dns->ctx, l->id);
	if (err == UB_SYNTAX) /* a label that is too long, or empty */
		dns_lookup_fail(l, -ENOENT, "not a host name");
	else
		dns_lookup_fail(l, -EIO, ub_strerror(err));
	dns_job_wake(job);
}

void dns_lookup_expire(struct dns_lookup *l)
{
	if (!l->job || l->done)
		return;
	ub_cancel(l->job->dns->ctx, l->id);
	dns_lookup_fail(l, -ETIMEDOUT, "no answer in time");
}

void dns_lookup_close(struct dns_lookup *l)
{
	if (l->job && !l->done && !l->job->dns->closing)
		ub_cancel(l->job->dns->ctx, l->id);
	free(l->addr);
	free(l->message);
	*l = (struct dns_lookup){ .id = -1 };
}
