/* SPDX-License-Identifier: Apache-2.0 */
/* Next hop, caps, and everything else that may still say no. Part of
 * xdp/forward.h; needs the other hooks. */
#pragma once

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

FWD enum plane_reason charge(const struct plan *d, uint64_t now_ms)
{
	uint64_t now_ns = now_ms * 1000000, next;
	if (d->slot->purse == PLANE_NONE)
		return PLANE_REASONS;
	struct plane_purse *m = hook_purse(d->slot->purse);
	if (!m)
		return PLANE_REASONS;
	if (m->port_scale) {
		next = next_tat(m->tat_ns[d->way & 1], now_ns, d->data,
				m->port_scale);
		if (!next)
			return PLANE_QUOTA_SLOT;
		m->tat_ns[d->way & 1] = next;
	}
	for (uint32_t i = 0; i < PLANE_SHARED; i++) {
		if (m->shared_scale[i] &&
		    !charge_cell(m->cell[i], m->shared_scale[i], now_ns,
				 d->data))
			return PLANE_QUOTA_SHARED;
	}
	return PLANE_REASONS;
}

/* Everything that may still say no. */
FWD enum plane_reason decide(const struct plane_control *c,
			     const struct packet *p, uint8_t *end,
			     struct plan *d, uint32_t index)
{
	uint64_t now = hook_now_ms(c);
	uint32_t each = c->slots_each;
	const struct plane_beat *beat = each ? hook_beat(index / each) : 0;
	if (!beat || beat->until_ms <= now)
		return PLANE_STUCK;
	if (d->slot->expires_ms[d->way & 1] <= now)
		return PLANE_EXPIRED;
	uint16_t other = d->way ? PLANE_CLIENT6 : PLANE_PEER6;
	d->six = (d->slot->flags & other) != 0;
	d->channel_head = d->way && d->slot->channel;
	d->ttl = (uint8_t)(p->ttl - 1);
	d->tos = p->tos;
	enum plane_reason why = take_hop(d, now);
	if (why == PLANE_REASONS)
		why = sum_up(p, d, end);
	if (why != PLANE_REASONS)
		return why;
	struct plane_count *n = &d->slot->count[d->way & 1];
	why = p->ttl <= 1 ? PLANE_TTL : charge(d, now);
	if (why != PLANE_REASONS)
		__sync_fetch_and_add(&n->dropped, 1);
	n->last_ms = now;
	return why;
}
