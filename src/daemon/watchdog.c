/* SPDX-License-Identifier: Apache-2.0 */
/* Counts the ticks that a process leaves a PING unanswered. */
#include "daemon/watchdog.h"

enum watchdog_step watchdog_tick(struct watchdog *w)
{
	if (!w->waiting) {
		w->waiting = true;
		w->misses = 0;
		w->id++;
		return WATCHDOG_PING;
	}
	if (w->misses >= WATCHDOG_MISSES)
		return WATCHDOG_WAIT;
	w->misses++;
	return w->misses == WATCHDOG_MISSES ? WATCHDOG_ABORT : WATCHDOG_WAIT;
}

void watchdog_pong(struct watchdog *w, uint64_t id)
{
	if (w->waiting && id == w->id)
		w->waiting = false;
}
