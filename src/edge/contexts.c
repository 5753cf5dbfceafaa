/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a generation needs for TLS: a context for each kind of connection, the
 * keys of tickets, and the gate through which all handshakes of this worker
 * go.
 */
#include "edge/contexts.h"

#include <errno.h>
#include <time.h>

#include "edge/partner.h"

enum {
	RECHECK_S = 3600,
	RETIRE_MS = 32000, /* one transaction */
	DAY_S = 86400,
	NOTE_DAYS = 14,
};

int contexts_create(struct edge *e, struct generation *g,
		    const struct edge_conf *conf, char error[static 256])
{
	const struct {
		struct net_tls **out;
		enum net_tls_use use;
		const struct net_tls_conf *conf;
	} rows[] = {
		{ &g->tls_federation, NET_TLS_FEDERATION, &conf->tls },
		{ &g->tls_clients, NET_TLS_CLIENTS, &conf->tls },
		{ &g->tls_dial, NET_TLS_DIAL, &conf->tls },
		{ &g->tls_plain, NET_PLAIN, &conf->inside.tls },
		{ &g->tls_inside, NET_TLS_FEDERATION, &conf->inside.tls },
		{ &g->tls_inside_dial, NET_TLS_DIAL, &conf->inside.tls },
	};
	size_t count = conf->inside.external ? 6 : 4;
	for (size_t i = 0; i < count; i++) {
		int err = net_tls_create(rows[i].out, rows[i].conf, rows[i].use,
					 error);
		if (err)
			return err;
		net_tls_gate(*rows[i].out, e->gate);
	}
	return e->tickets.len
		       ? net_tls_tickets(g->tls_clients, buf_slice(&e->tickets))
		       : 0;
}

void contexts_free(struct generation *g)
{
	net_tls_free(g->tls_federation);
	net_tls_free(g->tls_clients);
	net_tls_free(g->tls_dial);
	net_tls_free(g->tls_inside);
	net_tls_free(g->tls_inside_dial);
	net_tls_free(g->tls_plain);
}

void contexts_forget_tickets(struct edge *e)
{
	if (e->tickets.ptr)
		crypto_wipe(e->tickets.ptr, e->tickets.cap);
	buf_free(&e->tickets);
}

int contexts_tickets(struct edge *e, struct slice ring)
{
	struct generation *both[] = { e->current, e->next };
	int err = 0;
	contexts_forget_tickets(e);
	for (size_t i = 0; !err && i < 2; i++)
		if (both[i])
			err = net_tls_tickets(both[i]->tls_clients, ring);
	if (err)
		return err;
	buf_put(&e->tickets, ring);
	return buf_failed(&e->tickets) ? -ENOMEM : 0;
}

/* The kernel's queue holds those who come meanwhile. */
void contexts_on_gate(void *arg, bool full)
{
	struct edge *e = arg;
	e->paused = full;
	LOG_LIMITED(LOG_WARN, "accept.paused",
		    full ? SLICE_LIT("full") : SLICE_LIT("over"),
		    KV_STR("why", full ? "handshakes" : "over"),
		    KV_U64("slot", e->slot));
	LIST_EACH (it, tmp, &e->listeners) {
		struct edge_listener *l =
			container_of(it, struct edge_listener, node);
		if (l->acceptor)
			acceptor_pause(l->acceptor, full);
	}
}

/* The context that a connection of that kind would be made with now. */
struct net_tls *contexts_of(const struct flow *f)
{
	const struct generation *g = f->edge->current;
	struct net_tls *const of[FLOW_KIND_COUNT] = {
		[FLOW_CLIENT] = g->tls_clients,
		[FLOW_FEDERATION] = g->tls_federation,
		[FLOW_DIALLED] = g->tls_dial,
		[FLOW_INSIDE] = g->tls_inside,
		[FLOW_NEXT_HOP] = g->tls_inside_dial,
	};
	return f->plain ? g->tls_plain : of[f->kind];
}

/* Does anything wait for an answer, there or here? */
static bool is_busy(const struct flow *f)
{
	return !list_empty(&f->pending.order) ||
	       proxy_open_from(f->edge->proxy, slice_str(f->peer));
}

