/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a process that ended is started again: at once the first time; one that
 * keeps ending young waits 500 ms, 1 s, 2 s ... 30 s (PRC-01). Pure.
 */
#pragma once

#include <stdint.h>

enum {
	BACKOFF_YOUNG_MS = 10000,
	BACKOFF_FIRST_MS = 500,
	BACKOFF_MAX_MS = 30000
};

struct backoff {
	uint32_t young; /* ends in a row that came too early */
};

/* It ended after lived_ms; how long to wait before the next start. */
uint32_t backoff_next(struct backoff *b, uint64_t lived_ms);
