/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which branches wait for which hop, so that the end of a connection costs as
 * much as the branches on it, not as all transactions.
 */
#include <errno.h>
#include <stdlib.h>

#include "proxy/parts.h"

struct hop_key { /* hashed as bytes: zeroed before it is filled */
	uint64_t flow;
	uint32_t slot;
	uint32_t incarnation;
	uint8_t kind;
};

struct hop_list { /* owned by p->hops; freed when nobody waits */
	struct map_node node;
	struct hop_key key;
	struct list waiting;
};

static void hop_key_init(struct hop_key *k, const struct proxy_hop *hop)
{
	memset(k, 0, sizeof(*k));
	k->flow = hop->flow;
	k->slot = hop->slot;
	k->incarnation = hop->incarnation;
	k->kind = hop->kind;
}

static struct hop_list *hop_find(const struct proxy *p,
				 const struct hop_key *key)
{
	struct map_node *n = map_find(&p->hops, slice_of(key, sizeof(*key)));
	return n ? container_of(n, struct hop_list, node) : NULL;
}

static struct hop_list *hop_create(struct proxy *p, const struct hop_key *key)
{
	struct hop_list *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	memcpy(&h->key, key, sizeof(*key)); /* padding too */
	list_init(&h->waiting);
	if (map_insert(&p->hops, &h->node, slice_of(&h->key, sizeof(h->key))) <
	    0) {
		free(h);
		return NULL;
	}
	return h;
}

static void hop_free(struct proxy *p, struct hop_list *h)
{
	map_remove(&p->hops, &h->node);
	free(h);
}

int hop_wait(struct ctrans *c)
{
	struct proxy *p = c->request->proxy;
	struct hop_key key;
	hop_key_init(&key, &c->hop);
	struct hop_list *h = hop_find(p, &key);
	if (!h)
		h = hop_create(p, &key);
	if (!h)
		return -ENOMEM;
	list_push_back(&h->waiting, &c->hop_node);
	c->hop_list = h;
	return 0;
}

void hop_unwait(struct ctrans *c)
{
	struct hop_list *h = c->hop_list;
	list_remove(&c->hop_node);
	c->hop_list = NULL;
	if (h && list_empty(&h->waiting))
		hop_free(c->request->proxy, h);
}

struct hop_sweep {
	struct proxy *p;
	const struct proxy_hop *hop;
	struct list failing;
};

/* Takes the whole list over; the entry is gone afterwards. */
static void hop_take(struct hop_sweep *sweep, struct hop_list *h)
{
	LIST_EACH (it, tmp, &h->waiting) {
		struct ctrans *c = container_of(it, struct ctrans, hop_node);
		list_remove(it);
		list_push_back(&sweep->failing, it);
		c->hop_list = NULL;
	}
	hop_free(sweep->p, h);
}

static void on_hop(struct map_node *node, void *arg)
{
	struct hop_sweep *sweep = arg;
	struct hop_list *h = container_of(node, struct hop_list, node);
	if (h->key.kind == sweep->hop->kind &&
	    h->key.slot == sweep->hop->slot &&
	    h->key.incarnation == sweep->hop->incarnation)
		hop_take(sweep, h);
}

void proxy_hop_gone(struct proxy *p, const struct proxy_hop *hop,
		    const struct reject *reject)
{
	struct hop_sweep sweep = { .p = p, .hop = hop };
	list_init(&sweep.failing);
	proxy_enter(p);
	if (hop->flow) {
		struct hop_key key;
		hop_key_init(&key, hop);
		struct hop_list *h = hop_find(p, &key);
		if (h)
			hop_take(&sweep, h);
	} else {
		map_each(&p->hops, on_hop, &sweep);
	}
	struct txn_in in = { .reject = reject ? reject : &PROXY_REJ_HOP_GONE };
	/* One at a time from the front: failing one may end others. */
	while (!list_empty(&sweep.failing)) {
		struct ctrans *c = container_of(sweep.failing.next,
						struct ctrans, hop_node);
		list_remove(&c->hop_node);
		ctrans_event(c, EV_TRANSPORT, &in);
	}
	proxy_leave(p);
}
