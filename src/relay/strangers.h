/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often who has not proven anything is answered (TURN-04): 10 a second a
 * source and a cap in all, in memory of fixed size. Sources that fall on the
 * same cells share them; two cells a source make that rare. Pure.
 */
#pragma once

#include "base/slice.h"
#include "relay/relay_addr.h"

enum {
	STRANGERS_PER_SECOND = 10,
	STRANGERS_TOTAL_PER_SECOND = 20000,
	STRANGERS_CELLS = 32768,
};

struct strangers {
	uint64_t seed[2];
	uint64_t all_us;
	uint32_t tat_ms[2][STRANGERS_CELLS]; /* since start_ms */
	uint64_t start_ms;
};

int strangers_init(struct strangers *s, uint64_t now_ms);
/* May this source get an answer now? Counts it if so. */
bool strangers_pass(struct strangers *s, const struct relay_addr *source,
		    uint64_t now_ms);
