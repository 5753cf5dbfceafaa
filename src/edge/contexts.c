/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a generation needs for TLS: a context for each kind of connection, the
 * keys of tickets, and the gate through which all handshakes of this worker
 * go.
 */
#include "edge/edge_int.h"

#include <errno.h>

int contexts_create(struct edge *e, struct generation *g,
		    const struct edge_conf *conf, char error[static 256])
{
	const struct {
		struct net_tls **out;
		enum net_tls_use use;
	} rows[] = {
		{ &g->tls_federation, NET_TLS_FEDERATION },
		{ &g->tls_clients, NET_TLS_CLIENTS },
		{ &g->tls_dial, NET_TLS_DIAL },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int err = net_tls_create(rows[i].out, &conf->tls, rows[i].use,
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
	LOG_LIMITED(LOG_WARN, "accept.paused", SLICE_LIT("gate"),
		    KV_STR("why", full ? "handshakes" : "over"),
		    KV_U64("slot", e->slot));
	LIST_EACH (it, tmp, &e->listeners) {
		struct edge_listener *l =
			container_of(it, struct edge_listener, node);
		if (l->acceptor)
			acceptor_pause(l->acceptor, full);
	}
}
