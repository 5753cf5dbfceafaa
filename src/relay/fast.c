/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A binding goes into the kernel when it is complete here, and comes out
 * before it ends here. A beat tells the kernel that we live, and brings back
 * what was counted there: sessions, metrics and idle times are the same on
 * both paths, at most a second late.
 */
#include "relay/fast.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "relay/data.h"
#include "relay/peer_policy.h"

enum {
	BEAT_MS = 500,
	ALIVE_MS = 5000, /* without a beat nothing of ours is relayed */
};

/* Beside each slot of ours in the kernel: what was brought back of it, and
 * which next hops it holds. */
struct kept {
	uint64_t sum[2], dropped[2];
	uint32_t hop[2];
};

struct fast {
	struct relay *relay;
	struct table *table;
	struct fast_hops hops;
	struct timer beat;
	struct kept *kept; /* PLANE_SLOTS, mostly never touched */
};

size_t fast_count(const struct fast *f)
{
	return f ? table_count(f->table) : 0;
}

/* ---- bandwidth ---- */

static struct table_caps caps_of(const struct relay_alloc *a)
{
	const struct relay_conf *c = &a->relay->conf;
	struct table_caps caps = { .port_kbit = c->port_kbit };
	for (size_t i = 0; i < RELAY_SHARES; i++) {
		caps.shared[i].kbit = c->shared_kbit[i];
		caps.shared[i].cell = a->cell[i];
	}
	return caps;
}

uint64_t *fast_tat(struct relay_alloc *a)
{
	struct fast *f = a->relay->fast;
	return f && a->purse != PLANE_NONE ? table_purse_tat(f->table, a->purse)
					   : a->tat_ns;
}

static bool share_pass(struct relay_alloc *a, enum relay_share i,
		       uint64_t now_ns, size_t bytes)
{
	struct relay *r = a->relay;
	uint32_t kbit = r->conf.shared_kbit[i];
	if (r->fast)
		return table_cell_pass(r->fast->table, a->cell[i], now_ns,
				       bytes, kbit);
	return cells_pass(r->cells, a->cell[i], now_ns, bytes, kbit);
}

bool fast_shared_pass(struct relay_alloc *a, uint64_t now_ns, size_t bytes)
{
	bool pass = true;
	for (unsigned i = 0; i < RELAY_SHARES && pass; i++)
		pass = share_pass(a, i, now_ns, bytes);
	return pass;
}

static int ensure_purse(struct relay_alloc *a)
{
	struct table *t = a->relay->fast->table;
	const struct table_caps caps = caps_of(a);
	if (a->purse != PLANE_NONE)
		return 0;
	int err = table_purse(t, &caps, &a->purse);
	if (err)
		return err;
	memcpy(table_purse_tat(t, a->purse), a->tat_ns, sizeof(a->tat_ns));
	return 0;
}

void fast_alloc_end(struct relay_alloc *a)
{
	if (!a->relay->fast || a->purse == PLANE_NONE)
		return;
	table_purse_free(a->relay->fast->table, a->purse);
	a->purse = PLANE_NONE;
}

void fast_reconfigure(struct relay_alloc *a)
{
	const struct table_caps caps = caps_of(a);
	if (a->relay->fast && a->purse != PLANE_NONE)
		table_purse_caps(a->relay->fast->table, a->purse, &caps);
}

/* ---- what was counted ---- */

static const enum metric packets_metric[] = { M_TURN_UP_PACKETS,
					      M_TURN_DOWN_PACKETS };
static const enum metric bytes_metric[] = { M_TURN_UP_BYTES,
					    M_TURN_DOWN_BYTES };

static uint64_t more(const uint64_t *at, uint64_t *before)
{
	uint64_t now = __atomic_load_n(at, __ATOMIC_RELAXED);
	uint64_t by = now - *before;
	*before = now;
	return by;
}

