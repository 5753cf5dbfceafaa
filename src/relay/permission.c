/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permissions and bindings of an allocation (RFC 8656 9, 12; MS-TURN: the
 * active destination). Nothing is ever learnt from a packet (TURN-09): only
 * the client's own requests write here.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "relay/fast.h"
#include "relay/link_int.h"
#include "relay/peer_policy.h"
#include "relay/reject.h"
#include "relay/request.h"
#include "stun/channel.h"

static struct relay_permission *find(const struct relay_alloc *a,
				     const struct relay_addr *peer)
{
	for (size_t i = 0; i < a->permission_count; i++) {
		if (relay_addr_same_ip(&a->permission[i].peer, peer))
			return &a->permission[i];
	}
	return NULL;
}

bool permission_has(const struct relay_alloc *a, const struct relay_addr *peer)
{
	const struct relay_permission *p = find(a, peer);
	return p && p->expires_ms > relay_now(a->relay);
}

static void log_denied(const struct relay_alloc *a,
		       const struct relay_addr *peer)
{
	char client[ADDR_TEXT_MAX], at[ADDR_TEXT_MAX];
	struct addr c = relay_addr_to(&a->flow.client);
	struct addr p = relay_addr_to(peer);
	LOG_LIMITED(LOG_WARN, "turn.peer_denied",
		    slice_str(addr_host(&c, client)),
		    KV_STR("client", addr_text(&c, client)),
		    KV_SLICE("user", slice_of(a->name, a->name_len)),
		    KV_STR("peer", addr_text(&p, at)));
}

/* In a minute by all the user's allocations here, told once; or in one. */
static bool scans(struct relay_alloc *a)
{
	struct guesses *g = &a->relay->scanners;
	uint64_t now = relay_now(a->relay);
	return guesses_blocked(g, a->user, now)
		       ? false
		       : guesses_failed(g, a->user, now) ||
				 a->denied == SCAN_DENIED;
}

/* Who is refused again and again looks for a way in. */
static void count_denied(struct relay_alloc *a)
{
	char client[ADDR_TEXT_MAX];
	struct addr c = relay_addr_to(&a->flow.client);
	if (a->denied < UINT16_MAX)
		a->denied++;
	if (scans(a))
		LOG(LOG_WARN, "turn.scan", KV_U64("id", a->id),
		    KV_SLICE("user", slice_of(a->name, a->name_len)),
		    KV_STR("client", addr_text(&c, client)),
		    KV_U64("denied", a->denied), KV_U64("peers", a->peers));
}

const struct reject *peer_permit(struct relay_alloc *a,
				 const struct relay_addr *peer, bool with_port)
{
	const struct reject *why =
		peer_check(&a->relay->conf, &a->flow.local, peer, with_port);
	if (!why)
		return NULL;
	log_denied(a, peer);
	count_denied(a);
	return why;
}

/* ---- permissions ---- */

static void sweep(struct relay_alloc *a)
{
	uint64_t now = relay_now(a->relay);
	uint16_t kept = 0;
	for (uint16_t i = 0; i < a->permission_count; i++) {
		if (a->permission[i].expires_ms > now)
			a->permission[kept++] = a->permission[i];
	}
	a->permission_count = kept;
}

bool permission_room(const struct relay_alloc *a, const struct relay_addr *peer,
		     size_t count)
{
	uint64_t now = relay_now(a->relay);
	size_t fresh = 0, live = 0;
	for (size_t i = 0; i < count; i++)
		fresh += !find(a, &peer[i]);
	for (size_t i = 0; i < a->permission_count; i++)
		live += a->permission[i].expires_ms > now;
	return live + fresh <= a->relay->conf.permissions_max;
}

static int grow(struct relay_alloc *a)
{
	uint16_t room = a->permission_room ? a->permission_room * 2 : 1;
	struct relay_permission *more =
		realloc(a->permission, room * sizeof(*more));
	if (!more)
		return -ENOMEM;
	a->permission = more;
	a->permission_room = room;
	return 0;
}

/* What reaches the client needs both, binding and permission. */
static void lengthen_bindings(struct relay_alloc *a,
			      const struct relay_permission *p)
{
	struct slots *s = a->relay->slots;
	for (uint32_t i = a->slots; i != SLOT_NONE; i = slots_next(s, i)) {
		struct relay_slot *x = slots_at(s, i);
		struct relay_addr peer = slots_peer(x);
		if (!relay_addr_same_ip(&peer, &p->peer))
			continue;
		x->down_expires_ms = p->expires_ms < x->up_expires_ms
					     ? p->expires_ms
					     : x->up_expires_ms;
		fast_refresh(a, x);
	}
}

const struct reject *permission_add(struct relay_alloc *a,
				    const struct relay_addr *peer)
{
	struct relay_permission *p = find(a, peer);
	if (!p) {
		if (!permission_room(a, peer, 1))
			return &relay_rej_permissions;
		sweep(a);
		if (a->permission_count == a->permission_room && grow(a))
			return &relay_rej_capacity;
		p = &a->permission[a->permission_count++];
		p->peer = *peer;
		p->peer.port = 0;
		a->peers++;
	}
	p->expires_ms = a->dialect->permanent
				? UINT64_MAX
				: relay_now(a->relay) + PERMISSION_MS;
	lengthen_bindings(a, p);
	return NULL;
}

/* ---- bindings ---- */

void binding_remove(struct relay_alloc *a, uint32_t slot)
{
	struct slots *s = a->relay->slots;
	uint32_t before = SLOT_NONE;
	fast_unbind(a, slots_at(s, slot));
	for (uint32_t i = a->slots; i != slot; i = slots_next(s, i))
		before = i;
	if (before == SLOT_NONE)
		a->slots = slots_next(s, slot);
	else
		slots_set_next(s, before, slots_next(s, slot));
	if (a->active == slot)
		a->active = SLOT_NONE;
	else
		a->channel_count--;
	slots_remove(s, slot);
}

