/* SPDX-License-Identifier: Apache-2.0 */
/* S2V over CMAC (RFC 5297 2.4, RFC 4493), and counter mode (RFC 5297 2.5). */
#include "base/siv.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = SIV_BLOCK, HALF_KEY = SEAL_KEY_BYTES / 2, POLYNOMIAL = 0x87 };

struct siv {
	EVP_CIPHER_CTX *cbc;               /* keyed for the MAC */
	EVP_CIPHER_CTX *ctr;               /* keyed for the text */
	uint8_t whole[BLOCK], part[BLOCK]; /* CMAC's K1 and K2 */
	uint8_t zero[BLOCK];               /* the MAC of a block of zeros */
	struct siv_room *room;
};

/* Times x in GF(2^128): RFC 5297 2.3. */
static void twice(uint8_t b[static BLOCK])
{
	uint8_t carry = (uint8_t)(b[0] >> 7);
	for (size_t i = 0; i + 1 < BLOCK; i++)
		b[i] = (uint8_t)(b[i] << 1 | b[i + 1] >> 7);
	b[BLOCK - 1] = (uint8_t)(b[BLOCK - 1] << 1 ^ carry * POLYNOMIAL);
}

static void mix(uint8_t *to, const uint8_t *from)
{
	for (size_t i = 0; i < BLOCK; i++)
		to[i] ^= from[i];
}

/* CBC from a block of zeros over s->room->in, whole blocks; the last one. */
static int chain(struct siv *s, size_t len, uint8_t mac[static BLOCK])
{
	static const uint8_t start[BLOCK];
	int n = 0;
	if (!EVP_EncryptInit_ex2(s->cbc, NULL, NULL, start, NULL) ||
	    !EVP_EncryptUpdate(s->cbc, s->room->out, &n, s->room->in,
			       (int)len) ||
	    (size_t)n != len)
		return -EIO;
	memcpy(mac, s->room->out + len - BLOCK, BLOCK);
	return 0;
}

/* CMAC of the first len bytes of s->room->in, of which there is at least one.
 */
static int cmac(struct siv *s, size_t len, uint8_t mac[static BLOCK])
{
	size_t rest = len % BLOCK;
	if (rest) {
		memset(s->room->in + len, 0, BLOCK - rest);
		s->room->in[len] = 0x80;
		len += BLOCK - rest;
	}
	mix(s->room->in + len - BLOCK, rest ? s->part : s->whole);
	return chain(s, len, mac);
}

/* The synthetic IV of one associated data and a text. */
static int s2v(struct siv *s, struct slice ad, struct slice text,
	       uint8_t v[static BLOCK])
{
	uint8_t d[BLOCK], mac[BLOCK];
	memcpy(d, s->zero, BLOCK);
	twice(d);
	memcpy(s->room->in, ad.ptr, ad.len);
	int err = cmac(s, ad.len, mac);
	if (err)
		return err;
	mix(d, mac);
	memcpy(s->room->in, text.ptr, text.len);
	size_t len = text.len;
	if (len >= BLOCK) {
		mix(s->room->in + len - BLOCK, d);
	} else {
		twice(d);
		memset(s->room->in + len, 0, BLOCK - len);
		s->room->in[len] = 0x80;
		mix(s->room->in, d);
		len = BLOCK;
	}
	return cmac(s, len, v);
}

static int counter(struct siv *s, const uint8_t v[static BLOCK],
		   struct slice from, uint8_t *to)
{
	uint8_t start[BLOCK];
	int n = 0;
	memcpy(start, v, BLOCK);
	start[8] &= 0x7f;
	start[12] &= 0x7f;
	if (!EVP_EncryptInit_ex2(s->ctr, NULL, NULL, start, NULL) ||
	    !EVP_EncryptUpdate(s->ctr, to, &n, from.ptr, (int)from.len))
		return -EIO;
	return 0;
}

static bool fits(struct slice ad, struct slice from)
{
	return ad.len && ad.len <= SIV_MAX && from.len && from.len <= SIV_MAX;
}

int siv_seal(struct siv *s, struct slice ad, struct slice from, uint8_t *to,
	     uint8_t tag[static SEAL_TAG_BYTES])
{
	int err = fits(ad, from) ? s2v(s, ad, from, tag) : -EINVAL;
	return err ? err : counter(s, tag, from, to);
}

int siv_open(struct siv *s, struct slice ad, struct slice from, uint8_t *to,
	     const uint8_t tag[static SEAL_TAG_BYTES])
{
	uint8_t v[BLOCK];
	int err = fits(ad, from) ? counter(s, tag, from, to) : -EINVAL;
	if (err)
		return err;
	err = s2v(s, ad, slice_of(to, from.len), v);
	if (!err && !crypto_equal(slice_of(v, BLOCK), slice_of(tag, BLOCK)))
		err = -EINVAL;
	if (err)
		crypto_wipe(to, from.len);
	return err;
}

static EVP_CIPHER_CTX *keyed(const EVP_CIPHER *cipher, const uint8_t *key)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	if (ctx && cipher &&
	    EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) &&
	    EVP_CIPHER_CTX_set_padding(ctx, 0))
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

/* CMAC's subkeys (RFC 4493 2.3), and what S2V begins with. */
static int derive(struct siv *s)
{
	int err = chain(s, BLOCK, s->whole); /* in: zeros */
	if (err)
		return err;
	twice(s->whole);
	memcpy(s->part, s->whole, BLOCK);
	twice(s->part);
	memset(s->room->in, 0, BLOCK);
	return cmac(s, BLOCK, s->zero);
}

int siv_create(struct siv **out, const uint8_t key[static SEAL_KEY_BYTES],
	       struct siv_room *room)
{
	struct siv *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->room = room;
	s->cbc = keyed(EVP_aes_256_cbc(), key);
	s->ctr = keyed(EVP_aes_256_ctr(), key + HALF_KEY);
	memset(room->in, 0, BLOCK);
	int err = s->cbc && s->ctr ? derive(s) : -EIO;
	if (err)
		siv_free(s);
	else
		*out = s;
	return err;
}

void siv_free(struct siv *s)
{
	if (!s)
		return;
	EVP_CIPHER_CTX_free(s->cbc);
	EVP_CIPHER_CTX_free(s->ctr);
	crypto_wipe(s, sizeof(*s));
	free(s);
}
