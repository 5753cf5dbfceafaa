/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of discovered partners that this worker owns. The first request of
 * one asks the store for what is known of it, and waits; later ones are
 * answered at once. What changed is given to the store once a second, and
 * without delay when the partner comes on the watch list.
 */
#include "edge/keeper.h"

#include <errno.h>
#include <stdlib.h>

#include "edge/partner.h"
#include "edge/partner_int.h"

enum {
	KEEPERS_MAX = 10000,
	WAITING_MAX = 1000,
	IDLE_MS = 3600000,
	LOAD_MS = 3000, /* longer than the store may take */
};

/* Owner: struct edge, in its map. */
struct keeper {
	struct map_node node;
	struct edge *edge;
	struct tally tally;
	uint64_t load; /* id of the question to the store, 0: loaded */
	uint64_t asked_ms, used_ms;
	bool dirty;
	struct list waiting;
	size_t waiting_count;
	size_t len;
	char domain[];
};

/* A question that waits for the store. Owner: its keeper. */
struct waiting {
	struct list node;
	uint32_t slot;
	uint64_t id;
	size_t len;
	uint8_t address[];
};

static struct keeper *of_node(struct map_node *n)
{
	return container_of(n, struct keeper, node);
}

static struct slice domain_of(const struct keeper *k)
{
	return slice_of(k->domain, k->len);
}

static struct keeper *find(struct edge *e, struct slice domain)
{
	struct map_node *n = map_find(&e->keepers, domain);
	return n ? of_node(n) : NULL;
}

static void drop(struct map_node *n, void *arg)
{
	struct keeper *k = of_node(n);
	(void)arg;
	while (!list_empty(&k->waiting))
		free(container_of(list_pop(&k->waiting), struct waiting, node));
	tally_free(&k->tally);
	map_remove(&k->edge->keepers, n);
	free(k);
}

void keepers_free(struct edge *e)
{
	if (e->keepers.slots)
		map_each(&e->keepers, drop, NULL);
	map_free(&e->keepers);
}

/* -- answering -- */

static void answer_to(struct edge *e, uint32_t slot, const struct ipc_limit *m)
{
	if (slot == e->slot)
		limits_answer(e, e->slot, m);
	else
		e->ops->send(e->arg, PROC_EDGE, slot, IPC_LIMIT, m);
}

static void say_watched(const struct keeper *k, const char *why)
{
	LOG(LOG_WARN, "partner.watch", KV_SLICE("domain", domain_of(k)),
	    KV_STR("why", why), KV_U64("addresses", k->tally.count));
}

static void save(struct keeper *k)
{
	struct edge *e = k->edge;
	struct ipc_tally_put m = { .state = k->tally.state,
				   .domain = domain_of(k) };
	struct buf b;
	buf_init(&b, 0);
	tally_encode(&k->tally, &b);
	m.addresses = buf_slice(&b);
	if (!buf_failed(&b) &&
	    !e->ops->send(e->arg, PROC_STORE, 0, IPC_TALLY_PUT, &m))
		k->dirty = false;
	buf_free(&b);
}

static void changed(struct keeper *k, uint8_t before)
{
	uint8_t now = k->tally.state;
	k->dirty = true;
	if (now == before)
		return;
	if (now & ~before & TALLY_FULL)
		say_watched(k, "addresses");
	if (now & ~before & TALLY_SUSPICIOUS)
		say_watched(k, "failures");
	save(k);
}

static void decide(struct keeper *k, struct slice address,
		   struct ipc_limit *out)
{
	struct edge *e = k->edge;
	const struct edge_conf *c = e->current->conf;
	struct tally_conf conf = {
		.rate = c->discovered_rate,
		.addresses = c->discovered_addresses,
		.watched = access_ruling_of(e->rulings, domain_of(k)) ==
			   ACCESS_RULED_WATCH,
	};
	uint8_t state = k->tally.state;
	size_t count = k->tally.count;
	k->used_ms = timers_now(e->timers);
	out->verdict = (uint8_t)tally_request(&k->tally, &conf, address,
					      k->used_ms, &out->wait_ms);
	if (count != k->tally.count || state != k->tally.state)
		changed(k, state);
}

