/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counts and rates that all relay processes share: allocations of a user, of
 * a source and in all, and a user's bandwidth. A flat memory region without
 * locks; each process writes its own column of counts, so what a dead one
 * held goes with cells_claim() of its successor (TURN-06).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CELLS_COLUMNS = 64 };
#define CELLS_NONE UINT32_MAX

struct cells;

size_t cells_bytes(void);
/* region: cells_bytes() of zeroes, or what other processes use. Forgets what
 * an earlier process of this column held. */
struct cells *cells_claim(void *region, uint32_t column);

/* One more for that key, unless more than limit are held (0: no limit).
 * *cell is what cells_give() takes back. 0, -EDQUOT, or -ENOSPC when the
 * table has no room. */
int cells_take(struct cells *c, uint32_t column, uint64_t key, uint32_t limit,
	       uint64_t now_ns, uint32_t *cell);
void cells_give(struct cells *c, uint32_t column, uint32_t cell);
uint32_t cells_held(struct cells *c, uint32_t cell);

/* A bucket in virtual time (GCRA): may `bytes` pass at now_ns under `kbit`
 * with a burst of burst_us? Counts them if so. kbit 0: always. */
bool rate_pass(uint64_t *tat_ns, uint64_t now_ns, size_t bytes, uint32_t kbit);
/* The same for a cell, over all processes. */
bool cells_pass(struct cells *c, uint32_t cell, uint64_t now_ns, size_t bytes,
		uint32_t kbit);
