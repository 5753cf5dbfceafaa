/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a SIP domain lives (RFC 3263 4, for TLS only). A hunt follows leads:
 * first the federation record; if the name servers say that there is none, the
 * others that the caller wants, asked at once and judged in their order. A
 * lead that fails ends the hunt: an attacker who suppresses one record shall
 * not choose the next. What a lead finds becomes the list of targets, whose
 * addresses are asked for at once; when time is up what is known is told.
 */
#include "dns/dns.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "dns/dns_host.h"
#include "dns/dns_name.h"
#include "dns/dns_naptr.h"
#include "dns/dns_srv.h"

enum { SIPS_PORT = 5061, LEADS = 4, LEAD_CLIENTS = 3, PREFIX_MAX = 23 };

static const struct {
	const char *prefix;
	unsigned flag; /* 0: always */
	uint16_t type;
	enum dns_source source;
} leads[LEADS] = {
	{ "_sipfederationtls._tcp.", 0, DNS_TYPE_SRV, DNS_FROM_FEDERATION },
	{ "", DNS_TRY_NAPTR, DNS_TYPE_NAPTR, DNS_FROM_NAPTR },
	{ "_sips._tcp.", DNS_TRY_SIPS, DNS_TYPE_SRV, DNS_FROM_SIPS },
	{ "_sip._tls.", DNS_TRY_TLS, DNS_TYPE_SRV, DNS_FROM_TLS },
};

struct lead {
	struct dns_lookup lookup;
	char name[DNS_NAME_SIZE];
};

struct hunt {
	struct dns_job job;
	dns_targets_fn fn;
	void *arg;
	unsigned also_tries;
	size_t first; /* lead */
	size_t at;    /* the lead that is judged */
	struct lead lead[LEADS];
	struct dns_target_list list;
	struct dns_target *target; /* once found */
	struct dns_host *host;     /* one for each of them */
	bool is_literal;
	char name[DNS_NAME_SIZE]; /* of the domain or host */
	char text[DNS_TEXT_SIZE];
};

static void close_leads(struct hunt *h)
{
	for (size_t i = 0; i < LEADS; i++)
		dns_lookup_close(&h->lead[i].lookup);
}

static void hunt_free(struct hunt *h)
{
	close_leads(h);
	for (size_t i = 0; h->host && i < h->list.count; i++)
		dns_host_close(&h->host[i]);
	free(h->host);
	free(h->target);
	dns_job_close(&h->job);
	free(h);
}

static void drop(struct dns_job *job)
{
	hunt_free(container_of(job, struct hunt, job));
}

/* Over: what is wrong with which record, and for how long. Always true. */
static bool end(struct hunt *h, int error, const char *name, const char *why)
{
	bool none = error == -ENOENT || error == -ENODATA;

	h->list.error = error;
	if (error == -ENOENT || error == -EADDRNOTAVAIL)
		h->list.ttl_s = DNS_TTL_NEGATIVE_S;
	else if (error != -ENODATA) /* failures pass */
		h->list.ttl_s = DNS_TTL_MIN_S;
	snprintf(h->text, sizeof(h->text), "%s: %s", name, why);
	h->list.text = h->text;
	LOG_LIMITED(none ? LOG_INFO : LOG_WARN, "dns.fail", slice_str(name),
		    KV_STR("name", name), KV_STR("why", why));
	return true;
}

static void less_ttl(struct hunt *h, uint32_t ttl_s)
{
	if (ttl_s < h->list.ttl_s)
		h->list.ttl_s = ttl_s;
}

/* -- targets and their addresses -- */

/* Room for them; false when there is no memory. */
static bool make_targets(struct hunt *h, size_t count)
{
	h->target = calloc(count, sizeof(*h->target));
	h->host = calloc(count, sizeof(*h->host));
	if (!h->target || !h->host)
		return false;
	h->list.count = count;
	h->list.target = h->target;
	return true;
}

static void ask_addresses(struct hunt *h)
{
	for (size_t i = 0; i < h->list.count; i++)
		dns_host_ask(&h->host[i], &h->job, h->target[i].name);
}

static void take_answer(struct hunt *h, struct dns_target *t,
			const struct dns_answer *a)
{
	t->count = a->count < DNS_TARGET_ADDRESSES_MAX
			   ? a->count
			   : DNS_TARGET_ADDRESSES_MAX;
	for (size_t i = 0; i < t->count; i++) {
		t->addr[i] = a->addr[i];
		addr_set_port(&t->addr[i], t->port);
	}
	t->secure = h->list.secure && a->secure;
}

/* All look-ups are done. Always true. */
static bool conclude(struct hunt *h)
{
	struct dns_answer a;
	const char *why = "the targets have no addresses";
	size_t found = 0;
	int worst = -ENOENT;
	size_t worst_at = 0;
	bool secure = h->list.secure;

	for (size_t i = 0; i < h->list.count; i++) {
		dns_host_answer(&h->host[i], &a);
		take_answer(h, &h->target[i], &a);
		secure = secure && h->target[i].secure;
		found += a.count;
		less_ttl(h, a.ttl_s);
		if (dns_error_weight(a.error) <= dns_error_weight(worst))
			continue;
		worst = a.error;
		worst_at = i;
		why = a.text;
	}
	h->list.secure = secure;
	if (found)
		return true;
	return end(h, worst == -ENOENT ? -EADDRNOTAVAIL : worst,
		   h->target[worst_at].name, why);
}

