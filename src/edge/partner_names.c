/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of partners. The resolver process keeps the cache that all workers
 * share; each worker keeps what it was told for as long as that holds, so that
 * a request costs no question. Answers are never waited for by anything but
 * the request that needs them, and by that one for DEADLINE_MS at most. When
 * the resolver fails, what it said before is used for up to a day (DNS-01).
 */
#include "edge/partner_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	DEADLINE_MS = 6000,
	STALE_MS = 86400000,
	STALE_AGAIN_MS = 30000, /* a failing resolver is asked this often */
	RETRY_S = 2,            /* one that could not even be asked */
	PARKED_MAX = 1000,
	FEDERATION_PORT = 5061, /* of TLSA records, whatever is dialled */
	NAMES_MAX = 50000,
	FORGET_MS = 60000,
	MS_PER_S = 1000,
};

static const char SRV_KEY[] = "srv:", TLSA_KEY[] = "tlsa:";

/* A request that waits to be judged. */
struct parked {
	struct list node;
	uint64_t id;
};

static struct names *of_node(struct map_node *m)
{
	return container_of(m, struct names, node);
}

static void forget_targets(struct names *n)
{
	free(n->target);
	free(n->judged);
	buf_free(&n->digests);
	n->target = NULL;
	n->judged = NULL;
	n->count = 0;
	n->known = false;
}

static void names_drop(struct map_node *m, void *arg)
{
	struct names *n = of_node(m);
	(void)arg;
	timer_stop(&n->deadline);
	while (!list_empty(&n->parked))
		free(container_of(list_pop(&n->parked), struct parked, node));
	forget_targets(n);
	map_remove(&n->edge->names, m);
	free(n);
}

void names_free(struct edge *e)
{
	map_each(&e->names, names_drop, NULL);
	map_free(&e->names);
}

/* Of domains that no entry names, what nobody asks for is forgotten. */
static void sweep_one(struct map_node *m, void *arg)
{
	struct names *n = of_node(m);
	const uint64_t *now = arg;
	if (!n->ask && !n->parked_count && !partner_find(n->edge, m->key) &&
	    *now >= n->fresh_until_ms + FORGET_MS &&
	    !access_partner_by_key(n->edge->current->access, m->key))
		names_drop(m, NULL);
}

void names_sweep(struct edge *e)
{
	uint64_t now = timers_now(e->timers);
	if (e->current)
		map_each(&e->names, sweep_one, &now);
}

static void names_settled(struct names *n);

/* The question led to nothing that can be used. */
static void failed(struct names *n, int error, struct slice text,
		   uint32_t ttl_s)
{
	uint64_t now = timers_now(n->edge->timers);
	/* "There is none" is an answer, and so is a forgery: neither is
	 * overruled by what was true before. */
	bool soft = error != -ENOENT && error != -ENODATA &&
		    error != -EBADMSG && error != -EADDRNOTAVAIL;
	n->error = error;
	if (slice_cstr(text, n->text, sizeof(n->text)))
		n->text[0] = '\0';
	n->stale = soft && n->known && now - n->good_ms < STALE_MS;
	if (n->stale) {
		LOG_LIMITED(LOG_WARN, "dns.stale", slice_str(n->key),
			    KV_STR("partner", n->key), KV_STR("why", n->text),
			    KV_U64("age_s", (now - n->good_ms) / MS_PER_S));
		n->fresh_until_ms = now + STALE_AGAIN_MS;
	} else {
		forget_targets(n);
		n->fresh_until_ms = now + (uint64_t)ttl_s * MS_PER_S;
	}
	names_settled(n);
}

static void ask_failed(struct names *n, int error, const char *why)
{
	n->ask = 0;
	timer_stop(&n->deadline);
	failed(n, error, slice_str(why), RETRY_S);
}

static void on_deadline(struct timer *t, void *arg)
{
	(void)t;
	ask_failed(arg, -ETIMEDOUT, "the resolver does not answer");
}

struct names *names_find(struct edge *e, struct slice key)
{
	struct map_node *m = map_find(&e->names, key);
	return m ? of_node(m) : NULL;
}

struct names *names_get(struct edge *e, struct slice key)
{
	struct names *n = names_find(e, key);
	if (n || e->names.count >= NAMES_MAX)
		return n;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->edge = e;
	list_init(&n->parked);
	buf_init(&n->digests, 0);
	timer_init(&n->deadline, e->timers, on_deadline, n);
	if (slice_cstr(key, n->key, sizeof(n->key)) ||
	    map_insert(&e->names, &n->node, slice_str(n->key))) {
		free(n);
		return NULL;
	}
	return n;
}

