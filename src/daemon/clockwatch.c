/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the two clocks. */
#include "daemon/clockwatch.h"

/* 2025-01-01 and 2090-01-01: before the one this program did not exist. */
#define EARLIEST_MS UINT64_C(1735689600000)
#define LATEST_MS UINT64_C(3786912000000)

int64_t clockwatch_step(struct clockwatch *w, uint64_t mono_ms,
			uint64_t wall_ms)
{
	int64_t offset = (int64_t)(wall_ms - mono_ms);
	int64_t by = w->started ? offset - w->offset_ms : 0;
	if (!w->started || by >= CLOCK_JUMP_MS || by <= -CLOCK_JUMP_MS) {
		w->started = true;
		w->offset_ms = offset;
		return by;
	}
	/* a slew is followed, so that it never adds up to a jump */
	w->offset_ms = offset;
	return 0;
}

bool clock_plausible(uint64_t wall_ms)
{
	return wall_ms >= EARLIEST_MS && wall_ms < LATEST_MS;
}
