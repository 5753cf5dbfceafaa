/* SPDX-License-Identifier: Apache-2.0 */
/* The core as a whole: made, fed with requests, asked about them, freed. */
#include "proxy/proxy.h"

#include <errno.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "proxy/parts.h"

enum {
	TRANSACTIONS_MAX = 100000,
	TRANSACTIONS_MAX_PER_SOURCE = 1000,
	T1_MS = 500,
	OWN_VIA_BYTES = 256, /* what our Via adds to a header block */
	RECEIVED_BYTES = 96, /* what received= and rport= add to a Via */
	OWN_ENTRIES = 6,     /* Via, Route or the like of several hops */
	OWN_LINE_BYTES = 4096,
};

static int conf_names(struct proxy *p, const struct proxy_conf *conf)
{
	struct buf b;
	p->sent_by = slice_strdup(conf->sent_by);
	p->transport = slice_strdup(conf->transport);
	buf_init(&b, 0);
	buf_printf(&b, "SIP/2.0/%.*s %.*s;branch=z9hG4bK0",
		   SLICE_FMT(conf->transport), SLICE_FMT(conf->sent_by));
	if (!buf_failed(&b))
		p->own_via = slice_strdup(buf_slice(&b));
	buf_free(&b);
	if (!p->sent_by || !p->transport || !p->own_via)
		return -ENOMEM;
	return sip_via_parse(slice_str(p->own_via), &p->own);
}

static void conf_limits(struct proxy *p, const struct proxy_conf *conf)
{
	const struct sip_limits *l =
		conf->limits ? conf->limits : &sip_limits_default;
	p->limits = *l;
	/* Some entries of each kind, at each of the hops that are ours. */
	p->own_limits = *l;
	p->own_limits.via += OWN_ENTRIES;
	p->own_limits.route += OWN_ENTRIES;
	p->own_limits.header_count += 4 * OWN_ENTRIES;
	p->own_limits.header_line += OWN_LINE_BYTES;
	p->own_limits.header_block += OWN_ENTRIES * OWN_LINE_BYTES;
	/* A response brings back what we added to the request. */
	p->response_limits = *l;
	p->response_limits.via++;
	p->response_limits.route++;
	p->response_limits.header_count += 2;
	p->response_limits.header_line += RECEIVED_BYTES;
	p->response_limits.header_block +=
		l->header_line + OWN_VIA_BYTES + RECEIVED_BYTES;
	p->max = conf->transactions_max ? conf->transactions_max
					: TRANSACTIONS_MAX;
	p->max_per_source = conf->transactions_max_per_source
				    ? conf->transactions_max_per_source
				    : TRANSACTIONS_MAX_PER_SOURCE;
	if (p->max_per_source > p->max)
		p->max_per_source = p->max;
	p->source_limit = p->max_per_source;
	p->random_ids = conf->random_ids;
	p->t1_ms = conf->t1_ms ? conf->t1_ms : T1_MS;
}

static int create_tables(struct proxy *p)
{
	struct map *maps[] = { &p->by_id, &p->by_key, &p->by_merged, &p->hops,
			       &p->sources };
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		int err = map_init(maps[i]);
		if (err)
			return err;
	}
	p->greed = calloc(p->max_per_source + 1, sizeof(*p->greed));
	if (!p->greed)
		return -ENOMEM;
	for (size_t i = 0; i <= p->max_per_source; i++)
		list_init(&p->greed[i]);
	return crypto_random(p->tag_seed, sizeof(p->tag_seed));
}

int proxy_create(struct proxy **out, struct timers *timers,
		 const struct proxy_conf *conf, const struct proxy_ops *ops,
		 void *arg)
{
	struct proxy *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->timers = timers;
	p->ops = *ops;
	p->arg = arg;
	list_init(&p->dead);
	arena_pool_init(&p->arenas, PROXY_ARENA, PROXY_ARENAS);
	conf_limits(p, conf);
	int err = conf_names(p, conf);
	if (!err)
		err = create_tables(p);
	if (err) {
		proxy_free(p);
		return err;
	}
	*out = p;
	return 0;
}

void proxy_limit(struct proxy *p, size_t transactions_max)
{
	p->max = transactions_max ? transactions_max : TRANSACTIONS_MAX;
	size_t quarter = p->max < 4 ? 1 : p->max / 4;
	p->source_limit =
		quarter < p->max_per_source ? quarter : p->max_per_source;
}

unsigned proxy_filled_percent(const struct proxy *p)
{
	return p->count >= p->max ? 100 : (unsigned)(p->count * 100 / p->max);
}

static void on_free(struct map_node *node, void *arg)
{
	struct proxy_request *r =
		container_of(node, struct proxy_request, by_id);
	(void)arg;
	source_release(r);
	map_remove(&r->proxy->by_id, node);
	metric_sub(M_SIP_TRANSACTIONS, 1);
	request_free(r);
}

