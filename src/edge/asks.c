/* SPDX-License-Identifier: Apache-2.0 */
/* What waits, by id and by age. */
#include "edge/asks.h"

#include <errno.h>
#include <stdlib.h>

/* Owner: struct asks. */
struct ask {
	struct map_node node;
	struct list waiting;
	uint64_t id;
	uint32_t slot;
	uint64_t since_ms;
};

int asks_init(struct asks *a)
{
	list_init(&a->waiting);
	return map_init(&a->by_id);
}

static void drop(struct asks *a, struct ask *one)
{
	map_remove(&a->by_id, &one->node);
	list_remove(&one->waiting);
	free(one);
}

static struct ask *from_list(struct list *l)
{
	return container_of(l, struct ask, waiting);
}

void asks_free(struct asks *a)
{
	if (!a->by_id.slots)
		return;
	while (!list_empty(&a->waiting))
		drop(a, from_list(a->waiting.next));
	map_free(&a->by_id);
}

int asks_add(struct asks *a, uint64_t id, uint32_t slot, uint64_t now_ms)
{
	struct ask *one;
	if (a->by_id.count >= ASKS_MAX)
		return -ENOBUFS;
	if (!(one = calloc(1, sizeof(*one))))
		return -ENOMEM;
	one->id = id;
	one->slot = slot;
	one->since_ms = now_ms;
	int err = map_insert(&a->by_id, &one->node, map_key_u64(&one->id));
	if (err) {
		free(one);
		return err;
	}
	list_push_back(&a->waiting, &one->waiting);
	return 0;
}

bool asks_take(struct asks *a, uint64_t id, uint32_t slot)
{
	struct map_node *n = map_find(&a->by_id, map_key_u64(&id));
	struct ask *one = n ? container_of(n, struct ask, node) : NULL;
	if (!one || one->slot != slot)
		return false;
	drop(a, one);
	return true;
}

bool asks_take_of(struct asks *a, uint32_t slot, uint64_t *id)
{
	LIST_EACH (it, tmp, &a->waiting) {
		struct ask *one = from_list(it);
		if (one->slot != slot)
			continue;
		*id = one->id;
		drop(a, one);
		return true;
	}
	return false;
}

bool asks_take_late(struct asks *a, uint64_t now_ms, uint64_t *id)
{
	if (list_empty(&a->waiting))
		return false;
	struct ask *one = from_list(a->waiting.next);
	if (now_ms - one->since_ms <= ASKS_DEADLINE_MS)
		return false;
	*id = one->id;
	drop(a, one);
	return true;
}
