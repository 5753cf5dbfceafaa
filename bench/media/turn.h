/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of the bench says to a relay, and what it is told. */
#pragma once

#include <netinet/in.h>

#include "stun/key.h"
#include "stun/write.h"

enum { TURN_ROOM = 1024, TURN_NONCE = 128, TURN_CHANNEL = 0x4000 };

struct turn_user {
	struct hasher *hasher;
	struct slice name, password;
	char realm[64]; /* learnt from the first challenge */
	size_t realm_len;
	struct stun_key key;
};

struct turn_nonce {
	uint8_t len; /* 0: none yet */
	uint8_t bytes[TURN_NONCE];
};

struct turn_ask {
	enum stun_method method;
	uint64_t id; /* comes back in the answer */
	const struct turn_nonce *nonce;
	const struct sockaddr_in *peer; /* or NULL */
	bool release;                   /* LIFETIME 0 */
};

struct turn_answer {
	uint64_t id;
	int code; /* 0: done */
	struct sockaddr_in relayed;
};

/* A whole message in out; 0: it does not fit. */
size_t turn_write(struct turn_user *u, const struct turn_ask *a,
		  uint8_t out[static TURN_ROOM]);
/* Realm and nonce of a challenge are kept. 0 or -EBADMSG. */
int turn_read(struct turn_user *u, struct slice bytes, struct turn_nonce *nonce,
	      struct turn_answer *out);
