/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of an edge worker: configuration in two phases, listeners, drain,
 * status. It serves when it has a configuration and the keys of its tokens.
 */
#include "edge/contexts.h"
#include "edge/edge_int.h"
#include "edge/inside.h"
#include "edge/inside_mras.h"
#include "edge/homed.h"
#include "edge/limits.h"
#include "edge/partner.h"
#include "edge/trace.h"
#include "edge/trial.h"
#include "edge/visitor.h"
#include "http/page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SWEEP_MS = 1000, PENDING_MS = 35000, ARENAS_KEPT = 16 };

static const struct proxy_ops proxy_ops = {
	.on_request = walk_on_request,
	.on_admit = shed_admit,
	.send = deliver,
	.branch = deliver_branch,
	.on_response = walk_on_response,
	.on_refuse = walk_on_refuse,
	.on_done = walk_on_done,
	.on_orphan = deliver_orphan,
};

static void generation_free(struct generation *g)
{
	if (!g)
		return;
	access_free(g->access);
	contexts_free(g);
	g->release(g->release_arg);
	free(g);
}

static void listener_free(struct edge_listener *l)
{
	list_remove(&l->node);
	acceptor_close(l->acceptor);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
}

static void sweep_flow(struct map_node *n, void *arg)
{
	uint64_t *before = arg;
	pending_expire(&container_of(n, struct flow, node)->pending, *before);
}

static void on_sweep(struct timer *t, void *arg)
{
	struct edge *e = arg;
	uint64_t now = timers_now(e->timers);
	partners_sweep(e); /* first: it counts what nobody answered */
	if (now > PENDING_MS) {
		uint64_t before = now - PENDING_MS;
		map_each(&e->flows, sweep_flow, &before);
	}
	source_sweep(e);
	names_sweep(e);
	limits_sweep(e);
	homed_sweep(e);
	inside_mras_sweep(e);
	contexts_sweep(e);
	traces_sweep(e);
	timer_start(t, SWEEP_MS);
}

int edge_create(struct edge **out, struct loop *l, uint32_t slot,
		uint32_t incarnation, const struct edge_ops *ops, void *arg)
{
	if (slot >= EDGE_WORKERS_MAX)
		return -EINVAL;
	struct edge *e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->loop = l;
	e->timers = loop_timers(l);
	e->slot = slot;
	e->incarnation = incarnation;
	e->worker[slot].incarnation = incarnation;
	e->ops = ops;
	e->arg = arg;
	e->files = http_files;
	list_init(&e->listeners);
	list_init(&e->doors);
	list_init(&e->trials);
	arena_pool_init(&e->arenas, SIP_VIEW_BYTES + sizeof(struct sip_msg),
			ARENAS_KEPT);
	buf_init(&e->tickets, 0);
	inside_init(e);
	int err = sealer_create(&e->sealer);
	if (!err)
		err = net_gate_create(&e->gate, l, 0, contexts_on_gate, e);
	if (!err)
		err = map_init(&e->flows);
	if (!err)
		err = map_init(&e->sources);
	if (!err)
		err = map_init(&e->partners);
	if (!err)
		err = map_init(&e->names);
	if (!err)
		err = limits_create(e);
	if (!err)
		err = homed_create(e);
	if (!err)
		err = inside_mras_create(e);
	if (err) {
		edge_free(e);
		return err;
	}
	timer_init(&e->sweep, e->timers, on_sweep, e);
	timer_start(&e->sweep, SWEEP_MS);
	shed_init(e);
	*out = e;
	return 0;
}

static void flow_abandon_each(struct map_node *n, void *arg)
{
	(void)arg;
	flow_abandon(container_of(n, struct flow, node));
}

static void source_free_each(struct map_node *n, void *arg)
{
	struct edge *e = arg;
	map_remove(&e->sources, n);
	free(container_of(n, struct source, node));
}

/* Connections end with the loop, which is freed later; each then frees its
 * flow. */
