/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New connections: how many a source may open in a second, and how many it
 * may hold before it has signed in or proved who it is (threats section 0).
 */
#include "edge/contexts.h"
#include "edge/inside.h"
#include "edge/limits.h"
#include "edge/visitor.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct source *source_get(struct edge *e, uint64_t key)
{
	struct map_node *n = map_find(&e->sources, map_key_u64(&key));
	if (n)
		return container_of(n, struct source, node);
	struct source *s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->key = key;
	if (map_insert(&e->sources, &s->node, map_key_u64(&s->key))) {
		free(s);
		return NULL;
	}
	return s;
}

/* Counts one more connection of this source; NULL: it may come in. */
static const char *source_admit(struct edge *e, struct source *s)
{
	const struct edge_conf *conf = e->current->conf;
	uint64_t second = timers_now(e->timers) / 1000;
	if (s->second != second) {
		s->second = second;
		s->tokens = conf->new_per_source;
	}
	if (!s->tokens)
		return "new_per_source";
	if (s->open >= conf->unauthenticated_per_source)
		return "unauthenticated_per_source";
	s->tokens--;
	s->open++;
	return NULL;
}

void source_left(struct flow *f)
{
	if (!f->counted)
		return;
	f->counted = false;
	struct map_node *n =
		map_find(&f->edge->sources, map_key_u64(&f->source_key));
	if (n)
		container_of(n, struct source, node)->open--;
}

void source_signed_in(struct flow *f)
{
	source_left(f);
}

static void source_expire(struct map_node *n, void *arg)
{
	struct edge *e = arg;
	struct source *s = container_of(n, struct source, node);
	if (s->open || s->second == timers_now(e->timers) / 1000)
		return;
	map_remove(&e->sources, n);
	free(s);
}

void source_sweep(struct edge *e)
{
	map_each(&e->sources, source_expire, e);
}

static struct source *source_find(struct edge *e, uint64_t key)
{
	struct map_node *n = map_find(&e->sources, map_key_u64(&key));
	return n ? container_of(n, struct source, node) : NULL;
}

const char *visitor_admit(struct visitor *v)
{
	v->source_key = addr_source(&v->from);
	if (v->kind != FLOW_INSIDE && bans_has(v->edge, v->source_key))
		return "banned";
	struct source *s = source_get(v->edge, v->source_key);
	const char *why = s ? source_admit(v->edge, s) : "memory";
	v->counted = !why;
	return why;
}

void visitor_close(struct visitor *v)
{
	struct source *s =
		v->counted ? source_find(v->edge, v->source_key) : NULL;
	if (s)
		s->open--;
	v->counted = false;
	if (v->fd >= 0)
		close(v->fd);
	v->fd = -1;
}

void visitor_refuse(struct visitor *v, const char *why)
{
	LOG_LIMITED(LOG_WARN, "conn.refused", slice_str(v->source),
		    KV_STR("source", v->source),
		    KV_STR("listener", v->listener), KV_STR("why", why));
	visitor_close(v);
}

void visitor_flow(struct visitor *v)
{
	struct edge *e = v->edge;
	struct flow *f = flow_create(e, v->kind);
	if (!f) {
		visitor_refuse(v, "memory");
		return;
	}
	f->port = v->port;
	f->plain = f->kind == FLOW_INSIDE && inside_link_has(e, &v->from);
	int fd = v->fd;
	v->fd = -1; /* taken over, also when it fails */
	int err = conn_accept(&f->conn, e->loop, fd, contexts_of(f),
			      &flow_limits, &flow_conn_ops, f);
	if (err) {
		flow_drop(f);
		visitor_refuse(v, "accept");
		return;
	}
	conn_set_address(f->conn, &v->from);
	f->counted = v->counted;
	f->source_key = v->source_key;
	memcpy(f->source, v->source, sizeof(f->source));
}

static uint16_t port_of(const struct edge_listener *l)
{
	struct addr a;
	return addr_parse(slice_str(l->address), false, &a) ? 0 : addr_port(&a);
}

static enum flow_kind kind_of(const struct edge_listener *l)
{
	if (l->kind == LISTENER_INSIDE)
		return FLOW_INSIDE;
	return l->kind == LISTENER_CLIENTS ? FLOW_CLIENT : FLOW_FEDERATION;
}

void edge_on_accept(void *arg, int fd, const struct addr *from)
{
	struct edge_listener *l = arg;
	struct visitor v = { .edge = l->edge,
			     .kind = kind_of(l),
			     .port = port_of(l),
			     .fd = fd,
			     .from = *from };
	memcpy(v.listener, l->address, sizeof(v.listener));
	addr_text(from, v.source);
	bool looked_at = edge_door_wanted(&v);
	/* a balancer counts as those for whom it speaks */
	bool counts = !looked_at || !edge_is_balancer(l->edge, from);
	const char *why = counts ? visitor_admit(&v) : NULL;
	if (why)
		visitor_refuse(&v, why);
	else if (looked_at)
		edge_door_open(&v);
	else
		visitor_flow(&v);
}
