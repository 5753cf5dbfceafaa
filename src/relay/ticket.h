/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a ticket of mobility (RFC 8016): a sealed name of an allocation
 * and of how often it moved. 32 characters, because coturn's client keeps no
 * more. Pure.
 */
#pragma once

#include "base/hasher.h"

enum { TICKET_TEXT = 32, TICKET_KEY_BYTES = 2 * SHA256_BYTES };

struct ticket {
	uint8_t column; /* the process that has the allocation */
	uint64_t id;    /* its number there, 40 bits */
	uint32_t life;  /* of that process */
	uint16_t moves;
};

/* The keys that come of what all relay processes share. 0 or -EIO. */
int ticket_keys(struct slice shared, uint8_t keys[static TICKET_KEY_BYTES]);
int ticket_seal(struct hasher *h, const uint8_t keys[static TICKET_KEY_BYTES],
		const struct ticket *t, char out[static TICKET_TEXT]);
/* 0; -EINVAL: not one of ours. */
int ticket_open(struct hasher *h, const uint8_t keys[static TICKET_KEY_BYTES],
		struct slice text, struct ticket *t);
