/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of one source, counted. */
#include "relay/crowd.h"

#include "base/crypto.h"
#include "base/map.h"

int crowd_init(struct crowd *c)
{
	memset(c, 0, sizeof(*c));
	return crypto_random(c->seed, sizeof(c->seed));
}

static void cells_of(struct crowd *c, const struct relay_addr *source,
		     uint16_t *cell[static 2])
{
	struct addr a = relay_addr_to(source);
	uint64_t key = addr_source(&a);
	uint64_t hash = hash_keyed(c->seed, slice_of(&key, sizeof(key)));
	cell[0] = &c->count[0][hash % CROWD_CELLS];
	cell[1] = &c->count[1][(hash >> 32) % CROWD_CELLS];
}

bool crowd_enter(struct crowd *c, const struct relay_addr *source)
{
	uint16_t *cell[2];
	cells_of(c, source, cell);
	if ((*cell[0] >= CROWD_MAX && *cell[1] >= CROWD_MAX) ||
	    *cell[0] == UINT16_MAX || *cell[1] == UINT16_MAX)
		return false;
	++*cell[0];
	++*cell[1];
	return true;
}

void crowd_leave(struct crowd *c, const struct relay_addr *source)
{
	uint16_t *cell[2];
	cells_of(c, source, cell);
	for (int i = 0; i < 2; i++) {
		if (*cell[i])
			--*cell[i];
	}
}