static bool run_targets(struct hunt *h)
{
	for (size_t i = 0; i < h->list.count; i++) {
		if (h->job.expired)
			dns_host_expire(&h->host[i]);
		if (!dns_host_done(&h->host[i]))
			return false;
	}
	return conclude(h);
}

/* -- what an SRV answer says -- */

struct found {
	struct dns_srv *srv;
	size_t usable;  /* in srv */
	size_t refused; /* cannot be used */
	size_t dots;    /* "." */
	uint32_t ttl_s;
};

static size_t count_type(struct slice message, uint16_t type)
{
	struct dns_message m;
	struct dns_record r;
	size_t n = 0;

	if (dns_message_open(&m, message))
		return 0;
	while (dns_message_next(&m, &r) > 0)
		n += r.type == type;
	return n;
}

static int read_srv(struct slice message, struct found *f)
{
	struct dns_message m;
	struct dns_record r;
	int more = dns_message_open(&m, message);

	if (more)
		return more;
	while ((more = dns_message_next(&m, &r)) > 0) {
		struct dns_srv *s = &f->srv[f->usable];
		if (r.ttl_s < f->ttl_s)
			f->ttl_s = r.ttl_s;
		if (r.type != DNS_TYPE_SRV)
			continue;
		if (dns_srv_read(&r, s))
			f->refused++;
		else if (dns_srv_is_refusal(s))
			f->dots++;
		else
			f->usable++;
	}
	return more;
}

static void set_target(struct dns_target *t, const struct dns_srv *s)
{
	memcpy(t->name, s->target, sizeof(t->name));
	t->port = s->port;
	t->priority = s->priority;
	t->weight = s->weight;
}

/* Is the hunt over? */
static bool use_srv(struct hunt *h, const char *name, struct found *f)
{
	struct dns *d = h->job.dns;

	less_ttl(h, f->ttl_s);
	if (!f->usable && f->dots)
		return end(h, -ENODATA, name, "the service is not offered");
	if (!f->usable)
		return end(h, -EBADMSG, name, "no record can be used");
	size_t n = dns_srv_order(f->srv, f->usable, DNS_TARGETS_MAX, d->random,
				 d->random_arg);
	if (!make_targets(h, n))
		return end(h, -ENOMEM, name, "no memory for the targets");
	for (size_t i = 0; i < n; i++)
		set_target(&h->target[i], &f->srv[i]);
	ask_addresses(h);
	return false;
}

/* -- leads -- */

static struct lead *current(struct hunt *h)
{
	return &h->lead[h->at];
}

/* Is there an SRV record at all? */
static bool judge_srv(struct hunt *h, struct slice message, bool *over)
{
	struct found f = { .ttl_s = DNS_TTL_MAX_S };
	const char *name = current(h)->name;
	size_t n = count_type(message, DNS_TYPE_SRV);

	if (!n)
		return false;
	f.srv = calloc(n, sizeof(*f.srv));
	if (!f.srv)
		*over = end(h, -ENOMEM, name, "no memory for the records");
	else if (read_srv(message, &f))
		*over = end(h, -EIO, name, "the answer cannot be read");
	else
		*over = use_srv(h, name, &f);
	free(f.srv);
	return true;
}

/* The best that leads to SIP over TLS; false when none does. */
static bool best_naptr(struct hunt *h, struct slice message,
		       struct dns_naptr *best)
{
	struct dns_message m;
	struct dns_record r;
	uint32_t ttl_s = DNS_TTL_MAX_S;
	bool any = false;

	if (dns_message_open(&m, message))
		return false;
	while (dns_message_next(&m, &r) > 0) {
		struct dns_naptr n;
		if (r.ttl_s < ttl_s)
			ttl_s = r.ttl_s;
		if (r.type != DNS_TYPE_NAPTR || dns_naptr_read(&r, &n) ||
		    !dns_naptr_is_sips(&n))
			continue;
		if (any && !dns_naptr_before(&n, best))
			continue;
		*best = n;
		any = true;
	}
	if (any)
		less_ttl(h, ttl_s);
	return any;
}

/* On to the SRV record that it names; false when it names none. */
static bool judge_naptr(struct hunt *h, struct slice message)
{
	struct lead *l = current(h);
	struct dns_naptr best;

	if (!best_naptr(h, message, &best))
		return false;
	memcpy(l->name, best.replacement, sizeof(best.replacement));
	dns_lookup_close(&l->lookup);
	dns_lookup_ask(&l->lookup, &h->job, l->name, DNS_TYPE_SRV);
	return true;
}

