/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partners by key: who owns one, what waits for it, and which connection a
 * request takes. One bad partner costs the others nothing: its queue is
 * bounded, and so are all queues together (NET-02).
 */
#include "edge/partner_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "edge/contexts.h"
#include "edge/inside.h"
#include "edge/partner_names.h"
#include "edge/proof.h"

enum {
	QUEUE_MAX = 1000,
	QUEUE_BYTES_MAX = 1 << 20,
	ALL_BYTES_MAX = 16 << 20,
	BUSY = 100,           /* unanswered requests of a connection */
	BUSY_BYTES = 1 << 20, /* room that one should have */
	AVOID_MS = 5000,      /* a server that went away */
	SHORT_WAIT_MS = 2000, /* so short a back-off is waited for */
	STABLE_MS = 60000,    /* a connection that lived so long counts */
	FLAP_MS = 10000,      /* one that did not even live so long */
	FORGET_MS = 3600000,  /* one that no entry names and nobody uses */
};

/* Waits for the connection. Owner: the partner's list. */
struct waiting {
	struct list node;
	uint32_t slot;
	uint64_t txn;
	uint16_t branch;
	uint8_t attempt;
	uint64_t since_ms;
	size_t len;
	uint8_t bytes[];
};

struct partner *partner_of_node(struct map_node *n)
{
	return container_of(n, struct partner, node);
}

/* -- the queue -- */

/* The first that waits; the caller frees it. */
static struct waiting *unqueue(struct partner *p)
{
	struct waiting *w =
		container_of(list_pop(&p->waiting), struct waiting, node);
	p->waiting_bytes -= w->len;
	p->waiting_count--;
	p->edge->partner_bytes -= w->len;
	return w;
}

static int enqueue(struct partner *p, const struct partner_request *r)
{
	if (p->waiting_count >= QUEUE_MAX ||
	    p->waiting_bytes + r->bytes.len > QUEUE_BYTES_MAX ||
	    p->edge->partner_bytes + r->bytes.len > ALL_BYTES_MAX)
		return -ENOBUFS;
	struct waiting *w = malloc(sizeof(*w) + r->bytes.len);
	if (!w)
		return -ENOMEM;
	*w = (struct waiting){ .slot = r->slot,
			       .txn = r->txn,
			       .branch = r->branch,
			       .attempt = r->attempt,
			       .len = r->bytes.len };
	w->since_ms = timers_now(p->edge->timers);
	memcpy(w->bytes, r->bytes.ptr, r->bytes.len);
	list_push_back(&p->waiting, &w->node);
	p->waiting_bytes += w->len;
	p->waiting_count++;
	p->edge->partner_bytes += w->len;
	return 0;
}

static void fail_one(struct partner *p, const struct waiting *w,
		     enum edge_refusal why)
{
	deliver_failure(p->edge, w->slot, w->txn, w->branch, why);
}

void partner_fail_waiting(struct partner *p, enum edge_refusal why)
{
	/* what a failure makes the sender send again comes behind these */
	for (size_t n = p->waiting_count; n; n--) {
		struct waiting *w = unqueue(p);
		fail_one(p, w, why);
		free(w);
	}
}

/* -- partners -- */

static void partner_drop(struct map_node *n, void *arg)
{
	struct partner *p = partner_of_node(n);
	(void)arg;
	partner_dial_stop(p);
	timer_stop(&p->again);
	LIST_EACH (it, tmp, &p->links) {
		container_of(it, struct partner_link, node)->partner = NULL;
		list_remove(it);
	}
	while (!list_empty(&p->waiting))
		free(unqueue(p));
	map_remove(&p->edge->partners, n);
	free(p);
}

void partners_free(struct edge *e)
{
	map_each(&e->partners, partner_drop, NULL);
	map_free(&e->partners);
}

/* The back-off is over. */
static void on_again(struct timer *t, void *arg)
{
	struct partner *p = arg;
	(void)t;
	if (!list_empty(&p->waiting))
		partner_dial(p);
}

struct partner *partner_find(struct edge *e, struct slice key)
{
	struct map_node *n = map_find(&e->partners, key);
	return n ? partner_of_node(n) : NULL;
}

