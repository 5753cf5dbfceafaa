/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Once a second, for each partner: is it still there, is it still needed, does
 * it still answer?
 *
 *   keep-alive  a quiet connection is pinged with CRLF CRLF (RFC 5626 4.4.1).
 *               Who has answered one before and does not any more is gone;
 *               many servers never answer, and of these nothing is concluded:
 *               the kernel's own probes find those that vanished (NET-01).
 *   idle        what nobody used for long is closed, extra ones sooner.
 *   silence     requests that are taken and not answered: after five in a row
 *               others are refused at once, and an OPTIONS every 30 seconds
 *               finds out when the partner is back (NET-02).
 */
#include <inttypes.h>
#include <stdio.h>

#include "edge/partner_int.h"
#include "sip/edit.h"

enum {
	PING_MS = 60000,
	PING_SPREAD_MS = 10000,
	PONG_MS = 10000,
	IDLE_MS = 600000,
	IDLE_EXTRA_MS = 60000,
	STABLE_MS = 60000,
	MARGIN_MS = 1000, /* after the sender was told */
	SILENT_AFTER = 5, /* requests in a row */
	PROBE_EVERY_MS = 30000,
	PROBE_WAIT_MS = 10000,
	AVOID_BUSY_S = 5, /* a server that said 503 */
	AVOID_BUSY_MAX_S = 60,
	MS_PER_S = 1000,
};

static const uint64_t PROBE_TXN = UINT64_MAX; /* no transaction of ours */

static bool silent_too_long(const struct partner *p,
			    const struct partner_link *l, uint64_t now)
{
	return l->pinged_ms && now - l->pinged_ms >= PONG_MS && p->pongs;
}

static bool unused(const struct partner *p, const struct partner_link *l,
		   uint64_t now)
{
	uint64_t limit = p->link_count > 1 ? IDLE_EXTRA_MS : IDLE_MS;
	return !l->flow->pending.map.count && now - l->used_ms >= limit;
}

static void ping(struct partner_link *l, uint64_t now)
{
	/* not all partners at the same moment */
	uint64_t after = PING_MS - l->flow->id % PING_SPREAD_MS;
	if (l->pinged_ms && now - l->pinged_ms >= PONG_MS) {
		l->pinged_ms = 0; /* it answers none */
		l->heard_ms = now;
	}
	if (!l->pinged_ms && now - l->heard_ms >= after &&
	    !conn_write(l->flow->conn, SLICE_LIT("\r\n\r\n")))
		l->pinged_ms = now;
}

void partner_ponged(struct flow *f)
{
	struct partner_link *l = f->link;
	if (!l->pinged_ms || !l->partner)
		return;
	l->pinged_ms = 0;
	l->partner->pongs = true;
}

static void go_silent(struct partner *p, uint64_t now)
{
	p->silent = true;
	p->probing = false;
	p->probe_ms = now + PROBE_EVERY_MS;
	snprintf(p->text, sizeof(p->text),
		 "it takes requests and answers none");
	partner_say(p);
	partner_fail_waiting(p, EDGE_PARTNER_SILENT);
}

void partner_silence_ends(struct partner *p)
{
	p->timeouts = 0;
	p->probing = false;
	if (!p->silent)
		return;
	p->silent = false;
	partner_say(p);
}

static void keep_link(struct partner *p, struct partner_link *l, uint64_t now)
{
	struct flow *f = l->flow;
	uint64_t patience =
		p->edge->current->conf->request_timeout_ms + MARGIN_MS;
	if (!conn_ready(f->conn))
		return;
	if (now - l->ready_ms >= STABLE_MS)
		p->backoff_ms = 0;
	if (now > patience)
		p->timeouts +=
			(unsigned)pending_expire(&f->pending, now - patience);
	if (silent_too_long(p, l, now)) {
		LOG_LIMITED(LOG_INFO, "conn.slow", slice_str(f->source),
			    KV_STR("source", f->source),
			    KV_STR("peer", f->peer), KV_STR("why", "pong"));
		flow_end(f, false);
	} else if (unused(p, l, now)) {
		flow_end(f, true);
	} else {
		ping(l, now);
	}
}

