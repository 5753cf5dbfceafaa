/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transactions counted by source (the proven peer), so that nobody fills the
 * table alone (SIP-34). Sources stand in lists by their count, so the
 * greediest is found at once: p->greed[n] holds those with n transactions and
 * p->greediest is the highest n in use. A count changes by one at a time, so
 * keeping that mark costs nothing worth naming.
 */
#include <errno.h>
#include <stdlib.h>

#include "proxy/parts.h"

struct source { /* owned by p->sources; freed with its last transaction */
	struct map_node node;
	struct list by_count;
	struct list early; /* INVITEs without an answer, oldest first */
	size_t count;
	uint8_t peer[];
};

static struct source *source_find(const struct proxy *p, struct slice peer)
{
	struct map_node *n = map_find(&p->sources, peer);
	return n ? container_of(n, struct source, node) : NULL;
}

/* As whom a request counts. */
struct slice source_key(const struct proxy_request *r)
{
	return r->from.shared ? r->msg.from.uri.text : r->from.peer;
}

size_t source_count(const struct proxy *p, struct slice peer)
{
	const struct source *s = source_find(p, peer);
	return s ? s->count : 0;
}

size_t proxy_open_from(const struct proxy *p, struct slice peer)
{
	return source_count(p, peer);
}

static void source_move(struct proxy *p, struct source *s, size_t count)
{
	list_remove(&s->by_count);
	s->count = count;
	list_push_back(&p->greed[count], &s->by_count);
	if (count > p->greediest)
		p->greediest = count;
	while (p->greediest && list_empty(&p->greed[p->greediest]))
		p->greediest--;
}

static struct source *source_create(struct proxy *p, struct slice peer)
{
	struct source *s = calloc(1, sizeof(*s) + peer.len);
	if (!s)
		return NULL;
	if (peer.len)
		memcpy(s->peer, peer.ptr, peer.len);
	list_init(&s->early);
	if (map_insert(&p->sources, &s->node, slice_of(s->peer, peer.len)) <
	    0) {
		free(s);
		return NULL;
	}
	return s;
}

int source_take(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	struct slice key = source_key(r);
	struct source *s = source_find(p, key);
	if (s && s->count >= p->source_limit)
		return -EDQUOT;
	if (!s)
		s = source_create(p, key);
	if (!s)
		return -ENOMEM;
	source_move(p, s, s->count + 1);
	r->source = s;
	if (r->txn.table == &strans_invite)
		list_push_back(&s->early, &r->early);
	return 0;
}

void source_release(struct proxy_request *r)
{
	struct source *s = r->source;
	list_remove(&r->early);
	r->source = NULL;
	if (!s)
		return;
	source_move(r->proxy, s, s->count - 1);
	if (s->count)
		return;
	list_remove(&s->by_count);
	map_remove(&r->proxy->sources, &s->node);
	free(s);
}

void source_answered(struct proxy_request *r)
{
	list_remove(&r->early);
}

struct proxy_request *source_victim(struct proxy *p, struct slice peer)
{
	if (source_count(p, peer) >= p->greediest)
		return NULL; /* the asker is the greediest itself */
	struct list *top = &p->greed[p->greediest];
	LIST_EACH (it, tmp, top) {
		struct source *s = container_of(it, struct source, by_count);
		if (!list_empty(&s->early))
			return container_of(s->early.next, struct proxy_request,
					    early);
	}
	return NULL;
}
