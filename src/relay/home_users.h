/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users of the built-in home who sign with their SIP password: their keys are
 * asked of the store and kept for a moment. A request whose key is on its way
 * waits; how many are asked for and wait is bounded, and who guesses is
 * silenced as in SIP (SIP-22).
 */
#pragma once

#include "base/guess.h"
#include "relay/request.h"

enum {
	HOME_NAME_MAX = 511,
	HOME_ASKED_MAX = 64,    /* questions on their way */
	HOME_ASK_EVERY_MS = 5,  /* beyond a burst of HOME_ASKED_MAX */
	HOME_ASK_MS = 3000,     /* no answer comes any more */
	HOME_WAITING_MAX = 256, /* requests */
	HOME_KNOWN_MAX = 4096,  /* users; the oldest is forgotten */
	HOME_KNOWN_MS = 60000,  /* changes are told: this is for lost ones */
	HOME_NOBODY_MAX = 1024, /* names without a key */
	HOME_NOBODY_MS = 5000,
	HOME_FAILED_MS = 1000, /* the store did not answer */
};

struct home_users;

int home_users_create(struct home_users **out);
void home_users_free(struct relay *r);
/* As stun_user_fn, for the request q. -EAGAIN: it waits, or is dropped so
 * that the client asks again. */
int home_users_find(struct request *q, const struct stun_user_query *query,
		    struct stun_key *key, struct slice *name);
/* The key was found, and the request was not signed with it. */
void home_users_wrong(const struct request *q);
/* All that is known and asked. */
void home_users_reset(struct relay *r);
/* Requests that wait and came by this flow, or by that process. */
void home_users_flow_gone(struct relay *r, const struct relay_flow *flow);
void home_users_slot_gone(struct relay *r, uint32_t slot);
