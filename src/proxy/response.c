/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of the answers of the branches (RFC 3261 16.7). */
#include <errno.h>

#include "proxy/parts.h"

enum { RESPONSE_ARENA_MAX = 1024 * 1024 };

static void send_final(struct proxy_request *r, struct ctrans *c,
		       const struct sip_msg *m)
{
	uint16_t status = m->status;
	uint8_t first[PROXY_WIRE_BYTES];
	struct buf b;
	buf_init_lent(&b, first, sizeof(first));
	int err = upstream_build(r, c, m, &b);
	if (!err)
		request_final(r, &(struct final){ .status = status,
						  .bytes = buf_slice(&b),
						  .branch = c });
	else if (err != -ECANCELED)
		reply_refuse(r,
			     err == -ENOMEM ? &PROXY_REJ_OVERLOAD
					    : &PROXY_REJ_INTERNAL,
			     NULL);
	buf_free(&b);
}

/* Sends what is not the first final response: 1xx, a further 2xx. */
static void send_more(struct proxy_request *r, struct ctrans *c,
		      const struct sip_msg *m, enum txn_event event)
{
	uint8_t first[PROXY_WIRE_BYTES];
	struct buf b;
	buf_init_lent(&b, first, sizeof(first));
	if (upstream_build(r, c, m, &b) == 0)
		strans_event(r, event,
			     &(struct txn_in){ .bytes = buf_slice(&b) });
	buf_free(&b);
}

void response_provisional(struct ctrans *c, const struct sip_msg *m)
{
	if (m->status > 100 && !c->request->done)
		send_more(c->request, c, m, EV_TU_1XX);
}

void response_success(struct ctrans *c, const struct sip_msg *m)
{
	struct proxy_request *r = c->request;
	if (!r->done)
		send_final(r, c, m);
	else if (r->txn.state == TXN_ACCEPTED)
		send_more(r, c, m, EV_TU_2XX);
}

/* 503 says that we were asked too often, which only we may say upstream: who
 * says so and for how long has to be part of ourselves (step 6). */
static bool says_for_us(const struct ctrans *c, const struct sip_msg *m)
{
	return c->own && sip_header(m, SIP_H_RETRY_AFTER);
}

static void send_best(struct proxy_request *r, struct ctrans *c,
		      const struct sip_msg *m)
{
	if (m->status == 503 && !says_for_us(c, m))
		proxy_reply(r, &(struct sip_reply){ .status = 500 });
	else
		send_final(r, c, m);
}

/* Does the owner answer in place of the branches? */
static bool taken(struct proxy_request *r, uint16_t status)
{
	struct proxy *p = r->proxy;
	if (!r->taken && !r->cancelled && p->ops.on_failed)
		r->taken = p->ops.on_failed(p->arg, r, status);
	return r->taken;
}

void response_settle(struct proxy_request *r)
{
	struct best *b = &r->best;
	if (r->done || r->hold || r->pending || !b->rank ||
	    taken(r, b->reject ? b->reject->status : b->msg.status))
		return;
	if (!b->reject)
		send_best(r, b->branch, &b->msg);
	else
		reply_refuse(r, r->cancelled ? &PROXY_REJ_CANCELLED : b->reject,
			     NULL);
}

void response_failure(struct ctrans *c, const struct sip_msg *m)
{
	struct proxy_request *r = c->request;
	if (r->done)
		return;
	/* RFC 3263 4.3; RFC 5626 5.3: the flow has failed */
	if ((m->status == 503 || m->status == 430) && failover_next(c))
		return;
	if (c->timed_out && m->status == 487 && !r->cancelled) {
		response_local(r, c, &PROXY_REJ_TIMEOUT);
		return;
	}
	if (r->pending || r->hold || !best_beats(&r->best, m->status)) {
		best_keep_challenges(c, m);
		best_offer(r, c, m);
		if (m->status >= 600)
			cancel_branches(r, m->status);
		response_settle(r);
	} else if (!taken(r, m->status)) {
		send_best(r, c, m); /* the common case: no copy */
	}
}

void response_local(struct proxy_request *r, struct ctrans *c,
		    const struct reject *reject)
{
	if (r->done)
		return;
	best_offer_local(r, c, reject);
	response_settle(r);
}

/* Is this an answer to what we sent on that branch? (17.1.3) */
static bool response_fits(const struct ctrans *c, const struct sip_msg *m)
{
	const struct proxy *p = c->request->proxy;
	const struct sip_msg *q = &c->request->msg;
	if (m->request || !slice_eq(m->via.branch, c->branch) ||
	    !slice_ieq(m->via.host, p->own.host) ||
	    m->via.port != p->own.port || m->cseq != q->cseq ||
	    !slice_eq(m->call_id, q->call_id))
		return false;
	return m->method == q->method
		       ? m->method != SIP_METHOD_UNKNOWN ||
				 slice_eq(m->method_text, q->method_text)
		       : m->method == SIP_CANCEL && c->cancel_sent;
}

static void response_dispatch(struct ctrans *c, const struct sip_msg *m)
{
	struct txn_in in = { .msg = m };
	enum txn_event event = EV_300_699;
	if (m->method == SIP_CANCEL && c->request->msg.method != SIP_CANCEL)
		return; /* the answer to our CANCEL says nothing more */
	if (m->status < 200)
		event = EV_1XX;
	else if (m->status < 300)
		event = EV_2XX;
	if (!ctrans_event(c, event, &in))
		metric_add(M_SIP_STRAY, 1);
}

static struct ctrans *find_asked(struct proxy *p, uint64_t txn, uint16_t branch,
				 const struct proxy_hop *from)
{
	struct ctrans *c = ctrans_find(p, txn, branch);
	metric_add(M_SIP_RESPONSES, 1);
	if (c && slice_eq(c->hop.peer, from->peer))
		return c;
	metric_add(M_SIP_STRAY, 1);
	return NULL;
}

static void take(struct ctrans *c, const struct sip_msg *m)
{
	struct proxy *p = c->request->proxy;
	proxy_enter(p);
	if (response_fits(c, m))
		response_dispatch(c, m);
	else
		metric_add(M_SIP_STRAY, 1);
	proxy_leave(p);
}

void proxy_response_msg(struct proxy *p, uint64_t txn, uint16_t branch,
			const struct proxy_hop *from, const struct sip_msg *m)
{
	struct ctrans *c = find_asked(p, txn, branch, from);
	if (c)
		take(c, m);
}

void proxy_response(struct proxy *p, uint64_t txn, uint16_t branch,
		    const struct proxy_hop *from, struct slice bytes)
{
	struct ctrans *c = find_asked(p, txn, branch, from);
	struct sip_msg m;
	struct arena *a =
		c ? arena_create(SIP_VIEW_BYTES, RESPONSE_ARENA_MAX) : NULL;
	if (!a)
		return;
	const struct reject *bad = sip_parse(a, bytes, &p->response_limits, &m);
	if (bad)
		metric_add(bad->metric, 1);
	else
		take(c, &m);
	arena_free(a);
}

const struct sip_limits *proxy_response_limits(const struct proxy *p)
{
	return &p->response_limits;
}
