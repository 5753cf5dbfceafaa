/* SPDX-License-Identifier: Apache-2.0 */
/* A client of the relay, for one round trip (RFC 8656): two allocations, and a
 * packet from one to the other. Blocking, each wait bounded. */
#pragma once

#include "base/addr.h"

struct turn_ask {
	struct addr relay; /* its listener */
	bool tcp;          /* to the relay; between the allocations it is UDP */
	struct slice username, password;
};

enum { TURN_WHY_MAX = 256 };

/* 0 and how long the packet took; else -E... and a sentence. */
int turn_round_trip(const struct turn_ask *ask, uint32_t *us,
		    char why[static TURN_WHY_MAX]);