static bool is_srv(const struct names *n)
{
	return slice_starts(slice_str(n->key), slice_str(SRV_KEY));
}

static bool is_tlsa(const struct names *n)
{
	return slice_starts(slice_str(n->key), slice_str(TLSA_KEY));
}

static int ask(struct names *n)
{
	struct edge *e = n->edge;
	struct slice key = slice_str(n->key);
	struct ipc_targets_get get = { .id = ++e->last_ask,
				       .kind = IPC_TARGETS_HOST,
				       .name = key };
	if (is_srv(n)) {
		get.kind = IPC_TARGETS_DOMAIN;
		get.name = slice_from(key, sizeof(SRV_KEY) - 1);
	} else if (is_tlsa(n)) {
		get.kind = IPC_TARGETS_TLSA;
		get.port = FEDERATION_PORT;
		get.name = slice_from(key, sizeof(TLSA_KEY) - 1);
	}
	int err = e->ops->send(e->arg, PROC_RESOLVER, 0, IPC_TARGETS_GET, &get);
	if (err)
		return err;
	n->ask = get.id;
	timer_start(&n->deadline, DEADLINE_MS);
	return 0;
}

enum names_result names_look(struct names *n)
{
	bool holds = timers_now(n->edge->timers) < n->fresh_until_ms;
	if (!holds && !n->ask && ask(n)) {
		/* nobody waits yet, so nothing but the state changes here */
		n->looking = true;
		ask_failed(n, -EPIPE, "the resolver cannot be reached");
		n->looking = false;
		holds = true;
	}
	if (n->known && (holds || n->stale))
		return NAMES_READY;
	return holds ? NAMES_FAILED : NAMES_ASKED;
}

void names_want(struct edge *e, const char *key)
{
	struct names *n = names_get(e, slice_str(key));
	if (n)
		names_look(n);
}

enum edge_refusal names_refusal(const struct names *n)
{
	bool none = n->error == -ENOENT || n->error == -ENODATA;
	return is_srv(n) && (none || n->error == -EBADMSG) ? EDGE_PARTNER_SRV
							   : EDGE_PARTNER_DNS;
}

/* -- judgement -- */

static void to_facts(const struct names *n, struct access_srv *facts)
{
	*facts = (struct access_srv){ .state = n->known ? ACCESS_SRV_KNOWN
							: ACCESS_SRV_FAILED,
				      .target = n->judged,
				      .count = n->count };
}

static int park(struct names *n, struct proxy_request *r)
{
	struct parked *p = NULL;
	if (n->parked_count < PARKED_MAX)
		p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->id = proxy_request_id(r);
	list_push_back(&n->parked, &p->node);
	n->parked_count++;
	return 0;
}

enum names_result names_judge(struct edge *e, struct slice domain,
			      struct proxy_request *r, struct access_srv *facts)
{
	char key[ACCESS_KEY_MAX];
	int len = snprintf(key, sizeof(key), "%s%.*s", SRV_KEY,
			   SLICE_FMT(domain));
	struct names *n = NULL;
	if (len > 0 && (size_t)len < sizeof(key))
		n = names_get(e, slice_str(key));
	if (!n)
		return NAMES_NO_MEMORY;
	enum names_result result = names_look(n);
	if (result == NAMES_ASKED)
		return park(n, r) ? NAMES_NO_MEMORY : NAMES_ASKED;
	to_facts(n, facts);
	return result;
}

enum names_result names_tlsa(struct edge *e, struct slice host,
			     struct proxy_request *r, struct slice *digests,
			     bool *none)
{
	char key[ACCESS_KEY_MAX];
	int len =
		snprintf(key, sizeof(key), "%s%.*s", TLSA_KEY, SLICE_FMT(host));
	struct names *n = NULL;
	if (host.len && len > 0 && (size_t)len < sizeof(key))
		n = names_get(e, slice_str(key));
	if (!n)
		return NAMES_NO_MEMORY;
	enum names_result result = names_look(n);
	if (result == NAMES_ASKED && r && park(n, r))
		return NAMES_NO_MEMORY;
	*digests = buf_slice(&n->digests);
	*none = n->error == -ENOENT;
	return result;
}

/* Whatever was waited for is there now, or will not come: requests are judged
 * in the order in which they came, then the owner dials. */
