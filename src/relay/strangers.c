/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets in virtual time: a cell says when its bucket will be empty. */
#include "relay/strangers.h"

#include "base/crypto.h"
#include "base/map.h"

enum {
	EVERY_MS = 1000 / STRANGERS_PER_SECOND,
	BURST_MS = 1000,
	ALL_EVERY_US = 1000000 / STRANGERS_TOTAL_PER_SECOND,
	ALL_BURST_US = 100000,
};

int strangers_init(struct strangers *s, uint64_t now_ms)
{
	memset(s, 0, sizeof(*s));
	s->start_ms = now_ms;
	return crypto_random(s->seed, sizeof(s->seed));
}

static bool all_pass(struct strangers *s, uint64_t now_us)
{
	uint64_t from = s->all_us > now_us ? s->all_us : now_us;
	if (from + ALL_EVERY_US > now_us + ALL_BURST_US)
		return false;
	s->all_us = from + ALL_EVERY_US;
	return true;
}

/* A source passes while one of its cells has room; it fills both, so that it
 * cannot use the room of others. */
bool strangers_pass(struct strangers *s, const struct relay_addr *source,
		    uint64_t now_ms)
{
	struct addr a = relay_addr_to(source);
	uint64_t key = addr_source(&a);
	uint64_t hash = hash_keyed(s->seed, slice_of(&key, sizeof(key)));
	uint32_t now = (uint32_t)(now_ms - s->start_ms);
	uint32_t *cell[2] = { &s->tat_ms[0][hash % STRANGERS_CELLS],
			      &s->tat_ms[1][(hash >> 32) % STRANGERS_CELLS] };
	bool pass = false;
	for (int i = 0; i < 2; i++) {
		/* the difference survives the wrap after 49 days; one that
		 * is too large is what an idle cell looks like then */
		int32_t ahead = (int32_t)(*cell[i] - now);
		if (ahead < 0 || ahead > BURST_MS)
			ahead = 0;
		if (ahead + EVERY_MS > BURST_MS)
			continue;
		*cell[i] = now + (uint32_t)ahead + EVERY_MS;
		pass = true;
	}
	return pass && all_pass(s, now_ms * 1000);
}
