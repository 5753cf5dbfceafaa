/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking side: a request of a discovered partner waits until the worker
 * that owns the partner has said whether it may pass. What came too fast is
 * refused here until there is room again, so that a flood is not passed on.
 */
#include "edge/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "edge/keeper.h"
#include "edge/partner.h"
#include "edge/partner_names.h"
#include "edge/walk.h"

enum { ASKS_MAX = 5000, DEADLINE_MS = 3000 };

/* A request that waits for an owner. Owner: struct edge, in its map. */
struct limit_ask {
	struct map_node node;
	uint64_t id; /* proxy_request_id() */
	uint32_t slot;
	uint64_t since_ms;
};

int limits_create(struct edge *e)
{
	int err = map_init(&e->limit_asks);
	if (!err)
		err = map_init(&e->keepers);
	if (!err)
		err = map_init(&e->bans);
	return err ? err : access_rulings_create(&e->rulings);
}

static void drop_ask(struct map_node *n, void *arg)
{
	struct edge *e = arg;
	map_remove(&e->limit_asks, n);
	free(container_of(n, struct limit_ask, node));
}

void limits_free(struct edge *e)
{
	if (e->limit_asks.slots)
		map_each(&e->limit_asks, drop_ask, e);
	map_free(&e->limit_asks);
	keepers_free(e);
	bans_free(e);
	access_rulings_free(e->rulings);
}

/* -- asking -- */

static void key_of(struct slice domain, char key[static ACCESS_KEY_MAX])
{
	const struct access_partner p = { .domain = domain };
	access_partner_key(&p, key);
}

static int remember(struct edge *e, uint64_t id, uint32_t slot)
{
	if (e->limit_asks.count >= ASKS_MAX)
		return -ENOBUFS;
	struct limit_ask *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	a->id = id;
	a->slot = slot;
	a->since_ms = timers_now(e->timers);
	int err = map_insert(&e->limit_asks, &a->node, map_key_u64(&a->id));
	if (err)
		free(a);
	return err;
}

static struct limit_ask *find_ask(struct edge *e, uint64_t id)
{
	struct map_node *n = map_find(&e->limit_asks, map_key_u64(&id));
	return n ? container_of(n, struct limit_ask, node) : NULL;
}

enum access_limit limits_ask(struct edge *e, struct proxy_request *r,
			     struct slice domain, struct slice address)
{
	char key[ACCESS_KEY_MAX];
	key_of(domain, key);
	uint32_t owner = partner_owner(e, slice_str(key));
	struct names *n = names_find(e, slice_str(key));
	struct ipc_limit_get get = { .id = proxy_request_id(r),
				     .domain = domain,
				     .address = address };
	struct ipc_limit answer = { .verdict = ACCESS_LIMIT_UNKNOWN };
	if (n && timers_now(e->timers) < n->limited_until_ms)
		return ACCESS_OVER_RATE;
	if (owner == e->slot && keeper_ask(e, e->slot, &get, &answer))
		return (enum access_limit)answer.verdict;
	if (remember(e, get.id, owner))
		return ACCESS_LIMIT_FAILED;
	if (owner != e->slot &&
	    e->ops->send(e->arg, PROC_EDGE, owner, IPC_LIMIT_GET, &get)) {
		drop_ask(&find_ask(e, get.id)->node, e);
		return ACCESS_LIMIT_FAILED;
	}
	return ACCESS_LIMIT_UNKNOWN;
}

/* The request may have ended, or wait for something else by now. */
static void settle(struct edge *e, struct limit_ask *a, enum access_limit limit)
{
	struct proxy_request *r = proxy_request_find(e->proxy, a->id);
	drop_ask(&a->node, e);
	if (r)
		walk_judge_again(e, r, limit);
}

static void slow_down(struct edge *e, uint64_t id, uint32_t wait_ms)
{
	struct proxy_request *r = proxy_request_find(e->proxy, id);
	char domain[SIP_DOMAIN_MAX], key[ACCESS_KEY_MAX];
	if (!r || !wait_ms ||
	    sip_domain(proxy_request_msg(r)->from.uri.host, domain))
		return;
	key_of(slice_str(domain), key);
	struct names *n = names_find(e, slice_str(key));
	if (n)
		n->limited_until_ms = timers_now(e->timers) + wait_ms;
}

void limits_answer(struct edge *e, const struct ipc_limit *m)
{
	struct limit_ask *a = find_ask(e, m->id);
	enum access_limit limit = (enum access_limit)m->verdict;
	if (!a)
		return;
	if (m->verdict > ACCESS_LIMIT_FAILED || limit == ACCESS_LIMIT_UNKNOWN)
		limit = ACCESS_LIMIT_FAILED;
	slow_down(e, a->id, m->wait_ms);
	settle(e, a, limit);
}

void limits_on_answer(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	const struct limit_ask *a = find_ask(e, m->u.limit.id);
	if (a && a->slot == from->slot)
		limits_answer(e, &m->u.limit);
}

/* The oldest that was asked of that slot, or before that time; NULL: none. */
struct overdue {
	const struct proc_id *of; /* NULL: by time */
	uint64_t before_ms;
	struct limit_ask *found;
};

static void match(struct map_node *n, void *arg)
{
	struct overdue *o = arg;
	struct limit_ask *a = container_of(n, struct limit_ask, node);
	if (o->of ? a->slot == o->of->slot : a->since_ms < o->before_ms)
		o->found = a;
}

static void fail_all(struct edge *e, struct overdue o)
{
	for (;;) {
		o.found = NULL;
		map_each(&e->limit_asks, match, &o);
		if (!o.found)
			return;
		settle(e, o.found, ACCESS_LIMIT_FAILED);
	}
}

void limits_peer_gone(struct edge *e, const struct proc_id *peer)
{
	if (peer->role == PROC_EDGE && e->proxy)
		fail_all(e, (struct overdue){ .of = peer });
	if (peer->role == PROC_STORE)
		keepers_store_gone(e);
}

void limits_sweep(struct edge *e)
{
	uint64_t now = timers_now(e->timers);
	if (e->limit_asks.count && now > DEADLINE_MS)
		fail_all(e, (struct overdue){ .before_ms = now - DEADLINE_MS });
	keepers_sweep(e);
	bans_sweep(e);
}

/* -- how requests ended -- */

void limits_report(struct edge *e, struct slice key, uint16_t status,
		   const struct reject *reject)
{
	uint32_t owner = partner_owner(e, key);
	const struct ipc_partner_seen m = {
		.partner = key,
		.status = status,
		.why = reject ? slice_str(reject->why) : SLICE_NONE
	};
	if (owner == e->slot)
		keeper_seen(e, &m);
	else
		e->ops->send(e->arg, PROC_EDGE, owner, IPC_PARTNER_SEEN, &m);
}
