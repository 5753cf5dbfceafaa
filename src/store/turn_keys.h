/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the relay knows of a user's password: the long-term keys of RFC 8489
 * 9.2.2 for the relay's own realm. They are no HA1 of SIP, whose realm is the
 * domain, so neither opens what the other does (store/store.h has the rules).
 */
#pragma once

#include "store/store.h"

struct store_turn_key {
	struct slice aor;  /* the key; of a user that is there */
	struct slice name; /* as the client sends it: user@domain, unescaped */
	struct slice realm;
	struct slice userhash; /* SHA-256(name:realm), bytes */
	struct slice md5;      /* of name:realm:password, bytes */
	struct slice sha256;
	bool disabled; /* the user is; not written here */
};

/* Adds or replaces. -ENOENT: no such user. */
int store_turn_key_put(struct store *s, const struct store_turn_key *k);
/* By the name, or, when that is empty, by the hash. -ENOENT. */
int store_turn_key_get(struct store *s, struct slice name,
		       struct slice userhash,
		       void (*fn)(void *arg, const struct store_turn_key *k),
		       void *arg);
