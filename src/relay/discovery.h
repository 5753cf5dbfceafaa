/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding, and what RFC 5780 adds to it: with two addresses and two ports of
 * ours a client finds out how its NAT maps and filters. Private to relay/.
 */
#pragma once

#include "relay/request.h"

/* What cannot be done here is unknown here: 420 (RFC 5780 6.1). */
void discovery_limit(const struct relay *r, const struct relay_flow *flow,
		     struct stun_msg *m);
const struct reject *discovery_act(struct request *q);
void discovery_answer(struct request *q, struct stun_writer *w);
