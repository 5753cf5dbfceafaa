/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that wait for home to say whether their sender is one of its users.
 */
#include "edge/homed.h"

#include <errno.h>
#include <stdlib.h>

#include "edge/walk.h"

enum { ASKS_MAX = 5000, DEADLINE_MS = 3000 };

/* A request that waits. Owner: struct edge, in its map. */
struct homed_ask {
	struct map_node node;
	uint64_t id; /* proxy_request_id() */
	uint64_t since_ms;
};

int homed_create(struct edge *e)
{
	return map_init(&e->homed_asks);
}

static void drop_ask(struct map_node *n, void *arg)
{
	struct edge *e = arg;
	map_remove(&e->homed_asks, n);
	free(container_of(n, struct homed_ask, node));
}

void homed_free(struct edge *e)
{
	if (e->homed_asks.slots)
		map_each(&e->homed_asks, drop_ask, e);
	map_free(&e->homed_asks);
}

static int remember(struct edge *e, uint64_t id)
{
	struct homed_ask *a;
	if (e->homed_asks.count >= ASKS_MAX)
		return -ENOBUFS;
	if (!(a = calloc(1, sizeof(*a))))
		return -ENOMEM;
	a->id = id;
	a->since_ms = timers_now(e->timers);
	int err = map_insert(&e->homed_asks, &a->node, map_key_u64(&a->id));
	if (err)
		free(a);
	return err;
}

static struct homed_ask *find_ask(struct edge *e, uint64_t id)
{
	struct map_node *n = map_find(&e->homed_asks, map_key_u64(&id));
	return n ? container_of(n, struct homed_ask, node) : NULL;
}

enum access_homed homed_ask(struct edge *e, struct proxy_request *r,
			    struct slice aor)
{
	const struct ipc_homed_get get = { .id = proxy_request_id(r),
					   .aor = aor };
	if (e->current->conf->inside.external)
		return ACCESS_HOMED_NOT; /* the servers inside know */
	if (!e->home.incarnation || remember(e, get.id))
		return ACCESS_HOMED_FAILED;
	if (e->ops->send(e->arg, PROC_HOME, 0, IPC_HOMED_GET, &get)) {
		drop_ask(&find_ask(e, get.id)->node, e);
		return ACCESS_HOMED_FAILED;
	}
	return ACCESS_HOMED_UNKNOWN;
}

/* The request may have ended by now. */
static void settle(struct edge *e, struct homed_ask *a, enum access_homed homed)
{
	struct proxy_request *r = proxy_request_find(e->proxy, a->id);
	drop_ask(&a->node, e);
	if (r)
		walk_judge_homed(e, r, homed);
}

void homed_on_answer(struct edge *e, const struct proc_id *from,
		     const struct ipc_msg *m)
{
	const struct ipc_homed *answer = &m->u.homed;
	struct homed_ask *a = find_ask(e, answer->id);
	enum access_homed homed =
		answer->here ? ACCESS_HOMED_HERE : ACCESS_HOMED_NOT;
	(void)from;
	if (a)
		settle(e, a, answer->error ? ACCESS_HOMED_FAILED : homed);
}

/* The oldest that was asked before that time; NULL: none. */
struct overdue {
	uint64_t before_ms;
	struct homed_ask *found;
};

static void match(struct map_node *n, void *arg)
{
	struct overdue *o = arg;
	struct homed_ask *a = container_of(n, struct homed_ask, node);
	if (a->since_ms < o->before_ms)
		o->found = a;
}

static void fail_before(struct edge *e, uint64_t before_ms)
{
	struct overdue o = { .before_ms = before_ms };
	do {
		o.found = NULL;
		map_each(&e->homed_asks, match, &o);
		if (o.found)
			settle(e, o.found, ACCESS_HOMED_FAILED);
	} while (o.found);
}

void homed_home_gone(struct edge *e)
{
	if (e->proxy)
		fail_before(e, UINT64_MAX);
}

void homed_sweep(struct edge *e)
{
	uint64_t now = timers_now(e->timers);
	if (e->homed_asks.count && now > DEADLINE_MS)
		fail_before(e, now - DEADLINE_MS);
}
