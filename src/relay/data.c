/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets between client and peer. The payload never moves: heads are written
 * in front of it. The order of checks is the same in both directions:
 * binding or permission, time to live, bandwidth; then it is sent.
 */
#include <arpa/inet.h>

#include "base/metrics.h"
#include "relay/data.h"
#include "relay/fast.h"
#include "relay/link_int.h"
#include "relay/peer_policy.h"
#include "relay/request.h"
#include "stun/channel.h"
#include "stun/frame.h"

enum { ICMP_BYTES = 8 };

struct relay_addr port_wire_peer(const struct relay_port *port,
				 const struct relay_addr *peer)
{
	unsigned f = relay_addr_index(peer);
	struct relay_addr told = relay_addr_of(&port->relay->conf.public[f]);
	struct relay_addr at = port->at;
	if (!told.family || !relay_addr_same_ip(&told, peer))
		return *peer;
	at.port = peer->port;
	return at;
}

struct relay_addr port_seen_peer(const struct relay_port *port,
				 const struct relay_addr *from)
{
	unsigned f = relay_addr_index(from);
	struct relay_addr told = relay_addr_of(&port->relay->conf.public[f]);
	if (!told.family || !relay_addr_same_ip(&port->at, from))
		return *from;
	told.port = from->port;
	return told;
}

bool data_may_pass(struct relay_alloc *a, unsigned way,
		   const struct relay_packet *p, size_t len)
{
	struct relay *r = a->relay;
	uint64_t now_ns = relay_now(r) * NS_PER_MS;
	if (p->ttl == 1 ||
	    !rate_pass(&fast_tat(a)[way], now_ns, len, r->conf.port_kbit) ||
	    !fast_shared_pass(a, now_ns, len)) {
		a->dropped++;
		metric_add(M_TURN_OVER_RATE, 1);
		return false;
	}
	a->packets[way]++;
	a->bytes[way] += len;
	a->active_ms = relay_now(r);
	metric_add(way == UP ? M_TURN_UP_PACKETS : M_TURN_DOWN_PACKETS, 1);
	metric_add(way == UP ? M_TURN_UP_BYTES : M_TURN_DOWN_BYTES, len);
	return true;
}

static uint8_t next_ttl(const struct relay_packet *p)
{
	return p->ttl ? (uint8_t)(p->ttl - 1) : 0;
}

/* ---- towards the peer ---- */

static void drop_unsent(struct relay_alloc *a)
{
	a->dropped++;
	metric_add(M_TURN_UNSENT, 1);
}

void data_send(struct relay_alloc *a, const struct relay_packet *p,
	       const struct data_out *d)
{
	struct relay *r = a->relay;
	struct relay_port *port = alloc_port(a, &d->peer);
	if (!data_may_pass(a, UP, p, d->bytes.len))
		return;
	if (port->tcp) {
		if (link_send(port, &d->peer, d->bytes))
			drop_unsent(a);
		return;
	}
	struct relay_addr to = port_wire_peer(port, &d->peer);
	const struct relay_out out = { .bytes = d->bytes,
				       .borrowed = true,
				       .dont_fragment = d->dont_fragment,
				       .ttl = next_ttl(p),
				       .tos = p->tos };
	r->ops.to_peer(r->arg, port->io, &to, &out);
}

static void count_slot(struct slot_count *c, const struct relay *r, size_t len)
{
	c->packets++;
	c->bytes += len;
	c->last_ms = relay_now(r);
}

bool data_up(struct relay *r, uint32_t slot, const struct relay_packet *p,
	     struct slice bytes)
{
	struct relay_slot *x = slots_at(r->slots, slot);
	struct relay_alloc *a = slots_owner(r->slots, slot);
	if (x->up_expires_ms <= relay_now(r)) {
		metric_add(M_TURN_NO_PERMISSION, 1);
		return false;
	}
	const struct data_out d = { .peer = slots_peer(x), .bytes = bytes };
	count_slot(&x->up, r, bytes.len);
	data_send(a, p, &d);
	return true;
}

/* ---- towards the client ---- */

static void to_client(struct relay_alloc *a, const struct relay_packet *p,
		      struct slice bytes)
{
	struct relay *r = a->relay;
	const struct relay_out out = { .bytes = bytes,
				       .borrowed = true,
				       .ttl = next_ttl(p),
				       .tos = p->tos };
	r->ops.to_client(r->arg, &a->flow, &out);
}

static bool on_stream(const struct relay_alloc *a)
{
	uint8_t t = a->flow.transport;
	return t == RELAY_TCP || t == RELAY_TLS;
}

static void send_channel(struct relay_alloc *a, const struct relay_packet *p,
			 uint16_t channel)
{
	uint8_t *at = p->ptr - STUN_CHANNEL_HEADER_BYTES;
	size_t pad = on_stream(a) ? stun_channel_padding(p->len) : 0;
	stun_channel_head(at, channel, (uint16_t)p->len);
	memset(p->ptr + p->len, 0, pad);
	to_client(a, p, slice_of(at, STUN_CHANNEL_HEADER_BYTES + p->len + pad));
}

