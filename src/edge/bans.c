/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses that the operator banned: nothing is accepted from them, and what
 * they had ends. IPv6 is banned by /64, as sources are counted. */
#include <errno.h>
#include <stdlib.h>

#include "edge/limits.h"

/* Owner: struct edge, in its map. */
struct ban {
	struct map_node node;
	uint64_t key; /* addr_source() */
	uint64_t until_s;
};

static void drop(struct map_node *n, void *arg)
{
	struct edge *e = arg;
	map_remove(&e->bans, n);
	free(container_of(n, struct ban, node));
}

void bans_free(struct edge *e)
{
	if (e->bans.slots)
		map_each(&e->bans, drop, e);
	map_free(&e->bans);
}

static struct ban *find(struct edge *e, uint64_t key)
{
	struct map_node *n = map_find(&e->bans, map_key_u64(&key));
	return n ? container_of(n, struct ban, node) : NULL;
}

bool bans_has(struct edge *e, uint64_t source)
{
	const struct ban *b = e->bans.count ? find(e, source) : NULL;
	return b && loop_wall_ms() / 1000 < b->until_s;
}

static void expire(struct map_node *n, void *arg)
{
	if (container_of(n, struct ban, node)->until_s <= loop_wall_ms() / 1000)
		drop(n, arg);
}

void bans_sweep(struct edge *e)
{
	map_each(&e->bans, expire, e);
}

static int add(struct edge *e, uint64_t key, uint64_t until_s)
{
	struct ban *b = find(e, key);
	if (b) {
		b->until_s = until_s;
		return 0;
	}
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->key = key;
	b->until_s = until_s;
	int err = map_insert(&e->bans, &b->node, map_key_u64(&b->key));
	if (err)
		free(b);
	return err;
}

static void end_flow(struct map_node *n, void *arg)
{
	const uint64_t *key = arg;
	struct flow *f = container_of(n, struct flow, node);
	bool came = f->kind == FLOW_CLIENT || f->kind == FLOW_FEDERATION;
	if (came && !f->ending && f->source_key == *key)
		flow_end(f, false);
}

void bans_on_ban(struct edge *e, const struct proc_id *from,
		 const struct ipc_msg *m)
{
	const struct ipc_ban *b = &m->u.ban;
	struct addr a;
	(void)from;
	if (!b->address.len) {
		map_each(&e->bans, drop, e);
		return;
	}
	if (addr_parse_host(b->address, 0, &a))
		return;
	uint64_t key = addr_source(&a);
	struct ban *there = find(e, key);
	if (!b->until_s) {
		if (there)
			drop(&there->node, e);
		return;
	}
	if (add(e, key, b->until_s))
		LOG(LOG_ERROR, "ban.failed", KV_SLICE("address", b->address),
		    KV_STR("why", "out of memory"));
	else
		map_each(&e->flows, end_flow, &key);
}
