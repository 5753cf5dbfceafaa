/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a process's loop alive (PRC-03)? Pure: every WATCHDOG_TICK_MS the
 * supervisor asks what to do. Ticks are counted, not clock time, so that a
 * machine that was suspended finds no one guilty. A process is ended 10 s
 * after its last answer, so it is replaced within 12 s; one that was merely
 * stopped for five lives on.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	WATCHDOG_TICK_MS = 2000,
	WATCHDOG_MISSES = 4, /* ticks after the first unanswered PING */
	WATCHDOG_KILL_MS = 1000
};

struct watchdog {
	uint64_t id; /* of the last PING */
	bool waiting;
	uint32_t misses;
};

enum watchdog_step { WATCHDOG_PING, WATCHDOG_WAIT, WATCHDOG_ABORT };

/* WATCHDOG_PING: send PING with w->id. WATCHDOG_ABORT comes once. */
enum watchdog_step watchdog_tick(struct watchdog *w);
void watchdog_pong(struct watchdog *w, uint64_t id);
