/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A TCP connection with a peer, from its making to its end. MS-TURN makes them
 * when there is something to send and finds them by the peer's address; those
 * of RFC 6062 have a number that the client joins them by (connect.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "relay/data.h"
#include "relay/link_int.h"
#include "relay/peer_policy.h"
#include "relay/reject.h"
#include "relay/request.h"

/* ---- life ---- */

static int number(struct relay *r, struct relay_link *l)
{
	uint32_t random;
	int err = crypto_random(&random, sizeof(random));
	if (err)
		return err;
	l->id = (random & ~LINK_COLUMN_MASK) | (r->column & LINK_COLUMN_MASK);
	return map_insert(&r->links, &l->by_id,
			  slice_of(&l->id, sizeof(l->id)));
}

static void on_unbound(struct timer *t, void *arg)
{
	(void)t;
	link_close(arg);
}

unsigned links_count(const struct relay_alloc *a, bool pending)
{
	unsigned n = 0;
	LIST_EACH (it, tmp, &a->links) {
		const struct relay_link *l =
			container_of(it, struct relay_link, node);
		n += !pending || (l->joins && l->state != LINK_JOINED);
	}
	return n;
}

struct relay_link *link_new(struct relay_port *port,
			    const struct relay_addr *peer)
{
	struct relay_alloc *a = port->alloc;
	struct relay_link *l = links_count(a, false) < LINKS_MAX
				       ? calloc(1, sizeof(*l))
				       : NULL;
	if (!l)
		return NULL;
	l->port = port;
	l->peer = *peer;
	l->joins = !a->dialect->idle;
	if (l->joins && number(a->relay, l)) {
		free(l);
		return NULL;
	}
	timer_init(&l->timer, a->relay->timers, on_unbound, l);
	list_push_back(&a->links, &l->node);
	return l;
}

void link_free(struct relay_link *l)
{
	struct relay_alloc *a = l->port->alloc;
	timer_stop(&l->timer);
	if (l->joins)
		map_remove(&a->relay->links, &l->by_id);
	list_remove(&l->node);
	crypto_wipe(&l->key, sizeof(l->key));
	free(l);
}

void link_close(struct relay_link *l)
{
	struct relay *r = l->port->relay;
	if (l->io)
		r->ops.links->close(r->arg, l->io);
	link_free(l);
}

void links_clear(struct relay_alloc *a, const struct relay_port *port)
{
	LIST_EACH (it, tmp, &a->links) {
		struct relay_link *l =
			container_of(it, struct relay_link, node);
		if (!port || l->port == port)
			link_close(l);
	}
}

void links_recheck(struct relay_alloc *a)
{
	LIST_EACH (it, tmp, &a->links) {
		struct relay_link *l =
			container_of(it, struct relay_link, node);
		if (peer_check(&a->relay->conf, &a->flow.local, &l->peer, true))
			link_close(l);
	}
}

struct relay_link *link_find(const struct relay_alloc *a,
			     const struct relay_addr *peer)
{
	LIST_EACH (it, tmp, &a->links) {
		struct relay_link *l =
			container_of(it, struct relay_link, node);
		if (relay_addr_equal(&l->peer, peer))
			return l;
	}
	return NULL;
}

struct relay_link *link_dial(struct relay_port *port,
			     const struct relay_addr *peer)
{
	struct relay *r = port->relay;
	struct relay_link *l = link_new(port, peer);
	struct relay_addr to = port_wire_peer(port, peer);
	if (!l)
		return NULL;
	l->state = LINK_DIALLING;
	if (r->ops.links->dial(r->arg, l, &to, &l->io) == 0)
		return l;
	link_free(l);
	return NULL;
}

/* ---- MS-TURN: data in frames ---- */

int link_send(struct relay_port *port, const struct relay_addr *peer,
	      struct slice bytes)
{
	struct relay *r = port->relay;
	struct relay_link *l = link_find(port->alloc, peer);
	if (!l)
		l = link_dial(port, peer);
	if (!l) {
		/* both dialled, and the peer was first */
		r->ops.links->accept(r->arg, port->io);
		l = link_find(port->alloc, peer);
	}
	return l ? r->ops.links->write(r->arg, l->io, bytes) : -ENOTCONN;
}

void relay_link_packet(struct relay_link *l, const struct relay_packet *p)
{
	relay_peer_packet(l->port, &l->peer, p);
}

/* ---- what the I/O tells ---- */

bool relay_link_joins(const struct relay_link *l)
{
	return l->joins;
}

struct relay_addr relay_link_port(const struct relay_link *l)
{
	return l->port->at;
}

struct relay_link *relay_link_incoming(struct relay_port *port,
				       const struct relay_addr *from, void *io)
{
	struct relay_alloc *a = port->alloc;
	struct relay_addr peer = port_seen_peer(port, from);
	struct relay_link *l = NULL;
	if (!permission_has(a, &peer) || data_from_stranger(a, &peer)) {
		metric_add(M_TURN_NO_PERMISSION, 1);
		return NULL;
	}
	struct relay_link *old = link_find(a, &peer);
	if (!(old && old->joins) && links_count(a, true) < LINKS_PENDING_MAX)
		l = link_new(port, &peer);
	if (!l)
		return NULL;
	/* the system has one connection between two ports: an older one of
	 * MS-TURN is over, only we were not told yet */
	if (old)
		link_close(old);
	l->io = io;
	l->state = LINK_UP;
	if (l->joins)
		connect_attempted(l);
	return l;
}

void relay_link_up(struct relay_link *l)
{
	if (l->state != LINK_DIALLING)
		return;
	l->state = LINK_UP;
	if (l->joins)
		connect_done(l, NULL);
}

void relay_link_gone(struct relay_link *l)
{
	if (l->joins && l->state == LINK_DIALLING)
		connect_done(l, &relay_rej_link_failed);
	link_free(l);
}

bool relay_link_pass(struct relay_link *l, bool up, size_t len)
{
	const struct relay_packet none = { .ttl = 0 };
	return data_may_pass(l->port->alloc, up ? UP : DOWN, &none, len);
}

void *relay_link_claim(struct relay *r, uint32_t id, uint64_t user)
{
	struct map_node *n = map_find(&r->links, slice_of(&id, sizeof(id)));
	struct relay_link *l =
		n ? container_of(n, struct relay_link, by_id) : NULL;
	if (!l || l->state != LINK_UP || l->port->alloc->user != user)
		return NULL;
	l->state = LINK_JOINED;
	timer_stop(&l->timer);
	return l->io;
}
