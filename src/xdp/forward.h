/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program of the fast path: forwards what the relay has decided already.
 * Everything it does not know goes up the stack unchanged: all checks come
 * before the first write, after it there is only sending or dropping.
 * Written once, compiled twice: for BPF (kernel/forward.bpf.c), and as
 * ordinary C for tests and fuzzing. Who includes it gives the functions
 * hook_*() for the maps, the clock and the frame.
 *
 *	A	ChannelData of a client	-> datagram to the peer
 *	B	datagram of a peer	-> ChannelData to the client
 *	C, D	the same without header: MS-TURN's active destination
 *
 * Each way in IPv4, IPv6 and across.
 */
#pragma once

#include "xdp/plane.h"

enum {
	ETH_BYTES = 14,
	VLAN_BYTES = 4,
	V4_BYTES = 20,
	V6_BYTES = 40,
	UDP_BYTES = 8,
	CHANNEL_BYTES = 4,
	MS_MARK_AT = 20,
	MS_MARK_END = 28,
	PACKET_LEN_MAX = 9216, /* one buffer is no longer */
	TYPE_V4 = 0x0800,
	TYPE_V6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	PROTOCOL_UDP = 17,
	FIXED_POINT = 20,
};

#define FWD static __attribute__((always_inline)) inline
/* The verifier sees a mask only where the compiler cannot prove it needless. */
#define OPAQUE(x) __asm__ volatile("" : "+r"(x))

FWD uint16_t net16(uint16_t x)
{
	return __builtin_bswap16(x);
}

/* The kernel's frames may be read at any address; ordinary C has to ask. */
#ifdef __bpf__
#define GET(type, p, v) ((v) = *(const type *)(const void *)(p))
#define PUT(type, p, v) (*(type *)(void *)(p) = (v))
#else
#define GET(type, p, v) __builtin_memcpy(&(v), (p), sizeof(type))
#define PUT(type, p, v) __builtin_memcpy((p), &(v), sizeof(type))
#endif

FWD uint16_t get16(const uint8_t *p)
{
	uint16_t v;
	GET(uint16_t, p, v);
	return v;
}

FWD uint32_t get32(const uint8_t *p)
{
	uint32_t v;
	GET(uint32_t, p, v);
	return v;
}

FWD void put16(uint8_t *p, uint16_t v)
{
	PUT(uint16_t, p, v);
}

FWD void put32(uint8_t *p, uint32_t v)
{
	PUT(uint32_t, p, v);
}

/* What was found; addresses and ports stand in the key. */
struct packet {
	struct plane_key key;
	uint8_t *payload;
	uint32_t len;   /* of the payload */
	uint32_t heads; /* bytes in front of it */
	uint32_t six;
	uint16_t csum;
	uint8_t ttl, tos;
	uint32_t frame; /* bytes of IP, for counting */
};

/* What will be done. */
struct plan {
	struct plane_slot *slot;
	struct plane_hop hop;
	uint32_t way;
	uint32_t six;  /* goes out as */
	uint32_t skip; /* bytes in front of the data that go */
	uint32_t data; /* bytes of it */
	uint32_t surplus;
	uint32_t channel_head; /* is put in front */
	uint16_t csum;
	uint8_t ttl, tos;
};

/* ---- parsing ---- */

FWD enum plane_reason parse_v4(struct packet *p, uint8_t *ip, uint8_t *end)
{
	if (ip + V4_BYTES + UDP_BYTES > end)
		return PLANE_SHORT;
	if (ip[9] != PROTOCOL_UDP || ip[0] >> 4 != 4)
		return PLANE_NOT_UDP;
	if (ip[0] != 0x45)
		return PLANE_OPTIONS;
	if (get16(ip + 6) & net16(0x3fff))
		return PLANE_FRAGMENT;
	p->frame = net16(get16(ip + 2));
	p->tos = ip[1];
	p->ttl = ip[8];
	p->key.from[0] = get32(ip + 12);
	p->key.to[0] = get32(ip + 16);
	p->payload = ip + V4_BYTES + UDP_BYTES;
	p->heads += V4_BYTES + UDP_BYTES;
	p->len = p->frame - V4_BYTES - UDP_BYTES;
	return PLANE_REASONS;
}

FWD void get_address(uint64_t to[2], const uint8_t *p)
{
	to[0] = get32(p) | (uint64_t)get32(p + 4) << 32;
	to[1] = get32(p + 8) | (uint64_t)get32(p + 12) << 32;
}