static void names_settled(struct names *n)
{
	struct edge *e = n->edge;
	struct list batch;
	list_init(&batch);
	while (!list_empty(&n->parked))
		list_push_back(&batch, list_pop(&n->parked));
	n->parked_count = 0;
	struct partner *p = partner_find(e, slice_str(n->key));
	while (!list_empty(&batch)) {
		struct parked *one =
			container_of(list_pop(&batch), struct parked, node);
		struct proxy_request *r = proxy_request_find(e->proxy, one->id);
		free(one);
		if (r)
			walk_on_request(e, r);
	}
	if (p && p->asking)
		partner_dial_named(p);
	if (is_tlsa(n) && !n->looking)
		partners_proof_settled(e, n->key + sizeof(TLSA_KEY) - 1);
}

/* -- answers -- */

/* The edge of a partner is the one that was configured: it need not be in the
 * domain. */
static void keep(struct names_target *to, const struct ipc_target *from,
		 bool srv)
{
	to->at = *from;
	to->at.direct = from->direct || !srv;
	if (slice_cstr(from->name, to->name, sizeof(to->name)))
		to->name[0] = '\0';
	to->at.name = slice_str(to->name);
}

/* 0 or -EBADMSG / -ENOMEM; nothing has changed then. */
static int take(struct names *n, struct slice targets)
{
	struct cur c = cur_init(targets);
	struct ipc_target t;
	size_t count = 0;
	struct names_target *all = calloc(IPC_TARGETS_MAX, sizeof(*all));
	struct access_target *judged = calloc(IPC_TARGETS_MAX, sizeof(*judged));
	if (!all || !judged) {
		free(all);
		free(judged);
		return -ENOMEM;
	}
	while (count < IPC_TARGETS_MAX && ipc_target_next(&c, &t) > 0)
		keep(&all[count++], &t, is_srv(n));
	if (cur_failed(&c) || cur_left(&c) || !count) {
		free(all);
		free(judged);
		return -EBADMSG;
	}
	for (size_t i = 0; i < count; i++) {
		judged[i].name = all[i].at.name;
		judged[i].direct = all[i].at.direct;
	}
	forget_targets(n);
	n->target = all;
	n->judged = judged;
	n->count = count;
	return 0;
}

/* The same for digests; nobody asks for more than these. */
static int take_digests(struct names *n, struct slice entries)
{
	struct cur c = cur_init(entries);
	struct ipc_tlsa t;
	size_t count = 0;
	int more;
	while ((more = ipc_tlsa_next(&c, &t)) > 0)
		count++;
	if (more < 0 || !count || count > IPC_TLSA_MAX)
		return -EBADMSG;
	struct buf copy;
	buf_init(&copy, 0);
	buf_put(&copy, entries);
	if (buf_failed(&copy)) {
		buf_free(&copy);
		return -ENOMEM;
	}
	forget_targets(n);
	n->digests = copy;
	return 0;
}

static void answered(struct names *n, const struct ipc_targets *m)
{
	uint64_t now = timers_now(n->edge->timers);
	int err = m->error     ? -(int)m->error
		  : is_tlsa(n) ? take_digests(n, m->targets)
			       : take(n, m->targets);
	n->ask = 0;
	timer_stop(&n->deadline);
	if (err) {
		failed(n, err, m->text, m->ttl_s);
		return;
	}
	n->known = true;
	n->stale = false;
	n->error = 0;
	n->text[0] = '\0';
	n->good_ms = now;
	n->fresh_until_ms = now + (uint64_t)m->ttl_s * MS_PER_S;
	names_settled(n);
}

struct ask_search {
	uint64_t id; /* 0: any */
	struct names *found;
};

static void match_ask(struct map_node *m, void *arg)
{
	struct ask_search *s = arg;
	struct names *n = of_node(m);
	if (n->ask && (!s->id || n->ask == s->id))
		s->found = n;
}

static struct names *asked(struct edge *e, uint64_t id)
{
	struct ask_search s = { id, NULL };
	map_each(&e->names, match_ask, &s);
	return s.found;
}

void names_answer(struct edge *e, const struct ipc_targets *m)
{
	struct names *n = m->id ? asked(e, m->id) : NULL;
	if (n)
		answered(n, m);
}

void names_resolver_gone(struct edge *e)
{
	struct names *n;
	while ((n = asked(e, 0)))
		ask_failed(n, -EPIPE, "the resolver has ended");
}
