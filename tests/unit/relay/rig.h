/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine on a table: virtual time, ports that are only numbers, packets in
 * memory. Clients are numbered; each has one UDP 5-tuple.
 */
#pragma once

#include "rig_ask.h"

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
	size_t head = g->sent[0].flow.transport == RELAY_MS_TCP ? 4 : 0;
	assert_int_equal(stun_parse(m, d ? d : &stun_rfc,
				    slice_of(g->sent[0].bytes + head,
					     g->sent[0].len - head)),
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