struct partner *partner_get(struct edge *e, struct slice key)
{
	struct partner *p = partner_find(e, key);
	if (p)
		p->used_ms = timers_now(e->timers);
	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->edge = e;
	p->last = EDGE_PARTNER_DOWN;
	p->lines = 3;
	p->used_ms = timers_now(e->timers);
	list_init(&p->waiting);
	list_init(&p->links);
	timer_init(&p->again, e->timers, on_again, p);
	if (slice_cstr(key, p->key, sizeof(p->key)) ||
	    map_insert(&e->partners, &p->node, slice_str(p->key))) {
		free(p);
		return NULL;
	}
	return p;
}

/* The row of that key, or *unlisted, filled; NULL: nobody's. */
static const struct access_partner *row_of(const struct edge *e,
					   struct slice key,
					   struct access_partner *unlisted)
{
	const struct access *a = e->current->access;
	const struct access_partner *p = access_partner_by_key(a, key);
	struct slice domain = p ? p->domain : access_key_domain(key);
	if (access_ruling_blocks(e->rulings, domain))
		return NULL;
	if (!p && access_unlisted(a, e->rulings, domain, unlisted) &&
	    !access_blocks(a, domain))
		return unlisted;
	return p;
}

const struct access_partner *partner_row(struct partner *p)
{
	return row_of(p->edge, slice_str(p->key), &p->unlisted);
}

bool partner_known(const struct edge *e, struct slice key)
{
	struct access_partner unlisted;
	return row_of(e, key, &unlisted) != NULL;
}

void partner_refused(struct edge *e, struct slice key, struct slice why)
{
	struct partner *p = NULL;
	if (e->current && partner_known(e, key))
		p = partner_get(e, key);
	if (!p || slice_cstr(why, p->refused, sizeof(p->refused)))
		return;
	p->refused_s = loop_wall_ms() / 1000;
}

uint32_t partner_owner(const struct edge *e, struct slice key)
{
	static const uint64_t seed[2] = { 0x53616c6c79706f72, 0x74 };
	uint32_t best = 0;
	uint64_t best_hash = 0;
	for (uint32_t s = 0; s < e->current->conf->workers; s++) {
		uint64_t pair[2] = { hash_keyed(seed, key), s };
		uint64_t h = hash_keyed(seed, slice_of(pair, sizeof(pair)));
		if (s == 0 || h > best_hash) {
			best = s;
			best_hash = h;
		}
	}
	return best;
}

/* -- servers to be avoided -- */

bool partner_avoids(const struct partner *p, const char *target)
{
	uint64_t now = timers_now(p->edge->timers);
	for (size_t i = 0; i < PARTNER_AVOIDED_MAX; i++)
		if (p->avoided[i].until_ms > now &&
		    strcmp(p->avoided[i].target, target) == 0)
			return true;
	return false;
}

void partner_avoid(struct partner *p, const char *target, uint32_t ms)
{
	struct partner_avoided *a = &p->avoided[0];
	for (size_t i = 0; i < PARTNER_AVOIDED_MAX; i++) {
		if (p->avoided[i].until_ms < a->until_ms)
			a = &p->avoided[i];
		if (strcmp(p->avoided[i].target, target) == 0) {
			a = &p->avoided[i];
			break;
		}
	}
	a->until_ms = timers_now(p->edge->timers) + ms;
	snprintf(a->target, sizeof(a->target), "%s", target);
}

/* Is there a server that may be dialled in the place of those? */
static bool has_other(struct partner *p)
{
	struct names *n = names_find(p->edge, slice_str(p->key));
	for (size_t i = 0; n && i < n->count; i++)
		if (n->target[i].at.count && n->target[i].at.direct &&
		    !partner_avoids(p, n->target[i].name))
			return true;
	return false;
}

static size_t links_max(struct partner *p)
{
	const struct access_partner *row = partner_row(p);
	return row && row->connections ? row->connections
				       : PARTNER_CONNECTIONS_MAX;
}

/* Is it time, and is there room, for a connection to such a server? The one
 * that is avoided is left for it, so that one more than usual may stand. */
static bool may_dial_other(struct partner *p)
{
	return has_other(p) && p->link_count <= links_max(p) &&
	       timers_now(p->edge->timers) >= p->not_before_ms;
}

