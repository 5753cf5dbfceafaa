/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many streams of one source stand open, without state for each source: a
 * source (an IPv4 address, an IPv6 /64) falls into two cells under keyed hashes
 * and may have more while one of them has room. Pure.
 */
#pragma once

#include "relay/relay_addr.h"

enum { CROWD_CELLS = 4096, CROWD_MAX = 1000 };

struct crowd {
	uint64_t seed[2];
	uint16_t count[2][CROWD_CELLS];
};

int crowd_init(struct crowd *c); /* 0 or -EIO: no randomness */
/* False: too many. Each true one is given back. */
bool crowd_enter(struct crowd *c, const struct relay_addr *source);
void crowd_leave(struct crowd *c, const struct relay_addr *source);
