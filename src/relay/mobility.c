/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 8016. A ticket is a sealed name of an allocation and of how often it
 * moved: it is good for one move, or for the same request sent again. It is no
 * credential; who shows it signs as its user as always, and his nonce proves
 * that he hears at the new address.
 */
#include "relay/mobility.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "relay/fast.h"
#include "relay/reject.h"
#include "relay/ticket.h"

enum { ID_BITS = 40 };

int mobility_open(struct relay *r)
{
	int err = map_init(&r->mobile);
	if (!err)
		err = map_init(&r->moved);
	return err ? err : crypto_random(&r->life, sizeof(r->life));
}

void mobility_close(struct relay *r)
{
	map_free(&r->mobile);
	map_free(&r->moved);
	crypto_wipe(r->ticket_keys, sizeof(r->ticket_keys));
}

int mobility_key(struct relay *r,
		 const uint8_t nonce_key[static STUN_NONCE_KEY_BYTES])
{
	return ticket_keys(slice_of(nonce_key, STUN_NONCE_KEY_BYTES),
			   r->ticket_keys);
}

static uint64_t short_id(uint64_t id)
{
	return id & ((UINT64_C(1) << ID_BITS) - 1);
}

void mobility_put(const struct request *q, struct stun_writer *w)
{
	const struct relay_alloc *a = q->alloc;
	struct relay *r = q->relay;
	char text[TICKET_TEXT];
	if (!a || !a->mobility || !stun_has(q->m, STUN_F_MOBILITY_TICKET))
		return;
	const struct ticket t = { .column = (uint8_t)r->column,
				  .id = short_id(a->id),
				  .life = r->life,
				  .moves = a->mobility->moves };
	if (ticket_seal(r->hasher, r->ticket_keys, &t, text) == 0)
		stun_put(w, STUN_F_MOBILITY_TICKET,
			 slice_of(text, sizeof(text)));
}

/* ---- which allocations may move ---- */

const struct reject *mobility_check(const struct request *q)
{
	if (!stun_has(q->m, STUN_F_MOBILITY_TICKET))
		return NULL;
	if (!q->relay->conf.mobility)
		return &relay_rej_mobility;
	return stun_value(q->m, STUN_F_MOBILITY_TICKET).len ? &relay_rej_bad
							    : NULL;
}

int mobility_begin(struct relay_alloc *a)
{
	struct relay_mobility *m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->id = short_id(a->id);
	int err = map_insert(&a->relay->mobile, &m->by_id, map_key_u64(&m->id));
	if (err) {
		free(m);
		return err;
	}
	m->alloc = a;
	a->mobility = m;
	return 0;
}

static bool same_flow(const struct relay_flow *a, const struct relay_flow *b)
{
	return memcmp(a, b, RELAY_FLOW_KEY) == 0;
}

static void hang_up(struct relay *r, const struct relay_flow *flow)
{
	if (flow->conn || relay_flow_away(flow))
		r->ops.hang_up(r->arg, flow);
}

/* The I/O is told last: it may call back. */
static void forget_old(struct relay_alloc *a, bool ends)
{
	struct relay_mobility *m = a->mobility;
	if (!m->has_old)
		return;
	struct relay_flow old = m->old;
	map_remove(&a->relay->moved, &m->by_old);
	m->has_old = false;
	if (ends)
		hang_up(a->relay, &old);
}

void mobility_end(struct relay_alloc *a)
{
	if (!a->mobility)
		return;
	forget_old(a, true);
	map_remove(&a->relay->mobile, &a->mobility->by_id);
	free(a->mobility);
	a->mobility = NULL;
}

struct relay_alloc *mobility_find_old(const struct relay *r,
				      const struct relay_flow *flow)
{
	struct map_node *n =
		r->moved.count
			? map_find(&r->moved, slice_of(flow, RELAY_FLOW_KEY))
			: NULL;
	return n ? container_of(n, struct relay_mobility, by_old)->alloc : NULL;
}

/* ---- the move ---- */

static void bindings_follow(struct relay_alloc *a)
{
	struct slots *s = a->relay->slots;
	for (uint32_t i = a->slots; i != SLOT_NONE; i = slots_next(s, i)) {
		fast_unbind(a, slots_at(s, i));
		slots_move(s, i, &a->flow);
		fast_bind(a, i);
	}
}

/* From the old 5-tuple packets are taken until the new one is used: they may
 * be on their way. */
static void keep_old(struct relay_alloc *a, const struct relay_flow *old,
		     bool lost)
{
	struct relay_mobility *m = a->mobility;
	m->old = *old;
	m->has_old =
		!lost && map_insert(&a->relay->moved, &m->by_old,
				    slice_of(&m->old, RELAY_FLOW_KEY)) == 0;
	if (!lost && !m->has_old)
		hang_up(a->relay, old);
}

