/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of clients: written field by field, signed, sent. */
#pragma once

#include "rig_begin.h"

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
	const char *ticket; /* of mobility; "": wants one */
	uint16_t channel;
	bool tcp;            /* relayed transport */
	uint32_t connection; /* 0: absent */
	const char *peer[4];
	const char *data;
	bool short_integrity; /* a wrong key */
	bool minted; /* a credential alone, as the Messenger form wants it */
};

static inline void rig_put_fields(struct stun_writer *w,
				  const struct rig_ask *a)
{
	if (a->method == STUN_ALLOCATE)
		stun_put_u8(w, STUN_F_TRANSPORT, a->tcp ? 6 : 17);
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
	if (a->ticket)
		stun_put(w, STUN_F_MOBILITY_TICKET, slice_str(a->ticket));
	if (a->channel)
		stun_put_u16(w, STUN_F_CHANNEL, a->channel);
	if (a->connection)
		stun_put_u32(w, STUN_F_CONNECTION_ID, a->connection);
	for (size_t i = 0; i < 4 && a->peer[i]; i++) {
		struct relay_addr p = rig_addr(a->peer[i]);
		struct addr peer = relay_addr_to(&p);
		stun_put_addr(w, STUN_F_PEER, &peer);
	}
	if (a->data)
		stun_put(w, STUN_F_DATA, slice_str(a->data));
}

static inline void rig_sign_minted(struct rig *g, struct stun_writer *w)
{
	struct credential c;
	struct stun_key key;
	const struct credential_wish wish = { .user = SLICE_LIT("alice"),
					      .form = CREDENTIAL_BINARY,
					      .now_s = rig_now_s(g),
					      .ttl_s = 3600 };
	assert_int_equal(credential_mint(g->hasher, &g->secrets, &wish, &c), 0);
	const struct stun_secret from = {
		.username = slice_of(c.username, c.username_len),
		.password = slice_of(c.password, c.password_len),
	};
	assert_int_equal(
		stun_key_make(g->hasher, w->dialect, STUN_MD5, &from, &key), 0);
	stun_put(w, STUN_F_USERNAME, from.username);
	stun_put_integrity(w, stun_key_bytes(&key), false);
}

static inline void rig_sign(struct rig *g, struct stun_writer *w,
			    const struct rig_ask *a)
{
	const struct relay_user *u = &g->users[a->user];
	const struct stun_dialect *d = w->dialect;
	const struct stun_secret from = { u->name, g->conf.realm, u->password };
	struct stun_key key;
	if (a->minted) {
		rig_sign_minted(g, w);
		return;
	}
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
	f.socket = g->socket;
	uint8_t *copy = malloc(len ? len : 1);
	if (!copy) /* made to fail: lost on the way */
		return;
	memcpy(copy, bytes, len);
	const struct relay_packet p = { .ptr = copy, .len = len };
	relay_client_packet(g->relay, &f, &p);
	free(copy);
}
