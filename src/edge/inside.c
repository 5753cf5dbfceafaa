/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The set of next hops: from the configuration, or from an SRV name, whose
 * records are asked for again when they are old. A server that an SRV record
 * names has to be one of inside.peers: no answer of a name server makes
 * anybody an inside server.
 */
#include "edge/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "ipc/targets.h"

enum { SRV_MIN_MS = 30000, SRV_MAX_MS = 300000, SRV_FAILED_MS = 5000 };

static struct inside_hop *of_node(struct list *n)
{
	return container_of(n, struct inside_hop, node);
}

static const struct inside_conf *conf_of(const struct edge *e)
{
	return &e->current->conf->inside;
}

/* -- hops -- */

static void hop_free(struct inside_hop *h)
{
	list_remove(&h->node);
	inside_health_stop(h);
	timer_stop(&h->redial);
	if (h->state == INSIDE_UP)
		metric_sub(M_INSIDE_UP, 1);
	if (h->flow) {
		h->flow->hop = NULL;
		if (h->flow->conn && !h->flow->ending)
			flow_end(h->flow, true);
	}
	free(h);
}

static struct inside_hop *hop_create(struct edge *e,
				     const struct inside_want *want)
{
	struct inside_hop *h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	if (slice_cstr(want->host, h->host, sizeof(h->host))) {
		free(h);
		return NULL;
	}
	h->edge = e;
	h->id = ++e->inside.last_hop;
	h->port = want->port;
	h->plain = want->plain;
	snprintf(h->peer, sizeof(h->peer), "inside:%s", h->host);
	inside_dial_init(h);
	inside_health_init(h);
	return h;
}

static struct inside_hop *take_from(struct list *old,
				    const struct inside_want *want)
{
	LIST_EACH (it, tmp, old) {
		struct inside_hop *h = of_node(it);
		if (h->port == want->port && h->plain == want->plain &&
		    slice_eq(slice_str(h->host), want->host)) {
			list_remove(it);
			return h;
		}
	}
	return NULL;
}

static void move_all(struct list *from, struct list *to)
{
	while (!list_empty(from))
		list_push_back(to, list_pop(from));
}

/* From the present set to that one. */
static void replace(struct edge *e, const struct inside_want *want, size_t n)
{
	struct list old;
	list_init(&old);
	move_all(&e->inside.hops, &old);
	for (size_t i = 0; i < n; i++) {
		struct inside_hop *h = take_from(&old, &want[i]);
		bool fresh = !h;
		if (fresh)
			h = hop_create(e, &want[i]);
		if (!h) {
			LOG(LOG_ERROR, "inside.memory",
			    KV_SLICE("next_hop", want[i].host));
			continue;
		}
		h->fixed = want[i].fixed;
		if (want[i].fixed) {
			memcpy(h->address, want[i].address, sizeof(h->address));
			h->address_count = want[i].address_count;
		}
		list_push_back(&e->inside.hops, &h->node);
		if (fresh)
			inside_dial(h);
	}
	/* the analyser takes two nodes of a list for one */
	LIST_EACH (it, tmp, &old) /* NOLINT(clang-analyzer-unix.Malloc) */
		hop_free(of_node(it));
}

/* -- an SRV name -- */

static bool by_srv(const struct inside_conf *c)
{
	return c->external && c->hop_count == 1 && !c->hop[0].port &&
	       !c->hop[0].addr.u.sa.sa_family;
}

static void srv_ask(struct edge *e)
{
	struct ipc_targets_get ask = { .id = ++e->last_ask,
				       .kind = IPC_TARGETS_DOMAIN,
				       .name = conf_of(e)->hop[0].host };
	e->inside.ask = ask.id;
	if (e->ops->send(e->arg, PROC_RESOLVER, 0, IPC_TARGETS_GET, &ask))
		e->inside.ask = 0;
	/* the resolver may never answer */
	timer_start(&e->inside.again, SRV_FAILED_MS);
}

static void on_again(struct timer *t, void *arg)
{
	struct edge *e = arg;
	(void)t;
	srv_ask(e);
}

static bool named(const struct inside_conf *c, struct slice name)
{
	for (size_t i = 0; i < c->peer_count; i++)
		if (slice_eq(c->peers[i], name))
			return true;
	return false;
}

