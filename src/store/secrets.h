/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of relay credentials, by key id (store/store.h has the rules). */
#pragma once

#include "store/store.h"

struct store_secret {
	uint16_t id; /* counts up */
	struct slice text;
	uint64_t created_s;
};

/* Adds one and forgets all but the newest `keep`. Commits what is staged: a
 * secret is shown when it is durable. */
int store_secret_add(struct store *s, struct slice text, uint64_t now_s,
		     unsigned keep);
/* The newest first. */
int store_secret_each(struct store *s,
		      void (*fn)(void *arg, const struct store_secret *x),
		      void *arg);
