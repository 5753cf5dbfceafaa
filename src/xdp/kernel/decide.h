/* SPDX-License-Identifier: Apache-2.0 */
/* Next hop, caps, and everything else that may still say no. Part of
 * xdp/forward.h; needs the other hooks. */
#pragma once

#include "xdp/kernel/find.h"
#include "xdp/kernel/sum.h"

/* A copy that nobody wrote meanwhile. */
FWD enum plane_reason take_hop(struct plan *d, uint64_t now_ms)
{
	struct plane_hop *row = hook_hop(d->slot->hop[d->way & 1]);
	if (!row)
		return PLANE_NO_NEXTHOP;
	volatile uint32_t *sequence = &row->sequence;
	uint32_t before = *sequence;
	d->hop = *row;
	OPAQUE(before);
	if (before & 1 || *sequence != before || !d->hop.valid)
		return PLANE_NO_NEXTHOP;
	if (plan_length(d) > d->hop.mtu)
		return PLANE_MTU;
	if (now_ms < d->hop.probe_ms)
		return PLANE_REASONS;
	row->probe_ms = now_ms + PLANE_PROBE_MS;
	return PLANE_PROBE;
}

/* When a bucket is empty again after these bytes, or 0: they do not fit. */
FWD uint64_t next_tat(uint64_t tat, uint64_t now_ns, uint64_t bytes,
		      uint64_t scale)
{
	uint64_t cost = bytes * scale >> FIXED_POINT;
	uint64_t next = (tat > now_ns ? tat : now_ns) + cost;
	return next > now_ns + PLANE_BURST_NS ? 0 : next;
}

/* Who comes in between pays for both: a packet's credit at most. */
FWD int charge_cell(uint32_t index, uint64_t scale, uint64_t now_ns,
		    uint64_t bytes)
{
	struct plane_cell *c = hook_cell(index);
	if (!c)
		return 1;
	uint64_t was = c->tat_ns, next = next_tat(was, now_ns, bytes, scale);
	if (next)
		__sync_fetch_and_add(&c->tat_ns, next - was);
	return next != 0;
}

FWD enum plane_reason charge(const struct plane_slot *x, uint32_t way,
			     uint64_t bytes, uint64_t now_ms)
{
	uint64_t now_ns = now_ms * 1000000, next;
	if (x->purse == PLANE_NONE)
		return PLANE_REASONS;
	struct plane_purse *m = hook_purse(x->purse);
	if (!m)
		return PLANE_REASONS;
	if (m->port_scale) {
		next = next_tat(m->tat_ns[way & 1], now_ns, bytes,
				m->port_scale);
		if (!next)
			return PLANE_QUOTA_SLOT;
		m->tat_ns[way & 1] = next;
	}
	for (uint32_t i = 0; i < PLANE_SHARED; i++) {
		if (m->shared_scale[i] &&
		    !charge_cell(m->cell[i], m->shared_scale[i], now_ns, bytes))
			return PLANE_QUOTA_SHARED;
	}
	return PLANE_REASONS;
}

/* Does it count, and does its process live? */
FWD enum plane_reason stands(const struct plane_control *c,
			     const struct plane_slot *x, uint32_t way,
			     uint32_t index, uint64_t now_ms)
{
	uint32_t each = c->slots_each;
	const struct plane_beat *beat = each ? hook_beat(index / each) : 0;
	if (!beat || beat->until_ms <= now_ms)
		return PLANE_STUCK;
	return x->expires_ms[way & 1] <= now_ms ? PLANE_EXPIRED : PLANE_REASONS;
}

/* The peer is another client's relayed address: his binding of ours is where
 * it goes on. Without one his relay process decides. */
FWD enum plane_reason cross(const struct plane_control *c, struct packet *p,
			    struct plan *d, uint64_t now_ms)
{
	const struct plane_slot *x = d->first = d->slot;
	const struct plane_ends *e = &x->ends[PLANE_DOWN];
	uint32_t index = 0;
	__builtin_memcpy(p->key.from, e->to, 16);
	__builtin_memcpy(p->key.to, e->from, 16);
	p->key.port_from = x->port[PLANE_DOWN][1];
	p->key.port_to = x->port[PLANE_DOWN][0];
	p->key.channel = 0;
	p->key.way = PLANE_INSIDE;
	d->slot = find(c->seed, &p->key, x->flags & PLANE_PEER6, &index);
	d->way = PLANE_DOWN;
	return d->slot ? stands(c, d->slot, PLANE_DOWN, index, now_ms)
		       : PLANE_NO_ENTRY;
}

/* Time to live and caps, where it comes in and where it goes out; a drop is
 * that binding's. */
FWD enum plane_reason pay(struct plane_slot *x, uint32_t way, uint32_t ttl,
			  uint64_t bytes, uint64_t now_ms)
{
	struct plane_count *n = &x->count[way & 1];
	enum plane_reason why =
		ttl <= 1 ? PLANE_TTL : charge(x, way, bytes, now_ms);
	if (why != PLANE_REASONS)
		__sync_fetch_and_add(&n->dropped, 1);
	n->last_ms = now_ms;
	return why;
}

FWD void count_sent(struct plane_slot *x, uint32_t way, uint64_t bytes)
{
	__sync_fetch_and_add(&x->count[way & 1].sum,
			     bytes << PLANE_PACKET_BITS | 1);
}

/* What the first one let pass is counted there, whatever the second says. */
FWD enum plane_reason pay_both(const struct packet *p, struct plan *d,
			       uint64_t now_ms)
{
	enum plane_reason why =
		pay(d->first, PLANE_UP, p->ttl, d->data, now_ms);
	if (why != PLANE_REASONS)
		return why;
	count_sent(d->first, PLANE_UP, d->data);
	return pay(d->slot, PLANE_DOWN, p->ttl - 1u, d->data, now_ms);
}

/* Everything that may still say no. */
FWD enum plane_reason decide(const struct plane_control *c, struct packet *p,
			     uint8_t *end, struct plan *d, uint32_t index)
{
	uint64_t now = hook_now_ms(c);
	enum plane_reason why = stands(c, d->slot, d->way, index, now);
	if (why == PLANE_REASONS && d->way == PLANE_UP &&
	    d->slot->flags & PLANE_OURS)
		why = cross(c, p, d, now);
	if (why != PLANE_REASONS)
		return why;
	uint16_t other = d->way ? PLANE_CLIENT6 : PLANE_PEER6;
	d->six = (d->slot->flags & other) != 0;
	d->channel_head = d->way && d->slot->channel;
	d->ttl = (uint8_t)(p->ttl - (d->first ? 2 : 1));
	d->tos = p->tos;
	why = take_hop(d, now);
	if (why == PLANE_REASONS)
		why = sum_up(p, d, end);
	if (why != PLANE_REASONS)
		return why;
	return d->first ? pay_both(p, d, now)
			: pay(d->slot, d->way, p->ttl, d->data, now);
}