static void fold_way(struct relay_alloc *a, const struct plane_count *n,
		     struct kept *k, unsigned way)
{
	uint64_t both = more(&n->sum, &k->sum[way]);
	uint64_t packets = plane_packets(both), bytes = plane_bytes(both);
	uint64_t dropped = more(&n->dropped, &k->dropped[way]);
	a->packets[way] += packets;
	a->bytes[way] += bytes;
	a->dropped += dropped;
	metric_add(packets_metric[way], packets);
	metric_add(bytes_metric[way], bytes);
	metric_add(M_TURN_FAST_PACKETS, packets);
	metric_add(M_TURN_OVER_RATE, dropped);
	if (packets && n->last_ms > a->active_ms &&
	    n->last_ms <= relay_now(a->relay))
		a->active_ms = n->last_ms;
}

static void fold(struct relay_alloc *a, uint32_t slot)
{
	struct fast *f = a->relay->fast;
	const struct plane_slot *p = table_slot(f->table, slot);
	fold_way(a, &p->count[PLANE_UP], &f->kept[slot], UP);
	fold_way(a, &p->count[PLANE_DOWN], &f->kept[slot], DOWN);
}

/* ---- next hops ---- */

/* Both ends of the way out, as they stand on the wire. */
static int find_hop(struct fast *f, const struct relay_slot *x, unsigned way,
		    uint32_t *row)
{
	bool six = x->flags & (way == UP ? SLOT_PEER6 : SLOT_CLIENT6);
	struct relay_addr from = { .family = six ? 6 : 4 };
	struct relay_addr to = from;
	memcpy(from.ip, way == UP ? x->relay : x->local, 16);
	memcpy(to.ip, way == UP ? x->peer : x->client, 16);
	return f->hops.find(f->hops.arg, &from, &to, row);
}

static void give_hops(struct fast *f, const uint32_t hop[2])
{
	for (unsigned way = 0; way < 2; way++) {
		if (hop[way] != PLANE_NONE)
			f->hops.give(f->hops.arg, hop[way]);
	}
}

/* Where there is none, that way stays with us. What goes to an address of ours
 * leaves by the other binding's. */
static void find_hops(struct fast *f, const struct relay_slot *x, bool hairpin,
		      uint32_t hop[2])
{
	for (unsigned way = 0; way < 2; way++) {
		if ((way == UP && hairpin) || find_hop(f, x, way, &hop[way]))
			hop[way] = PLANE_NONE;
	}
}

static void reroute(struct fast *f, const struct relay_slot *x)
{
	struct kept *k = &f->kept[x->fast];
	uint32_t old[2] = { k->hop[0], k->hop[1] };
	find_hops(f, x, table_slot(f->table, x->fast)->flags & PLANE_OURS,
		  k->hop);
	for (uint32_t way = 0; way < 2; way++)
		table_set_hop(f->table, x->fast, way, k->hop[way]);
	give_hops(f, old);
}

/* ---- bindings ---- */

static struct table_end end_of(const uint8_t ip[16], uint16_t port)
{
	struct table_end e = { .port = port };
	memcpy(e.ip, ip, 16);
	return e;
}

/* Where our sockets send it, with the address that they are bound to. */
static struct relay_addr wire_peer(const struct relay_alloc *a,
				   const struct relay_slot *x)
{
	struct relay_addr peer = slots_peer(x);
	return port_wire_peer(alloc_port(a, &peer), &peer);
}

/* Is the peer a relayed address of ours? */
static bool is_hairpin(const struct relay_alloc *a, const struct relay_slot *x)
{
	struct relay_addr peer = wire_peer(a, x);
	return relay_addr_same_ip(&peer, &alloc_port(a, &peer)->at);
}

/* Over UDP on both sides, and to none of our own addresses but those that are
 * relayed: what else is sent there is delivered here. */
static bool may_go(const struct relay_alloc *a, const struct relay_slot *x)
{
	struct relay_addr peer = slots_peer(x);
	const struct relay_port *port = alloc_port(a, &peer);
	return a->relay->fast && a->flow.transport == RELAY_UDP && port &&
	       !port->tcp &&
	       (is_hairpin(a, x) ||
		!peer_is_own(&a->relay->conf, &a->flow.local, &peer));
}

