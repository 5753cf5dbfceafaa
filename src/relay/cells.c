/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shared cells. A key finds its cell by probing from its hash. A cell is
 * anybody's again when all columns are zero and its bucket is full. Between
 * seeing that and taking it another process may have come back to it, so both
 * look again after they wrote, and step back.
 */
#include "relay/cells.h"

#include <errno.h>
#include <stdatomic.h>

enum {
	CELLS = 16384,
	PROBES = 64,
	BURST_NS = 1000000000, /* a second's worth at once */
};

struct cell {
	_Atomic uint64_t key; /* 0: never used */
	_Atomic uint64_t tat_ns;
	_Atomic uint16_t held[CELLS_COLUMNS];
};

struct cells {
	struct cell cell[CELLS];
};

size_t cells_bytes(void)
{
	return sizeof(struct cells);
}

struct cells *cells_claim(void *region, uint32_t column)
{
	struct cells *c = region;
	for (size_t i = 0; i < CELLS; i++)
		atomic_store(&c->cell[i].held[column % CELLS_COLUMNS], 0);
	return c;
}

static uint32_t sum(struct cell *x)
{
	uint32_t n = 0;
	for (size_t i = 0; i < CELLS_COLUMNS; i++)
		n += atomic_load(&x->held[i]);
	return n;
}

/* Makes an idle cell ours. */
static bool claim(struct cell *x, uint64_t was, uint64_t key, uint64_t now_ns)
{
	if (sum(x) || atomic_load(&x->tat_ns) > now_ns ||
	    !atomic_compare_exchange_strong(&x->key, &was, key))
		return false;
	if (sum(x) == 0) {
		atomic_store(&x->tat_ns, 0);
		return true;
	}
	uint64_t ours = key;
	atomic_compare_exchange_strong(&x->key, &ours, was);
	return false;
}

static struct cell *find(struct cells *c, uint64_t key, uint64_t now_ns)
{
	/* keys are hashes or addresses: spread them (Fibonacci) */
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15) >> 40);
	struct cell *idle = NULL;
	for (size_t i = 0; i < PROBES; i++) {
		struct cell *x = &c->cell[(at + i) % CELLS];
		uint64_t k = atomic_load(&x->key);
		if (k == key)
			return x;
		if (!idle && (k == 0 || (sum(x) == 0 &&
					 atomic_load(&x->tat_ns) <= now_ns)))
			idle = x;
		if (k == 0)
			break;
	}
	if (idle && claim(idle, atomic_load(&idle->key), key, now_ns))
		return idle;
	return NULL;
}

int cells_take(struct cells *c, uint32_t column, uint64_t key, uint32_t limit,
	       uint64_t now_ns, uint32_t *cell)
{
	key = key ? key : 1;
	for (int tries = 0; tries < 4; tries++) {
		struct cell *x = find(c, key, now_ns);
		if (!x)
			continue;
		_Atomic uint16_t *mine = &x->held[column % CELLS_COLUMNS];
		if (atomic_load(mine) == UINT16_MAX)
			return -EDQUOT;
		atomic_fetch_add(mine, 1);
		if (atomic_load(&x->key) != key) {
			atomic_fetch_sub(mine, 1);
			continue;
		}
		/* count first, then look: never above the limit */
		if (limit && sum(x) > limit) {
			atomic_fetch_sub(mine, 1);
			return -EDQUOT;
		}
		*cell = (uint32_t)(x - c->cell);
		return 0;
	}
	return -ENOSPC;
}

void cells_give(struct cells *c, uint32_t column, uint32_t cell)
{
	if (cell < CELLS)
		atomic_fetch_sub(&c->cell[cell].held[column % CELLS_COLUMNS],
				 1);
}

uint32_t cells_held(struct cells *c, uint32_t cell)
{
	return cell < CELLS ? sum(&c->cell[cell]) : 0;
}

/* When the bucket is empty again after these bytes, or 0: they do not fit. */
static uint64_t next_tat(uint64_t tat, uint64_t now_ns, size_t bytes,
			 uint32_t kbit)
{
	uint64_t cost = (uint64_t)bytes * UINT64_C(8000000) / kbit;
	uint64_t from = tat > now_ns ? tat : now_ns;
	return from + cost > now_ns + BURST_NS ? 0 : from + cost;
}

bool rate_pass(uint64_t *tat_ns, uint64_t now_ns, size_t bytes, uint32_t kbit)
{
	if (kbit == 0)
		return true;
	uint64_t next = next_tat(*tat_ns, now_ns, bytes, kbit);
	if (next)
		*tat_ns = next;
	return next != 0;
}

bool cells_pass(struct cells *c, uint32_t cell, uint64_t now_ns, size_t bytes,
		uint32_t kbit)
{
	if (kbit == 0 || cell >= CELLS)
		return true;
	_Atomic uint64_t *tat = &c->cell[cell].tat_ns;
	uint64_t was = atomic_load_explicit(tat, memory_order_relaxed);
	uint64_t next;
	do {
		next = next_tat(was, now_ns, bytes, kbit);
		if (next == 0)
			return false;
	} while (!atomic_compare_exchange_weak(tat, &was, next));
	return true;
}
