/* SPDX-License-Identifier: Apache-2.0 */
/* TLS of a worker: the contexts of each generation, the keys of tickets, the
 * gate of handshakes, and what has become of the certificates of peers. */
#pragma once

#include "edge/edge_int.h"

int contexts_create(struct edge *e, struct generation *g,
		    const struct edge_conf *conf, char error[static 256]);
void contexts_free(struct generation *g);
/* Keys for the tickets of all generations. */
int contexts_tickets(struct edge *e, struct slice ring);
void contexts_forget_tickets(struct edge *e);
void contexts_on_gate(void *arg, bool full);
/* What a connection of that kind is made with now. */
struct net_tls *contexts_of(const struct flow *f);
/* It takes nothing more from us, and ends when what was begun by it has, or
 * after one transaction's time. */
void contexts_retire(struct flow *f);
/* Connections whose certificate is not valid any more end (TLS-09). */
void contexts_recheck(struct edge *e);
/* Each second. */
void contexts_sweep(struct edge *e);
void contexts_status(struct edge *e,
		     void (*row)(void *arg, const char *table,
				 struct slice pairs),
		     void *arg);
/* The peer's certificate ends soon: told once. */
void contexts_note_peer(const struct flow *f);