void contexts_retire(struct flow *f)
{
	alias_withdraw(f);
	if (!is_busy(f))
		flow_end(f, true);
	else if (!f->retire_ms)
		f->retire_ms = timers_now(f->edge->timers) + RETIRE_MS;
}

/* What was revoked ends now; else what was begun may come to its end. */
static void retire(struct flow *f, const char *why)
{
	LOG_LIMITED(LOG_WARN, "tls.peer_expired", slice_str(f->source),
		    KV_STR("source", f->source), KV_STR("peer", f->peer),
		    KV_STR("serial", conn_peer(f->conn)->serial),
		    KV_STR("why", why));
	if (!strcmp(why, "revoked"))
		flow_end(f, true);
	else
		contexts_retire(f);
}

static bool has_certificate(const struct flow *f)
{
	return !f->ending && f->conn && conn_ready(f->conn) &&
	       conn_peer(f->conn)->name_count;
}

static void recheck(struct map_node *n, void *arg)
{
	struct flow *f = container_of(n, struct flow, node);
	(void)arg;
	if (!has_certificate(f) || f->retire_ms)
		return;
	const char *why = conn_recheck(f->conn, contexts_of(f));
	if (why)
		retire(f, why);
}

void contexts_recheck(struct edge *e)
{
	e->sweeps = 0;
	map_each(&e->flows, recheck, e);
}

static void sweep(struct map_node *n, void *arg)
{
	uint64_t *first_s = arg;
	struct flow *f = container_of(n, struct flow, node);
	if (!has_certificate(f))
		return;
	uint64_t until_s = conn_peer(f->conn)->until_s;
	if (!*first_s || until_s < *first_s)
		*first_s = until_s;
	if (f->retire_ms &&
	    (!is_busy(f) || timers_now(f->edge->timers) >= f->retire_ms))
		flow_end(f, true);
}

void contexts_sweep(struct edge *e)
{
	uint64_t first_s = 0;
	map_each(&e->flows, sweep, &first_s);
	metric_set(M_PEER_CERT_EXPIRES, first_s);
	if (e->current && ++e->sweeps >= RECHECK_S)
		contexts_recheck(e);
}

void contexts_note_peer(const struct flow *f)
{
	const struct net_peer *p = conn_peer(f->conn);
	uint64_t now_s = loop_wall_ms() / 1000;
	if (!p->name_count || p->until_s > now_s + NOTE_DAYS * DAY_S)
		return;
	LOG_LIMITED(LOG_WARN, "tls.peer_expiring", slice_str(p->serial),
		    KV_STR("peer", f->peer), KV_STR("serial", p->serial),
		    KV_U64("days", p->until_s > now_s
					   ? (p->until_s - now_s) / DAY_S
					   : 0));
}

struct rows {
	void (*row)(void *arg, const char *table, struct slice pairs);
	void *arg;
};

static void peer_row(struct map_node *n, void *arg)
{
	const struct rows *rows = arg;
	const struct flow *f = container_of(n, struct flow, node);
	if (!has_certificate(f))
		return;
	const struct net_peer *p = conn_peer(f->conn);
	time_t until = (time_t)p->until_s;
	struct tm tm;
	char date[24] = "";
	if (gmtime_r(&until, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%MZ", &tm);
	struct buf pairs;
	buf_init(&pairs, 0);
	ipc_pair_put(&pairs, "peer", slice_str(f->peer));
	ipc_pair_put(&pairs, "source", slice_str(f->source));
	ipc_pair_put(&pairs, "serial", slice_str(p->serial));
	ipc_pair_put(&pairs, "until", slice_str(date));
	if (!buf_failed(&pairs))
		rows->row(rows->arg, "peer_certificates", buf_slice(&pairs));
	buf_free(&pairs);
}

void contexts_status(struct edge *e,
		     void (*row)(void *arg, const char *table,
				 struct slice pairs),
		     void *arg)
{
	struct rows rows = { row, arg };
	map_each(&e->flows, peer_row, &rows);
}
