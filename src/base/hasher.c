/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and MACs with contexts that are made once. */
#include "base/hasher.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 }; /* of MD5, SHA-1 and SHA-256 alike */

/* A context for each digest: changing the digest of one would allocate. */
struct engine {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
	size_t size; /* bytes of its result */
};

struct hasher {
	struct engine md5, sha1, sha256;
};

static void engine_free(struct engine *e)
{
	EVP_MD_free(e->md);
	EVP_MD_CTX_free(e->ctx);
}

static bool engine_open(struct engine *e, const char *name, size_t size)
{
	e->md = EVP_MD_fetch(NULL, name, NULL);
	e->ctx = EVP_MD_CTX_new();
	e->size = size;
	return e->md && e->ctx && EVP_DigestInit_ex2(e->ctx, e->md, NULL);
}

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	engine_free(&h->md5);
	engine_free(&h->sha1);
	engine_free(&h->sha256);
	free(h);
}

int hasher_create(struct hasher **out)
{
	struct hasher *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	if (!engine_open(&h->md5, "MD5", MD5_BYTES) ||
	    !engine_open(&h->sha1, "SHA1", SHA1_BYTES) ||
	    !engine_open(&h->sha256, "SHA256", SHA256_BYTES)) {
		hasher_free(h);
		return -EIO;
	}
	*out = h;
	return 0;
}

static int digest(const struct engine *e, const struct slice *parts,
		  size_t count, uint8_t *out)
{
	int ok = EVP_DigestInit_ex2(e->ctx, NULL, NULL);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(e->ctx, parts[i].ptr, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(e->ctx, out, NULL);
	return ok ? 0 : -EIO;
}

int hasher_md5(struct hasher *h, const struct slice *parts, size_t count,
	       uint8_t out[static MD5_BYTES])
{
	return digest(&h->md5, parts, count, out);
}

int hasher_sha256(struct hasher *h, const struct slice *parts, size_t count,
		  uint8_t out[static SHA256_BYTES])
{
	return digest(&h->sha256, parts, count, out);
}

/* RFC 2104: a key over the block size is hashed, a lesser one padded. */
static int hmac_pad(const struct engine *e, struct slice key,
		    uint8_t pad[static BLOCK_BYTES])
{
	memset(pad, 0, BLOCK_BYTES);
	if (key.len > BLOCK_BYTES)
		return digest(e, &key, 1, pad);
	if (key.len)
		memcpy(pad, key.ptr, key.len);
	return 0;
}

static void hmac_xor(uint8_t pad[static BLOCK_BYTES], uint8_t with)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		pad[i] ^= with;
}

static int hmac(const struct engine *e, struct slice key,
		const struct slice *parts, size_t count, uint8_t *out)
{
	uint8_t pad[BLOCK_BYTES];
	uint8_t inner[SHA256_BYTES];
	int ok = hmac_pad(e, key, pad) == 0;
	hmac_xor(pad, 0x36);
	ok = ok && EVP_DigestInit_ex2(e->ctx, NULL, NULL) &&
	     EVP_DigestUpdate(e->ctx, pad, BLOCK_BYTES);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(e->ctx, parts[i].ptr, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(e->ctx, inner, NULL);
	hmac_xor(pad, 0x36 ^ 0x5c);
	ok = ok && EVP_DigestInit_ex2(e->ctx, NULL, NULL) &&
	     EVP_DigestUpdate(e->ctx, pad, BLOCK_BYTES) &&
	     EVP_DigestUpdate(e->ctx, inner, e->size) &&
	     EVP_DigestFinal_ex(e->ctx, out, NULL);
	crypto_wipe(pad, sizeof(pad));
	crypto_wipe(inner, sizeof(inner));
	return ok ? 0 : -EIO;
}

int hasher_hmac_sha1(struct hasher *h, struct slice key,
		     const struct slice *parts, size_t count,
		     uint8_t out[static SHA1_BYTES])
{
	return hmac(&h->sha1, key, parts, count, out);
}

int hasher_hmac_sha256(struct hasher *h, struct slice key,
		       const struct slice *parts, size_t count,
		       uint8_t out[static SHA256_BYTES])
{
	return hmac(&h->sha256, key, parts, count, out);
}
