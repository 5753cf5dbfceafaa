/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a request here: made, admitted, answered once, given up. */
#include <errno.h>

#include "base/crypto.h"
#include "base/log.h"
#include "proxy/parts.h"

enum {
	ARENA_FIRST = PROXY_ARENA - 2048, /* besides the bytes: request and
					     headers */
	ARENA_MAX = 1024 * 1024,          /* besides four times the bytes */
};

static const struct txn_table *table_of(enum sip_method method)
{
	switch (method) {
	case SIP_INVITE:
		return &strans_invite;
	case SIP_ACK:
	case SIP_BENOTIFY: /* best effort: never answered (MS-SIP) */
		return &strans_silent;
	default:
		return &strans_noninvite;
	}
}

static int copy_in(struct proxy_request *r, const struct proxy_hop *from,
		   struct slice bytes, struct slice *copy)
{
	*copy = arena_copy(r->arena, bytes);
	r->from = *from;
	r->from.peer = arena_copy(r->arena, from->peer);
	if (!copy->ptr || (from->peer.len && !r->from.peer.ptr))
		return -ENOMEM;
	return 0;
}

struct proxy_request *request_create(struct proxy *p,
				     const struct proxy_hop *from,
				     struct slice bytes,
				     const struct reject **reject)
{
	struct slice copy;
	size_t max = 4 * bytes.len + ARENA_MAX;
	struct arena *a = bytes.len + ARENA_FIRST <= PROXY_ARENA
				  ? arena_from(&p->arenas, max)
				  : arena_create(bytes.len + ARENA_FIRST, max);
	struct proxy_request *r = a ? arena_alloc(a, sizeof(*r)) : NULL;
	if (!r)
		goto fail;
	r->arena = a;
	r->proxy = p;
	buf_init(&r->last, 0);
	if (copy_in(r, from, bytes, &copy) < 0)
		goto fail;
	r->started_ms = timers_now(p->timers);
	strans_timers_init(r);
	*reject = sip_parse(a, copy, from->own ? &p->own_limits : &p->limits,
			    &r->msg);
	txn_init(&r->txn, table_of(r->msg.method));
	if (match_key(r) < 0)
		goto fail;
	if (!*reject && r->msg.request && received_note(r) < 0)
		goto fail;
	return r;
fail:
	arena_free(a);
	*reject = &PROXY_REJ_OVERLOAD;
	return NULL;
}

struct proxy_request *request_borrow(struct proxy *p,
				     const struct proxy_hop *from,
				     struct slice bytes)
{
	const struct reject *bad = NULL;
	struct proxy_request *r = request_create(p, from, bytes, &bad);
	if (r && !bad && r->msg.request)
		return r;
	request_free(r);
	return NULL;
}

void request_free(struct proxy_request *r)
{
	if (!r)
		return;
	timer_stop(&r->timer);
	for (uint16_t i = 0; i < r->branch_count; i++) {
		timer_stop(&r->branch[i]->timer);
		hop_unwait(r->branch[i]);
	}
	best_clear(&r->best);
	buf_free(&r->last);
	arena_free(r->arena); /* r itself is in it */
}

void request_leave_match(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	timer_stop(&r->timer);
	list_remove(&r->early);
	if (r->in_key) {
		map_remove(&p->by_key, &r->by_key);
		p->open--;
	}
	if (r->in_merged)
		map_remove(&p->by_merged, &r->by_merged);
	r->in_key = false;
	r->in_merged = false;
}

static void request_unlink(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	request_leave_match(r);
	source_release(r);
	if (!r->in_id)
		return;
	map_remove(&p->by_id, &r->by_id);
	r->in_id = false;
	p->count--;
	metric_sub(M_SIP_TRANSACTIONS, 1);
}

/* Ends the oldest unanswered INVITE of the greediest source with 503, wholly:
 * its ACK will be known by our tag (SIP-34). */
static void request_evict(struct proxy_request *r)
{
	struct txn_in in = { .reject = &PROXY_REJ_OVERLOAD };
	LOG_LIMITED(LOG_WARN, "sip.evict", r->from.peer,
		    KV_SLICE("peer", r->from.peer));
	reply_refuse(r, &PROXY_REJ_OVERLOAD, NULL);
	strans_event(r, EV_TU_DROP, &in);
	for (uint16_t i = 0; i < r->branch_count; i++)
		ctrans_event(r->branch[i], EV_TRANSPORT, &in);
}

