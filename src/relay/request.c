/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message of a client: decode, check, apply, reply, in that order. Which
 * messages there are and what they need is the dialect's table; the order of
 * the checks is here, once (RFC 8489 9.2.4, RFC 8656 5).
 */
#include <errno.h>

#include "base/log.h"
#include "base/metrics.h"
#include "relay/discovery.h"
#include "relay/home_users.h"
#include "relay/link.h"
#include "relay/mobility.h"
#include "relay/reject.h"
#include "relay/request.h"
#include "stun/frame.h"

enum { IP_UDP_BYTES = 28, AMPLIFIED_MAX = 3 };

static const struct rule *rule_of(const struct relay_dialect *d,
				  const struct stun_msg *m)
{
	for (size_t i = 0; i < d->rule_count; i++) {
		if (d->rules[i].method == m->method &&
		    d->rules[i].class == m->cls)
			return &d->rules[i];
	}
	return NULL;
}

/* ---- replies ---- */

struct reply {
	uint8_t bytes[FRAME_MS_HEADER_BYTES + REPLY_BYTES];
	struct stun_writer w;
};

static void reply_begin(struct reply *y, struct request *q,
			enum stun_class class)
{
	/* what is longer than this is written over the request */
	bool over = q->padded && q->packet->len > REPLY_BYTES;
	stun_writer_init(&y->w, q->relay->hasher,
			 over ? q->packet->ptr
			      : y->bytes + FRAME_MS_HEADER_BYTES,
			 over ? q->packet->len : REPLY_BYTES);
	stun_begin_reply(&y->w, q->m, class);
}

static bool is_datagram(const struct request *q)
{
	return q->flow->transport == RELAY_UDP;
}

/* Who has not proven anything gets little, and not often (TURN-04). */
static bool may_answer(struct request *q, size_t len)
{
	struct relay *r = q->relay;
	if (q->proven)
		return true;
	bool small = len + IP_UDP_BYTES <=
		     AMPLIFIED_MAX * (q->m->raw.len + IP_UDP_BYTES);
	if (is_datagram(q) &&
	    (!small || ((!q->alloc || q->elsewhere) &&
			!strangers_pass(&r->strangers, &q->flow->client,
					relay_now(r))))) {
		metric_add(M_TURN_UNANSWERED, 1);
		return false;
	}
	return true;
}

static struct slice reply_end(struct stun_writer *w, const struct request *q)
{
	if (q->proven)
		stun_put_integrity(w, stun_key_bytes(&q->proof.key),
				   q->proof.sha256);
	if (stun_has(q->m, STUN_F_FINGERPRINT))
		stun_put_fingerprint(w);
	return stun_end(w);
}

struct slice request_answer(struct request *q, const struct reject *why,
			    uint8_t out[static REPLY_BYTES])
{
	struct stun_writer w;
	stun_writer_init(&w, q->relay->hasher, out, REPLY_BYTES);
	stun_begin_reply(&w, q->m, why ? STUN_ERROR : STUN_SUCCESS);
	if (why)
		stun_put_error(&w, why->status, slice_str(why->reason));
	return reply_end(&w, q);
}

static void reply_send(struct reply *y, struct request *q)
{
	struct relay *r = q->relay;
	struct slice whole = reply_end(&y->w, q);
	if (slice_empty(whole) || !may_answer(q, whole.len))
		return;
	if (q->flow->transport == RELAY_MS_TCP) {
		frame_ms_head(y->bytes, true, (uint16_t)whole.len);
		whole = slice_of(y->bytes, whole.len + FRAME_MS_HEADER_BYTES);
	}
	const struct relay_out out = { .bytes = whole,
				       .borrowed =
					       whole.ptr == q->packet->ptr };
	r->ops.to_client(r->arg, q->elsewhere ? &q->back : q->flow, &out);
}

static struct stun_path path_of(const struct request *q)
{
	return (struct stun_path){
		.client = relay_addr_to(&q->flow->client),
		.server = relay_addr_to(&q->flow->local),
		.transport = q->flow->transport,
	};
}

static void put_challenge(struct request *q, struct stun_writer *w)
{
	struct stun_path path = path_of(q);
	metric_add(M_TURN_CHALLENGES, 1);
	stun_auth_put_challenge(&q->relay->auth, w, &path,
				q->relay->ops.now_s(q->relay->arg));
	if (q->dialect->challenge)
		q->dialect->challenge(q, w);
}

/* RFC 8489 10: of the family that the client came by. */
static void put_alternate(const struct request *q, struct stun_writer *w)
{
	struct relay_addr at = relay_alternate(q->relay, q->flow);
	struct addr told = relay_addr_to(&at);
	stun_put_addr(w, STUN_F_ALTERNATE_SERVER, &told);
}

