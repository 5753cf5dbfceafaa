/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nonces without memory: cookie and features (RFC 8489 9.2), then the time
 * and a MAC over all of it and the path, in base64.
 *
 *	obMatJos2 ffff tttttmmmmmmmmmmmmmm
 *	9         4    19, of 4 bytes time and 10 of MAC
 */
#include <errno.h>

#include "base/text.h"
#include "stun/auth.h"
#include "stun/auth_int.h"
#include "stun/stun_int.h"

enum {
	FEATURES_AT = 9,
	SEALED_AT = FEATURES_AT + 4,
	TIME_BYTES = 4,
	MAC_BYTES = 10,
	SEALED_BYTES = TIME_BYTES + MAC_BYTES,
	SEALED_TEXT = (SEALED_BYTES + 2) / 3 * 4, /* with one '=' */
	NONCE_LIFE_AHEAD_S = 5,                   /* another process's clock */
};

void stun_nonce_cookie(const struct stun_auth *a,
		       char out[static STUN_NONCE_COOKIE_BYTES])
{
	const uint8_t features[] = { 0, 0, a->features };
	memcpy(out, "obMatJos2", FEATURES_AT);
	text_base64_into(slice_of(features, sizeof(features)),
			 out + FEATURES_AT);
}

/* Address and port without the bytes of a sockaddr that mean nothing. */
static struct slice addr_bytes(const struct addr *a, uint8_t out[static 18])
{
	bool v4 = a->u.sa.sa_family == AF_INET;
	const uint8_t *host = v4 ? (const uint8_t *)&a->u.in.sin_addr
				 : (const uint8_t *)&a->u.in6.sin6_addr;
	size_t len = v4 ? 4 : 16;
	stun_set16(out, addr_port(a));
	memcpy(out + 2, host, len);
	return slice_of(out, 2 + len);
}

static int make(const struct stun_auth *a, const struct stun_path *path,
		uint32_t time_s, char out[static STUN_NONCE_BYTES])
{
	uint8_t client[18];
	uint8_t server[18];
	uint8_t mac[SHA256_BYTES];
	uint8_t sealed[SEALED_BYTES];
	char text[SEALED_TEXT];
	stun_nonce_cookie(a, out);
	stun_set32(sealed, time_s);
	const struct slice part[] = {
		slice_of(out, SEALED_AT),
		slice_of(sealed, TIME_BYTES),
		slice_of(&path->transport, 1),
		addr_bytes(&path->client, client),
		addr_bytes(&path->server, server),
	};
	int err = hasher_hmac_sha256(
		a->hasher, slice_of(a->nonce_key, sizeof(a->nonce_key)), part,
		sizeof(part) / sizeof(part[0]), mac);
	if (err)
		return err;
	memcpy(sealed + TIME_BYTES, mac, MAC_BYTES);
	text_base64_into(slice_of(sealed, sizeof(sealed)), text);
	memcpy(out + SEALED_AT, text, STUN_NONCE_BYTES - SEALED_AT);
	return 0;
}

int stun_nonce_make(const struct stun_auth *a, const struct stun_path *path,
		    uint64_t now_s, char out[static STUN_NONCE_BYTES])
{
	return make(a, path, (uint32_t)now_s, out);
}

int stun_nonce_check(const struct stun_auth *a, const struct stun_path *path,
		     uint64_t now_s, struct slice nonce)
{
	uint8_t begin[6];
	char want[STUN_NONCE_BYTES];
	if (nonce.len != STUN_NONCE_BYTES ||
	    text_unbase64(slice_of(nonce.ptr + SEALED_AT, 8), begin,
			  sizeof(begin)) != sizeof(begin))
		return -EACCES;
	uint32_t time_s = stun_get32(begin);
	int err = make(a, path, time_s, want);
	if (err)
		return err;
	if (!crypto_equal(nonce, slice_of(want, sizeof(want))))
		return -EACCES;
	/* modulo 2^32: good beyond 2106, and a step back is no long life */
	int32_t age_s = (int32_t)((uint32_t)now_s - time_s);
	uint32_t life_s = a->nonce_life_s ? a->nonce_life_s : STUN_NONCE_LIFE_S;
	if (age_s < -NONCE_LIFE_AHEAD_S || age_s > (int64_t)life_s)
		return -EKEYEXPIRED;
	return 0;
}
