/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our connections to partners. Each partner, named by the FQDN that its edge
 * must prove, belongs to one worker, found by rendezvous hashing over the
 * slots (architecture 3); the others write through it. A partner that cannot
 * be reached is not dialled again before its back-off is over; requests that
 * come meanwhile fail at once (NET-02, NET-03).
 */
#include "edge/partner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"

enum {
	PARTNER_PORT = 5061,
	ADDRESSES_MAX = 16,
	QUEUE_BYTES_MAX = 1 << 20,
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MAX_MS = 300000,
};

/* Waits for the connection. */
struct waiting {
	struct list node;
	uint32_t slot;
	uint64_t txn;
	uint16_t branch;
	uint64_t since_ms;
	size_t len;
	uint8_t bytes[];
};

/* Owner: struct edge, in its map; lives as long as the worker. */
struct partner {
	struct map_node node;
	struct edge *edge;
	struct flow *flow; /* connecting or ready */
	bool ready;
	uint64_t ask; /* id of the RESOLVE under way, 0: none */
	struct addr address[ADDRESSES_MAX];
	size_t address_count, address_next;
	struct list waiting;
	size_t waiting_bytes;
	uint64_t not_before_ms; /* back-off */
	uint32_t backoff_ms;
	enum edge_refusal last; /* why it failed last */
	char name[NET_NAME_MAX];
};

static struct partner *of_node(struct map_node *n)
{
	return container_of(n, struct partner, node);
}

/* The first that waits; the caller frees it. */
static struct waiting *unqueue(struct partner *p)
{
	struct waiting *w =
		container_of(list_pop(&p->waiting), struct waiting, node);
	p->waiting_bytes -= w->len;
	return w;
}

static void partner_free(struct map_node *n, void *arg)
{
	struct partner *p = of_node(n);
	(void)arg;
	while (!list_empty(&p->waiting))
		free(unqueue(p));
	map_remove(&p->edge->partners, n);
	free(p);
}

void partners_free(struct edge *e)
{
	map_each(&e->partners, partner_free, NULL);
	map_free(&e->partners);
}

static struct partner *partner_get(struct edge *e, struct slice name)
{
	struct map_node *n = map_find(&e->partners, name);
	if (n)
		return of_node(n);
	struct partner *p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->edge = e;
	p->last = EDGE_PARTNER_DOWN;
	list_init(&p->waiting);
	if (slice_cstr(name, p->name, sizeof(p->name)) ||
	    map_insert(&e->partners, &p->node, slice_str(p->name))) {
		free(p);
		return NULL;
	}
	return p;
}

uint32_t partner_owner(const struct edge *e, struct slice name)
{
	static const uint64_t seed[2] = { 0x53616c6c79706f72, 0x74 };
	uint32_t best = 0;
	uint64_t best_hash = 0;
	for (uint32_t s = 0; s < e->current->conf->workers; s++) {
		uint64_t key[2] = { hash_keyed(seed, name), s };
		uint64_t h = hash_keyed(seed, slice_of(key, sizeof(key)));
		if (s == 0 || h > best_hash) {
			best = s;
			best_hash = h;
		}
	}
	return best;
}

/* Everything that waits fails with the reason of the last attempt. */
static void fail_waiting(struct partner *p)
{
	while (!list_empty(&p->waiting)) {
		struct waiting *w = unqueue(p);
		deliver_failure(p->edge, w->slot, w->txn, w->branch, p->last);
		free(w);
	}
}

static void partner_down(struct partner *p, enum edge_refusal why,
			 const char *text)
{
	uint64_t jitter = crypto_random_u64() % 250;
	p->backoff_ms = p->backoff_ms ? p->backoff_ms * 2 : BACKOFF_FIRST_MS;
	if (p->backoff_ms > BACKOFF_MAX_MS)
		p->backoff_ms = BACKOFF_MAX_MS;
	p->not_before_ms = timers_now(p->edge->timers) + p->backoff_ms + jitter;
	p->last = why;
	LOG_LIMITED(LOG_WARN, "partner.down", slice_str(p->name),
		    KV_STR("partner", p->name),
		    KV_STR("why", edge_reject(why)->why), KV_STR("text", text),
		    KV_U64("retry_ms", p->backoff_ms));
	fail_waiting(p);
}

static const struct access_partner *row_of(struct edge *e, const char *name)
{
	const struct access_conf *a = &e->current->conf->access;
	for (size_t i = 0; i < a->partner_count; i++)
		if (slice_ieq(a->partners[i].edge, slice_str(name)))
			return &a->partners[i];
	return NULL;
}

