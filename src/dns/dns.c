/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions and their answers. A question is two halves, A and AAAA, asked at
 * once; it is over when both are answered or its time is up, whatever is first,
 * and is told at the end of the turn. libunbound answers from its cache
 * before it returns; so nothing is told from within its calls, and a callee
 * may do anything, dns_free() too.
 */
#include "dns/dns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "dns/dns_event.h"
#include "dns/dns_reply.h"
#include "dns/dns_setup.h"

enum {
	TIMEOUT_MS = 5000,
	TTL_MIN_S = 30,
	TTL_MAX_S = 86400,
	TTL_NEGATIVE_S = 60,
	NAME_MAX_BYTES = 254, /* RFC 1035 2.3.4, as text, with the last dot */
	QUESTIONS_MAX = 4096,
	/* of libunbound's event callback */
	SECURITY_BOGUS = 1,
	SECURITY_SECURE = 2,
};

struct dns {
	struct loop *loop;
	struct dns_events events;
	struct ub_ctx *ctx;
	FILE *library_log;
	uint32_t timeout_ms;
	struct list open;     /* questions that wait */
	struct list finished; /* to be told at the end of the turn */
	size_t count;         /* in both */
	struct turn_hook tell;
	bool closing;
	struct turn_hook release;
};

struct question;

struct half {
	struct question *question;
	uint16_t type;
	int id; /* libunbound's */
	bool done;
	int error;
	bool secure;
	const char *text;
	struct dns_reply reply;
};

struct question {
	struct list node;
	struct dns *dns;
	dns_fn fn;
	void *arg;
	struct timer timer;
	struct half half[2];
	struct dns_answer answer;
	char name[NAME_MAX_BYTES + 1];
};

static void finish(struct question *q)
{
	timer_stop(&q->timer);
	list_remove(&q->node);
	list_push_back(&q->dns->finished, &q->node);
	loop_at_turn_end(q->dns->loop, &q->dns->tell);
}

/* -- the answer of both halves -- */

static void add_addresses(struct dns_answer *a, const struct half h[static 2])
{
	for (size_t i = 0; i < DNS_REPLY_MAX; i++)
		for (size_t k = 0; k < 2; k++)
			if (i < h[k].reply.count &&
			    a->count < DNS_ADDRESSES_MAX)
				a->addr[a->count++] = h[k].reply.addr[i];
}

static uint32_t clamp_ttl(uint32_t ttl_s)
{
	if (ttl_s < TTL_MIN_S)
		return TTL_MIN_S;
	return ttl_s > TTL_MAX_S ? TTL_MAX_S : ttl_s;
}

/* How much each kind of failure matters when both halves have one. */
static int weight(int error)
{
	static const int order[] = { 0, -ENOENT, -EIO, -ETIMEDOUT, -EBADMSG };

	for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (order[i] == error)
			return (int)i;
	return 0;
}

/* One family's addresses are enough, whatever became of the other. Without
 * any the worse failure is told: "no address" only if both halves say so. */
static void merge(struct question *q)
{
	struct dns_answer *a = &q->answer;
	const struct half *worst = &q->half[0];

	a->secure = true;
	a->ttl_s = TTL_MAX_S;
	add_addresses(a, q->half);
	for (size_t k = 0; k < 2; k++) {
		const struct half *h = &q->half[k];
		if (weight(h->error) > weight(worst->error))
			worst = h;
		if (a->count && !h->reply.count)
			continue;
		a->secure = a->secure && h->secure;
		if (h->reply.ttl_s < a->ttl_s)
			a->ttl_s = h->reply.ttl_s;
	}
	a->ttl_s = clamp_ttl(a->ttl_s);
	if (a->count)
		return;
	a->error = worst->error;
	a->text = worst->text;
	if (a->error == -ENOENT)
		a->ttl_s = TTL_NEGATIVE_S;
	else
		LOG_LIMITED(LOG_WARN, "dns.fail", slice_str(q->name),
			    KV_STR("name", q->name), KV_STR("why", a->text));
}

static void half_fails(struct half *h, int error, const char *text)
{
	h->error = error;
	h->text = text;
	h->reply.count = 0;
}