/* MS-TURN on a stream: a frame's head in front. */
static struct slice framed(const struct relay_alloc *a, uint8_t *at, size_t len,
			   bool control)
{
	if (a->flow.transport != RELAY_MS_TCP)
		return slice_of(at, len);
	if (len > UINT16_MAX)
		return SLICE_NONE;
	at -= FRAME_MS_HEADER_BYTES;
	frame_ms_head(at, control, (uint16_t)len);
	return slice_of(at, len + FRAME_MS_HEADER_BYTES);
}

static void send_raw(struct relay_alloc *a, const struct relay_packet *p)
{
	to_client(a, p, framed(a, p->ptr, p->len, false));
}

/* A Data indication around the payload, where it lies. */
static void send_indication(struct relay_alloc *a, const struct relay_packet *p,
			    const struct relay_addr *peer)
{
	struct stun_writer w;
	struct addr from = relay_addr_to(peer);
	uint8_t id[STUN_ID_BYTES];
	const struct stun_dialect *d = a->dialect->wire;
	size_t room = stun_data_room(d, from.u.sa.sa_family);
	if (crypto_random(id, sizeof(id)))
		return;
	stun_writer_init(&w, NULL, p->ptr - room,
			 room + p->len + RELAY_TAILROOM);
	stun_begin(&w, d, STUN_DATA, STUN_INDICATION, id);
	stun_put_addr(&w, STUN_F_PEER, &from);
	stun_put_room(&w, STUN_F_DATA, p->len);
	struct slice whole = stun_end(&w);
	if (!slice_empty(whole))
		whole = framed(a, p->ptr - room, whole.len, true);
	if (!slice_empty(whole))
		to_client(a, p, whole);
}

static void send_bound(struct relay_alloc *a, const struct relay_packet *p,
		       struct relay_slot *x)
{
	count_slot(&x->down, a->relay, p->len);
	if (x->flags & SLOT_RAW)
		send_raw(a, p);
	else
		send_channel(a, p, ntohs(x->channel));
}

bool data_from_stranger(const struct relay_alloc *a,
			const struct relay_addr *peer)
{
	const struct relay_conf *c = &a->relay->conf;
	if (peer->port == 0)
		return true;
	return peer_is_own(c, &a->flow.local, peer) &&
	       peer_check(c, &a->flow.local, peer, true);
}

void relay_peer_packet(struct relay_port *port, const struct relay_addr *from,
		       const struct relay_packet *p)
{
	struct relay_alloc *a = port->alloc;
	if (p->len > UINT16_MAX)
		return;
	struct relay *r = a->relay;
	struct relay_addr peer = port_seen_peer(port, from);
	uint32_t slot = slots_down(r->slots, &port->at, &peer);
	struct relay_slot *x =
		slot == SLOT_NONE ? NULL : slots_at(r->slots, slot);
	bool bound = x && x->down_expires_ms > relay_now(r);
	if ((!bound && !permission_has(a, &peer)) ||
	    data_from_stranger(a, &peer)) {
		metric_add(M_TURN_NO_PERMISSION, 1);
		a->dropped++;
		return;
	}
	if (!data_may_pass(a, DOWN, p, p->len))
		return;
	if (bound)
		send_bound(a, p, x);
	else
		send_indication(a, p, &peer);
}

void relay_peer_error(struct relay_port *port, const struct relay_addr *from,
		      uint8_t type, uint8_t code, uint32_t data)
{
	struct relay_alloc *a = port->alloc;
	if (a->dialect != &relay_dialect_rfc)
		return;
	struct relay *r = a->relay;
	struct relay_addr peer = port_seen_peer(port, from);
	struct addr told = relay_addr_to(&peer);
	uint8_t id[STUN_ID_BYTES], bytes[128];
	if (!permission_has(a, &peer) || crypto_random(id, sizeof(id)))
		return;
	struct stun_writer w;
	stun_writer_init(&w, NULL, bytes, sizeof(bytes));
	stun_begin(&w, a->dialect->wire, STUN_DATA, STUN_INDICATION, id);
	stun_put_addr(&w, STUN_F_PEER, &told);
	uint8_t *v = stun_put_room(&w, STUN_F_ICMP, ICMP_BYTES);
	if (!v)
		return;
	/* type: 7 bits, code: 9 bits (RFC 8656 18.13) */
	const uint8_t icmp[ICMP_BYTES] = {
		0,
		0,
		(uint8_t)(type << 1),
		code,
		(uint8_t)(data >> 24),
		(uint8_t)(data >> 16),
		(uint8_t)(data >> 8),
		(uint8_t)data,
	};
	memcpy(v, icmp, sizeof(icmp));
	const struct relay_out out = { .bytes = stun_end(&w) };
	if (!slice_empty(out.bytes))
		r->ops.to_client(r->arg, &a->flow, &out);
}
