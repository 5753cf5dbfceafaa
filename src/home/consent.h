/* SPDX-License-Identifier: Apache-2.0 */
/* Who may reach a user from outside; private to home/. */
#pragma once

#include "home/home_int.h"

/* Does the edge's mark vouch for the sender? What others put there it drops. A
 * provider's users are strangers unless it vouches for each ("contacts only"
 * and its like); a partner that is listed by its name vouches for its own. */
bool consent_verified(const struct sip_msg *m);
/* Does it say that the provider of a split domain sent it? */
bool consent_shared(const struct sip_msg *m);
/* Calls next when the addressee takes it; or refuses. */
void consent_begin(struct call *q, void (*next)(struct call *q));