static void put_in(struct relay_alloc *a, struct relay_slot *x)
{
	struct fast *f = a->relay->fast;
	struct relay_addr peer = wire_peer(a, x);
	struct table_binding b = {
		.client = end_of(x->client, x->client_port),
		.local = end_of(x->local, x->local_port),
		.peer = end_of(peer.ip, x->peer_port),
		.relay = end_of(x->relay, x->relay_port),
		.client6 = x->flags & SLOT_CLIENT6,
		.peer6 = x->flags & SLOT_PEER6,
		.hairpin = is_hairpin(a, x),
		.channel = x->channel,
		.purse = a->purse,
		.expires_ms = { x->up_expires_ms, x->down_expires_ms },
	};
	find_hops(f, x, b.hairpin, b.hop);
	if (table_add(f->table, &b, relay_now(a->relay), &x->fast)) {
		x->fast = PLANE_NONE;
		give_hops(f, b.hop);
		metric_add(M_TURN_FAST_FULL, 1);
		return;
	}
	f->kept[x->fast] = (struct kept){ .hop = { b.hop[0], b.hop[1] } };
	metric_add(M_TURN_FAST_BINDINGS, 1);
}

void fast_bind(struct relay_alloc *a, uint32_t slot)
{
	struct relay_slot *x = slots_at(a->relay->slots, slot);
	if (!may_go(a, x))
		return;
	if (x->fast != PLANE_NONE)
		fast_refresh(a, x);
	else if (ensure_purse(a) == 0)
		put_in(a, x);
	else
		metric_add(M_TURN_FAST_FULL, 1);
}

void fast_refresh(struct relay_alloc *a, const struct relay_slot *x)
{
	struct fast *f = a->relay->fast;
	if (f && x->fast != PLANE_NONE)
		table_expires(f->table, x->fast, x->up_expires_ms,
			      x->down_expires_ms);
}

void fast_unbind(struct relay_alloc *a, struct relay_slot *x)
{
	struct fast *f = a->relay->fast;
	if (!f || x->fast == PLANE_NONE)
		return;
	table_remove(f->table, x->fast, relay_now(a->relay));
	fold(a, x->fast);
	give_hops(f, f->kept[x->fast].hop);
	x->fast = PLANE_NONE;
	metric_sub(M_TURN_FAST_BINDINGS, 1);
}

/* ---- all of them ---- */

static void each_binding(struct relay *r,
			 void (*fn)(struct relay_alloc *a, uint32_t slot))
{
	LIST_EACH (it, tmp, &r->all) {
		struct relay_alloc *a =
			container_of(it, struct relay_alloc, all);
		for (uint32_t i = a->slots; i != SLOT_NONE;
		     i = slots_next(r->slots, i))
			fn(a, i);
	}
}

static void fold_slot(struct relay_alloc *a, uint32_t slot)
{
	const struct relay_slot *x = slots_at(a->relay->slots, slot);
	if (x->fast != PLANE_NONE)
		fold(a, x->fast);
}

static void reroute_slot(struct relay_alloc *a, uint32_t slot)
{
	const struct relay_slot *x = slots_at(a->relay->slots, slot);
	if (x->fast != PLANE_NONE)
		reroute(a->relay->fast, x);
}

static void unbind_slot(struct relay_alloc *a, uint32_t slot)
{
	fast_unbind(a, slots_at(a->relay->slots, slot));
	fast_alloc_end(a);
}

static void on_beat(struct timer *t, void *arg)
{
	struct fast *f = arg;
	table_beat(f->table, relay_now(f->relay) + ALIVE_MS);
	each_binding(f->relay, fold_slot);
	timer_start(t, BEAT_MS);
}

void fast_reroute(struct relay *r)
{
	if (r->fast)
		each_binding(r, reroute_slot);
}

int fast_begin(struct relay *r, struct table *t, const struct fast_hops *hops)
{
	if (r->fast)
		return -EALREADY;
	struct fast *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->kept = calloc(PLANE_SLOTS, sizeof(*f->kept));
	if (!f->kept) {
		free(f);
		return -ENOMEM;
	}
	f->relay = r;
	f->table = t;
	f->hops = *hops;
	r->fast = f;
	timer_init(&f->beat, r->timers, on_beat, f);
	on_beat(&f->beat, f);
	each_binding(r, fast_bind);
	return 0;
}

void fast_end(struct relay *r)
{
	struct fast *f = r->fast;
	if (!f)
		return;
	each_binding(r, unbind_slot);
	table_beat(f->table, 0);
	timer_stop(&f->beat);
	r->fast = NULL;
	free(f->kept);
	free(f);
}
