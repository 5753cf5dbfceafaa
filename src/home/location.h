/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The location table in memory (RFC 3261 10): bindings by user and by flow.
 * It owns its entries. Writing them to the store is the caller's duty.
 */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "home/record.h"
#include "loop/timers.h"
#include "sip/uri.h"

struct location {
	struct map users;
	struct map flows;
	size_t count;
	struct timers *timers;
	/* A user's bindings are others than before. May be NULL. */
	void (*changed)(void *arg, struct slice aor);
	void *changed_arg;
};

struct location_user {
	struct map_node node;
	struct list bindings; /* oldest refresh first */
	size_t count;
	size_t aor_len;
	char aor[];
};

/* One allocation: the texts of `rec` lie behind it. */
struct binding {
	struct list of_user;
	struct list of_flow;
	struct location *location;
	struct location_user *user;   /* NULL: not in the table */
	struct location_flow *holder; /* the flow's entry */
	struct timer expiry;
	struct record rec;
	/* Its name in the store, with the user's: the contact, and for a flow
	 * of a device that and which one (RFC 5626 6: the same contact by two
	 * flows is two bindings). rec.contact is its beginning. */
	struct slice key;
	struct sip_uri uri; /* of rec.contact */
};

int location_init(struct location *l, struct timers *timers);
void location_free(struct location *l);

/* A binding with copies of all texts; -ENOMEM, -EINVAL (contact is no URI). */
int binding_create(struct binding **out, const struct record *rec);
void binding_free(struct binding *b); /* one that is not in the table */

/* Puts it in for as long as it lives; it is the newest of its user. 0 or
 * -ENOMEM: then nothing changed and the caller keeps it. */
int location_add(struct location *l, struct slice aor, struct binding *b,
		 uint64_t life_s);
/* Takes it out and frees it. */
void location_remove(struct location *l, struct binding *b);

struct location_user *location_find(const struct location *l, struct slice aor);
/* The user's binding whose contact is that URI (RFC 3261 19.1.4), or NULL. */
struct binding *location_match(const struct location_user *u,
			       const struct sip_uri *contact);
/* Calls fn, which may remove the binding, for each binding of that flow; flow
 * 0: of all flows of that worker's life. */
void location_each_of_flow(struct location *l, const struct flow_key *flow,
			   void (*fn)(void *arg, struct binding *b), void *arg);
/* The same for each binding. */
void location_each(struct location *l, void (*fn)(void *arg, struct binding *b),
		   void *arg);
