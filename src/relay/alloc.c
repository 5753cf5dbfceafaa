/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An allocation from its making to its audit record. Everything is taken
 * before it is entered anywhere: quotas, then ports, then memory; what was
 * taken goes back in one place, alloc_drop().
 */
#include <errno.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "relay/fast.h"
#include "relay/link.h"
#include "relay/link_int.h"
#include "relay/mobility.h"
#include "relay/peer_policy.h"
#include "relay/reject.h"
#include "relay/request.h"

/* With one port, one permission and one channel: the price of a call. What is
 * left to 1 KiB is for the socket's 32 bytes, the slot's neighbours and the
 * allocator. */
_Static_assert(sizeof(struct relay_alloc) + sizeof(struct relay_port) +
			       sizeof(struct relay_permission) +
			       sizeof(struct relay_slot) +
			       sizeof(struct relay_ms) + NAME_KEPT <=
		       904,
	       "an allocation stays under 1 KiB");

/* Keys of shared cells: what is counted is told by the top byte. */
static uint64_t cell_key(unsigned kind, uint64_t what)
{
	return (what << 8 ^ what >> 56) * 0x9e3779b97f4a7c15 + kind + 1;
}

struct relay_alloc *alloc_find(const struct relay *r,
			       const struct relay_flow *flow)
{
	struct map_node *n =
		map_find(&r->allocs, slice_of(flow, RELAY_FLOW_KEY));
	return n ? container_of(n, struct relay_alloc, node)
		 : mobility_find_old(r, flow);
}

/* ---- ports ---- */

static int port_try(struct relay *r, struct relay_port *p, uint16_t port)
{
	p->at.port = port;
	int err = p->tcp ? r->ops.links->listen(r->arg, p, &p->at, &p->io)
			 : r->ops.open(r->arg, p, &p->at, &p->io);
	if (!err)
		ports_take(&r->ports[relay_addr_index(&p->at)], port);
	return err;
}

static int port_search(struct relay *r, struct relay_port *p, bool even)
{
	struct ports_walk w;
	int err = ports_walk_begin(&w, &r->ports[relay_addr_index(&p->at)],
				   r->conf.port_first, r->conf.port_last, even);
	if (err)
		return err;
	for (uint16_t port; (port = ports_walk_next(&w));) {
		p->at.port = port;
		if (reservation_holds(r->reservations, &p->at, relay_now(r)))
			continue;
		err = port_try(r, p, port);
		if (err != -EADDRINUSE)
			return err;
	}
	return -EADDRINUSE;
}

int port_open(struct relay *r, const struct port_wish *wish,
	      struct relay_port **out)
{
	struct relay_port *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->relay = r;
	p->at = wish->at;
	p->tcp = wish->tcp;
	int err = wish->at.port ? port_try(r, p, wish->at.port)
				: port_search(r, p, wish->even);
	if (err) {
		free(p);
		return err;
	}
	*out = p;
	return 0;
}

void port_close(struct relay_port *p)
{
	if (!p)
		return;
	struct relay *r = p->relay;
	if (p->tcp)
		r->ops.links->unlisten(r->arg, p->io);
	else
		r->ops.close(r->arg, p->io);
	ports_give(&r->ports[relay_addr_index(&p->at)], p->at.port);
	free(p);
}

/* Where relay ports of that family are for this client; family 0: nowhere. */
static struct relay_addr home_of(const struct request *q, unsigned family)
{
	struct relay_addr at = q->flow->local;
	if (relay_addr_index(&at) != family)
		at = relay_addr_of(&q->relay->conf.relay[family]);
	at.port = 0;
	return at;
}

struct relay_addr alloc_relayed(const struct relay_alloc *a, unsigned family)
{
	struct relay_addr none = { .family = 0 };
	if (!a->port[family])
		return none;
	struct relay_addr at = a->port[family]->at;
	struct relay_addr told = relay_addr_of(&a->relay->conf.public[family]);
	if (!told.family)
		return at;
	told.port = at.port;
	return told;
}

