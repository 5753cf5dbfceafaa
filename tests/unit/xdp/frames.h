/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames built from scratch, with sums computed in full: what goes into the
 * fast path, and what has to come out of it. And one binding with its hops.
 */
#pragma once

#include <arpa/inet.h>
#include <string.h>

#include "xdp/table.h"

enum { FRAME_MAX = 10000, CHANNEL = 0x4001, IN_DEVICE = 7, OUT_DEVICE = 9 };

struct frame_end {
	uint8_t ip[16];
	uint16_t port; /* host order */
};

struct frame_spec {
	struct frame_end from, to;
	const uint8_t *payload;
	size_t len;
	size_t behind; /* bytes of Ethernet padding */
	int six, vlan, no_sum;
	uint8_t ttl, tos;
	uint8_t mac_to[6], mac_from[6];
};

struct frame {
	uint8_t at[FRAME_MAX];
	size_t len;
};

static inline void frame_put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline uint32_t frame_sum(uint32_t sum, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint16_t frame_udp_sum(const struct frame_spec *s,
				     const uint8_t *udp)
{
	size_t a = s->six ? 16 : 4, len = s->len + 8;
	uint8_t tail[4] = { 0, 17, (uint8_t)(len >> 8), (uint8_t)len };
	uint32_t sum = frame_sum(0, s->from.ip, a);
	sum = frame_sum(sum, s->to.ip, a);
	sum = frame_sum(sum, tail, 4);
	sum = frame_sum(sum, udp, len);
	sum = ~sum & 0xffff;
	return (uint16_t)(sum ? sum : 0xffff);
}

static inline size_t frame_ip(const struct frame_spec *s, uint8_t *ip)
{
	size_t len = s->len + 8;
	if (s->six) {
		frame_put16(ip, 0x6000u | (unsigned)s->tos << 4);
		frame_put16(ip + 2, 0);
		frame_put16(ip + 4, (unsigned)len);
		ip[6] = 17;
		ip[7] = s->ttl;
		memcpy(ip + 8, s->from.ip, 16);
		memcpy(ip + 24, s->to.ip, 16);
		return 40;
	}
	memset(ip, 0, 20);
	ip[0] = 0x45;
	ip[1] = s->tos;
	frame_put16(ip + 2, (unsigned)len + 20);
	ip[8] = s->ttl;
	ip[9] = 17;
	memcpy(ip + 12, s->from.ip, 4);
	memcpy(ip + 16, s->to.ip, 4);
	frame_put16(ip + 10, ~frame_sum(0, ip, 20) & 0xffff);
	return 20;
}

static inline void frame_build(struct frame *f, const struct frame_spec *s)
{
	uint8_t *p = f->at;
	memcpy(p, s->mac_to, 6);
	memcpy(p + 6, s->mac_from, 6);
	p += 12;
	if (s->vlan) {
		frame_put16(p, 0x8100);
		frame_put16(p + 2, (unsigned)s->vlan);
		p += 4;
	}
	frame_put16(p, s->six ? 0x86dd : 0x0800);
	p += 2;
	p += frame_ip(s, p);
	frame_put16(p, s->from.port);
	frame_put16(p + 2, s->to.port);
	frame_put16(p + 4, (unsigned)s->len + 8);
	frame_put16(p + 6, 0);
	if (s->len)
		memcpy(p + 8, s->payload, s->len);
	if (!s->no_sum)
		frame_put16(p + 6, frame_udp_sum(s, p));
	p += 8 + s->len;
	memset(p, 0xee, s->behind);
	f->len = (size_t)(p + s->behind - f->at);
}

/* ---- one binding: client, listener, peer, relay port ---- */

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
	const struct table_caps caps = { .user = PLANE_NONE };
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

/* The identification is the sender's own affair: sets it to zero, and mends
 * the sum of the head if it was right. */
static inline void frame_normal(uint8_t *frame, size_t len)
{
	size_t at = 14;
	if (len > 18 && frame[12] == 0x81 && frame[13] == 0)
		at = 18;
	if (len < at + 20 || frame[at - 2] != 8 ||
	    frame_sum(0, frame + at, 20) != 0xffff)
		return;
	frame_put16(frame + at + 4, 0);
	frame_put16(frame + at + 10, 0);
	frame_put16(frame + at + 10, ~frame_sum(0, frame + at, 20) & 0xffff);
}
