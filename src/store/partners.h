/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the operator said of domains and addresses, and how far discovered
 * partners have come with their limits (SIP-27). Domains are canonical.
 */
#pragma once

#include "store/store.h"

struct store_tally {
	struct slice domain;    /* the key */
	uint8_t state;          /* the edge's own */
	struct slice addresses; /* the edge's own encoding */
};

struct store_ban {
	struct slice address; /* as text, the key */
	uint64_t until_s;     /* since 1970 */
};

/* Rulings and bans are durable when these return: what is staged beside them
 * is committed too. */

/* ruling: 1 to 255; 0 forgets it. Either starts a tally anew. */
int store_ruling_put(struct store *s, struct slice domain, uint8_t ruling);
int store_ruling_each(struct store *s,
		      void (*fn)(void *arg, struct slice domain,
				 uint8_t ruling),
		      void *arg);

int store_tally_put(struct store *s, const struct store_tally *t);
int store_tally_get(struct store *s, struct slice domain,
		    void (*fn)(void *arg, const struct store_tally *t),
		    void *arg); /* -ENOENT */

/* until_s 0: lifts it; -ENOENT when there was none. */
int store_ban_put(struct store *s, const struct store_ban *b);
int store_ban_each(struct store *s, uint64_t now_s,
		   void (*fn)(void *arg, const struct store_ban *b), void *arg);
int store_ban_expire(struct store *s, uint64_t now_s);
