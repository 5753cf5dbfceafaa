/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second port of a pair, kept for 30 seconds for the user who asked
 * (RFC 8656 7.2). It is claimed on whatever relay process the kernel steers
 * him to, so the table is shared by all of them, without locks, and holds no
 * socket: a port in it is passed over by every process until it is claimed or
 * its time is over. A process that dies in the few instructions of a change
 * leaves one row unusable.
 */
#pragma once

#include "relay/relay_addr.h"

enum { RESERVATION_MS = 30000, RESERVATION_BYTES = 8 };

struct reservations;

size_t reservations_bytes(void); /* of zeroes, to begin with */

/* 0; -ENOBUFS: the table is full; -EIO: no randomness. */
int reservation_make(struct reservations *v, const struct relay_addr *at,
		     uint64_t user, uint64_t now_ms,
		     uint8_t token[static RESERVATION_BYTES]);
/* 0 and where; -ENOENT: no such token, over, or another user's. */
int reservation_take(struct reservations *v, uint64_t user, uint64_t now_ms,
		     const uint8_t token[static RESERVATION_BYTES],
		     struct relay_addr *at);
bool reservation_holds(struct reservations *v, const struct relay_addr *at,
		       uint64_t now_ms);
