/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notices that the wall clock jumped (TIM-01) or cannot be right (TIM-02).
 * Pure: both clocks are handed in.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CLOCK_JUMP_MS = 2000 };

struct clockwatch {
	bool started;
	int64_t offset_ms; /* wall minus monotonic */
};

/* Milliseconds that the wall clock jumped since the last call, 0 for none. */
int64_t clockwatch_step(struct clockwatch *w, uint64_t mono_ms,
			uint64_t wall_ms);
/* Can this be the present? */
bool clock_plausible(uint64_t wall_ms);