void proxy_free(struct proxy *p)
{
	if (!p)
		return;
	if (p->by_id.slots)
		map_each(&p->by_id, on_free, NULL);
	map_free(&p->by_id);
	map_free(&p->by_key);
	map_free(&p->by_merged);
	map_free(&p->hops);
	map_free(&p->sources);
	free(p->greed);
	free(p->sent_by);
	free(p->transport);
	free(p->own_via);
	arena_pool_free(&p->arenas);
	free(p);
}

static void receive_new(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	struct sip_edits extra;
	if (p->refuse_new && r->txn.table != &strans_silent) {
		reply_stateless(r, p->refuse_new);
		return;
	}
	const struct reject *reject = NULL;
	if (p->ops.on_admit && r->txn.table != &strans_silent)
		reject = p->ops.on_admit(p->arg, &r->from, &r->msg);
	if (reject) {
		reply_stateless(r, reject);
		return;
	}
	if (request_admit(r) < 0) {
		reply_stateless(r, &PROXY_REJ_OVERLOAD);
		return;
	}
	sip_edits_init(&extra);
	reject = check_request(r, &extra);
	if (reject) {
		reply_refuse(r, reject, &extra);
		return;
	}
	if (r->txn.table == &strans_noninvite)
		strans_start_100(r);
	p->ops.on_request(p->arg, r);
	if (!r->done && !r->sends && r->txn.table == &strans_invite)
		reply_trying(r);
}

/* The peer is the same, the connection may be another: answers follow it. */
static void receive_again(struct proxy_request *r,
			  const struct proxy_request *again)
{
	struct slice peer = r->from.peer;
	metric_add(M_SIP_RETRANSMITS, 1);
	r->from = again->from;
	r->from.peer = peer;
	strans_event(r, EV_REQUEST, &(struct txn_in){ 0 });
}

/* True: it is an ACK to a 2xx, for the transaction user. Our own tag in it
 * tells an ACK to what we refused without keeping a transaction. */
static bool ack_is_new(struct proxy_request *r)
{
	struct proxy_request *invite = match_find(r);
	bool is_new = false;
	if (!invite)
		return !slice_eq(r->msg.to_tag,
				 slice_of(r->tag, sizeof(r->tag)));
	strans_event(invite, EV_ACK, &(struct txn_in){ .ack_is_new = &is_new });
	return is_new;
}

static void receive_request(struct proxy_request *r)
{
	struct proxy_request *known;
	metric_add(M_SIP_REQUESTS, 1);
	switch (r->msg.method) {
	case SIP_ACK:
		if (ack_is_new(r))
			receive_new(r);
		else
			request_free(r);
		return;
	case SIP_CANCEL:
		cancel_receive(r);
		return;
	default:
		break;
	}
	known = match_find(r);
	if (!known) {
		receive_new(r);
		return;
	}
	receive_again(known, r);
	request_free(r);
}

struct proxy_request *proxy_read(struct proxy *p, const struct proxy_hop *from,
				 struct slice bytes, const struct reject **bad)
{
	*bad = NULL;
	return request_create(p, from, bytes, bad);
}

void proxy_unread(struct proxy_request *r)
{
	request_free(r);
}

void proxy_take(struct proxy *p, struct proxy_request *r,
		const struct reject *bad)
{
	proxy_enter(p);
	if (r && !bad && r->msg.request) {
		receive_request(r);
	} else if (r && bad && bad->status && r->msg.request &&
		   sip_answerable(&r->msg)) {
		metric_add(M_SIP_REQUESTS, 1);
		reply_stateless(r, bad);
	} else if (r) {
		metric_add(bad ? bad->metric : M_SIP_STRAY, 1);
		request_free(r);
	}
	proxy_leave(p);
}

void proxy_receive(struct proxy *p, const struct proxy_hop *from,
		   struct slice bytes, const struct reject **reject)
{
	const struct reject *bad;
	struct proxy_request *r = proxy_read(p, from, bytes, &bad);
	proxy_take(p, r, bad);
	if (reject)
		*reject = bad;
}

const struct sip_msg *proxy_request_msg(const struct proxy_request *r)
{
	return &r->msg;
}

const struct proxy_hop *proxy_request_from(const struct proxy_request *r)
{
	return &r->from;
}

struct arena *proxy_request_arena(struct proxy_request *r)
{
	return r->arena;
}

void proxy_request_set_user(struct proxy_request *r, void *user)
{
	r->user = user;
}

void *proxy_request_user(const struct proxy_request *r)
{
	return r->user;
}

uint64_t proxy_request_id(const struct proxy_request *r)
{
	return r->id;
}

struct proxy_request *proxy_request_find(struct proxy *p, uint64_t id)
{
	struct map_node *n = map_find(&p->by_id, map_key_u64(&id));
	if (!n)
		return NULL;
	struct proxy_request *r = container_of(n, struct proxy_request, by_id);
	return r->done ? NULL : r;
}

size_t proxy_transactions(const struct proxy *p)
{
	return p->open;
}

void proxy_refuse_new(struct proxy *p, const struct reject *reject)
{
	p->refuse_new = reject;
}