static void release(struct keeper *k, bool known)
{
	struct edge *e = k->edge;
	struct list batch;
	list_init(&batch);
	while (!list_empty(&k->waiting))
		list_push_back(&batch, list_pop(&k->waiting));
	k->waiting_count = 0;
	k->load = 0;
	if (!known) /* asked anew by the next request */
		drop(&k->node, NULL);
	while (!list_empty(&batch)) {
		struct waiting *w =
			container_of(list_pop(&batch), struct waiting, node);
		struct ipc_limit m = { .id = w->id,
				       .verdict = ACCESS_LIMIT_FAILED };
		if (known)
			decide(k, slice_of(w->address, w->len), &m);
		answer_to(e, w->slot, &m);
		free(w);
	}
}

/* -- asking the store -- */

static struct keeper *make(struct edge *e, struct slice domain)
{
	struct ipc_tally_get get = { .domain = domain };
	if (e->keepers.count >= KEEPERS_MAX)
		return NULL;
	struct keeper *k = calloc(1, sizeof(*k) + domain.len);
	if (!k)
		return NULL;
	k->edge = e;
	k->len = domain.len;
	memcpy(k->domain, domain.ptr, domain.len);
	list_init(&k->waiting);
	k->load = get.id = ++e->last_ask;
	k->asked_ms = k->used_ms = timers_now(e->timers);
	if (map_insert(&e->keepers, &k->node, domain_of(k))) {
		free(k);
		return NULL;
	}
	if (e->ops->send(e->arg, PROC_STORE, 0, IPC_TALLY_GET, &get)) {
		drop(&k->node, NULL);
		return NULL;
	}
	return k;
}

static int wait_for(struct keeper *k, uint32_t slot,
		    const struct ipc_limit_get *get)
{
	if (k->waiting_count >= WAITING_MAX)
		return -ENOBUFS;
	struct waiting *w = calloc(1, sizeof(*w) + get->address.len);
	if (!w)
		return -ENOMEM;
	w->slot = slot;
	w->id = get->id;
	w->len = get->address.len;
	if (w->len)
		memcpy(w->address, get->address.ptr, w->len);
	list_push_back(&k->waiting, &w->node);
	k->waiting_count++;
	return 0;
}

bool keeper_ask(struct edge *e, uint32_t slot, const struct ipc_limit_get *get,
		struct ipc_limit *answer)
{
	*answer = (struct ipc_limit){ .id = get->id,
				      .verdict = ACCESS_LIMIT_FAILED };
	if (!e->current || !get->domain.len)
		return true;
	struct keeper *k = find(e, get->domain);
	if (!k)
		k = make(e, get->domain);
	if (!k)
		return true;
	if (k->load)
		return wait_for(k, slot, get) != 0;
	decide(k, get->address, answer);
	return true;
}

void limits_on_get(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m)
{
	struct ipc_limit answer;
	if (keeper_ask(e, from->slot, &m->u.limit_get, &answer))
		answer_to(e, from->slot, &answer);
}

struct load_search {
	uint64_t id; /* 0: any that is asked for since before_ms */
	uint64_t before_ms;
	struct keeper *found;
};

static void match_load(struct map_node *n, void *arg)
{
	struct load_search *s = arg;
	struct keeper *k = of_node(n);
	if (k->load && (s->id ? k->load == s->id : k->asked_ms < s->before_ms))
		s->found = k;
}

static struct keeper *loading(struct edge *e, uint64_t id, uint64_t before_ms)
{
	struct load_search s = { id, before_ms, NULL };
	map_each(&e->keepers, match_load, &s);
	return s.found;
}