struct relay_port *alloc_port(const struct relay_alloc *a,
			      const struct relay_addr *peer)
{
	return a->port[relay_addr_index(peer)];
}

/* The second of a pair: its number is fixed. */
static int open_pair(struct relay_alloc *a, struct request *q, unsigned family)
{
	struct relay *r = q->relay;
	struct relay_port *second = NULL;
	struct port_wish next = { .at = a->port[family]->at };
	uint64_t now = relay_now(r);
	next.at.port++;
	if (next.at.port > r->conf.port_last || next.at.port == 0 ||
	    reservation_holds(r->reservations, &next.at, now))
		return -EADDRINUSE;
	/* is it free? */
	int err = port_open(r, &next, &second);
	if (!err)
		err = reservation_make(r->reservations, &next.at, a->user, now,
				       q->token);
	port_close(second);
	q->reserved = !err;
	return err;
}

/* A pair may be split between us and others: then the next even port. */
static int open_even(struct relay_alloc *a, struct request *q, unsigned family,
		     const struct alloc_wish *wish)
{
	enum { TRIES = 16 };
	struct port_wish pw = { .at = home_of(q, family),
				.even = wish->even,
				.tcp = wish->tcp };
	for (int i = 0; i < TRIES; i++) {
		int err = port_open(q->relay, &pw, &a->port[family]);
		if (err || !wish->reserve)
			return err;
		err = open_pair(a, q, family);
		if (!err)
			return 0;
		port_close(a->port[family]);
		a->port[family] = NULL;
		if (err != -EADDRINUSE)
			return err;
	}
	return -EADDRINUSE;
}

static const struct reject *open_family(struct relay_alloc *a,
					struct request *q, unsigned family,
					const struct alloc_wish *wish)
{
	if (home_of(q, family).family == 0)
		return &relay_rej_family;
	if (open_even(a, q, family, wish))
		return &relay_rej_capacity;
	a->port[family]->alloc = a;
	return NULL;
}

static const struct reject *open_reserved(struct relay_alloc *a,
					  const struct alloc_wish *wish)
{
	struct relay *r = a->relay;
	struct port_wish pw = { .even = false };
	struct relay_port *p = NULL;
	if (reservation_take(r->reservations, a->user, relay_now(r),
			     wish->token, &pw.at) ||
	    port_open(r, &pw, &p))
		return &relay_rej_capacity;
	a->port[relay_addr_index(&p->at)] = p;
	p->alloc = a;
	return NULL;
}

static const struct reject *open_ports(struct relay_alloc *a, struct request *q,
				       const struct alloc_wish *wish)
{
	const struct reject *why = NULL;
	if (wish->by_token)
		return open_reserved(a, wish);
	for (unsigned f = 0; f < 2 && !why; f++) {
		if (!((wish->families | wish->additional) & 1u << f))
			continue;
		why = open_family(a, q, f, wish);
		if (why && wish->additional & 1u << f) {
			q->family_error = why;
			why = NULL;
		}
	}
	return why;
}

/* ---- quotas ---- */

static const struct reject *take_quotas(struct relay_alloc *a)
{
	struct relay *r = a->relay;
	struct addr source = relay_addr_to(&a->flow.client);
	const struct {
		uint64_t key;
		uint32_t limit;
		const struct reject *why;
	} wanted[] = {
		[RELAY_OF_USER] = { cell_key(RELAY_OF_USER, a->user),
				    r->conf.per_user, &relay_rej_quota },
		[RELAY_OF_SOURCE] = { cell_key(RELAY_OF_SOURCE,
					       addr_source(&source)),
				      r->conf.per_source, &relay_rej_quota },
		[RELAY_OF_ALL] = { cell_key(RELAY_OF_ALL, 0), r->conf.total,
				   &relay_rej_capacity },
	};
	for (size_t i = 0; i < RELAY_SHARES; i++) {
		int err = cells_take(r->cells, r->column, wanted[i].key,
				     wanted[i].limit, relay_now(r) * NS_PER_MS,
				     &a->cell[i]);
		if (err)
			return err == -EDQUOT ? wanted[i].why
					      : &relay_rej_capacity;
	}
	return NULL;
}

