/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the engine: allocations that go with their client to another
 * 5-tuple (RFC 8016). The ticket names the process that has the allocation;
 * what shows it elsewhere is handed over to that process (docs/design/turn.md).
 */
#pragma once

#include "relay/request.h"

enum { MOBILITY_LOST_MS = 30000 }; /* for whom a broken stream is waited */

/* What only those allocations keep. */
struct relay_mobility {
	struct relay_alloc *alloc;
	struct map_node by_id;          /* in relay->mobile */
	uint64_t id;                    /* as tickets have it */
	uint16_t moves;                 /* tickets of earlier ones are over */
	uint8_t last_id[STUN_ID_BYTES]; /* of the Refresh that moved it */
	bool lost; /* its stream is gone: nobody is reached */
	bool has_old;
	struct map_node by_old; /* in relay->moved; key: old */
	struct relay_flow old;  /* counts until the new one is used */
};

int mobility_open(struct relay *r);
void mobility_close(struct relay *r);
/* Tickets of all processes are sealed with what comes of this key; once. */
int mobility_key(struct relay *r,
		 const uint8_t nonce_key[static STUN_NONCE_KEY_BYTES]);

/* alloc.c: another source is charged for it from now on. */
const struct reject *alloc_recharge(struct relay_alloc *a,
				    const struct relay_addr *source);
/* alloc_timers.c: it ends after that time, if not before. */
void alloc_wait(struct relay_alloc *a, uint64_t ms);

/* An Allocate with the attribute: may it be granted? */
const struct reject *mobility_check(const struct request *q);
int mobility_begin(struct relay_alloc *a); /* 0 or -ENOMEM */
void mobility_end(struct relay_alloc *a);  /* with the allocation */
/* The ticket that counts now, for whom asked for one. */
void mobility_put(const struct request *q, struct stun_writer *w);

/* A Refresh with a ticket: q->alloc is here then, or q->later is set. */
const struct reject *mobility_refresh(struct request *q);
/* The allocation whose last 5-tuple this was, or NULL. */
struct relay_alloc *mobility_find_old(const struct relay *r,
				      const struct relay_flow *flow);
/* Something good came by that flow: if it is the new one, the old one ends. */
void mobility_heard(struct relay_alloc *a, const struct relay_flow *flow);
/* The stream is gone. True: the allocation stands yet. */
bool mobility_lost(struct relay_alloc *a, const struct relay_flow *flow);