static void log_move(const struct relay_alloc *a, const struct relay_flow *old)
{
	char from[ADDR_TEXT_MAX], to[ADDR_TEXT_MAX];
	struct addr before = relay_addr_to(&old->client);
	struct addr now = relay_addr_to(&a->flow.client);
	metric_add(M_TURN_MOVED, 1);
	LOG(LOG_INFO, "turn.moved", KV_U64("id", a->id),
	    KV_SLICE("user", slice_of(a->name, a->name_len)),
	    KV_STR("from", addr_text(&before, from)),
	    KV_STR("to", addr_text(&now, to)),
	    KV_STR("transport", relay_transport_name(a->flow.transport)));
}

static void move(struct relay_alloc *a, const struct request *q)
{
	struct relay *r = a->relay;
	struct relay_mobility *m = a->mobility;
	struct relay_flow old = a->flow;
	bool lost = m->lost;
	forget_old(a, !same_flow(&m->old, q->flow));
	map_remove(&r->allocs, &a->node);
	a->flow = *q->flow;
	m->lost = false;
	m->moves++;
	memcpy(m->last_id, q->m->id, sizeof(m->last_id));
	/* one went out before, and nobody has that key: it cannot fail */
	(void)map_insert(&r->allocs, &a->node,
			 slice_of(&a->flow, RELAY_FLOW_KEY));
	keep_old(a, &old, lost);
	bindings_follow(a);
	log_move(a, &old);
}

/* Of this process, as it runs now. */
static struct relay_alloc *find_ticket(const struct relay *r,
				       const struct ticket *t)
{
	struct map_node *n = t->life == r->life
				     ? map_find(&r->mobile, map_key_u64(&t->id))
				     : NULL;
	return n ? container_of(n, struct relay_mobility, by_id)->alloc : NULL;
}

static const struct reject *pass_on(struct request *q, uint32_t slot)
{
	struct relay *r = q->relay;
	if (q->alloc)
		return &relay_rej_has_allocation;
	if (!r->ops.hand_over ||
	    r->ops.hand_over(r->arg, slot, q->flow, q->packet))
		return &relay_rej_no_allocation;
	q->later = true;
	return NULL;
}

/* RFC 8016 3.2.2. The old ticket is good once more while the new 5-tuple was
 * not used: the new ticket may have been lost. */
static const struct reject *check_move(const struct request *q,
				       const struct relay_alloc *a,
				       const struct ticket *t)
{
	const struct relay_mobility *m = a->mobility;
	bool stream = q->flow->transport == RELAY_TCP ||
		      q->flow->transport == RELAY_TLS;
	if (a->user != q->proof.user)
		return &relay_rej_other_user;
	if (same_flow(q->flow, &a->flow))
		return &relay_rej_bad;
	if (t->moves != m->moves &&
	    !(m->has_old && (uint16_t)(t->moves + 1) == m->moves))
		return &relay_rej_bad;
	if (q->alloc && q->alloc != a)
		return &relay_rej_has_allocation;
	for (unsigned f = 0; f < 2; f++) {
		if (a->port[f] && a->port[f]->tcp && !stream)
			return &relay_rej_bad;
	}
	return NULL;
}

static bool is_again(const struct request *q, const struct relay_alloc *a,
		     const struct ticket *t)
{
	const struct relay_mobility *m = a->mobility;
	return a->user == q->proof.user && same_flow(q->flow, &a->flow) &&
	       (uint16_t)(t->moves + 1) == m->moves &&
	       memcmp(m->last_id, q->m->id, sizeof(m->last_id)) == 0;
}

const struct reject *mobility_refresh(struct request *q)
{
	struct relay *r = q->relay;
	struct ticket t;
	if (!r->conf.mobility)
		return &relay_rej_mobility;
	if (ticket_open(r->hasher, r->ticket_keys,
			stun_value(q->m, STUN_F_MOBILITY_TICKET), &t))
		return &relay_rej_bad;
	if (t.column != (uint8_t)r->column)
		return pass_on(q, t.column);
	struct relay_alloc *a = find_ticket(r, &t);
	if (!a)
		return &relay_rej_bad;
	if (!is_again(q, a, &t)) {
		const struct reject *why = check_move(q, a, &t);
		if (!why)
			why = alloc_recharge(a, &q->flow->client);
		if (why)
			return why;
		move(a, q);
	}
	q->alloc = a;
	return NULL;
}

/* ---- what happens meanwhile ---- */

void mobility_heard(struct relay_alloc *a, const struct relay_flow *flow)
{
	if (same_flow(flow, &a->flow))
		forget_old(a, true);
}

bool mobility_lost(struct relay_alloc *a, const struct relay_flow *flow)
{
	struct relay_mobility *m = a->mobility;
	if (!m)
		return false;
	if (!same_flow(flow, &a->flow)) {
		forget_old(a, false);
		return true;
	}
	forget_old(a, true);
	a->flow.conn = NULL;
	m->lost = true;
	alloc_wait(a, MOBILITY_LOST_MS);
	return true;
}
