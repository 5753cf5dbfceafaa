/* SPDX-License-Identifier: Apache-2.0 */
/* Presence in the store: who may see whom, and the subscriptions and published
 * states that outlive a process. Rules and kinds are presence's own numbers. */
#pragma once

#include "store/store.h"

/* What one user says of another: one rule a pair. */
struct store_contact {
	struct slice owner;   /* key, with contact; goes with that user */
	struct slice contact; /* canonical address, of any domain */
	uint8_t rule;         /* 1 to 255 */
};

struct store_soft {
	uint8_t kind; /* key, with aor and name */
	struct slice aor;
	struct slice name;   /* any bytes */
	struct slice record; /* any bytes */
	uint64_t expires_s;  /* seconds since 1970 */
};

typedef void (*store_contact_fn)(void *arg, const struct store_contact *c);
typedef void (*store_soft_fn)(void *arg, const struct store_soft *r);

/* -ENOENT: no such user. */
int store_contact_put(struct store *s, const struct store_contact *c);
int store_contact_delete(struct store *s, struct slice owner,
			 struct slice contact); /* -ENOENT: none */
/* contact empty: all of that user, in order. */
int store_contact_each(struct store *s, struct slice owner,
		       struct slice contact, store_contact_fn fn, void *arg);

/* -ENOENT: no such user. */
int store_soft_put(struct store *s, const struct store_soft *r);
int store_soft_delete(struct store *s, const struct store_soft *key);
/* Expired ones are left out. */
int store_soft_each(struct store *s, uint64_t now_s, store_soft_fn fn,
		    void *arg);
int store_soft_expire(struct store *s, uint64_t now_s);