static int request_make_room(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	if (p->count < p->max)
		return 0;
	struct slice key = source_key(r);
	if (source_count(p, key) >= p->source_limit)
		return -EDQUOT; /* nobody is ended for one that is refused */
	struct proxy_request *victim = source_victim(p, key);
	if (victim)
		request_evict(victim);
	return p->count < p->max ? 0 : -EDQUOT;
}

/* Random ones come from a stock: one system call for many. */
int request_draw_id(struct proxy *p, uint64_t *id)
{
	if (!p->random_ids) {
		*id = ++p->next_id;
		return 0;
	}
	do {
		if (!p->ids_left) {
			int err = crypto_random(p->ids, sizeof(p->ids));
			if (err)
				return err;
			p->ids_left = PROXY_IDS;
		}
		*id = p->ids[--p->ids_left];
	} while (!*id || *id == UINT64_MAX);
	return 0;
}

static int request_link(struct proxy_request *r)
{
	struct proxy *p = r->proxy;
	struct slice merged;
	int err = source_take(r);
	if (err)
		return err;
	err = request_draw_id(p, &r->id);
	if (err)
		return err;
	err = map_insert(&p->by_id, &r->by_id, map_key_u64(&r->id));
	if (err)
		return err;
	r->in_id = true;
	p->count++;
	metric_add(M_SIP_TRANSACTIONS, 1);
	if (r->txn.table == &strans_silent)
		return 0;
	err = map_insert(&p->by_key, &r->by_key, r->key);
	if (err)
		return err;
	r->in_key = true;
	p->open++;
	err = match_merged_key(r, &merged);
	if (err)
		return err;
	err = map_insert(&p->by_merged, &r->by_merged, merged);
	r->in_merged = err == 0;
	return err == -EEXIST ? 0 : err; /* check_loop() judges that */
}

int request_admit(struct proxy_request *r)
{
	int err = request_make_room(r);
	if (!err)
		err = request_link(r);
	if (err) {
		request_unlink(r);
		r->id = 0;
	}
	return err;
}

void request_reap(struct proxy_request *r)
{
	if (r->dead || r->active || r->txn.state != TXN_TERMINATED)
		return;
	r->dead = true;
	request_unlink(r);
	list_push_back(&r->proxy->dead, &r->dead_node);
}

void proxy_leave(struct proxy *p)
{
	if (--p->depth)
		return;
	while (!list_empty(&p->dead)) {
		struct proxy_request *r = container_of(
			p->dead.next, struct proxy_request, dead_node);
		list_remove(&r->dead_node);
		request_free(r);
	}
}

bool request_late(const struct proxy_request *r)
{
	const struct proxy *p = r->proxy;
	return r->txn.table == &strans_noninvite &&
	       timers_now(p->timers) - r->started_ms >= txn_64t1(p);
}

static void request_told(struct proxy_request *r, const struct final *f)
{
	struct proxy *p = r->proxy;
	const struct ctrans *to = f->branch;
	if (!to && r->branch_count)
		to = r->branch[r->branch_count - 1];
	struct proxy_record record = {
		.request = &r->msg,
		.from = &r->from,
		.to = to ? &to->hop : NULL,
		.status = f->status,
		.reject = f->reject,
		.duration_ms = timers_now(p->timers) - r->started_ms,
	};
	if (f->reject)
		metric_add(f->reject->metric, 1);
	if (p->ops.on_done)
		p->ops.on_done(p->arg, &record);
}

static enum txn_event final_event(uint16_t status)
{
	if (!status)
		return EV_TU_DROP;
	return status < 300 ? EV_TU_2XX : EV_TU_300_699;
}

void request_final(struct proxy_request *r, const struct final *f)
{
	struct final out = *f;
	if (r->done)
		return;
	r->done = true;
	source_answered(r);
	if (r->txn.table == &strans_silent)
		out.status = 0;
	if (out.status && request_late(r)) {
		out.status = 0;
		if (!out.reject)
			out.reject = &PROXY_REJ_TIMEOUT;
	}
	strans_event(r, final_event(out.status),
		     &(struct txn_in){ .bytes = out.bytes });
	request_told(r, &out);
	cancel_branches(r, out.status);
	best_clear(&r->best);
	request_reap(r);
}