static void dial_next(struct partner *p, enum edge_refusal why,
		      const char *text)
{
	struct edge *e = p->edge;
	if (p->address_next >= p->address_count) {
		partner_down(p, why, text);
		return;
	}
	const struct addr *to = &p->address[p->address_next++];
	struct flow *f = flow_create(e, FLOW_DIALLED);
	if (!f) {
		partner_down(p, EDGE_QUEUE_FULL, "out of memory");
		return;
	}
	addr_text(to, f->source);
	f->partner = p;
	p->flow = f;
	int err = conn_dial(&f->conn, e->loop, to, e->current->tls_dial,
			    p->name, &flow_limits, &flow_conn_ops, f);
	if (err) {
		p->flow = NULL;
		f->partner = NULL;
		flow_drop(f);
		partner_down(p, EDGE_PARTNER_DOWN, strerror(-err));
	}
}

static void resolve(struct partner *p)
{
	struct edge *e = p->edge;
	struct ipc_resolve ask = { .id = ++e->last_ask,
				   .name = slice_str(p->name) };
	p->ask = ask.id;
	if (e->ops->send(e->arg, PROC_RESOLVER, 0, IPC_RESOLVE, &ask)) {
		p->ask = 0;
		partner_down(p, EDGE_PARTNER_DNS,
			     "the resolver cannot be reached");
	}
}

static void connect_partner(struct partner *p)
{
	const struct access_partner *row = row_of(p->edge, p->name);
	p->address_count = 0;
	p->address_next = 0;
	if (!row) {
		partner_down(p, EDGE_PARTNER_DOWN, "no partner any more");
	} else if (slice_empty(row->address)) {
		resolve(p);
	} else if (addr_parse(row->address, false, &p->address[0])) {
		partner_down(p, EDGE_PARTNER_DOWN, "bad address");
	} else {
		p->address_count = 1;
		dial_next(p, EDGE_PARTNER_DOWN, "");
	}
}

static int enqueue(struct partner *p, uint32_t slot, uint64_t txn,
		   uint16_t branch, struct slice bytes)
{
	if (p->waiting_bytes + bytes.len > QUEUE_BYTES_MAX)
		return -ENOBUFS;
	struct waiting *w = malloc(sizeof(*w) + bytes.len);
	if (!w)
		return -ENOMEM;
	*w = (struct waiting){
		.slot = slot, .txn = txn, .branch = branch, .len = bytes.len
	};
	w->since_ms = timers_now(p->edge->timers);
	memcpy(w->bytes, bytes.ptr, bytes.len);
	list_push_back(&p->waiting, &w->node);
	p->waiting_bytes += bytes.len;
	return 0;
}

/* Failures come as deliver_failure(), but for a full queue. */
int partner_write(struct edge *e, struct slice name, uint32_t slot,
		  uint64_t txn, uint16_t branch, struct slice bytes)
{
	struct partner *p = partner_get(e, name);
	if (!p)
		return -ENOMEM;
	if (p->ready)
		return flow_write_request(p->flow, slot, txn, branch, bytes);
	bool idle = !p->flow && !p->ask;
	if (idle && timers_now(e->timers) < p->not_before_ms) {
		deliver_failure(e, slot, txn, branch, p->last);
		return 0;
	}
	int err = enqueue(p, slot, txn, branch, bytes);
	if (!err && idle)
		connect_partner(p);
	return err;
}

void partner_ready(struct flow *f)
{
	struct partner *p = f->partner;
	p->ready = true;
	p->backoff_ms = 0;
	p->not_before_ms = 0;
	LOG(LOG_INFO, "partner.up", KV_STR("partner", p->name),
	    KV_STR("address", f->source), KV_U64("slot", f->edge->slot));
	while (!list_empty(&p->waiting)) {
		struct waiting *w = unqueue(p);
		int err = flow_write_request(f, w->slot, w->txn, w->branch,
					     slice_of(w->bytes, w->len));
		if (err)
			deliver_failure(p->edge, w->slot, w->txn, w->branch,
					EDGE_QUEUE_FULL);
		free(w);
	}
}

void partner_ended(struct flow *f, enum conn_end why, const char *text)
{
	struct partner *p = f->partner;
	bool was_ready = p->ready;
	f->partner = NULL;
	p->flow = NULL;
	p->ready = false;
	if (was_ready) {
		LOG(LOG_INFO, "partner.idle", KV_STR("partner", p->name),
		    KV_STR("why", text));
		if (!list_empty(&p->waiting))
			connect_partner(p);
		return;
	}
	bool tls = why == CONN_END_TLS || why == CONN_END_NAME;
	dial_next(p, tls ? EDGE_PARTNER_TLS : EDGE_PARTNER_DOWN, text);
}