static void ask_lead(struct hunt *h, size_t i)
{
	struct lead *l = &h->lead[i];

	snprintf(l->name, sizeof(l->name), "%s%.*s", leads[i].prefix,
		 DNS_NAME_MAX - PREFIX_MAX, h->name);
	dns_lookup_ask(&l->lookup, &h->job, l->name, leads[i].type);
}

static bool is_wanted(const struct hunt *h, size_t i)
{
	return !leads[i].flag || h->also_tries & leads[i].flag;
}

/* This one leads nowhere: to the next. Is the hunt over? */
static bool next_lead(struct hunt *h)
{
	if (h->at == 0)
		for (size_t i = 1; i < LEADS; i++)
			if (is_wanted(h, i))
				ask_lead(h, i);
	do
		h->at++;
	while (h->at < LEADS && !is_wanted(h, h->at));
	if (h->at < LEADS)
		return false;
	h->at = h->first;
	h->list.source = leads[h->first].source;
	return end(h, -ENOENT, h->lead[h->first].name, "no SRV record");
}

/* Judges one lead that is done. Is the hunt over? */
static bool judge(struct hunt *h)
{
	struct lead *l = current(h);
	struct dns_lookup *look = &l->lookup;
	struct slice message = dns_lookup_message(look);
	bool over = false;

	h->list.source = leads[h->at].source;
	h->list.secure = h->list.secure && look->secure;
	if (look->error == -ENOENT)
		return next_lead(h);
	if (look->error)
		return end(h, look->error, l->name, look->text);
	if (look->type == DNS_TYPE_SRV && judge_srv(h, message, &over))
		return over;
	if (look->type == DNS_TYPE_NAPTR && judge_naptr(h, message))
		return false;
	return next_lead(h);
}

static bool run_leads(struct hunt *h)
{
	while (!h->list.count) {
		struct dns_lookup *look = &current(h)->lookup;
		if (h->job.expired)
			dns_lookup_expire(look);
		if (!look->done)
			return false;
		if (judge(h))
			return true;
	}
	close_leads(h);
	return run_targets(h);
}

/* -- the question -- */

static void run(struct dns_job *job)
{
	struct hunt *h = container_of(job, struct hunt, job);
	bool over = h->is_literal;

	if (!over)
		over = h->list.count ? run_targets(h) : run_leads(h);
	if (!over)
		return;
	h->list.ttl_s = dns_clamp_ttl(h->list.ttl_s);
	struct dns_target_list list = h->list;
	struct dns_target *target = h->target;
	char text[DNS_TEXT_SIZE];
	memcpy(text, h->text, sizeof(text));
	list.text = list.error ? text : NULL;
	h->target = NULL; /* lives until it is told */
	dns_targets_fn fn = h->fn;
	void *arg = h->arg;
	hunt_free(h);
	fn(arg, &list);
	free(target);
}

static const struct dns_job_ops hunt_ops = { .run = run,
					     .drop = drop,
					     .weight = 4 };

static bool can_be_asked(const struct dns_question *q, bool *is_literal)
{
	struct addr a;

	*is_literal = false;
	if (q->kind != DNS_HOST)
		return dns_name_is_host(q->name) &&
		       q->name.len <= DNS_NAME_MAX - PREFIX_MAX;
	*is_literal = !addr_parse_host(q->name, 0, &a);
	return *is_literal || dns_name_can_be_asked(q->name);
}

/* The only target is the host itself. 0 or -ENOMEM. */
static int start_host(struct hunt *h, const struct dns_question *q)
{
	if (!make_targets(h, 1))
		return -ENOMEM;
	struct dns_target *t = &h->target[0];
	h->list.source = DNS_FROM_HOST;
	t->port = q->port ? q->port : SIPS_PORT;
	if (h->is_literal) {
		char text[ADDR_TEXT_MAX];
		addr_parse_host(q->name, t->port, &t->addr[0]);
		t->count = 1;
		h->list.secure = false; /* nobody signed it */
		snprintf(t->name, sizeof(t->name), "%s",
			 addr_host(&t->addr[0], text));
		dns_job_wake(&h->job);
		return 0;
	}
	dns_name_canonical(q->name, t->name);
	ask_addresses(h);
	return 0;
}

int dns_targets(struct dns *d, const struct dns_question *q, dns_targets_fn fn,
		void *arg)
{
	bool is_literal = false;

	if (!can_be_asked(q, &is_literal))
		return -EINVAL;
	if (!dns_job_allowed(d, hunt_ops.weight))
		return -ENOBUFS;
	struct hunt *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->fn = fn;
	h->arg = arg;
	h->also_tries = q->also_tries;
	h->is_literal = is_literal;
	h->list = (struct dns_target_list){ .ttl_s = DNS_TTL_MAX_S,
					    .secure = true };
	dns_job_open(&h->job, d, &hunt_ops);
	if (q->kind != DNS_HOST) {
		h->first = q->kind == DNS_CLIENTS ? LEAD_CLIENTS : 0;
		h->at = h->first;
		dns_name_canonical(q->name, h->name);
		ask_lead(h, h->first);
		return 0;
	}
	int err = start_host(h, q);
	if (err)
		hunt_free(h);
	return err;
}