void edge_free(struct edge *e)
{
	if (!e)
		return;
	if (e->sweep.owner)
		timer_stop(&e->sweep);
	LIST_EACH (it, tmp, &e->listeners)
		listener_free(container_of(it, struct edge_listener, node));
	edge_doors_close(e);
	if (e->partners.slots)
		partners_free(e);
	if (e->names.slots)
		names_free(e);
	inside_free(e);
	trials_free(e);
	traces_free(e);
	limits_free(e);
	homed_free(e);
	inside_mras_free(e);
	if (e->flows.slots)
		map_each(&e->flows, flow_abandon_each, NULL);
	map_free(&e->flows);
	if (e->sources.slots)
		map_each(&e->sources, source_free_each, e);
	map_free(&e->sources);
	proxy_free(e->proxy);
	arena_pool_free(&e->arenas);
	generation_free(e->next);
	generation_free(e->current);
	sealer_free(e->sealer);
	contexts_forget_tickets(e);
	shed_stop(e);
	net_gate_free(e->gate);
	free(e->name);
	free(e);
}

bool edge_open(const struct edge *e)
{
	return e->current && e->has_keys && !e->draining;
}

void edge_open_listeners(struct edge *e)
{
	if (!edge_open(e))
		return;
	LIST_EACH (it, tmp, &e->listeners) {
		struct edge_listener *l =
			container_of(it, struct edge_listener, node);
		if (l->fd < 0 || l->generation != e->current->number)
			continue;
		int err = acceptor_open(&l->acceptor, e->loop, l->fd,
					edge_on_accept, l);
		l->fd = -1;
		if (err)
			LOG(LOG_ERROR, "listener.failed",
			    KV_STR("address", l->address),
			    KV_STR("why", strerror(-err)));
		else if (e->paused)
			acceptor_pause(l->acceptor, true);
	}
}

/* The core is made once, with the first name; it holds transactions. */
static int make_proxy(struct edge *e, const struct edge_conf *conf)
{
	if (e->proxy)
		return 0;
	e->name = slice_strdup(conf->name);
	if (!e->name)
		return -ENOMEM;
	struct proxy_conf pc = { .sent_by = slice_str(e->name),
				 .transport = SLICE_LIT("TLS"),
				 .limits = &sip_limits_default,
				 .random_ids = true };
	int err = proxy_create(&e->proxy, e->timers, &pc, &proxy_ops, e);
	if (err) {
		free(e->name);
		e->name = NULL;
	}
	return err;
}

static int build(struct edge *e, struct generation *g,
		 const struct edge_conf *conf, char error[static 256])
{
	int err = 0;
	if (e->name && !slice_eq(conf->name, slice_str(e->name))) {
		snprintf(error, 256, "edge.name takes effect at restart");
		return -EINVAL;
	}
	if (conf->workers < 1 || conf->workers > EDGE_WORKERS_MAX) {
		snprintf(error, 256, "workers: 1 to %d", EDGE_WORKERS_MAX);
		return -EINVAL;
	}
	err = access_create(&g->access, &conf->access, error);
	if (!err)
		err = contexts_create(e, g, conf, error);
	if (!err)
		err = make_proxy(e, conf);
	return err;
}

static void no_release(void *arg)
{
	(void)arg;
}

int edge_prepare(struct edge *e, uint32_t generation,
		 const struct edge_conf *conf, void (*release)(void *arg),
		 void *release_arg, char error[static 256])
{
	error[0] = '\0';
	edge_abort(e, e->next ? e->next->number : 0);
	struct generation *g = calloc(1, sizeof(*g));
	if (!g) {
		snprintf(error, 256, "out of memory");
		return -ENOMEM;
	}
	g->number = generation;
	g->conf = conf;
	g->release = no_release; /* the caller keeps it unless we say yes */
	int err = build(e, g, conf, error);
	if (err) {
		if (!error[0])
			snprintf(error, 256, "%s", strerror(-err));
		generation_free(g);
		return err;
	}
	g->release = release;
	g->release_arg = release_arg;
	e->next = g;
	return 0;
}

