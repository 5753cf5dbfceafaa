/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness, digests and MACs over libcrypto. */
#include "base/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/random.h>

int crypto_random(void *out, size_t len)
{
	uint8_t *at = out;
	while (len) {
		ssize_t n = getrandom(at, len, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

uint64_t crypto_random_u64(void)
{
	uint64_t v;
	return crypto_random(&v, sizeof(v)) ? 0 : v;
}

bool crypto_equal(struct slice a, struct slice b)
{
	return a.len == b.len &&
	       (a.len == 0 || CRYPTO_memcmp(a.ptr, b.ptr, a.len) == 0);
}

void crypto_wipe(void *p, size_t len)
{
	if (p)
		OPENSSL_cleanse(p, len);
}

int crypto_scrypt(struct slice password, struct slice salt,
		  uint8_t out[static SHA256_BYTES])
{
	enum { N = 16384, R = 8, P = 1, MEMORY_MAX = 64 << 20 };
	/* a NULL password would mean that memory is only asked for */
	const char *p = password.len ? (const char *)password.ptr : "";
	int ok = EVP_PBE_scrypt(p, password.len, salt.ptr, salt.len, N, R, P,
				MEMORY_MAX, out, SHA256_BYTES);
	return ok == 1 ? 0 : -EIO;
}

static int digest(const char *name, const struct slice *parts, size_t count,
		  uint8_t *out)
{
	EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = md && ctx && EVP_DigestInit_ex2(ctx, md, NULL);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return ok ? 0 : -EIO;
}

int crypto_sha256(const struct slice *parts, size_t count,
		  uint8_t out[static SHA256_BYTES])
{
	return digest("SHA256", parts, count, out);
}

int crypto_sha1(const struct slice *parts, size_t count,
		uint8_t out[static SHA1_BYTES])
{
	return digest("SHA1", parts, count, out);
}

int crypto_md5(const struct slice *parts, size_t count,
	       uint8_t out[static MD5_BYTES])
{
	return digest("MD5", parts, count, out);
}

int crypto_hmac_sha256(struct slice key, const struct slice *parts,
		       size_t count, uint8_t out[static SHA256_BYTES])
{
	/* RFC 2104: a key over the block size is hashed, a lesser one padded */
	enum { BLOCK = 64 };
	uint8_t pad[BLOCK] = { 0 };
	uint8_t inner[SHA256_BYTES];
	EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = md && ctx;
	if (key.len > BLOCK)
		ok = ok && crypto_sha256(&key, 1, pad) == 0;
	else if (key.len)
		memcpy(pad, key.ptr, key.len);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36;
	ok = ok && EVP_DigestInit_ex2(ctx, md, NULL) &&
	     EVP_DigestUpdate(ctx, pad, BLOCK);
	for (size_t i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].ptr, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(ctx, inner, NULL);
	for (size_t i = 0; i < BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	ok = ok && EVP_DigestInit_ex2(ctx, md, NULL) &&
	     EVP_DigestUpdate(ctx, pad, BLOCK) &&
	     EVP_DigestUpdate(ctx, inner, sizeof(inner)) &&
	     EVP_DigestFinal_ex(ctx, out, NULL);
	crypto_wipe(pad, sizeof(pad));
	crypto_wipe(inner, sizeof(inner));
	EVP_MD_CTX_free(ctx);
	EVP_MD_free(md);
	return ok ? 0 : -EIO;
}