const struct reject *alloc_recharge(struct relay_alloc *a,
				    const struct relay_addr *source)
{
	struct relay *r = a->relay;
	struct addr before = relay_addr_to(&a->flow.client);
	struct addr now = relay_addr_to(source);
	uint32_t cell;
	if (addr_source(&before) == addr_source(&now))
		return NULL;
	int err =
		cells_take(r->cells, r->column,
			   cell_key(RELAY_OF_SOURCE, addr_source(&now)),
			   r->conf.per_source, relay_now(r) * NS_PER_MS, &cell);
	if (err)
		return err == -EDQUOT ? &relay_rej_quota : &relay_rej_capacity;
	cells_give(r->cells, r->column, a->cell[RELAY_OF_SOURCE]);
	a->cell[RELAY_OF_SOURCE] = cell;
	fast_reconfigure(a);
	return NULL;
}

/* ---- life ---- */

/* Gives back whatever it has; it is in no table. */
static void alloc_drop(struct relay_alloc *a)
{
	struct relay *r = a->relay;
	fast_alloc_end(a);
	mobility_end(a);
	for (unsigned f = 0; f < 2; f++)
		port_close(a->port[f]);
	for (size_t i = 0; i < RELAY_SHARES; i++)
		cells_give(r->cells, r->column, a->cell[i]);
	crypto_wipe(&a->key, sizeof(a->key));
	free(a->permission);
	free(a->name);
	free(a->ms);
	free(a);
}

static int keep_proof(struct relay_alloc *a, const struct request *q)
{
	const struct stun_proof *p = &q->proof;
	struct slice nonce = stun_value(q->m, STUN_F_NONCE);
	a->name_len = p->name_len < NAME_KEPT ? p->name_len : NAME_KEPT;
	a->name = malloc(a->name_len + 1u);
	if (!a->name)
		return -ENOMEM;
	memcpy(a->name, p->name, a->name_len);
	a->user = p->user;
	a->key = p->key;
	memcpy(a->last_id, q->m->id, sizeof(a->last_id));
	if (stun_has(q->m, STUN_F_MOBILITY_TICKET) && mobility_begin(a))
		return -ENOMEM;
	if (!q->dialect->idle)
		return 0;
	a->ms = calloc(1, sizeof(*a->ms));
	if (!a->ms)
		return -ENOMEM;
	if (nonce.len <= sizeof(a->ms->nonce)) {
		a->ms->nonce_len = (uint8_t)nonce.len;
		if (nonce.len)
			memcpy(a->ms->nonce, nonce.ptr, nonce.len);
	}
	return crypto_random(a->ms->sequence.connection,
			     sizeof(a->ms->sequence.connection));
}

static struct relay_alloc *alloc_new(const struct request *q)
{
	struct relay_alloc *a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->relay = q->relay;
	a->flow = *q->flow;
	a->dialect = q->dialect;
	a->id = (uint64_t)q->relay->column << 48 | q->relay->next_id++;
	a->by_home = q->by_home;
	list_init(&a->links);
	a->slots = SLOT_NONE;
	a->active = SLOT_NONE;
	a->purse = SLOT_NONE;
	a->started_ms = relay_now(q->relay);
	a->active_ms = a->started_ms;
	for (size_t i = 0; i < RELAY_SHARES; i++)
		a->cell[i] = CELLS_NONE;
	if (keep_proof(a, q)) {
		alloc_drop(a);
		return NULL;
	}
	return a;
}

static void publish(struct relay_alloc *a, uint32_t lifetime_s)
{
	struct relay *r = a->relay;
	list_push_back(&r->all, &a->all);
	r->count++;
	alloc_timer_init(a);
	alloc_set_lifetime(a, lifetime_s);
	metric_add(M_TURN_ALLOCATIONS, 1);
	metric_add(M_TURN_ALLOCATED, 1);
}