void edge_commit(struct edge *e, uint32_t generation)
{
	if (!e->next || e->next->number != generation)
		return;
	struct generation *old = e->current;
	e->current = e->next;
	e->next = NULL;
	LIST_EACH (it, tmp, &e->listeners) {
		struct edge_listener *l =
			container_of(it, struct edge_listener, node);
		if (l->generation != generation)
			listener_free(l);
	}
	proxy_limit(e->proxy, e->current->conf->transactions);
	edge_open_listeners(e);
	inside_configure(e);
	partners_recheck(e);
	contexts_recheck(e);
	generation_free(old);
}

void edge_abort(struct edge *e, uint32_t generation)
{
	if (!e->next || e->next->number != generation)
		return;
	uint32_t number = e->current ? e->current->number : 0;
	LIST_EACH (it, tmp, &e->listeners) {
		struct edge_listener *l =
			container_of(it, struct edge_listener, node);
		if (l->generation == generation && l->fd >= 0)
			listener_free(l);
		else
			l->generation = number;
	}
	generation_free(e->next);
	e->next = NULL;
}

static struct edge_listener *find_listener(struct edge *e,
					   enum listener_kind kind,
					   struct slice address)
{
	LIST_EACH (it, tmp, &e->listeners) {
		struct edge_listener *l =
			container_of(it, struct edge_listener, node);
		if (l->kind == kind && slice_eq(slice_str(l->address), address))
			return l;
	}
	return NULL;
}

int edge_listener(struct edge *e, uint32_t generation, enum listener_kind kind,
		  struct slice address, int fd)
{
	struct edge_listener *l = find_listener(e, kind, address);
	if (l) {
		l->generation = generation;
		close(fd);
		return 0;
	}
	l = calloc(1, sizeof(*l));
	if (!l || slice_cstr(address, l->address, sizeof(l->address))) {
		close(fd);
		free(l);
		return l ? -EINVAL : -ENOMEM;
	}
	l->edge = e;
	l->fd = fd;
	l->kind = kind;
	l->generation = generation;
	list_push_back(&e->listeners, &l->node);
	edge_open_listeners(e);
	return 0;
}

void edge_drain(struct edge *e)
{
	e->draining = true;
	LIST_EACH (it, tmp, &e->listeners)
		listener_free(container_of(it, struct edge_listener, node));
}

size_t edge_busy(const struct edge *e)
{
	return e->proxy ? proxy_transactions(e->proxy) : 0;
}

struct flow_counts {
	size_t kind[FLOW_KIND_COUNT];
	size_t signed_in;
};

static void count_flow(struct map_node *n, void *arg)
{
	struct flow_counts *c = arg;
	const struct flow *f = container_of(n, struct flow, node);
	c->kind[f->kind]++;
	c->signed_in += f->aor != NULL;
}

static void put_number(struct buf *pairs, const char *key, size_t value)
{
	char text[24];
	snprintf(text, sizeof(text), "%zu", value);
	ipc_pair_put(pairs, key, slice_str(text));
}

void edge_status(struct edge *e,
		 void (*row)(void *arg, const char *table, struct slice pairs),
		 void *arg)
{
	struct flow_counts c = { 0 };
	struct partner_rows rows = { row, arg };
	struct buf pairs;
	map_each(&e->flows, count_flow, &c);
	buf_init(&pairs, 0);
	put_number(&pairs, "slot", e->slot);
	put_number(&pairs, "clients", c.kind[FLOW_CLIENT]);
	put_number(&pairs, "signed_in", c.signed_in);
	put_number(&pairs, "federation_in", c.kind[FLOW_FEDERATION]);
	put_number(&pairs, "federation_out", c.kind[FLOW_DIALLED]);
	put_number(&pairs, "inside",
		   c.kind[FLOW_INSIDE] + c.kind[FLOW_NEXT_HOP]);
	put_number(&pairs, "transactions", edge_busy(e));
	if (!buf_failed(&pairs))
		row(arg, "workers", buf_slice(&pairs));
	buf_free(&pairs);
	partners_status(e, &rows);
	contexts_status(e, row, arg);
	inside_status(e, row, arg);
}
