/* SPDX-License-Identifier: Apache-2.0 */
/* Which binding a packet belongs to. Part of xdp/forward.h; needs hook_bucket()
 * and hook_slot(). */
#pragma once

#include "xdp/kernel/packet.h"

FWD int matches(const struct plane_slot *x, const struct plane_key *k,
		uint32_t from6)
{
	uint32_t way = k->way != PLANE_UP, inside = k->way == PLANE_INSIDE;
	const struct plane_ends *e = &x->ends[way];
	const uint64_t *from = (const uint64_t *)(const void *)e->from;
	const uint64_t *to = (const uint64_t *)(const void *)e->to;
	uint16_t six = way ? PLANE_PEER6 : PLANE_CLIENT6;
	return x->state == PLANE_LIVE && from[0] == k->from[0] &&
	       to[0] == k->to[0] && from[1] == k->from[1] &&
	       to[1] == k->to[1] && x->port[way][0] == k->port_from &&
	       x->port[way][1] == k->port_to &&
	       (way ? inside == !!(x->flags & PLANE_OURS)
		    : x->channel == k->channel) &&
	       !(x->flags & six) == !from6;
}

FWD struct plane_slot *find(uint64_t seed, const struct plane_key *k,
			    uint32_t from6, uint32_t *index)
{
	struct plane_hash h = plane_hash(seed, k);
	for (int b = 0; b < 2; b++) {
		const struct plane_bucket *at = hook_bucket(h.bucket[b & 1]);
		if (!at)
			return 0;
		for (int i = 0; i < PLANE_WAYS; i++) {
			uint64_t word = at->word[i];
			if (word >> 32 != h.tag)
				continue;
			*index = (uint32_t)word - 1;
			struct plane_slot *x = hook_slot(*index);
			if (x && matches(x, k, from6))
				return x;
		}
	}
	return 0;
}

FWD int is_listener(const struct plane_control *c, uint16_t port)
{
	return port && (c->listen[0] == port || c->listen[1] == port ||
			c->listen[2] == port || c->listen[3] == port);
}

/* RFC 8656 12.4: over UDP there may be padding to four bytes. */
FWD int channel_data(const struct packet *p, uint8_t *end, struct plan *d)
{
	if (p->len < CHANNEL_BYTES || p->payload + CHANNEL_BYTES > end ||
	    p->payload[0] >> 6 != 1)
		return 0;
	uint32_t data = net16(get16(p->payload + 2));
	if (CHANNEL_BYTES + data > p->len || p->len - CHANNEL_BYTES - data > 3)
		return 0;
	d->skip = CHANNEL_BYTES;
	d->data = data;
	d->surplus = p->len - CHANNEL_BYTES - data;
	return 1;
}

/* The MS-TURN mark: attribute 15, length 4, and the cookie. */
FWD int is_ms_control(const struct packet *p, uint8_t *end)
{
	return p->len >= MS_MARK_END && p->payload + MS_MARK_END <= end &&
	       get32(p->payload + MS_MARK_AT) ==
		       __builtin_bswap32(0x000f0004) &&
	       get32(p->payload + MS_MARK_AT + 4) ==
		       __builtin_bswap32(0x72c64bc6);
}

FWD enum plane_reason look_up(const struct plane_control *c, struct packet *p,
			      uint8_t *end, struct plan *d, uint32_t *index)
{
	uint16_t port = net16(p->key.port_to);
	d->skip = 0;
	d->surplus = 0;
	d->data = p->len;
	d->slot = 0;
	if (is_listener(c, p->key.port_to)) {
		d->way = PLANE_UP;
		if (is_ms_control(p, end))
			return PLANE_MS_CONTROL;
		if (channel_data(p, end, d)) {
			p->key.channel = get16(p->payload);
			d->slot = find(c->seed, &p->key, p->six, index);
		}
		if (!d->slot) {
			d->skip = 0;
			d->surplus = 0;
			d->data = p->len;
			p->key.channel = 0;
			d->slot = find(c->seed, &p->key, p->six, index);
		}
	} else if (port >= c->first && port <= c->last) {
		d->way = PLANE_DOWN;
		p->key.way = PLANE_DOWN;
		d->slot = find(c->seed, &p->key, p->six, index);
	} else {
		return PLANE_PORT;
	}
	return d->slot ? PLANE_REASONS : PLANE_NO_ENTRY;
}
