/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine on a table: virtual time, ports that are only numbers, packets in
 * memory. Clients are numbered; each has one UDP 5-tuple.
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "relay/relay.h"
#include "stun/channel.h"
#include "stun/msturn.h"
#include "stun/write.h"

enum { RIG_SENT = 64, RIG_BYTES = 2048, RIG_PORTS = 4096 };

/* What left the engine. */
struct rig_sent {
	bool to_peer;
	struct relay_flow flow; /* to_client */
	struct relay_addr from; /* to_peer: the relay port */
	struct relay_addr peer;
	struct relay_out out;
	size_t len;
	uint8_t bytes[RIG_BYTES];
};

struct rig_port {
	struct relay_port *port;
	struct relay_addr at;
	bool open;
};

struct rig {
	struct timers *timers;
	struct relay *relay;
	struct relay_conf conf;
	struct relay_user users[2];
	struct addr own[1];
	struct addr_prefix allow[2];
	struct credential_secrets secrets;
	struct hasher *hasher;
	uint64_t now_ms;
	struct rig_port port[RIG_PORTS];
	size_t open;    /* ports that are open */
	int open_error; /* what open() says */
	size_t count;   /* sent since the last look */
	struct rig_sent sent[RIG_SENT];
	char nonce[8][STUN_NONCE_BYTES]; /* of each client */
	uint8_t nonce_len[8];
	uint32_t next_id;
};

static inline struct relay_addr rig_addr(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(slice_str(text), true, &a), 0);
	return relay_addr_of(&a);
}

static inline struct relay_flow rig_flow(unsigned client)
{
	struct relay_flow f = { .client = rig_addr("198.18.0.1:4000"),
				.local = rig_addr("9.9.9.9:3478"),
				.transport = RELAY_UDP };
	f.client.port = (uint16_t)(f.client.port + client);
	return f;
}

static inline int rig_open(void *arg, struct relay_port *port,
			   const struct relay_addr *at, void **io)
{
	struct rig *g = arg;
	size_t unused = RIG_PORTS;
	if (g->open_error)
		return g->open_error;
	for (size_t i = 0; i < RIG_PORTS; i++) {
		if (!g->port[i].open && unused == RIG_PORTS)
			unused = i;
		if (g->port[i].open && relay_addr_equal(&g->port[i].at, at))
			return -EADDRINUSE;
	}
	assert_true(unused < RIG_PORTS);
	g->port[unused] = (struct rig_port){ port, *at, true };
	g->open++;
	*io = &g->port[unused];
	return 0;
}

static inline void rig_close(void *arg, void *io)
{
	struct rig *g = arg;
	struct rig_port *p = io;
	assert_true(p->open);
	p->open = false;
	g->open--;
}

static inline struct rig_sent *rig_keep(struct rig *g,
					const struct relay_out *out)
{
	struct rig_sent *s = &g->sent[g->count++ % RIG_SENT];
	assert_true(out->bytes.len <= RIG_BYTES);
	*s = (struct rig_sent){ .out = *out, .len = out->bytes.len };
	memcpy(s->bytes, out->bytes.ptr, s->len);
	return s;
}

static inline void rig_to_client(void *arg, const struct relay_flow *to,
				 const struct relay_out *out)
{
	rig_keep(arg, out)->flow = *to;
}

static inline void rig_to_peer(void *arg, void *io,
			       const struct relay_addr *peer,
			       const struct relay_out *out)
{
	const struct rig_port *p = io;
	struct rig_sent *s = rig_keep(arg, out);
	assert_true(p->open);
	s->to_peer = true;
	s->from = p->at;
	s->peer = *peer;
}

static inline void rig_hang_up(void *arg, const struct relay_flow *flow)
{
	(void)arg;
	(void)flow;
}

static inline uint64_t rig_now_s(void *arg)
{
	const struct rig *g = arg;
	return 1700000000 + g->now_ms / 1000;
}

static inline int rig_sink(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return 0;
}

static const struct relay_ops rig_ops = {
	.open = rig_open,
	.close = rig_close,
	.to_client = rig_to_client,
	.to_peer = rig_to_peer,
	.hang_up = rig_hang_up,
	.now_s = rig_now_s,
};

static inline void rig_conf(struct rig *g)
{
	g->users[0] =
		(struct relay_user){ SLICE_LIT("alice"), SLICE_LIT("secret") };
	g->users[1] =
		(struct relay_user){ SLICE_LIT("bob"), SLICE_LIT("other") };
	addr_parse_host(SLICE_LIT("9.9.9.9"), 0, &g->own[0]);
	g->conf = (struct relay_conf){
		.realm = SLICE_LIT("edge.test"),
		.port_first = 50000,
		.port_last = 50999,
		.own = g->own,
		.own_count = 1,
		.users = g->users,
		.user_count = 2,
		.permissions_max = RELAY_PERMISSIONS,
		.channels_max = RELAY_CHANNELS,
		.lifetime_default_s = RELAY_LIFETIME_S,
		.lifetime_max_s = RELAY_LIFETIME_MAX_S,
	};
	addr_parse_host(SLICE_LIT("9.9.9.9"), 0, &g->conf.relay[0]);
	addr_parse_host(SLICE_LIT("2a00::9"), 0, &g->conf.relay[1]);
}