static void take_reply(struct half *h, struct slice message)
{
	if (dns_reply_parse(message, h->type, &h->reply))
		half_fails(h, -EIO, "the answer cannot be read");
	else if (h->reply.rcode == DNS_RCODE_NXDOMAIN)
		half_fails(h, -ENOENT, "no such name");
	else if (h->reply.rcode != DNS_RCODE_NOERROR)
		half_fails(h, -EIO, "the name servers fail or refuse");
	else if (!h->reply.count)
		half_fails(h, -ENOENT, "the name has no address");
}

static void half_done(struct half *h)
{
	struct question *q = h->question;

	h->done = true;
	if (!q->half[0].done || !q->half[1].done)
		return;
	merge(q);
	finish(q);
}

/* libunbound's callback; also during ub_ctx_delete(). The seven parameters are
 * its choice. NOLINTNEXTLINE(readability-function-size) */
static void on_resolved(void *arg, int rcode, void *packet, int packet_len,
			int security, char *why_bogus, int was_ratelimited)
{
	struct half *h = arg;

	(void)why_bogus; /* freed before the answer is told */
	(void)was_ratelimited;
	if (h->question->dns->closing || h->done)
		return;
	h->secure = security == SECURITY_SECURE;
	if (security == SECURITY_BOGUS)
		half_fails(h, -EBADMSG, "the answer fails DNSSEC validation");
	else if (rcode == DNS_RCODE_NXDOMAIN)
		half_fails(h, -ENOENT, "no such name");
	else if (rcode || !packet || packet_len < 0)
		half_fails(h, -EIO, "the name servers fail or refuse");
	else
		take_reply(h, slice_of(packet, (size_t)packet_len));
	half_done(h);
}

static void on_timeout(struct timer *t, void *arg)
{
	struct question *q = arg;

	(void)t;
	for (size_t k = 0; k < 2; k++) {
		struct half *h = &q->half[k];
		if (h->done)
			continue;
		ub_cancel(q->dns->ctx, h->id);
		half_fails(h, -ETIMEDOUT, "no answer in time");
		h->done = true;
	}
	merge(q);
	finish(q);
}

static void on_tell(void *arg)
{
	struct dns *d = arg;
	struct list batch;

	/* What callees ask now is told in the next round. */
	list_init(&batch);
	while (!list_empty(&d->finished)) {
		struct list *node = d->finished.next;
		list_remove(node);
		list_push_back(&batch, node);
	}
	while (!list_empty(&batch)) {
		struct question *q =
			container_of(batch.next, struct question, node);
		list_remove(&q->node);
		d->count--;
		if (!d->closing)
			q->fn(q->arg, &q->answer);
		free(q);
	}
}

/* -- asking -- */

/* Letters, digits, '-', '_' and dots: nothing that libunbound would take for
 * an escape, and all that a host name may have (RFC 1123 2.1). */