void bindings_clear(struct relay_alloc *a)
{
	while (a->slots != SLOT_NONE)
		binding_remove(a, a->slots);
}

static int enter(struct relay_alloc *a, uint16_t channel,
		 const struct relay_addr *peer, uint32_t *index)
{
	struct slots *s = a->relay->slots;
	struct slot_ends ends = { .flow = &a->flow,
				  .relay = alloc_port(a, peer)->at,
				  .peer = *peer,
				  .channel = channel };
	int err = slots_add(s, &ends, a, index);
	if (err)
		return err;
	slots_set_next(s, *index, a->slots);
	a->slots = *index;
	return 0;
}

/* The binding of that channel, or of that peer, while it counts. */
static uint32_t live(const struct relay_alloc *a, uint32_t slot)
{
	if (slot == SLOT_NONE)
		return SLOT_NONE;
	const struct relay_slot *x = slots_at(a->relay->slots, slot);
	return x->up_expires_ms > relay_now(a->relay) ? slot : SLOT_NONE;
}

static uint32_t of_channel(const struct relay_alloc *a, uint16_t channel)
{
	return slots_up(a->relay->slots, &a->flow, channel);
}

static uint32_t of_peer(const struct relay_alloc *a,
			const struct relay_addr *peer)
{
	const struct relay_port *p = alloc_port(a, peer);
	return p ? slots_down(a->relay->slots, &p->at, peer) : SLOT_NONE;
}

static unsigned live_channels(const struct relay_alloc *a)
{
	unsigned n = 0;
	for (uint32_t i = a->slots; i != SLOT_NONE;
	     i = slots_next(a->relay->slots, i))
		n += live(a, i) != SLOT_NONE;
	return n;
}

const struct reject *binding_check(const struct relay_alloc *a,
				   uint16_t channel,
				   const struct relay_addr *peer)
{
	uint16_t last = a->relay->conf.wide_channels ? STUN_CHANNEL_WIDE_MAX
						     : STUN_CHANNEL_MAX;
	if (channel < STUN_CHANNEL_MIN || channel > last)
		return &relay_rej_channel;
	uint32_t by_channel = live(a, of_channel(a, channel));
	uint32_t by_peer = live(a, of_peer(a, peer));
	if (by_channel != by_peer)
		return &relay_rej_channel;
	if (by_channel == SLOT_NONE &&
	    live_channels(a) >= a->relay->conf.channels_max)
		return &relay_rej_permissions;
	if (!permission_room(a, peer, 1))
		return &relay_rej_permissions;
	return NULL;
}

/* What is over stands in the way no longer. */
static void clear_way(struct relay_alloc *a, uint16_t channel,
		      const struct relay_addr *peer)
{
	uint32_t i = of_channel(a, channel);
	if (i != SLOT_NONE)
		binding_remove(a, i);
	i = of_peer(a, peer);
	if (i != SLOT_NONE)
		binding_remove(a, i);
}

const struct reject *binding_add(struct relay_alloc *a, uint16_t channel,
				 const struct relay_addr *peer)
{
	uint32_t slot = live(a, of_channel(a, channel));
	if (slot == SLOT_NONE) {
		clear_way(a, channel, peer);
		if (enter(a, channel, peer, &slot))
			return &relay_rej_capacity;
		a->channel_count++;
	}
	struct relay_slot *x = slots_at(a->relay->slots, slot);
	x->up_expires_ms = relay_now(a->relay) + CHANNEL_MS;
	const struct reject *why = permission_add(a, peer);
	if (why)
		binding_remove(a, slot);
	else
		fast_bind(a, slot);
	return why;
}

const struct reject *binding_set_active(struct relay_alloc *a,
					const struct relay_addr *peer)
{
	const struct reject *why = permission_add(a, peer);
	if (why)
		return why;
	uint32_t slot = of_peer(a, peer), before = a->active;
	if (slot != SLOT_NONE)
		return NULL; /* it is the active one already */
	/* one raw binding a 5-tuple: the old one makes way first; its slot
	 * is free then, so that the new one never lacks memory */
	if (before != SLOT_NONE)
		binding_remove(a, before);
	if (enter(a, 0, peer, &slot))
		return &relay_rej_capacity;
	a->active = slot;
	struct relay_slot *x = slots_at(a->relay->slots, slot);
	x->up_expires_ms = UINT64_MAX;
	x->down_expires_ms = UINT64_MAX;
	fast_bind(a, slot);
	return NULL;
}

/* ---- a new configuration ---- */

static bool denied_now(const struct relay_alloc *a,
		       const struct relay_addr *peer, bool with_port)
{
	return peer_check(&a->relay->conf, &a->flow.local, peer, with_port) !=
	       NULL;
}

void permissions_recheck(struct relay_alloc *a)
{
	struct slots *s = a->relay->slots;
	links_recheck(a);
	fast_reconfigure(a);
	for (uint32_t i = a->slots, next; i != SLOT_NONE; i = next) {
		struct relay_addr peer = slots_peer(slots_at(s, i));
		next = slots_next(s, i);
		if (denied_now(a, &peer, true))
			binding_remove(a, i);
	}
	uint16_t kept = 0;
	for (uint16_t i = 0; i < a->permission_count; i++) {
		if (!denied_now(a, &a->permission[i].peer, false))
			a->permission[kept++] = a->permission[i];
	}
	a->permission_count = kept;
}
