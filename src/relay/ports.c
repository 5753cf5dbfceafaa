/* SPDX-License-Identifier: Apache-2.0 */
/* The bitmap, and the walk: start and step are random, the step has no factor
 * in common with the size of the range, so each port comes up once. */
#include "relay/ports.h"

#include "base/crypto.h"

bool ports_taken(const struct ports *p, uint16_t port)
{
	return p->taken[port / 8] & 1 << port % 8;
}

void ports_take(struct ports *p, uint16_t port)
{
	if (!ports_taken(p, port))
		p->count++;
	p->taken[port / 8] |= (uint8_t)(1 << port % 8);
}

void ports_give(struct ports *p, uint16_t port)
{
	if (ports_taken(p, port))
		p->count--;
	p->taken[port / 8] &= (uint8_t) ~(1 << port % 8);
}

static uint32_t common_factor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

int ports_walk_begin(struct ports_walk *w, const struct ports *p,
		     uint16_t first, uint16_t last, bool even)
{
	uint32_t random[2];
	int err = crypto_random(random, sizeof(random));
	if (err)
		return err;
	uint32_t count = (uint32_t)(last - first) + 1;
	uint32_t at = random[0] % count;
	uint32_t step = count > 1 ? random[1] % (count - 1) + 1 : 1;
	while (common_factor(step, count) != 1)
		step = step % count + 1;
	*w = (struct ports_walk){ .ports = p,
				  .first = first,
				  .count = count,
				  .at = at,
				  .step = step,
				  .left = count,
				  .even = even };
	return 0;
}

uint16_t ports_walk_next(struct ports_walk *w)
{
	while (w->left) {
		uint16_t port = (uint16_t)(w->first + w->at);
		w->at = (w->at + w->step) % w->count;
		w->left--;
		if (!(w->even && port % 2) && !ports_taken(w->ports, port))
			return port;
	}
	return 0;
}
