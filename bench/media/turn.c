/* SPDX-License-Identifier: Apache-2.0 */
/* Requests with a long-term key, and their answers (RFC 8656). */
#include "bench/media/turn.h"

#include <errno.h>

enum { UDP = 17 };

static void put_user(struct turn_user *u, struct stun_writer *w,
		     const struct turn_nonce *nonce)
{
	stun_put(w, STUN_F_USERNAME, u->name);
	stun_put(w, STUN_F_REALM, slice_of(u->realm, u->realm_len));
	stun_put(w, STUN_F_NONCE, slice_of(nonce->bytes, nonce->len));
	stun_put_integrity(w, stun_key_bytes(&u->key), false);
}

size_t turn_write(struct turn_user *u, const struct turn_ask *a,
		  uint8_t out[static TURN_ROOM])
{
	struct stun_writer w;
	uint8_t id[STUN_ID_BYTES] = { 0 };
	memcpy(id + 4, &a->id, sizeof(a->id));
	stun_writer_init(&w, u->hasher, out, TURN_ROOM);
	stun_begin(&w, &stun_rfc, a->method, STUN_REQUEST, id);
	if (a->method == STUN_ALLOCATE)
		stun_put_u8(&w, STUN_F_TRANSPORT, UDP);
	if (a->release)
		stun_put_u32(&w, STUN_F_LIFETIME, 0);
	if (a->peer) {
		const struct addr peer = { .u.in = *a->peer };
		stun_put_u16(&w, STUN_F_CHANNEL, TURN_CHANNEL);
		stun_put_addr(&w, STUN_F_PEER, &peer);
	}
	if (a->nonce->len)
		put_user(u, &w, a->nonce);
	return stun_end(&w).len;
}

static int take_challenge(struct turn_user *u, const struct stun_msg *m,
			  struct turn_nonce *nonce)
{
	struct slice n = stun_value(m, STUN_F_NONCE);
	struct slice r = stun_value(m, STUN_F_REALM);
	if (n.len > sizeof(nonce->bytes) || r.len > sizeof(u->realm))
		return -EBADMSG;
	memcpy(nonce->bytes, n.ptr, n.len);
	nonce->len = (uint8_t)n.len;
	if (u->realm_len || r.len == 0)
		return 0;
	memcpy(u->realm, r.ptr, r.len);
	u->realm_len = r.len;
	const struct stun_secret from = { .username = u->name,
					  .realm = r,
					  .password = u->password };
	return stun_key_make(u->hasher, &stun_rfc, STUN_MD5, &from, &u->key);
}

int turn_read(struct turn_user *u, struct slice bytes, struct turn_nonce *nonce,
	      struct turn_answer *out)
{
	struct stun_msg m;
	struct addr relayed = { .u.in = { .sin_family = AF_UNSPEC } };
	if (stun_parse(&m, &stun_rfc, bytes))
		return -EBADMSG;
	*out = (struct turn_answer){ .code = stun_error_code(&m) };
	memcpy(&out->id, m.id + 4, sizeof(out->id));
	if (out->code == 401 || out->code == 438)
		return take_challenge(u, &m, nonce);
	if (stun_addr(&m, STUN_F_RELAYED, &relayed) == 0)
		out->relayed = relayed.u.in;
	return 0;
}
