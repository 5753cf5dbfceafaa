/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Randomness, digests, MACs and sealed tokens, over libcrypto. Functions
 * return 0 or -E...; -EIO is a failure inside libcrypto.
 */
#pragma once

#include "base/buf.h"

enum {
	SHA1_BYTES = 20,
	SHA256_BYTES = 32,
	MD5_BYTES = 16,
	SEAL_KEY_BYTES = 64, /* AES-256-SIV: two 256-bit keys */
	SEAL_TAG_BYTES = 16,
};

/* The operating system's randomness only (TURN-15). */
int crypto_random(void *out, size_t len);
/* 0 when it fails is possible: check the result of crypto_random instead
 * where that matters. */
uint64_t crypto_random_u64(void);
/* Constant time in the content. */
bool crypto_equal(struct slice a, struct slice b);
/* Several pieces are hashed as if joined. */
int crypto_sha256(const struct slice *parts, size_t count,
		  uint8_t out[static SHA256_BYTES]);
/* For the handshake of WebSocket only, where nothing hangs on it. */
int crypto_sha1(const struct slice *parts, size_t count,
		uint8_t out[static SHA1_BYTES]);
int crypto_md5(const struct slice *parts, size_t count,
	       uint8_t out[static MD5_BYTES]);
int crypto_hmac_sha256(struct slice key, const struct slice *parts,
		       size_t count, uint8_t out[static SHA256_BYTES]);
/* Slow on purpose (scrypt, N 16384, r 8, p 1: some 50 ms and 16 MiB), for
 * passwords of people that stand in a database. */
int crypto_scrypt(struct slice password, struct slice salt,
		  uint8_t out[static SHA256_BYTES]);
void crypto_wipe(void *p, size_t len);

/*
 * Sealing keys: AES-256-SIV (RFC 5297), deterministic. The newest key seals,
 * all open. A token is base32(key id byte || tag || ciphertext), so it is a
 * SIP token and survives case folding. `purpose` is associated data: a token
 * made for one purpose never opens for another.
 */
struct sealer;

int sealer_create(struct sealer **out);
void sealer_free(struct sealer *s); /* tolerates NULL; wipes */
/* The key added last seals. An id that stands already gives -EEXIST. */
int sealer_add(struct sealer *s, uint8_t id,
	       const uint8_t key[static SEAL_KEY_BYTES]);
/* Appends the token's text. */
int sealer_seal(struct sealer *s, struct slice purpose, struct slice plain,
		struct buf *out);
/* Plain bytes written, or -EINVAL (not ours, changed), -ENOKEY (key gone),
 * -ENOSPC. */
int sealer_open(struct sealer *s, struct slice purpose, struct slice token,
		uint8_t *out, size_t size);
