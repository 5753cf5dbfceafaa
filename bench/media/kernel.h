/* SPDX-License-Identifier: Apache-2.0 */
/* What the bench's programs in the kernel share with media_fast. */
#pragma once

#include <stdint.h>

enum { FAST_HEADS = 6, FAST_FLOWS = 1024, FAST_STALL_NS = 50000000 };

/* The first bytes of a frame, all that a relay may change. */
struct fast_heads {
	uint64_t word[FAST_HEADS];
};

/* Lengths that come back: what a client gets, a peer, an echo. */
enum { FAST_DOWN, FAST_UP, FAST_ECHO, FAST_WAYS };

struct fast_control {
	uint64_t start_ns, rate; /* rate 0: as many as come back */
	uint64_t window, heads;  /* heads: how many there are */
	uint64_t sent, lost, seen, since_ns;
	uint64_t length[FAST_WAYS], received[FAST_WAYS];
};