/* -- which connection -- */

/* The ready one with the fewest unanswered requests; NULL: none. */
static struct partner_link *best_link(struct partner *p, bool any)
{
	struct partner_link *best = NULL;
	LIST_EACH (it, tmp, &p->links) {
		struct partner_link *l =
			container_of(it, struct partner_link, node);
		if (!conn_ready(l->flow->conn) || l->flow->retire_ms ||
		    (!any && partner_avoids(p, l->target)))
			continue;
		if (!best ||
		    l->flow->pending.map.count < best->flow->pending.map.count)
			best = l;
	}
	return best;
}

static int write_link(struct partner_link *l, const struct partner_request *r)
{
	int err = flow_write_request(l->flow, r->slot, r->txn, r->branch,
				     r->bytes);
	if (!err)
		l->used_ms = timers_now(l->partner->edge->timers);
	return err;
}

/* More than one connection, when the best has much to do. */
static void grow(struct partner *p, const struct partner_link *best)
{
	bool busy = best->flow->pending.map.count >= BUSY ||
		    !flow_has_room(best->flow, BUSY_BYTES);
	if (busy && p->link_count < links_max(p) && !partner_dialling(p) &&
	    timers_now(p->edge->timers) >= p->not_before_ms)
		partner_dial(p);
}

/* 1: written, 0: there is no connection for it, -E... */
static int write_now(struct partner *p, const struct partner_request *r)
{
	struct partner_link *l = best_link(p, false);
	if (!l && r->attempt == 0 && !may_dial_other(p))
		l = best_link(p, true);
	if (l) {
		int err = write_link(l, r);
		grow(p, l);
		return err ? err : 1;
	}
	if (!p->link_count && r->attempt == 0 && partner_alias_write(p, r))
		return 1;
	return 0;
}

void partner_flush(struct partner *p)
{
	for (size_t n = p->waiting_count; n; n--) {
		struct waiting *w = unqueue(p);
		struct partner_request r = { .slot = w->slot,
					     .txn = w->txn,
					     .branch = w->branch,
					     .attempt = w->attempt,
					     .bytes = slice_of(w->bytes,
							       w->len) };
		struct partner_link *l = best_link(p, false);
		if (!l)
			l = best_link(p, w->attempt == 0);
		int err = l ? write_link(l, &r) : -EPIPE;
		if (err)
			fail_one(p, w,
				 err == -ENOBUFS ? EDGE_QUEUE_FULL : p->last);
		free(w);
	}
}

/* Why it cannot even wait; EDGE_REFUSAL_COUNT: it can. */
static enum edge_refusal hopeless(struct partner *p,
				  const struct partner_request *r)
{
	uint64_t now = timers_now(p->edge->timers);
	bool tried = r->attempt && p->exhausted;
	if (p->silent)
		return EDGE_PARTNER_SILENT;
	if (!partner_dialling(p) &&
	    (tried || now + SHORT_WAIT_MS < p->not_before_ms))
		return p->last;
	if (r->attempt && !partner_dialling(p) && !may_dial_other(p))
		return p->failed ? p->last : EDGE_PARTNER_NO_OTHER;
	return EDGE_REFUSAL_COUNT;
}

/* No connection stands for it: it waits for one, or fails at once. */
static int wait_or_fail(struct partner *p, const struct partner_request *r)
{
	uint64_t now = timers_now(p->edge->timers);
	bool under_way = partner_dialling(p);
	enum edge_refusal why = hopeless(p, r);
	if (why != EDGE_REFUSAL_COUNT) {
		deliver_failure(p->edge, r->slot, r->txn, r->branch, why);
		return 0;
	}
	int err = enqueue(p, r);
	if (err || under_way)
		return err;
	if (now < p->not_before_ms)
		timer_start(&p->again, p->not_before_ms - now);
	else
		partner_dial(p);
	return 0;
}

int partner_write(struct edge *e, struct slice key,
		  const struct partner_request *r)
{
	struct partner *p = partner_get(e, key);
	if (!p)
		return -ENOMEM;
	if (!p->silent) {
		int err = write_now(p, r);
		if (err)
			return err < 0 ? err : 0;
	}
	return wait_or_fail(p, r);
}

