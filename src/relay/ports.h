/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which relay ports this process holds, for one family and transport, and
 * which to try next: at random, so that nobody can foretell them (TURN-07,
 * TURN-15). Other processes share the range: the kernel says what they hold.
 * Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ports {
	uint8_t taken[65536 / 8];
	size_t count;
};

/* A walk over the ports of a range in random order, each once. */
struct ports_walk {
	const struct ports *ports;
	uint32_t first, count; /* of the range */
	uint32_t at, step, left;
	bool even;
};

/* 0, or -EIO without randomness. */
int ports_walk_begin(struct ports_walk *w, const struct ports *p,
		     uint16_t first, uint16_t last, bool even);
/* The next one that we do not hold, or 0: none is left. */
uint16_t ports_walk_next(struct ports_walk *w);

bool ports_taken(const struct ports *p, uint16_t port);
void ports_take(struct ports *p, uint16_t port);
void ports_give(struct ports *p, uint16_t port);
