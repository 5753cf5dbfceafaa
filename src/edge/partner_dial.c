/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One round of connecting to a partner. The candidates are the addresses of
 * its servers: servers in their order (RFC 2782), of each both families in
 * turns. Attempts overlap, so that an address that swallows everything costs a
 * fraction of a second within a server, and a few seconds from one server to
 * the next (RFC 8305 5); the first that has proved its name wins, the others
 * are closed. A round that fails is followed by a back-off, which doubles and
 * is forgotten only after a connection that lived (NET-03).
 */
#include "edge/partner_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "edge/partner_names.h"
#include "edge/proof.h"

enum {
	CANDIDATES_MAX = 16,
	ADDRESSES_MAX = 4, /* of one server */
	ATTEMPTS_MAX = 4,  /* at the same time */
	NEXT_ADDRESS_MS = 250,
	NEXT_TARGET_MS = 2500,
	ROUND_MS = 15000,
	BACKOFF_SOON_MS = 100,
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MAX_MS = 300000,
};

struct candidate {
	struct addr addr;
	char target[NET_NAME_MAX];
};

struct partner_dial {
	struct partner *partner;
	struct timer next;     /* the next candidate joins the race */
	struct timer deadline; /* of all of it */
	size_t count, tried;
	struct flow *attempt[ATTEMPTS_MAX];
	size_t under_way;
	enum edge_refusal why; /* of the last failure */
	char text[NET_ERROR_MAX];
	struct candidate candidate[CANDIDATES_MAX];
};

bool partner_dialling(const struct partner *p)
{
	return p->dial || p->asking;
}

/* Special addresses (the ranges of threat TURN-05; one that is IPv4 in IPv6 is
 * compared as IPv4): a name of others must not lead us to what is ours
 * (DNS-03). */
static const char *const special[] = {
	"0.0.0.0/8",      "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8",
	"169.254.0.0/16", "172.16.0.0/12",  "192.0.0.0/24",  "192.0.2.0/24",
	"192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
	"203.0.113.0/24", "224.0.0.0/4",    "240.0.0.0/4",   "::/96",
	"64:ff9b::/96",   "64:ff9b:1::/48", "100::/64",      "2001::/23",
	"2001:db8::/32",  "2002::/16",      "3fff::/20",     "5f00::/16",
	"fc00::/7",       "fe80::/10",      "fec0::/10",     "ff00::/8",
};

bool partner_may_dial(const struct access_partner *row, const struct addr *to)
{
	for (size_t i = 0; i < row->allow_count; i++)
		if (addr_in_prefix(to, &row->allow[i]))
			return true;
	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
		struct addr_prefix p;
		if (addr_parse_prefix(slice_str(special[i]), &p) ||
		    addr_in_prefix(to, &p))
			return false;
	}
	return true;
}

/* -- the end of a round -- */

static void close_attempt(struct flow *f)
{
	f->link->partner = NULL; /* it reports to nobody */
	flow_end(f, false);
}

void partner_dial_stop(struct partner *p)
{
	struct partner_dial *d = p->dial;
	p->asking = false;
	p->dial = NULL;
	if (!d)
		return;
	timer_stop(&d->next);
	timer_stop(&d->deadline);
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (d->attempt[i])
			close_attempt(d->attempt[i]);
	free(d);
}

/* From a second on it doubles (NET-03). */
static uint32_t longer(uint32_t backoff_ms)
{
	if (backoff_ms < BACKOFF_FIRST_MS)
		return BACKOFF_FIRST_MS;
	return backoff_ms < BACKOFF_MAX_MS / 2 ? backoff_ms * 2
					       : BACKOFF_MAX_MS;
}

static void back_off(struct partner *p, enum edge_refusal why, const char *text)
{
	p->not_before_ms = timers_now(p->edge->timers) + p->backoff_ms +
			   crypto_random_u64() % (p->backoff_ms / 4);
	p->last = why;
	if (text != p->text)
		snprintf(p->text, sizeof(p->text), "%s", text);
	/* others may still be up when one more connection was wanted */
	p->failed = p->link_count == 0;
	partner_say(p);
	partner_flush(p);
}

void partner_down(struct partner *p, enum edge_refusal why, const char *text)
{
	p->backoff_ms = longer(p->backoff_ms);
	back_off(p, why, text);
}

void partner_lost(struct partner *p, const char *text)
{
	p->backoff_ms = p->backoff_ms ? longer(p->backoff_ms) : BACKOFF_SOON_MS;
	back_off(p, EDGE_PARTNER_DOWN, text);
}

static void round_failed(struct partner *p)
{
	enum edge_refusal why = p->dial->why;
	char text[NET_ERROR_MAX];
	memcpy(text, p->dial->text, sizeof(text));
	partner_dial_stop(p);
	p->exhausted = p->link_count == 0;
	partner_down(p, why, text);
}

