/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AES-256-SIV (RFC 5297) with one associated data, on keyed contexts that stay:
 * the library's own is spent after one message, and costs more to make than a
 * token costs to seal. Private to base/sealer.c.
 */
#pragma once

#include "base/crypto.h"

enum { SIV_MAX = 8192, SIV_BLOCK = 16 };

/* Room to work in, for any number of keys; the owner wipes it. */
struct siv_room {
	uint8_t in[SIV_MAX + SIV_BLOCK], out[SIV_MAX + SIV_BLOCK];
};

struct siv;

/* room outlives it. */
int siv_create(struct siv **out, const uint8_t key[static SEAL_KEY_BYTES],
	       struct siv_room *room);
void siv_free(struct siv *s); /* tolerates NULL */

/* ad and from: 1 to SIV_MAX bytes each. from and to do not overlap. */
/* 0 or -EIO. */
int siv_seal(struct siv *s, struct slice ad, struct slice from, uint8_t *to,
	     uint8_t tag[static SEAL_TAG_BYTES]);
/* -EINVAL: it was not sealed so; then to is wiped. */
int siv_open(struct siv *s, struct slice ad, struct slice from, uint8_t *to,
	     const uint8_t tag[static SEAL_TAG_BYTES]);