void limits_on_tally(struct edge *e, const struct proc_id *from,
		     const struct ipc_msg *m)
{
	const struct ipc_tally *t = &m->u.tally;
	struct keeper *k = t->id ? loading(e, t->id, 0) : NULL;
	(void)from;
	if (!k)
		return;
	int err = tally_decode(&k->tally, t->state, t->addresses);
	if (err)
		LOG(LOG_ERROR, "partner.tally_lost",
		    KV_SLICE("domain", domain_of(k)),
		    KV_STR("why", strerror(-err)));
}

/* There was none, or it has come, or the store failed. */
void limits_on_result(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	const struct ipc_store_result *s = &m->u.store_result;
	struct keeper *k = s->id ? loading(e, s->id, 0) : NULL;
	(void)from;
	if (k)
		release(k, !s->error || s->error == ENOENT);
}

static void fail_before(struct edge *e, uint64_t before_ms)
{
	struct keeper *k;
	while ((k = loading(e, 0, before_ms)))
		release(k, false);
}

void keepers_store_gone(struct edge *e)
{
	fail_before(e, UINT64_MAX);
}

static void sweep_one(struct map_node *n, void *arg)
{
	struct keeper *k = of_node(n);
	const uint64_t *now = arg;
	if (k->dirty)
		save(k);
	else if (!k->load && *now - k->used_ms >= IDLE_MS)
		drop(n, NULL);
}

void keepers_sweep(struct edge *e)
{
	uint64_t now = timers_now(e->timers);
	if (!e->keepers.count)
		return;
	if (now > LOAD_MS)
		fail_before(e, now - LOAD_MS);
	map_each(&e->keepers, sweep_one, &now);
}

/* -- what else is known -- */

static bool is_limit(struct slice why)
{
	static const char *const limits[] = { "limit_rate", "limit_addresses",
					      "limit_unknown" };
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (slice_eq(why, slice_str(limits[i])))
			return true;
	return false;
}

/* What the limits themselves refused says nothing of the partner. */
void keeper_seen(struct edge *e, const struct ipc_partner_seen *m)
{
	struct slice domain = access_key_domain(m->partner);
	struct keeper *k = domain.len ? find(e, domain) : NULL;
	if (m->why.len)
		partner_refused(e, m->partner, m->why);
	if (!k || k->load || is_limit(m->why))
		return;
	uint8_t state = k->tally.state;
	tally_reply(&k->tally, m->status);
	if (state != k->tally.state)
		changed(k, state);
}

void limits_on_seen(struct edge *e, const struct proc_id *from,
		    const struct ipc_msg *m)
{
	(void)from;
	keeper_seen(e, &m->u.partner_seen);
}

/* Nothing that was counted holds after the operator has spoken. */
void limits_on_ruling(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	const struct ipc_ruling *r = &m->u.ruling;
	(void)from;
	if (!r->domain.len) {
		access_rulings_clear(e->rulings);
		return;
	}
	int err = access_rulings_set(e->rulings, r->domain,
				     (enum access_ruling)r->ruling);
	if (err)
		LOG(LOG_ERROR, "partner.ruling_lost",
		    KV_SLICE("domain", r->domain),
		    KV_STR("why", strerror(-err)));
	struct keeper *k = find(e, r->domain);
	if (k && !k->load) {
		tally_free(&k->tally);
		k->dirty = true; /* over what may be on its way already */
	}
	if (e->current)
		partners_recheck(e);
}

bool limits_seen(struct edge *e, struct slice domain, struct limits_seen *out)
{
	struct keeper *k = find(e, domain);
	if (!k)
		return false;
	*out = (struct limits_seen){ .rate = tally_rate(&k->tally,
							timers_now(e->timers)),
				     .addresses = k->tally.count,
				     .state = k->tally.state };
	return true;
}

struct each {
	void (*fn)(void *arg, struct slice domain);
	void *arg;
};

static void tell(struct map_node *n, void *arg)
{
	const struct each *x = arg;
	x->fn(x->arg, domain_of(of_node(n)));
}

void limits_each(struct edge *e, void (*fn)(void *arg, struct slice domain),
		 void *arg)
{
	struct each x = { fn, arg };
	map_each(&e->keepers, tell, &x);
}