static void want_target(struct inside_want *want, const struct ipc_target *t)
{
	*want = (struct inside_want){ .host = t->name,
				      .port = t->port,
				      .fixed = true };
	for (size_t i = 0; i < t->count && i < INSIDE_ADDRESSES_MAX; i++)
		want->address[want->address_count++] = t->addr[i];
}

/* Those that are named and have an address, in their order. */
static size_t srv_wanted(struct edge *e, const struct ipc_targets *m,
			 struct inside_want want[static INSIDE_HOPS_MAX])
{
	struct cur c = cur_init(m->targets);
	struct ipc_target t;
	size_t n = 0;
	while (n < INSIDE_HOPS_MAX && ipc_target_next(&c, &t) == 1) {
		if (!named(conf_of(e), t.name))
			LOG_LIMITED(LOG_WARN, "inside.not_named", t.name,
				    KV_SLICE("next_hop", t.name),
				    KV_SLICE("srv", conf_of(e)->hop[0].host));
		else if (t.count)
			want_target(&want[n++], &t);
	}
	return n;
}

static void srv_answer(struct edge *e, const struct ipc_targets *m)
{
	struct inside_want want[INSIDE_HOPS_MAX];
	uint64_t wait_ms = (uint64_t)m->ttl_s * 1000;
	size_t n = m->error ? 0 : srv_wanted(e, m, want);
	e->inside.ask = 0;
	if (!n) { /* what is known stays in use */
		LOG_LIMITED(LOG_WARN, "inside.lookup", conf_of(e)->hop[0].host,
			    KV_SLICE("srv", conf_of(e)->hop[0].host),
			    KV_SLICE("why", m->text));
		timer_start(&e->inside.again, SRV_FAILED_MS);
		return;
	}
	replace(e, want, n);
	wait_ms = wait_ms < SRV_MIN_MS ? SRV_MIN_MS : wait_ms;
	timer_start(&e->inside.again,
		    wait_ms > SRV_MAX_MS ? SRV_MAX_MS : wait_ms);
}

bool inside_targets(struct edge *e, const struct ipc_targets *m)
{
	if (e->inside.ask && e->inside.ask == m->id) {
		srv_answer(e, m);
		return true;
	}
	LIST_EACH (it, tmp, &e->inside.hops) {
		struct inside_hop *h = of_node(it);
		if (h->ask && h->ask == m->id) {
			inside_hop_targets(h, m);
			return true;
		}
	}
	return false;
}

/* At the start it may come later than the configuration. */
void inside_resolver_up(struct edge *e)
{
	if (!e->current)
		return;
	if (by_srv(conf_of(e)) && !e->inside.ask && list_empty(&e->inside.hops))
		srv_ask(e);
	LIST_EACH (it, tmp, &e->inside.hops) {
		struct inside_hop *h = of_node(it);
		if (!h->flow && !h->ask && !timer_running(&h->redial))
			inside_dial(h);
	}
}

void inside_resolver_gone(struct edge *e)
{
	e->inside.ask = 0; /* its timer asks again */
	LIST_EACH (it, tmp, &e->inside.hops) {
		struct inside_hop *h = of_node(it);
		if (!h->ask)
			continue;
		h->ask = 0;
		inside_retry(h, "the resolver has ended");
	}
}

/* -- configuration -- */

static void want_hop(struct inside_want *want,
		     const struct inside_hop_conf *conf, char host[])
{
	bool plain = conf->addr.u.sa.sa_family != 0;
	*want = (struct inside_want){ .host = conf->host,
				      .port = conf->port,
				      .plain = plain };
	if (!plain)
		return;
	want->host = slice_str(addr_host(&conf->addr, host));
	want->port = addr_port(&conf->addr);
	want->fixed = true;
	want->address[0] = conf->addr;
	want->address_count = 1;
}

void inside_init(struct edge *e)
{
	list_init(&e->inside.hops);
	timer_init(&e->inside.again, e->timers, on_again, e);
}

void inside_configure(struct edge *e)
{
	const struct inside_conf *c = conf_of(e);
	struct inside_want want[INSIDE_HOPS_MAX];
	char host[INSIDE_HOPS_MAX][ADDR_TEXT_MAX];
	size_t n = 0;
	timer_stop(&e->inside.again);
	e->inside.ask = 0;
	if (by_srv(c)) {
		srv_ask(e);
		return;
	}
	for (; c->external && n < c->hop_count && n < INSIDE_HOPS_MAX; n++)
		want_hop(&want[n], &c->hop[n], host[n]);
	replace(e, want, n);
}