static inline void rig_apply(struct rig *g)
{
	static const uint8_t key[STUN_NONCE_KEY_BYTES] = { 1, 2, 3 };
	relay_configure(g->relay, &g->conf, &g->secrets, key);
}

/* 0 or -ENOMEM. */
static inline int rig_begin(struct rig **out)
{
	struct rig *g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	*out = g;
	g->now_ms = 1000000;
	rig_conf(g);
	log_set_sink(rig_sink, NULL);
	int err = timers_create(&g->timers, g->now_ms);
	if (!err)
		err = hasher_create(&g->hasher);
	if (err)
		return err;
	const struct relay_setup setup = { .timers = g->timers,
					   .ops = &rig_ops,
					   .arg = g };
	err = relay_create(&g->relay, &setup);
	if (!err)
		rig_apply(g);
	return err;
}

static inline void rig_end(struct rig *g)
{
	if (!g)
		return;
	relay_free(g->relay);
	assert_int_equal(g->open, 0);
	hasher_free(g->hasher);
	timers_free(g->timers);
	free(g);
	log_set_sink(NULL, NULL);
}

static inline void rig_later(struct rig *g, uint64_t ms)
{
	g->now_ms += ms;
	timers_advance(g->timers, g->now_ms);
}

/* ---- requests ---- */

struct rig_ask {
	const struct stun_dialect *dialect; /* NULL: stun_rfc */
	enum stun_method method;
	enum stun_class class;
	unsigned client;
	unsigned user; /* of rig.users */
	bool bare;     /* without credentials */
	bool same_id;  /* sent again */
	int lifetime;  /* seconds; -1: absent */
	unsigned family, additional;
	bool even, reserve;
	const uint8_t *token;
	uint16_t channel;
	const char *peer[4];
	const char *data;
	bool short_integrity; /* a wrong key */
};

static inline void rig_put_fields(struct stun_writer *w,
				  const struct rig_ask *a)
{
	if (a->method == STUN_ALLOCATE)
		stun_put_u8(w, STUN_F_TRANSPORT, 17);
	if (a->lifetime >= 0)
		stun_put_u32(w, STUN_F_LIFETIME, (uint32_t)a->lifetime);
	if (a->family)
		stun_put_u8(w, STUN_F_FAMILY, (uint8_t)a->family);
	if (a->additional)
		stun_put_u8(w, STUN_F_ADDITIONAL_FAMILY,
			    (uint8_t)a->additional);
	if (a->even)
		stun_put_u8(w, STUN_F_EVEN_PORT, a->reserve ? 0x80 : 0);
	if (a->token)
		stun_put(w, STUN_F_RESERVATION, slice_of(a->token, 8));
	if (a->channel)
		stun_put_u16(w, STUN_F_CHANNEL, a->channel);
	for (size_t i = 0; i < 4 && a->peer[i]; i++) {
		struct relay_addr p = rig_addr(a->peer[i]);
		struct addr peer = relay_addr_to(&p);
		stun_put_addr(w, STUN_F_PEER, &peer);
	}
	if (a->data)
		stun_put(w, STUN_F_DATA, slice_str(a->data));
}

static inline void rig_sign(struct rig *g, struct stun_writer *w,
			    const struct rig_ask *a)
{
	const struct relay_user *u = &g->users[a->user];
	const struct stun_dialect *d = w->dialect;
	const struct stun_secret from = { u->name, g->conf.realm, u->password };
	struct stun_key key;
	assert_int_equal(stun_key_make(g->hasher, d, STUN_MD5, &from, &key), 0);
	if (a->short_integrity)
		key.bytes[0] ^= 1;
	stun_put(w, STUN_F_USERNAME, u->name);
	if (a->method != STUN_SEND && a->method != STUN_SET_ACTIVE) {
		stun_put(w, STUN_F_REALM, g->conf.realm);
		stun_put(
			w, STUN_F_NONCE,
			slice_of(g->nonce[a->client], g->nonce_len[a->client]));
	}
	stun_put_integrity(w, stun_key_bytes(&key), false);
}

static inline void rig_from_client(struct rig *g, unsigned client,
				   const void *bytes, size_t len)
{
	struct relay_flow f = rig_flow(client);
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy) /* made to fail: lost on the way */
		return;
	memcpy(copy, bytes, len);
	const struct relay_packet p = { .ptr = copy, .len = len };
	relay_client_packet(g->relay, &f, &p);
	free(copy);
}