static void note(struct partner_dial *d, enum edge_refusal why,
		 const char *text)
{
	d->why = why;
	snprintf(d->text, sizeof(d->text), "%s", text);
}

/* -- attempts -- */

static struct flow *dial_flow(struct partner_dial *d, const struct candidate *c)
{
	struct partner *p = d->partner;
	struct edge *e = p->edge;
	struct flow *f = flow_create(e, FLOW_DIALLED);
	struct partner_link *l = calloc(1, sizeof(*l));
	int err = -ENOMEM;
	if (!f || !l)
		goto fail;
	l->partner = p;
	l->flow = f;
	memcpy(l->target, c->target, sizeof(l->target));
	addr_text(&c->addr, f->source);
	err = conn_dial(&f->conn, e->loop, &c->addr, e->current->tls_dial,
			l->target, &flow_limits, &flow_conn_ops, f);
	if (err)
		goto fail;
	f->link = l;
	return f;
fail:
	note(d, EDGE_PARTNER_DOWN, strerrordesc_np(-err));
	free(l);
	flow_drop(f);
	return NULL;
}

static struct flow **free_place(struct partner_dial *d)
{
	for (size_t i = 0; i < ATTEMPTS_MAX; i++)
		if (!d->attempt[i])
			return &d->attempt[i];
	return NULL;
}

static uint32_t stagger(const struct partner_dial *d)
{
	const struct candidate *now = &d->candidate[d->tried - 1];
	const struct candidate *next = &d->candidate[d->tried];
	return strcmp(now->target, next->target) == 0 ? NEXT_ADDRESS_MS
						      : NEXT_TARGET_MS;
}

/* The next candidate joins the race. Is the round still going on? */
static bool try_next(struct partner_dial *d)
{
	struct flow **place = free_place(d);
	while (place && d->tried < d->count) {
		*place = dial_flow(d, &d->candidate[d->tried++]);
		if (!*place)
			continue;
		d->under_way++;
		if (d->tried < d->count)
			timer_start(&d->next, stagger(d));
		return true;
	}
	return d->under_way > 0;
}

static void on_next(struct timer *t, void *arg)
{
	struct partner_dial *d = arg;
	(void)t;
	if (!try_next(d))
		round_failed(d->partner);
}

static void on_deadline(struct timer *t, void *arg)
{
	struct partner_dial *d = arg;
	(void)t;
	note(d, EDGE_PARTNER_DOWN, "no server of the partner answers");
	round_failed(d->partner);
}

/* -- candidates -- */

static void add(struct partner_dial *d, const struct addr *to,
		const char *target)
{
	struct candidate *c = &d->candidate[d->count];
	if (d->count == CANDIDATES_MAX)
		return;
	d->count++;
	c->addr = *to;
	snprintf(c->target, sizeof(c->target), "%s", target);
}

static void add_target(struct partner_dial *d, const struct access_partner *row,
		       const struct names_target *t)
{
	size_t added = 0;
	for (size_t i = 0; i < t->at.count && added < ADDRESSES_MAX; i++) {
		const struct addr *a = &t->at.addr[i];
		char text[ADDR_TEXT_MAX];
		if (partner_may_dial(row, a)) {
			add(d, a, t->name);
			added++;
			continue;
		}
		addr_text(a, text);
		LOG_LIMITED(LOG_WARN, "dns.refused", slice_str(t->name),
			    KV_STR("partner", d->partner->key),
			    KV_STR("name", t->name), KV_STR("address", text));
		note(d, EDGE_PARTNER_DNS,
		     "its name has a private or special address; see "
		     "allow_addresses");
	}
}

/* Those that are avoided, or the others. */
static void add_targets(struct partner_dial *d,
			const struct access_partner *row, const struct names *n,
			bool avoided)
{
	for (size_t i = 0; i < n->count && i < PARTNER_TARGETS_MAX; i++) {
		const struct names_target *t = &n->target[i];
		if (partner_avoids(d->partner, t->name) != avoided)
			continue;
		if (t->at.direct)
			add_target(d, row, t);
		else if (!d->count)
			note(d, EDGE_PARTNER_SRV_DOMAIN,
			     "its SRV record names no host directly in the "
			     "domain");
	}
}

/* -- a round -- */

static struct partner_dial *dial_new(struct partner *p)
{
	struct partner_dial *d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->partner = p;
	d->why = EDGE_PARTNER_DNS;
	snprintf(d->text, sizeof(d->text), "its name has no address");
	timer_init(&d->next, p->edge->timers, on_next, d);
	timer_init(&d->deadline, p->edge->timers, on_deadline, d);
	return d;
}