void inside_free(struct edge *e)
{
	if (!e->inside.again.owner)
		return;
	timer_stop(&e->inside.again);
	LIST_EACH (it, tmp, &e->inside.hops)
		hop_free(of_node(it));
}

/* -- who is who -- */

bool inside_link_has(const struct edge *e, const struct addr *a)
{
	const struct inside_conf *c = conf_of(e);
	for (size_t i = 0; i < c->link_count; i++)
		if (addr_in_prefix(a, &c->link[i]))
			return true;
	return false;
}

static bool is_hop(struct edge *e, struct slice name)
{
	LIST_EACH (it, tmp, &e->inside.hops)
		if (slice_eq(slice_str(of_node(it)->host), name))
			return true;
	return false;
}

/* Of several proven names that of a next hop, which answers compare with. */
static const char *proven(struct edge *e, const struct net_peer *p)
{
	const char *found = NULL;
	for (size_t i = 0; i < p->name_count; i++) {
		struct slice name = slice_str(p->name[i]);
		if (!named(conf_of(e), name))
			continue;
		if (is_hop(e, name))
			return p->name[i];
		if (!found)
			found = p->name[i];
	}
	return found;
}

bool inside_name_peer(struct flow *f)
{
	const struct net_peer *p = conn_peer(f->conn);
	char host[ADDR_TEXT_MAX];
	const char *name = NULL;
	if (!conf_of(f->edge)->external)
		return false;
	if (!f->plain)
		name = proven(f->edge, p);
	else if (inside_link_has(f->edge, &p->addr))
		name = addr_host(&p->addr, host);
	if (name)
		snprintf(f->peer, sizeof(f->peer), "inside:%s", name);
	return name != NULL;
}

/* -- use -- */

struct inside_hop *inside_find(struct edge *e, uint64_t id)
{
	LIST_EACH (it, tmp, &e->inside.hops)
		if (of_node(it)->id == id)
			return of_node(it);
	return NULL;
}

static bool usable(const struct inside_hop *h)
{
	return h->flow && h->flow->conn && !h->flow->ending &&
	       h->state != INSIDE_DOWN;
}

size_t inside_choose(struct edge *e, struct slice first,
		     struct inside_hop *out[static INSIDE_HOPS_MAX])
{
	size_t n = 0;
	for (int others = 0; others < 2; others++) {
		LIST_EACH (it, tmp, &e->inside.hops) {
			struct inside_hop *h = of_node(it);
			bool other = !slice_eq(slice_str(h->host), first);
			if (other == others && usable(h) && n < INSIDE_HOPS_MAX)
				out[n++] = h;
		}
	}
	return n;
}

int inside_write(struct edge *e, uint64_t hop, uint64_t txn, uint16_t branch,
		 struct slice bytes)
{
	struct inside_hop *h = inside_find(e, hop);
	if (!h || !usable(h))
		return -EPIPE;
	return flow_write_request(h->flow, e->slot, txn, branch, bytes);
}

/* -- status -- */

static const char *state_name(const struct inside_hop *h)
{
	static const char *const names[] = { [INSIDE_NEW] = "connecting",
					     [INSIDE_UP] = "up",
					     [INSIDE_DOWN] = "down" };
	return names[h->state];
}

void inside_status(struct edge *e,
		   void (*row)(void *arg, const char *table,
			       struct slice pairs),
		   void *arg)
{
	LIST_EACH (it, tmp, &e->inside.hops) {
		const struct inside_hop *h = of_node(it);
		struct buf pairs;
		char text[ADDR_TEXT_MAX];
		buf_init(&pairs, 0);
		ipc_pair_put(&pairs, "next_hop", slice_str(h->host));
		snprintf(text, sizeof(text), "%u", (unsigned)h->port);
		ipc_pair_put(&pairs, "port", slice_str(text));
		snprintf(text, sizeof(text), "%u", (unsigned)e->slot);
		ipc_pair_put(&pairs, "slot", slice_str(text));
		ipc_pair_put(&pairs, "state", slice_str(state_name(h)));
		ipc_pair_put(&pairs, "address",
			     h->flow ? slice_str(h->flow->source) : SLICE_NONE);
		if (!buf_failed(&pairs))
			row(arg, "inside", buf_slice(&pairs));
		buf_free(&pairs);
	}
}
