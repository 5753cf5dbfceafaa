/* SPDX-License-Identifier: Apache-2.0 */
/* One binding with its next hops, and the frames that go in and come out. */
#pragma once

#include "frames.h"

struct world {
	struct table *table;
	struct table_binding b;
	struct frame_end client, local, peer, relay;
	uint32_t slot;
	int raw;
	int vlan; /* of both hops */
};

static inline struct table_end world_end(const struct frame_end *e)
{
	struct table_end t = { .port = htons(e->port) };
	memcpy(t.ip, e->ip, 16);
	return t;
}

static inline struct frame_end end_of(int six, uint8_t last, uint16_t port)
{
	struct frame_end e = { .port = port };
	const uint8_t v6[15] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1 };
	const uint8_t v4[3] = { 198, 51, 100 };
	if (six) {
		memcpy(e.ip, v6, 15);
		e.ip[15] = last;
	} else {
		memcpy(e.ip, v4, 3);
		e.ip[3] = last;
	}
	return e;
}

static inline struct table_hop world_hop(int way, int vlan)
{
	struct table_hop h = { .device = way ? IN_DEVICE : OUT_DEVICE,
			       .mtu = 1500,
			       .vlan = (uint16_t)vlan,
			       .to = { 2, 0, 0, 0, 1, (uint8_t)way },
			       .from = { 2, 0, 0, 0, 2, (uint8_t)way },
			       .valid = true };
	return h;
}

static inline void world_open(struct world *w, struct table *t, int client6,
			      int peer6, int raw)
{
	const struct table_caps caps = { .port_kbit = 0 };
	*w = (struct world){ .table = t, .raw = raw };
	w->client = end_of(client6, 10, 40000);
	w->local = end_of(client6, 1, 3478);
	w->peer = end_of(peer6, 20, 41000);
	w->relay = end_of(peer6, 1, 50123);
	w->b = (struct table_binding){ .client = world_end(&w->client),
				       .local = world_end(&w->local),
				       .peer = world_end(&w->peer),
				       .relay = world_end(&w->relay),
				       .client6 = client6,
				       .peer6 = peer6,
				       .channel = raw ? 0 : htons(CHANNEL) };
	table_purse(t, &caps, &w->b.purse);
	for (int way = 0; way < 2; way++) {
		struct table_hop h = world_hop(way, 0);
		table_hop(t, &w->b.hop[way]);
		table_hop_set(t, w->b.hop[way], &h);
	}
}

static inline void world_close(struct world *w, uint64_t now_ms)
{
	table_remove(w->table, w->slot, now_ms);
	table_purse_free(w->table, w->b.purse);
	table_hop_free(w->table, w->b.hop[0]);
	table_hop_free(w->table, w->b.hop[1]);
}

/* Two clients whose peers are each other's relayed addresses. */
static inline void world_meet(struct world *w, struct world *v)
{
	struct world *both[2] = { w, v };
	v->client.port++;
	v->relay.port++;
	w->peer = v->relay;
	v->peer = w->relay;
	for (int i = 0; i < 2; i++) {
		struct world *x = both[i];
		x->b.client = world_end(&x->client);
		x->b.relay = world_end(&x->relay);
		x->b.peer = world_end(&x->peer);
		x->b.hairpin = true;
		table_hop_free(x->table, x->b.hop[PLANE_UP]);
		x->b.hop[PLANE_UP] = PLANE_NONE;
	}
}

/* The frame that comes in, with that payload around data. */
static inline struct frame_spec world_in(const struct world *w, int way,
					 const uint8_t *payload, size_t len)
{
	struct frame_spec s = { .from = way ? w->peer : w->client,
				.to = way ? w->relay : w->local,
				.payload = payload,
				.len = len,
				.six = way ? w->b.peer6 : w->b.client6,
				.ttl = 64,
				.tos = 0xb8,
				.mac_to = { 2, 0, 0, 0, 9, 9 },
				.mac_from = { 2, 0, 0, 0, 8, 8 } };
	return s;
}

static inline struct frame_spec world_out(const struct world *w, int way,
					  const uint8_t *payload, size_t len)
{
	struct table_hop h = world_hop(way, w->vlan);
	struct frame_spec s = { .from = way ? w->local : w->relay,
				.to = way ? w->client : w->peer,
				.payload = payload,
				.len = len,
				.six = way ? w->b.client6 : w->b.peer6,
				.vlan = w->vlan,
				.ttl = 63,
				.tos = 0xb8 };
	memcpy(s.mac_to, h.to, 6);
	memcpy(s.mac_from, h.from, 6);
	return s;
}

/* Puts a channel's head in front of data and padding behind; the length. */
static inline size_t world_channel(uint8_t *out, const uint8_t *data,
				   size_t len, size_t padding)
{
	frame_put16(out, CHANNEL);
	frame_put16(out + 2, (unsigned)len);
	memcpy(out + 4, data, len);
	for (size_t i = 0; i < padding; i++)
		out[4 + len + i] = (uint8_t)(0xa5 + i);
	return 4 + len + padding;
}