static void refuse(struct request *q, const struct rule *rule,
		   const struct reject *why)
{
	struct reply y;
	int code = q->dialect->code(why, q);
	metric_add(why->metric, 1);
	if (code == 0 || rule->flags & RULE_SILENT || q->m->cls != STUN_REQUEST)
		return;
	reply_begin(&y, q, STUN_ERROR);
	stun_put_error(&y.w, code,
		       q->proven ? slice_str(why->reason) : SLICE_NONE);
	if (why == &relay_rej_alternate)
		put_alternate(q, &y.w);
	if (code == relay_rej_unknown.status)
		stun_put_unknown(&y.w, q->m);
	if (stun_auth_challenges(why))
		put_challenge(q, &y.w);
	reply_send(&y, q);
}

static void confirm(struct request *q, const struct rule *rule)
{
	struct reply y;
	if (rule->flags & RULE_SILENT || q->m->cls != STUN_REQUEST || q->later)
		return;
	reply_begin(&y, q, STUN_SUCCESS);
	if (rule->answer)
		rule->answer(q, &y.w);
	reply_send(&y, q);
	if (q->join)
		q->relay->ops.links->join(q->relay->arg, q->flow, q->join);
}

/* ---- checks ---- */

static const struct reject *check_user(struct request *q)
{
	struct relay *r = q->relay;
	struct stun_path path = path_of(q);
	struct stun_known known = { .key = NULL };
	struct relay_alloc *a = q->alloc;
	bool knows = a && a->dialect == q->dialect;
	if (knows) {
		known.key = &a->key;
		known.user = a->user;
		if (a->ms)
			known.nonce = slice_of(a->ms->nonce, a->ms->nonce_len);
	}
	r->auth.arg = q;
	const struct reject *why =
		stun_auth_check(&r->auth, q->m, &path, knows ? &known : NULL,
				r->ops.now_s(r->arg), &q->proof);
	r->auth.arg = NULL;
	q->proven = !why;
	if (why && q->by_home)
		home_users_wrong(q);
	return why;
}

const struct reject *request_check_alloc(const struct request *q)
{
	if (!q->alloc || q->alloc->dialect != q->dialect)
		return &relay_rej_no_allocation;
	if (q->proven && q->proof.user != q->alloc->user)
		return &relay_rej_other_user;
	return NULL;
}

static const struct reject *check(struct request *q, const struct rule *rule,
				  int parsed)
{
	const struct reject *why = NULL;
	if (parsed)
		return &relay_rej_bad;
	if (rule->flags & RULE_AUTH)
		why = check_user(q);
	if (!why && q->m->unknown_count)
		why = &relay_rej_unknown;
	if (!why && rule->flags & RULE_ALLOC)
		why = request_check_alloc(q);
	return why ? why : rule->act ? rule->act(q) : NULL;
}

/* What is no message of the dialect: on a stream nothing sensible follows. */
static void not_ours(struct relay *r, const struct relay_flow *flow)
{
	metric_add(M_TURN_NOT_OURS, 1);
	if (flow->transport != RELAY_UDP && flow->transport != RELAY_DTLS)
		r->ops.hang_up(r->arg, flow);
}

/* The move itself is no use of the new 5-tuple: its answer may be lost. */
static void heard(const struct request *q)
{
	const struct relay_mobility *m = q->alloc->mobility;
	if (memcmp(m->last_id, q->m->id, sizeof(m->last_id)) != 0)
		mobility_heard(q->alloc, q->flow);
}

void request_handle(struct relay *r, const struct relay_flow *flow,
		    const struct relay_packet *p, const struct relay_dialect *d)
{
	struct stun_msg m;
	int parsed = stun_parse(&m, d->wire, slice_of(p->ptr, p->len));
	if (parsed == -EBADMSG) {
		not_ours(r, flow);
		return;
	}
	struct request q = { .relay = r,
			     .flow = flow,
			     .packet = p,
			     .dialect = d,
			     .m = &m,
			     .alloc = alloc_find(r, flow) };
	const struct rule *rule = rule_of(d, &m);
	discovery_limit(r, flow, &m);
	if (!rule) {
		metric_add(relay_rej_drop.metric, 1);
		return;
	}
	const struct reject *why = check(&q, rule, parsed);
	if (!why && q.alloc && q.alloc->mobility)
		heard(&q);
	if (!why)
		confirm(&q, rule);
	else if (why != &stun_rej_ask) /* it waits for the user's key */
		refuse(&q, rule, why);
	crypto_wipe(&q.proof.key, sizeof(q.proof.key));
}