/* Sends it; g->count is what came of it. */
static inline void rig_send(struct rig *g, const struct rig_ask *a)
{
	uint8_t bytes[RIG_BYTES], id[STUN_ID_BYTES] = { 0 };
	struct stun_writer w;
	if (!a->same_id)
		g->next_id++;
	memcpy(id + 4, &g->next_id, sizeof(g->next_id));
	stun_writer_init(&w, g->hasher, bytes, sizeof(bytes));
	stun_begin(&w, a->dialect ? a->dialect : &stun_rfc, a->method, a->class,
		   id);
	rig_put_fields(&w, a);
	if (!a->bare)
		rig_sign(g, &w, a);
	struct slice whole = stun_end(&w);
	assert_int_not_equal(whole.len, 0);
	g->count = 0;
	rig_from_client(g, a->client, whole.ptr, whole.len);
}

/* The answer to the last request: its code, 0 for success, -1 for none. */
static inline int rig_answer(struct rig *g, struct stun_msg *m,
			     const struct stun_dialect *d)
{
	if (g->count == 0 || g->sent[0].to_peer)
		return -1;
	assert_int_equal(stun_parse(m, d ? d : &stun_rfc,
				    slice_of(g->sent[0].bytes, g->sent[0].len)),
			 0);
	return m->cls == STUN_ERROR ? stun_error_code(m) : 0;
}

static inline int rig_code(struct rig *g, const struct rig_ask *a)
{
	struct stun_msg m;
	rig_send(g, a);
	return rig_answer(g, &m, a->dialect);
}

/* A first Allocate without credentials yields the nonce. */
static inline void rig_challenge(struct rig *g, unsigned client,
				 const struct stun_dialect *d)
{
	struct stun_msg m;
	const struct rig_ask a = { .dialect = d,
				   .method = STUN_ALLOCATE,
				   .client = client,
				   .bare = true,
				   .lifetime = -1 };
	rig_send(g, &a);
	if (g->count == 0)
		return; /* strangers are answered so often only */
	assert_int_equal(rig_answer(g, &m, d), 401);
	struct slice nonce = stun_value(&m, STUN_F_NONCE);
	assert_true(nonce.len <= STUN_NONCE_BYTES && nonce.len);
	memcpy(g->nonce[client], nonce.ptr, nonce.len);
	g->nonce_len[client] = (uint8_t)nonce.len;
}

static inline int rig_allocate(struct rig *g, unsigned client)
{
	const struct rig_ask a = { .method = STUN_ALLOCATE,
				   .client = client,
				   .lifetime = -1 };
	rig_challenge(g, client, NULL);
	return rig_code(g, &a);
}

static inline int rig_permit(struct rig *g, unsigned client, const char *peer)
{
	const struct rig_ask a = { .method = STUN_CREATE_PERMISSION,
				   .client = client,
				   .lifetime = -1,
				   .peer = { peer } };
	return rig_code(g, &a);
}

static inline int rig_bind(struct rig *g, unsigned client, uint16_t channel,
			   const char *peer)
{
	const struct rig_ask a = { .method = STUN_CHANNEL_BIND,
				   .client = client,
				   .lifetime = -1,
				   .channel = channel,
				   .peer = { peer } };
	return rig_code(g, &a);
}

/* The nth open port. */
static inline struct rig_port *rig_port_at(struct rig *g, size_t n)
{
	for (size_t i = 0; i < RIG_PORTS; i++) {
		if (g->port[i].open && n-- == 0)
			return &g->port[i];
	}
	fail_msg("no such port");
	return NULL;
}

static inline void rig_from_peer(struct rig *g, struct rig_port *p,
				 const char *peer, const char *data)
{
	uint8_t room[RELAY_HEADROOM + RIG_BYTES + RELAY_TAILROOM];
	struct relay_addr from = rig_addr(peer);
	struct relay_packet packet = { .ptr = room + RELAY_HEADROOM,
				       .len = strlen(data),
				       .ttl = 60,
				       .tos = 0xb8 };
	memset(room, 0xa5, sizeof(room));
	memcpy(packet.ptr, data, packet.len);
	g->count = 0;
	relay_peer_packet(p->port, &from, &packet);
}

static inline void rig_channel_data(struct rig *g, unsigned client,
				    uint16_t channel, const char *data)
{
	uint8_t bytes[RIG_BYTES];
	size_t len = strlen(data);
	stun_channel_head(bytes, channel, (uint16_t)len);
	memcpy(bytes + 4, data, len);
	g->count = 0;
	rig_from_client(g, client, bytes, len + 4);
}