/* -- what connections report -- */

const char *partner_link_key(const struct partner_link *l)
{
	return l->partner ? l->partner->key : "";
}

void partner_heard(struct flow *f)
{
	f->link->heard_ms = timers_now(f->edge->timers);
}

/* It was ready and has ended. */
static void link_ended(struct partner *p, const struct partner_link *l,
		       enum conn_end why, const char *text)
{
	uint64_t lived = timers_now(p->edge->timers) - l->ready_ms;
	bool unanswered = l->flow->pending.map.count > 0;
	bool orderly =
		why == CONN_END_LOCAL ||
		(why == CONN_END_PEER && !unanswered && lived >= FLAP_MS);
	if (lived >= STABLE_MS)
		p->backoff_ms = 0;
	if (!orderly) {
		partner_avoid(p, l->target, AVOID_MS);
		snprintf(p->text, sizeof(p->text), "%s", text);
	}
	if (!orderly && !p->link_count && !partner_dialling(p) && !has_other(p))
		partner_lost(p, text);
	else
		partner_say(p);
}

void partner_ended(struct flow *f, enum conn_end why, const char *text)
{
	struct partner_link *l = f->link;
	struct partner *p = l->partner;
	if (p && l->ready) {
		list_remove(&l->node);
		p->link_count--;
		link_ended(p, l, why, text);
	} else if (p) {
		partner_attempt_ended(p, f, why, text);
	}
	f->link = NULL;
	free(l);
}

/* -- all of them -- */

static void expire_waiting(struct partner *p)
{
	uint64_t now = timers_now(p->edge->timers);
	uint32_t wait_ms = p->edge->current->conf->request_timeout_ms;
	while (!list_empty(&p->waiting)) {
		struct waiting *w =
			container_of(p->waiting.next, struct waiting, node);
		if (now - w->since_ms < wait_ms)
			return;
		w = unqueue(p);
		fail_one(p, w, p->last);
		free(w);
	}
}

/* One that is not listed, and of whom nothing is left. */
static bool is_forgotten(const struct partner *p)
{
	struct slice key = slice_str(p->key);
	return timers_now(p->edge->timers) - p->used_ms >= FORGET_MS &&
	       !p->link_count && !p->waiting_count && !p->alias_count &&
	       !partner_dialling(p) &&
	       !access_partner_by_key(p->edge->current->access, key);
}

static void sweep_one(struct map_node *n, void *arg)
{
	struct partner *p = partner_of_node(n);
	(void)arg;
	expire_waiting(p);
	partner_sweep(p);
	partner_say(p);
	if (is_forgotten(p))
		partner_drop(n, NULL);
}

void partners_sweep(struct edge *e)
{
	if (e->current)
		map_each(&e->partners, sweep_one, NULL);
}

/* The partner that a proven flow is of, by the rules of now. */
static const struct access_partner *row_of_flow(const struct flow *f,
						struct access_partner *unlisted)
{
	const struct slice prefix = SLICE_LIT("peer:");
	struct slice peer = slice_str(f->peer);
	return slice_starts(peer, prefix)
		       ? row_of(f->edge, slice_from(peer, prefix.len), unlisted)
		       : NULL;
}

static void recheck(struct map_node *n, void *arg)
{
	const struct access_partner *row;
	struct access_partner unlisted;
	struct flow *f = container_of(n, struct flow, node);
	(void)arg;
	if (f->kind == FLOW_CLIENT || f->kind == FLOW_NEXT_HOP || f->ending ||
	    !conn_ready(f->conn))
		return;
	if (f->kind == FLOW_INSIDE) {
		if (!inside_name_peer(f))
			flow_end(f, true);
		return;
	}
	if (f->link ? !f->link->partner || !partner_row(f->link->partner)
		    : !flow_is_known(f))
		contexts_retire(f);
	else if (f->proven && (row = row_of_flow(f, &unlisted)) &&
		 proof_lost(f, row))
		contexts_retire(f);
}

/* A new configuration, or a word of the operator: connections of who is no
 * partner any more end. */
void partners_recheck(struct edge *e)
{
	map_each(&e->flows, recheck, e);
}