const struct reject *alloc_create(struct request *q,
				  const struct alloc_wish *wish)
{
	struct relay *r = q->relay;
	if (r->draining)
		return relay_alternate(r, q->flow).family ? &relay_rej_alternate
							  : &relay_rej_draining;
	if (wish->tcp && !r->ops.links)
		return &relay_rej_transport;
	struct relay_alloc *a = alloc_new(q);
	if (!a)
		return &relay_rej_capacity;
	const struct reject *why = take_quotas(a);
	if (!why)
		why = open_ports(a, q, wish);
	if (!why && map_insert(&r->allocs, &a->node,
			       slice_of(&a->flow, RELAY_FLOW_KEY)))
		why = &relay_rej_capacity;
	if (why) {
		alloc_drop(a);
		return why;
	}
	publish(a, wish->lifetime_s);
	q->alloc = a;
	return NULL;
}

const char *relay_transport_name(enum relay_transport t)
{
	static const char *const names[] = {
		[RELAY_UDP] = "udp",       [RELAY_TCP] = "tcp",
		[RELAY_MS_TCP] = "ms-tcp", [RELAY_TLS] = "tls",
		[RELAY_DTLS] = "dtls",
	};
	return (unsigned)t <= RELAY_DTLS ? names[t] : "?";
}

/* The record of a session: who, from where, how long, how much. */
static void audit(const struct relay_alloc *a, const char *why)
{
	char client[ADDR_TEXT_MAX], relayed[ADDR_TEXT_MAX];
	struct addr c = relay_addr_to(&a->flow.client);
	struct relay_addr at = alloc_relayed(a, a->port[0] ? 0 : 1);
	struct addr told = relay_addr_to(&at);
	LOG(LOG_INFO, "turn.session", KV_U64("id", a->id),
	    KV_SLICE("user", slice_of(a->name, a->name_len)),
	    KV_STR("client", addr_text(&c, client)),
	    KV_STR("relayed", addr_text(&told, relayed)),
	    KV_STR("transport", relay_transport_name(a->flow.transport)),
	    KV_STR("dialect", a->dialect->name),
	    KV_U64("seconds", (relay_now(a->relay) - a->started_ms) / 1000),
	    KV_U64("peers", a->peers), KV_U64("denied", a->denied),
	    KV_U64("up_packets", a->packets[UP]),
	    KV_U64("up_bytes", a->bytes[UP]),
	    KV_U64("down_packets", a->packets[DOWN]),
	    KV_U64("down_bytes", a->bytes[DOWN]), KV_U64("dropped", a->dropped),
	    KV_STR("why", why));
}

void alloc_close(struct relay_alloc *a, const char *why)
{
	struct relay *r = a->relay;
	bindings_clear(a);
	links_clear(a, NULL);
	audit(a, why);
	alloc_timer_stop(a);
	map_remove(&r->allocs, &a->node);
	list_remove(&a->all);
	r->count--;
	metric_sub(M_TURN_ALLOCATIONS, 1);
	alloc_drop(a);
}

void alloc_expire(struct relay_alloc *a)
{
	struct relay *r = a->relay;
	struct relay_flow flow = a->flow;
	alloc_close(a, "expired");
	if (relay_flow_away(&flow))
		r->ops.hang_up(r->arg, &flow);
}

void alloc_view(const struct relay_alloc *a, struct relay_view *v)
{
	uint64_t now = relay_now(a->relay);
	*v = (struct relay_view){
		.id = a->id,
		.dialect = a->dialect->name,
		.transport = a->flow.transport,
		.user = slice_of(a->name, a->name_len),
		.client = a->flow.client,
		.relayed = { alloc_relayed(a, 0), alloc_relayed(a, 1) },
		.age_s = (now - a->started_ms) / 1000,
		.left_s =
			a->expires_ms > now ? (a->expires_ms - now) / 1000 : 0,
		.packets = { a->packets[UP], a->packets[DOWN] },
		.bytes = { a->bytes[UP], a->bytes[DOWN] },
		.dropped = a->dropped,
		.permissions = a->permission_count,
		.channels = a->channel_count,
	};
}