FWD enum plane_reason parse_v6(struct packet *p, uint8_t *ip, uint8_t *end)
{
	if (ip + V6_BYTES + UDP_BYTES > end)
		return PLANE_SHORT;
	if (ip[6] != PROTOCOL_UDP || ip[0] >> 4 != 6)
		return PLANE_NOT_UDP;
	p->six = 1;
	p->frame = V6_BYTES + (uint32_t)net16(get16(ip + 4));
	p->tos = (uint8_t)(ip[0] << 4 | ip[1] >> 4);
	p->ttl = ip[7];
	get_address(p->key.from, ip + 8);
	get_address(p->key.to, ip + 24);
	p->payload = ip + V6_BYTES + UDP_BYTES;
	p->heads += V6_BYTES + UDP_BYTES;
	p->len = p->frame - V6_BYTES - UDP_BYTES;
	return PLANE_REASONS;
}

FWD enum plane_reason parse_udp(struct packet *p, uint8_t *ip, uint8_t *end)
{
	uint8_t *udp = p->payload - UDP_BYTES;
	uint32_t frame = p->frame;
	if (udp + UDP_BYTES > end)
		return PLANE_SHORT;
	if (p->len > PACKET_LEN_MAX) /* negative ones too */
		return PLANE_BAD_LEN;
	OPAQUE(frame);
	frame &= 0x3fff;
	if (ip + frame > end)
		return PLANE_SHORT;
	if (net16(get16(udp + 4)) != p->len + UDP_BYTES || get16(udp) == 0)
		return PLANE_BAD_LEN;
	p->key.port_from = get16(udp);
	p->key.port_to = get16(udp + 2);
	p->csum = get16(udp + 6);
	return PLANE_REASONS;
}

/* PLANE_REASONS: it is UDP and whole. */
FWD enum plane_reason parse(struct packet *p, uint8_t *data, uint8_t *end)
{
	enum plane_reason why;
	uint8_t *ip = data + ETH_BYTES;
	if (ip > end)
		return PLANE_SHORT;
	if (data[0] & 1)
		return PLANE_MULTICAST;
	uint16_t type = get16(data + 12);
	p->heads = ETH_BYTES;
	if (type == net16(TYPE_VLAN)) {
		ip += VLAN_BYTES;
		if (ip > end)
			return PLANE_SHORT;
		type = get16(ip - 2);
		p->heads = ETH_BYTES + VLAN_BYTES;
	}
	if (type == net16(TYPE_V4))
		why = parse_v4(p, ip, end);
	else if (type == net16(TYPE_V6))
		why = parse_v6(p, ip, end);
	else
		return PLANE_NOT_UDP;
	return why == PLANE_REASONS ? parse_udp(p, ip, end) : why;
}

/* ---- looking up ---- */

FWD int matches(const struct plane_slot *x, const struct packet *p)
{
	const struct plane_key *k = &p->key;
	const struct plane_ends *e = &x->ends[k->way & 1];
	const uint64_t *from = (const uint64_t *)(const void *)e->from;
	const uint64_t *to = (const uint64_t *)(const void *)e->to;
	uint16_t six = k->way ? PLANE_PEER6 : PLANE_CLIENT6;
	return x->state == PLANE_LIVE && from[0] == k->from[0] &&
	       to[0] == k->to[0] && from[1] == k->from[1] &&
	       to[1] == k->to[1] && x->port[k->way & 1][0] == k->port_from &&
	       x->port[k->way & 1][1] == k->port_to &&
	       (k->way || x->channel == k->channel) &&
	       !(x->flags & six) == !p->six;
}

FWD struct plane_slot *find(uint64_t seed, const struct packet *p,
			    uint32_t *index)
{
	struct plane_hash h = plane_hash(seed, &p->key);
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
			if (x && matches(x, p))
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
	if (CHANNEL_BYTES + data > p->len ||
	    p->len - CHANNEL_BYTES - data > 3)
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
	       get32(p->payload + MS_MARK_AT) == __builtin_bswap32(0x000f0004) &&
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
			d->slot = find(c->seed, p, index);
		}
		if (!d->slot) {
			d->skip = 0;
			d->surplus = 0;
			d->data = p->len;
			p->key.channel = 0;
			d->slot = find(c->seed, p, index);
		}
	} else if (port >= c->first && port <= c->last) {
		d->way = PLANE_DOWN;
		p->key.way = PLANE_DOWN;
		d->slot = find(c->seed, p, index);
	} else {
		return PLANE_PORT;
	}
	return d->slot ? PLANE_REASONS : PLANE_NO_ENTRY;
}