static bool is_host_name(struct slice name)
{
	if (slice_empty(name) || name.len > NAME_MAX_BYTES)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.ptr[i];
		bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
		bool digit = c >= '0' && c <= '9';
		if (!letter && !digit && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

static struct question *question_create(struct dns *d, dns_fn fn, void *arg)
{
	static const uint16_t types[] = { DNS_TYPE_A, DNS_TYPE_AAAA };
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->dns = d;
	q->fn = fn;
	q->arg = arg;
	timer_init(&q->timer, loop_timers(d->loop), on_timeout, q);
	for (size_t k = 0; k < 2; k++) {
		q->half[k].question = q;
		q->half[k].type = types[k];
		q->half[k].id = -1; /* nobody's */
	}
	list_push_back(&d->open, &q->node);
	d->count++;
	return q;
}

static void ask(struct half *h)
{
	struct question *q = h->question;
	int err = ub_resolve_event(q->dns->ctx, q->name, h->type, DNS_CLASS_IN,
				   h, on_resolved, &h->id);

	if (!err || h->done)
		return;
	/* It may have failed half-way and call back yet. */
	ub_cancel(q->dns->ctx, h->id);
	if (err == UB_SYNTAX) /* a label that is too long, or empty */
		half_fails(h, -ENOENT, "not a host name");
	else
		half_fails(h, -EIO, ub_strerror(err));
	half_done(h);
}

int dns_addresses(struct dns *d, struct slice name, dns_fn fn, void *arg)
{
	struct addr literal;
	bool is_literal = !addr_parse_host(name, 0, &literal);

	if (!is_literal && !is_host_name(name))
		return -EINVAL;
	if (d->count >= QUESTIONS_MAX)
		return -ENOBUFS;
	struct question *q = question_create(d, fn, arg);
	if (!q)
		return -ENOMEM;
	if (is_literal) {
		q->answer = (struct dns_answer){ .ttl_s = TTL_MAX_S,
						 .count = 1,
						 .addr = { literal } };
		finish(q);
		return 0;
	}
	slice_cstr(name, q->name, sizeof(q->name)); /* fits: checked above */
	timer_start(&q->timer, d->timeout_ms);
	for (size_t k = 0; k < 2; k++)
		ask(&q->half[k]);
	return 0;
}

/* -- the engine -- */

/* What libunbound would write to standard error becomes our log. */
static ssize_t on_library_log(void *cookie, const char *text, size_t len)
{
	struct slice line = slice_trim(slice_of(text, len));

	(void)cookie;
	if (!slice_empty(line))
		LOG(LOG_DEBUG, "dns.library", KV_SLICE("text", line));
	return (ssize_t)len;
}

/* NOLINTNEXTLINE(readability-function-size): as above */
static void on_ready(void *arg, int rcode, void *packet, int packet_len,
		     int security, char *why_bogus, int was_ratelimited)
{
	(void)rcode;
	(void)packet;
	(void)packet_len;
	(void)security;
	(void)why_bogus;
	(void)was_ratelimited;
	*(bool *)arg = true;
}

/* libunbound builds its machinery at the first question; one that it answers
 * itself makes that happen now, where it may fail. */
static int start_engine(struct dns *d)
{
	bool ready = false;
	int err = ub_resolve_event(d->ctx, "localhost.", DNS_TYPE_A,
				   DNS_CLASS_IN, &ready, on_ready, NULL);

	if (!err && ready)
		return 0;
	return -EIO;
}

static void dns_destroy(struct dns *d)
{
	ub_ctx_delete(d->ctx);
	if (d->library_log)
		fclose(d->library_log);
	d->ctx = NULL;
	d->library_log = NULL;
}

int dns_create(struct dns **out, struct loop *l, const struct dns_conf *conf)
{
	static const cookie_io_functions_t log_io = { .write = on_library_log };
	struct dns *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	dns_events_init(&d->events, l);
	d->loop = l;
	d->timeout_ms = conf->timeout_ms ? conf->timeout_ms : TIMEOUT_MS;
	list_init(&d->open);
	list_init(&d->finished);
	int err = -ENOMEM;
	d->ctx = ub_ctx_create_ub_event(&d->events.base);
	if (!d->ctx)
		goto fail;
	d->library_log = fopencookie(NULL, "w", log_io);
	if (!d->library_log)
		goto fail;
	setvbuf(d->library_log, NULL, _IOLBF, 0);
	ub_ctx_debugout(d->ctx, d->library_log);
	err = dns_setup(d->ctx, conf);
	if (!err)
		err = start_engine(d);
	if (err)
		goto fail;
	d->tell = (struct turn_hook){ .fn = on_tell, .arg = d };
	*out = d;
	return 0;
fail:
	dns_destroy(d);
	free(d);
	return err;
}

static void drop_all(struct list *head)
{
	LIST_EACH (it, tmp, head) {
		struct question *q = container_of(it, struct question, node);
		timer_stop(&q->timer);
		free(q);
	}
	list_init(head);
}

static void on_release(void *arg)
{
	free(arg);
}

void dns_free(struct dns *d)
{
	if (!d || d->closing)
		return;
	d->closing = true;
	loop_cancel_turn_end(&d->tell);
	dns_destroy(d); /* ends the open questions, calling on_resolved() */
	drop_all(&d->open);
	drop_all(&d->finished);
	/* on_tell() may be what called us. */
	d->release = (struct turn_hook){ .fn = on_release, .arg = d };
	loop_at_turn_end(d->loop, &d->release);
}