static struct partner *asked(struct edge *e, uint64_t id);

/* The next (family, bytes) of a RESOLVED message. */
static int take_address(struct cur *c, struct addr *out)
{
	uint8_t family = cur_u8(c);
	struct slice raw = cur_bytes(c, family == 4 ? 4 : 16);
	if (cur_failed(c))
		return -EBADMSG;
	memset(out, 0, sizeof(*out));
	if (family == 4) {
		out->u.in.sin_family = AF_INET;
		memcpy(&out->u.in.sin_addr, raw.ptr, raw.len);
	} else {
		out->u.in6.sin6_family = AF_INET6;
		memcpy(&out->u.in6.sin6_addr, raw.ptr, raw.len);
	}
	addr_set_port(out, PARTNER_PORT);
	return 0;
}

void partner_resolved(struct edge *e, const struct ipc_resolved *m)
{
	struct partner *p = asked(e, m->id);
	if (!p)
		return;
	p->ask = 0;
	struct cur c = cur_init(m->addresses);
	while (p->address_count < ADDRESSES_MAX &&
	       !take_address(&c, &p->address[p->address_count]))
		p->address_count++;
	char text[NET_ERROR_MAX];
	if (slice_cstr(m->text, text, sizeof(text)))
		text[0] = '\0';
	if (m->error || !p->address_count)
		partner_down(p, EDGE_PARTNER_DNS, text);
	else
		dial_next(p, EDGE_PARTNER_DOWN, "");
}

struct ask_search {
	uint64_t id;
	struct partner *found;
};

static void match_ask(struct map_node *n, void *arg)
{
	struct ask_search *s = arg;
	if (of_node(n)->ask == s->id)
		s->found = of_node(n);
}

static struct partner *asked(struct edge *e, uint64_t id)
{
	struct ask_search s = { id, NULL };
	map_each(&e->partners, match_ask, &s);
	return s.found;
}

struct expiry {
	uint64_t before_ms;
};

static void expire(struct map_node *n, void *arg)
{
	const struct expiry *x = arg;
	struct partner *p = of_node(n);
	if (list_empty(&p->waiting))
		return;
	struct waiting *w = container_of(p->waiting.next, struct waiting, node);
	if (w->since_ms >= x->before_ms)
		return;
	p->ask = 0; /* the resolver never answered */
	fail_waiting(p);
}

void partners_expire(struct edge *e, uint64_t before_ms)
{
	struct expiry x = { before_ms };
	map_each(&e->partners, expire, &x);
}

static void recheck(struct map_node *n, void *arg)
{
	struct edge *e = arg;
	struct flow *f = container_of(n, struct flow, node);
	if (f->kind == FLOW_CLIENT || f->ending || !conn_ready(f->conn))
		return;
	const struct net_peer *peer = conn_peer(f->conn);
	if (!access_peer(e->current->access,
			 (const char(*)[NET_NAME_MAX])peer->name,
			 peer->name_count))
		flow_end(f, true);
}

static void resolver_gone(struct map_node *n, void *arg)
{
	struct partner *p = of_node(n);
	(void)arg;
	if (!p->ask)
		return;
	p->ask = 0;
	partner_down(p, EDGE_PARTNER_DNS, "the resolver has ended");
}

void partners_resolver_gone(struct edge *e)
{
	map_each(&e->partners, resolver_gone, NULL);
}

static void partner_row(struct map_node *n, void *arg)
{
	const struct partner_rows *rows = arg;
	const struct partner *p = of_node(n);
	const char *state = p->ready            ? "up"
			    : p->flow || p->ask ? "connecting"
			    : p->not_before_ms  ? "down"
						: "idle";
	struct buf pairs;
	char number[24];
	buf_init(&pairs, 0);
	ipc_pair_put(&pairs, "partner", slice_str(p->name));
	ipc_pair_put(&pairs, "state", slice_str(state));
	snprintf(number, sizeof(number), "%zu", p->waiting_bytes);
	ipc_pair_put(&pairs, "queued_bytes", slice_str(number));
	if (!buf_failed(&pairs))
		rows->row(rows->arg, "partners", buf_slice(&pairs));
	buf_free(&pairs);
}

void partners_status(struct edge *e, const struct partner_rows *rows)
{
	struct partner_rows copy = *rows;
	map_each(&e->partners, partner_row, &copy);
}

/* A new configuration: connections of who is no partner any more end. */
void partners_recheck(struct edge *e)
{
	map_each(&e->flows, recheck, e);
}
