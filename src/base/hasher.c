/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and MACs with contexts that are made once. */
#include "base/hasher.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 64 }; /* of MD5, SHA-1 and SHA-256 alike */

struct hasher {
	EVP_MD_CTX *ctx;
	EVP_MD *md5, *sha1, *sha256;
};

void hasher_free(struct hasher *h)
{
	if (!h)
		return;
	EVP_MD_free(h->md5);
	EVP_MD_free(h->sha1);
	EVP_MD_free(h->sha256);
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int hasher_create(struct hasher **out)
{
	struct hasher *h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->ctx = EVP_MD_CTX_new();
	h->md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	h->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	h->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!h->ctx || !h->md5 || !h->sha1 || !h->sha256) {
		hasher_free(h);
		return -EIO;
	}
	*out = h;
	return 0;
}

static int digest(struct hasher *h, const EVP_MD *md, const struct slice *parts,
		  size_t count, uint8_t *out)
{
	int ok = EVP_DigestInit_ex2(h->ctx, md, NULL);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(h->ctx, parts[i].ptr, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(h->ctx, out, NULL);
	return ok ? 0 : -EIO;
}

int hasher_md5(struct hasher *h, const struct slice *parts, size_t count,
	       uint8_t out[static MD5_BYTES])
{
	return digest(h, h->md5, parts, count, out);
}

int hasher_sha256(struct hasher *h, const struct slice *parts, size_t count,
		  uint8_t out[static SHA256_BYTES])
{
	return digest(h, h->sha256, parts, count, out);
}

/* RFC 2104: a key over the block size is hashed, a lesser one padded. */
static int hmac_pad(struct hasher *h, const EVP_MD *md, struct slice key,
		    uint8_t pad[static BLOCK_BYTES])
{
	memset(pad, 0, BLOCK_BYTES);
	if (key.len > BLOCK_BYTES)
		return digest(h, md, &key, 1, pad);
	if (key.len)
		memcpy(pad, key.ptr, key.len);
	return 0;
}

static void hmac_xor(uint8_t pad[static BLOCK_BYTES], uint8_t with)
{
	for (size_t i = 0; i < BLOCK_BYTES; i++)
		pad[i] ^= with;
}

static int hmac(struct hasher *h, const EVP_MD *md, struct slice key,
		const struct slice *parts, size_t count, uint8_t *out)
{
	uint8_t pad[BLOCK_BYTES];
	uint8_t inner[SHA256_BYTES];
	size_t size = (size_t)EVP_MD_get_size(md);
	int ok = hmac_pad(h, md, key, pad) == 0;
	hmac_xor(pad, 0x36);
	ok = ok && EVP_DigestInit_ex2(h->ctx, md, NULL) &&
	     EVP_DigestUpdate(h->ctx, pad, BLOCK_BYTES);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(h->ctx, parts[i].ptr, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(h->ctx, inner, NULL);
	hmac_xor(pad, 0x36 ^ 0x5c);
	ok = ok && EVP_DigestInit_ex2(h->ctx, md, NULL) &&
	     EVP_DigestUpdate(h->ctx, pad, BLOCK_BYTES) &&
	     EVP_DigestUpdate(h->ctx, inner, size) &&
	     EVP_DigestFinal_ex(h->ctx, out, NULL);
	crypto_wipe(pad, sizeof(pad));
	crypto_wipe(inner, sizeof(inner));
	return ok ? 0 : -EIO;
}

int hasher_hmac_sha1(struct hasher *h, struct slice key,
		     const struct slice *parts, size_t count,
		     uint8_t out[static SHA1_BYTES])
{
	return hmac(h, h->sha1, key, parts, count, out);
}

int hasher_hmac_sha256(struct hasher *h, struct slice key,
		       const struct slice *parts, size_t count,
		       uint8_t out[static SHA256_BYTES])
{
	return hmac(h, h->sha256, key, parts, count, out);
}