/* -- the probe -- */

/* Who may ask: a domain of ours, which a partner lets in. */
static void write_probe(struct edge *e, const char *target, struct buf *out)
{
	struct branch_ref ref = { .slot = (uint16_t)e->slot,
				  .incarnation = e->incarnation,
				  .txn = PROBE_TXN };
	const struct access_conf *a = &e->current->conf->access;
	buf_printf(out,
		   "OPTIONS sip:%s;transport=tls SIP/2.0\r\n"
		   "Via: SIP/2.0/TLS %s;rport;branch=z9hG4bK",
		   target, e->name);
	if (token_branch_write(&e->seals, e->sealer, &ref, out))
		out->failed = true;
	buf_printf(
		out,
		"\r\nMax-Forwards: 70\r\n"
		"From: <sip:%.*s>;tag=%" PRIx64 "\r\nTo: <sip:%s>\r\n"
		"Call-ID: %" PRIx64 "@%s\r\nCSeq: 1 OPTIONS\r\n"
		"Content-Length: 0\r\n\r\n",
		SLICE_FMT(a->domain_count ? a->domains[0] : slice_str(e->name)),
		crypto_random_u64(), target, crypto_random_u64(), e->name);
}

void partner_probe(struct partner *p, struct partner_link *l)
{
	struct buf b;
	buf_init(&b, 0);
	write_probe(p->edge, l->target, &b);
	if (!buf_failed(&b) && !conn_write(l->flow->conn, buf_slice(&b))) {
		p->probing = true;
		p->probed_ms = timers_now(p->edge->timers);
	}
	buf_free(&b);
}

/* The next one is to find a new connection. */
static void probe_failed(struct partner *p)
{
	p->probing = false;
	LIST_EACH (it, tmp, &p->links) {
		struct partner_link *l =
			container_of(it, struct partner_link, node);
		if (!l->flow->ending)
			flow_end(l->flow, false);
	}
}

static void keep_probing(struct partner *p, uint64_t now)
{
	if (p->probing && now - p->probed_ms >= PROBE_WAIT_MS)
		probe_failed(p);
	if (p->probing || now < p->probe_ms)
		return;
	p->probe_ms = now + PROBE_EVERY_MS;
	if (list_empty(&p->links))
		partner_dial(p); /* and partner_ready() goes on */
	else
		partner_probe(p, container_of(p->links.next,
					      struct partner_link, node));
}

void partner_sweep(struct partner *p)
{
	uint64_t now = timers_now(p->edge->timers);
	LIST_EACH (it, tmp, &p->links)
		keep_link(p, container_of(it, struct partner_link, node), now);
	if (p->timeouts >= SILENT_AFTER && !p->silent)
		go_silent(p, now);
	if (p->silent)
		keep_probing(p, now);
}

/* -- answers -- */

/* It is busy: RFC 3261 21.5.4. */
static void note_busy(struct partner_link *l, const struct sip_msg *m)
{
	const struct sip_header *h = sip_header(m, SIP_H_RETRY_AFTER);
	uint32_t s = AVOID_BUSY_S;
	if (h && (sip_delta_seconds(h->value, &s) || s == 0))
		s = AVOID_BUSY_S;
	if (s > AVOID_BUSY_MAX_S)
		s = AVOID_BUSY_MAX_S;
	partner_avoid(l->partner, l->target, s * MS_PER_S);
}

bool partner_answered(struct flow *f, const struct branch_ref *ref,
		      const struct sip_msg *m)
{
	struct partner_link *l = f->link;
	struct edge *e = f->edge;
	bool probe = ref->txn == PROBE_TXN && ref->slot == e->slot &&
		     ref->incarnation == e->incarnation;
	if (!l->partner || m->status == 100)
		return probe;
	l->used_ms = timers_now(e->timers);
	partner_silence_ends(l->partner);
	if (m->status == 503 && !probe)
		note_busy(l, m);
	return probe;
}
