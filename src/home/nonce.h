/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digest nonces: time and randomness under a MAC over source and realm, with
 * keys from the store's ring, so nothing is kept for a challenge and a restart
 * does not matter. What is kept is the highest nc of each nonce that was used
 * (SIP-23).
 */
#pragma once

#include "base/crypto.h"
#include "base/list.h"
#include "base/map.h"

enum {
	NONCE_LIFE_S = 600,
	NONCE_USED_MAX = 65536,
	NONCE_KEYS_MAX = 16,
	NONCE_ID_BYTES = 16, /* time and randomness */
	NONCE_MAC_BYTES = 16,
	NONCE_BYTES = 1 + NONCE_ID_BYTES + NONCE_MAC_BYTES,
	NONCE_TEXT_MAX = 2 * NONCE_BYTES + 1
};

struct nonce_key {
	uint8_t id;
	uint8_t key[SHA256_BYTES];
};

struct nonces {
	struct nonce_key key[NONCE_KEYS_MAX]; /* the last one makes */
	size_t key_count;
	struct map used;
	struct list oldest;
	uint64_t floor_s; /* unknown nonces that old may have been used */
};

/* Whom a nonce is for. */
struct nonce_scope {
	uint64_t source;
	struct slice realm;
	uint64_t now_s;
};

/* With a random key, until a ring comes. */
int nonces_init(struct nonces *n);
void nonces_free(struct nonces *n);
/* ring: (id, 64 bytes) each, oldest first, as in IPC KEYS. -EINVAL and nothing
 * changed when it is malformed. */
int nonces_keys(struct nonces *n, struct slice ring);
int nonce_make(struct nonces *n, const struct nonce_scope *scope,
	       char out[static NONCE_TEXT_MAX]);
/* Is it ours, for that scope, not expired, and nc above all before? */
bool nonce_good(const struct nonces *n, const struct nonce_scope *scope,
		struct slice nonce, uint32_t nc);
/* Notes a good one as used. -ENOMEM: then it must not be accepted. */
int nonce_use(struct nonces *n, struct slice nonce, uint32_t nc);