/* ---- deciding ---- */

FWD uint32_t plan_length(const struct plan *d)
{
	return (d->six ? V6_BYTES : V4_BYTES) + UDP_BYTES +
	       (d->channel_head ? CHANNEL_BYTES : 0) + d->data;
}

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
FWD uint64_t next_tat(uint64_t tat, uint64_t now_us, uint64_t bytes,
		      uint64_t scale)
{
	uint64_t cost = bytes * scale >> FIXED_POINT;
	uint64_t next = (tat > now_us ? tat : now_us) + cost;
	return next > now_us + PLANE_BURST_US ? 0 : next;
}

FWD enum plane_reason charge(const struct plan *d, uint64_t now_ms)
{
	uint64_t now_us = now_ms * 1000, next;
	if (d->slot->purse == PLANE_NONE)
		return PLANE_REASONS;
	struct plane_purse *m = hook_purse(d->slot->purse);
	if (!m)
		return PLANE_REASONS;
	if (m->port_scale) {
		next = next_tat(m->tat_us[d->way & 1], now_us, d->data,
				m->port_scale);
		if (!next)
			return PLANE_QUOTA_SLOT;
		m->tat_us[d->way & 1] = next;
	}
	struct plane_user *u = m->user_scale ? hook_user(m->user) : 0;
	if (!u)
		return PLANE_REASONS;
	uint64_t was = u->tat_us;
	next = next_tat(was, now_us, d->data, m->user_scale);
	if (!next)
		return PLANE_QUOTA_USER;
	/* who comes in between pays for both: a packet's credit at most */
	__sync_fetch_and_add(&u->tat_us, next - was);
	return PLANE_REASONS;
}

/* ---- checksums: RFC 1624 ---- */

FWD uint16_t fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Takes the padding out of the sum. -1: it lies behind the frame. */
FWD int drop_surplus(const struct packet *p, const struct plan *d,
		     uint8_t *end, uint64_t *sum)
{
	uint32_t data = d->data;
	OPAQUE(data);
	data &= 0x3fff;
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *at = p->payload + CHANNEL_BYTES + data + i;
		if (i >= d->surplus)
			break;
		if (at + 1 > end)
			return -1;
		uint16_t byte = *at;
		if (!((data + i) & 1))
			byte = (uint16_t)(byte << 8);
		*sum += (uint16_t)~net16(byte);
	}
	return 0;
}

