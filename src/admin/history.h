/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the counters said in the last minutes and in the last day: two rings of
 * samples over all processes. They begin anew with the admin process. Private
 * to admin/.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "loop/timers.h"

struct admin;

enum {
	HISTORY_NOW_STEP_S = 5,
	HISTORY_NOW_SAMPLES = 181, /* a quarter of an hour */
	HISTORY_DAY_STEP_S = 60,
	HISTORY_DAY_SAMPLES = 1441,
	HISTORY_SERIES = 16,
	HISTORY_BUCKETS = 14, /* metrics_answer.tbl */
	HISTORY_CELLS = HISTORY_SERIES + HISTORY_BUCKETS,
};

struct history_ring {
	uint64_t (*row)[HISTORY_CELLS];
	size_t size, next, count;
};

struct history {
	const struct admin *admin;
	struct timer timer;
	unsigned ticks;
	struct history_ring now, day;
};

/* Takes its first sample at once; -ENOMEM. */
int history_init(struct history *h, const struct admin *a,
		 struct timers *timers);
void history_free(struct history *h);
/* {"step":s,"series":{name:[n...]...},"kinds":{name:"rate"|"level"|
 * "milliseconds"}}, the oldest first. A rate is what was counted since the
 * sample before it, milliseconds are a percentile of what was, so the first is
 * missing. NULL: out of memory. */
json_t *history_json(const struct history *h, bool day);
