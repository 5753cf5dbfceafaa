/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New connections: how many a source may open in a second, and how many it
 * may hold before it has signed in or proved who it is (threats section 0).
 */
#include "edge/contexts.h"
#include "edge/inside.h"
#include "edge/limits.h"

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

static void refuse(const struct edge_listener *l, int fd, const char *source,
		   const char *why)
{
	LOG_LIMITED(LOG_WARN, "conn.refused", slice_str(source),
		    KV_STR("source", source), KV_STR("listener", l->address),
		    KV_STR("why", why));
	close(fd);
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
	struct edge *e = l->edge;
	char text[ADDR_TEXT_MAX];
	addr_text(from, text);
	struct source *s = source_get(e, addr_source(from));
	bool banned =
		l->kind != LISTENER_INSIDE && bans_has(e, addr_source(from));
	const char *why = banned ? "banned" : s ? source_admit(e, s) : "memory";
	if (why) {
		refuse(l, fd, text, why);
		return;
	}
	struct flow *f = flow_create(e, kind_of(l));
	if (!f) {
		s->open--;
		refuse(l, fd, text, "memory");
		return;
	}
	f->counted = true;
	f->port = port_of(l);
	f->source_key = s->key;
	memcpy(f->source, text, sizeof(f->source));
	f->plain = f->kind == FLOW_INSIDE && inside_link_has(e, from);
	int err = conn_accept(&f->conn, e->loop, fd, contexts_of(f),
			      &flow_limits, &flow_conn_ops, f);
	if (err) {
		refuse(l, -1, text, "accept");
		flow_drop(f);
	}
}