FWD enum plane_reason sum_up(const struct packet *p, struct plan *d,
			     uint8_t *end)
{
	if (p->csum == 0) {
		d->csum = 0;
		return p->six || d->six ? PLANE_CSUM_ZERO : PLANE_REASONS;
	}
	uint32_t before = p->len + UDP_BYTES;
	uint32_t after = d->data + UDP_BYTES +
			 (d->channel_head ? CHANNEL_BYTES : 0);
	uint64_t sum = (uint16_t)~p->csum + (uint64_t)d->slot->delta[d->way & 1];
	sum += 2 * (uint64_t)(uint16_t)~net16((uint16_t)before);
	sum += 2 * (uint64_t)net16((uint16_t)after);
	if (d->channel_head)
		sum += net16((uint16_t)d->data);
	if (d->skip)
		sum += (uint16_t)~net16((uint16_t)d->data);
	if (d->surplus && drop_surplus(p, d, end, &sum))
		return PLANE_SHORT;
	d->csum = (uint16_t)~fold(sum);
	if (d->csum == 0)
		d->csum = 0xffff;
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

/* ---- writing ---- */

FWD uint32_t eth_bytes(const struct plan *d)
{
	return ETH_BYTES + (d->hop.vlan ? VLAN_BYTES : 0);
}

FWD void write_eth(uint8_t *data, const struct plan *d)
{
	uint16_t type = net16(d->six ? TYPE_V6 : TYPE_V4);
	__builtin_memcpy(data, d->hop.to, 6);
	__builtin_memcpy(data + 6, d->hop.from, 6);
	if (!d->hop.vlan) {
		put16(data + 12, type);
		return;
	}
	put16(data + 12, net16(TYPE_VLAN));
	put16(data + 14, net16(d->hop.vlan));
	put16(data + 16, type);
}

/* No fragment bits, as from our own sockets; so the identification has to
 * differ from packet to packet (RFC 6864 4.3). */
FWD void write_v4(uint8_t *ip, const struct plan *d)
{
	const struct plane_ends *e = &d->slot->ends[!d->way];
	uint32_t from = get32(e->to), to = get32(e->from);
	put16(ip, net16((uint16_t)(0x4500 | d->tos)));
	put16(ip + 2, net16((uint16_t)plan_length(d)));
	put16(ip + 4, (uint16_t)d->slot->count[d->way & 1].packets);
	put16(ip + 6, 0);
	ip[8] = d->ttl;
	ip[9] = PROTOCOL_UDP;
	put32(ip + 12, from);
	put32(ip + 16, to);
	uint64_t sum = (uint64_t)from + to + get32(ip) + get32(ip + 4) +
		       get16(ip + 8);
	put16(ip + 10, (uint16_t)~fold(sum));
}

FWD void write_v6(uint8_t *ip, const struct plan *d)
{
	const struct plane_ends *e = &d->slot->ends[!d->way];
	put32(ip, __builtin_bswap32(UINT32_C(6) << 28 |
				    (uint32_t)d->tos << 20));
	put16(ip + 4, net16((uint16_t)(plan_length(d) - V6_BYTES)));
	ip[6] = PROTOCOL_UDP;
	ip[7] = d->ttl;
	__builtin_memcpy(ip + 8, e->to, 16);
	__builtin_memcpy(ip + 24, e->from, 16);
}

FWD void write_udp(uint8_t *udp, const struct plan *d)
{
	const uint16_t *port = d->slot->port[!d->way];
	put16(udp, port[1]);
	put16(udp + 2, port[0]);
	put16(udp + 4, net16((uint16_t)(d->data + UDP_BYTES +
					(d->channel_head ? CHANNEL_BYTES
							 : 0))));
	put16(udp + 6, d->csum);
}

FWD int write_rest(uint8_t *udp, uint8_t *end, const struct plan *d)
{
	if (udp + UDP_BYTES > end)
		return -1;
	write_udp(udp, d);
	if (!d->channel_head)
		return 0;
	if (udp + UDP_BYTES + CHANNEL_BYTES > end)
		return -1;
	put16(udp + 8, d->slot->channel);
	put16(udp + 10, net16((uint16_t)d->data));
	return 0;
}

/* -1: bounds that were there are not any more. */
FWD int write_heads(uint8_t *data, uint8_t *end, const struct plan *d)
{
	uint8_t *ip = data + ETH_BYTES;
	if (d->hop.vlan)
		ip += VLAN_BYTES;
	if (d->six) {
		if (ip + V6_BYTES > end)
			return -1;
		write_eth(data, d);
		write_v6(ip, d);
		return write_rest(ip + V6_BYTES, end, d);
	}
	if (ip + V4_BYTES > end)
		return -1;
	write_eth(data, d);
	write_v4(ip, d);
	return write_rest(ip + V4_BYTES, end, d);
}

FWD enum plane_reason commit(struct xdp_md *ctx, const struct packet *p,
			     const struct plan *d)
{
	int before = (int)(p->heads + d->skip);
	int after = (int)(eth_bytes(d) + plan_length(d) - d->data);
	if (before != after && hook_adjust_head(ctx, before - after))
		return PLANE_HEADROOM;
	if (write_heads(hook_data(ctx), hook_end(ctx), d))
		return PLANE_IMPOSSIBLE;
	struct plane_count *n = &d->slot->count[d->way & 1];
	__sync_fetch_and_add(&n->packets, 1);
	__sync_fetch_and_add(&n->bytes, d->data);
	return hook_ingress(ctx) == d->hop.device ? PLANE_TX : PLANE_REDIRECT;
}

/* The whole of it; counting and the verdict are the caller's. */
FWD enum plane_reason forward(struct xdp_md *ctx, struct plan *d,
			      uint32_t *bytes)
{
	const struct plane_control *c = hook_control();
	struct packet p = { .len = 0 };
	uint8_t *end = hook_end(ctx);
	uint32_t index = 0;
	if (!c || !c->on)
		return PLANE_OFF;
	enum plane_reason why = parse(&p, hook_data(ctx), end);
	*bytes = p.frame;
	if (why == PLANE_REASONS)
		why = look_up(c, &p, end, d, &index);
	if (why == PLANE_REASONS)
		why = decide(c, &p, end, d, index);
	if (why == PLANE_REASONS)
		why = commit(ctx, &p, d);
	return why;
}
