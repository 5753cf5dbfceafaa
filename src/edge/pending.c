/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that were written on a connection and have no final answer yet.
 * When the connection ends, the owner of each transaction is told at once
 * (architecture 3: FLOW_LOST). Answers may come by another connection of the
 * same peer, so entries also expire: a failure told too late meets a
 * transaction that is gone, which is harmless.
 */
#include "edge/notice.h"

#include <errno.h>
#include <stdlib.h>

#include "edge/edge_int.h"

enum { SPARES_MAX = 64 };

static struct pending *of_node(struct map_node *n)
{
	return container_of(n, struct pending, node);
}

static void drop(struct pending_set *set, struct pending *p)
{
	map_remove(&set->map, &p->node);
	list_remove(&p->order);
	if (set->spares >= SPARES_MAX) {
		free(p);
		return;
	}
	list_push_back(&set->spare, &p->order);
	set->spares++;
}

/* All zeroes: its key is compared byte by byte. */
static struct pending *make(struct pending_set *set)
{
	if (!set->spares)
		return calloc(1, sizeof(struct pending));
	struct pending *p =
		container_of(set->spare.next, struct pending, order);
	list_remove(&p->order);
	set->spares--;
	memset(p, 0, sizeof(*p));
	return p;
}

int pending_init(struct pending_set *set)
{
	list_init(&set->order);
	list_init(&set->spare);
	return map_init(&set->map);
}

void pending_free(struct pending_set *set)
{
	LIST_EACH (it, tmp, &set->order)
		drop(set, container_of(it, struct pending, order));
	LIST_EACH (it, tmp, &set->spare)
		free(container_of(it, struct pending, order));
	map_free(&set->map);
}

int pending_add(struct pending_set *set, const struct pending *key)
{
	struct pending *p = make(set);
	if (!p)
		return -ENOMEM;
	p->key.slot = key->key.slot;
	p->key.txn = key->key.txn;
	p->key.branch = key->key.branch;
	p->since_ms = key->since_ms;
	p->bytes = key->bytes;
	p->notice = key->notice;
	int err = map_insert(&set->map, &p->node,
			     slice_of(&p->key, sizeof(p->key)));
	if (err) {
		free(p);
		return err == -EEXIST ? 0 : err;
	}
	list_push_back(&set->order, &p->order);
	return 0;
}

struct pending *pending_get(const struct pending_set *set, uint32_t slot,
			    uint64_t txn, uint16_t branch)
{
	struct pending key = { .key = { txn, slot, branch } };
	struct map_node *n =
		map_find(&set->map, slice_of(&key.key, sizeof(key.key)));
	return n ? of_node(n) : NULL;
}

void pending_done(struct pending_set *set, struct pending *p)
{
	drop(set, p);
}

void pending_heard(struct pending_set *set, struct pending *p, uint64_t now_ms)
{
	p->since_ms = now_ms;
	p->heard = true;
	list_remove(&p->order);
	list_push_back(&set->order, &p->order);
}

size_t pending_expire(struct pending_set *set, uint64_t before_ms)
{
	size_t unheard = 0;
	LIST_EACH (it, tmp, &set->order) {
		struct pending *p = container_of(it, struct pending, order);
		if (p->since_ms >= before_ms)
			break;
		unheard += !p->heard;
		drop(set, p);
	}
	return unheard;
}

void pending_fail(struct edge *e, struct pending_set *set,
		  enum edge_refusal why)
{
	while (!list_empty(&set->order)) {
		struct pending *p = container_of(list_pop(&set->order),
						 struct pending, order);
		map_remove(&set->map, &p->node);
		if (p->notice)
			notice_end(e, p->notice, edge_reject(why)->status);
		else
			deliver_failure(e, p->key.slot, p->key.txn,
					(uint16_t)p->key.branch, why);
		free(p);
	}
}