static void start(struct partner *p, struct partner_dial *d)
{
	p->dial = d;
	timer_start(&d->deadline, ROUND_MS);
	if (!try_next(d))
		round_failed(p);
	else
		partner_say(p);
}

static void dial_known(struct partner *p, const struct access_partner *row,
		       const struct names *n)
{
	struct partner_dial *d = dial_new(p);
	struct addr fixed;
	if (!d) {
		partner_down(p, EDGE_QUEUE_FULL, "out of memory");
		return;
	}
	if (n) {
		add_targets(d, row, n, false);
		if (!p->link_count)
			add_targets(d, row, n, true);
	} else if (!addr_parse(row->address, false, &fixed)) {
		char name[NET_NAME_MAX];
		if (!slice_cstr(row->edge, name, sizeof(name)))
			add(d, &fixed, name);
	}
	start(p, d);
}

void partner_dial_named(struct partner *p)
{
	const struct access_partner *row = partner_row(p);
	struct names *n = names_find(p->edge, slice_str(p->key));
	p->asking = false;
	if (!row)
		partner_down(p, EDGE_PARTNER_DOWN, "no partner any more");
	else if (!n || !n->known)
		partner_down(p, n ? names_refusal(n) : EDGE_PARTNER_DNS,
			     n ? n->text : "out of memory");
	else
		dial_known(p, row, n);
}

void partner_dial(struct partner *p)
{
	const struct access_partner *row = partner_row(p);
	struct names *n = NULL;
	if (partner_dialling(p))
		return;
	timer_stop(&p->again);
	if (!row) {
		partner_down(p, EDGE_PARTNER_DOWN, "no partner any more");
		return;
	}
	if (!slice_empty(row->address)) {
		dial_known(p, row, NULL);
		return;
	}
	n = names_get(p->edge, slice_str(p->key));
	if (n && names_look(n) == NAMES_ASKED) {
		p->asking = true;
		partner_say(p);
		return;
	}
	partner_dial_named(p);
}

/* -- what attempts report -- */

/* The attempt leaves its round. */
static void leave(struct partner_dial *d, const struct flow *f)
{
	for (size_t i = 0; d && i < ATTEMPTS_MAX; i++) {
		if (d->attempt[i] != f)
			continue;
		d->attempt[i] = NULL;
		d->under_way--;
	}
}

/* Right names, and not what its entry asks for. */
static void unproven(struct partner *p, struct flow *f, enum access_lack lack)
{
	proof_say(f, lack);
	leave(p->dial, f);
	close_attempt(f);
	if (!p->dial)
		return;
	note(p->dial, EDGE_PARTNER_TLS, access_lack_text(lack));
	if (!try_next(p->dial))
		round_failed(p);
}

void partner_ready(struct flow *f)
{
	struct partner_link *l = f->link;
	struct partner *p = l->partner;
	if (!p)
		return; /* another was faster; it ends in this turn */
	const struct access_partner *row = partner_row(p);
	enum access_lack lack =
		row ? proof_dialled(f, l->target, row) : ACCESS_LACKS_NOTHING;
	if (lack == ACCESS_LACKS_TLSA)
		return; /* partners_proof_settled() */
	if (lack) {
		unproven(p, f, lack);
		return;
	}
	f->proven = true;
	leave(p->dial, f);
	partner_dial_stop(p);
	l->ready = true;
	l->ready_ms = timers_now(f->edge->timers);
	l->used_ms = l->ready_ms;
	l->heard_ms = l->ready_ms;
	list_push_back(&p->links, &l->node);
	p->link_count++;
	p->not_before_ms = 0;
	p->failed = false;
	p->exhausted = false;
	partner_say(p);
	if (p->silent)
		partner_probe(p, l);
	else
		partner_flush(p);
}

void partner_attempt_ended(struct partner *p, struct flow *f, enum conn_end why,
			   const char *text)
{
	struct partner_dial *d = p->dial;
	bool tls = why == CONN_END_TLS || why == CONN_END_NAME;
	leave(d, f);
	if (!d)
		return;
	note(d, tls ? EDGE_PARTNER_TLS : EDGE_PARTNER_DOWN, text);
	if (!try_next(d))
		round_failed(d->partner);
}

static void settle(struct map_node *n, void *arg)
{
	struct partner *p = partner_of_node(n);
	const char *target = arg;
	for (size_t i = 0; p->dial && i < ATTEMPTS_MAX; i++) {
		struct flow *f = p->dial->attempt[i];
		if (f && conn_ready(f->conn) &&
		    strcmp(f->link->target, target) == 0)
			partner_ready(f);
	}
}

void partners_proof_settled(struct edge *e, const char *target)
{
	char copy[NET_NAME_MAX];
	if (!slice_cstr(slice_str(target), copy, sizeof(copy)))
		map_each(&e->partners, settle, copy);
}
