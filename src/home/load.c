/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bindings that the store has, the marks of answered messages, for whom
 * messages wait, and presence. Until all that is known, requests are kept for a
 * moment: a user whose binding is not read yet must not look offline.
 * Afterwards this process is right and the store follows: when the store comes
 * back, rows that are not in memory are removed there.
 */
#include "home/home_int.h"
#include "home/load.h"
#include "home/mailbox.h"
#include "home/store_link.h"

#include <errno.h>

#include "base/log.h"

/* What is read, in this order. */
static const enum ipc_type steps[] = { IPC_BINDING_LIST, IPC_MARK_LIST,
				       IPC_QUEUE_LIST, IPC_SOFT_LIST };
_Static_assert(offsetof(struct ipc_binding_list, id) == 0 &&
		       offsetof(struct ipc_mark_list, id) == 0 &&
		       offsetof(struct ipc_queue_list, id) == 0 &&
		       offsetof(struct ipc_soft_list, id) == 0,
	       "questions begin with their id");

static void release(struct home *h, const struct reject *reject)
{
	struct buf ids = h->held;
	buf_init(&h->held, HOME_HELD_MAX * sizeof(uint64_t));
	for (size_t at = 0; at < ids.len; at += sizeof(uint64_t)) {
		uint64_t id;
		memcpy(&id, ids.ptr + at, sizeof(id));
		struct call *q = call_find(h, id);
		if (q && reject)
			call_refuse(q, reject);
		else if (q)
			request_start(q);
	}
	buf_free(&ids);
}

static void failed(struct home *h)
{
	if (h->load != LOAD_DONE)
		h->load = LOAD_FAILED;
	if (h->store_up)
		timer_start(&h->load_timer, HOME_RELOAD_MS);
	release(h, &home_rej_store_down);
}

/* Runs when requests have waited long enough, and when it is time to try
 * again. */
static void on_timer(struct timer *t, void *arg)
{
	(void)t;
	struct home *h = arg;
	if (h->store_up && !h->loading)
		load_start(h);
	else if (!h->store_up)
		failed(h);
}

int load_init(struct home *h)
{
	h->load = LOAD_WAITING;
	buf_init(&h->held, HOME_HELD_MAX * sizeof(uint64_t));
	buf_init(&h->downs, HOME_HELD_MAX * sizeof(struct flow_key));
	timer_init(&h->load_timer, h->timers, on_timer, h);
	return 0;
}

void load_free(struct home *h)
{
	if (h->load_timer.owner)
		timer_stop(&h->load_timer);
	buf_free(&h->held);
	buf_free(&h->downs);
}

static void drop_if_gone(void *arg, struct binding *b)
{
	struct home *h = arg;
	const struct flow_key *flow = &b->rec.flow;
	/* a worker that is not there yet may still come */
	if (flow->slot < HOME_EDGES_MAX && h->edge[flow->slot] &&
	    h->edge[flow->slot] != flow->incarnation)
		home_binding_drop(h, b);
}

static void complete(struct home *h)
{
	struct buf downs = h->downs;
	buf_init(&h->downs, HOME_HELD_MAX * sizeof(struct flow_key));
	h->load = LOAD_DONE;
	for (size_t at = 0; at < downs.len; at += sizeof(struct flow_key)) {
		struct flow_key flow;
		memcpy(&flow, downs.ptr + at, sizeof(flow));
		home_flow_down(h, &flow);
	}
	buf_free(&downs);
	location_each(&h->location, drop_if_gone, h);
	for (uint32_t i = 0; i < HOME_EDGES_MAX; i++)
		if (h->edge[i])
			presence_worker_up(h->presence, i, h->edge[i]);
	presence_open(h->presence);
	LOG(LOG_INFO, "home.ready", KV_U64("bindings", h->location.count));
	release(h, NULL);
}

static void ask(struct home *h);

static void on_loaded(struct home *h, struct pending *p, int err)
{
	(void)p;
	h->loading = NULL;
	if (err || h->load_incomplete) {
		LOG(LOG_WARN, "home.load_failed",
		    KV_STR("why", strerror(err ? -err : ENOMEM)));
		failed(h);
	} else if (++h->load_step < sizeof(steps) / sizeof(steps[0])) {
		ask(h);
	} else {
		if (h->load != LOAD_DONE)
			complete(h);
		mailbox_wake_all(h);
	}
}

static void ask(struct home *h)
{
	/* the others have the id alone, which is first in all */
	struct ipc_binding_list list = { .aor = SLICE_NONE };
	struct pending_ask a = { .type = steps[h->load_step],
				 .body = &list,
				 .id = &list.id,
				 .done = on_loaded };
	if (pending_ask(h, &a, &h->loading))
		failed(h);
}

void load_start(struct home *h)
{
	timer_stop(&h->load_timer);
	h->load_incomplete = false;
	h->load_step = 0;
	if (h->load != LOAD_DONE)
		h->load = LOAD_RUNNING;
	ask(h);
}

void load_again(struct home *h)
{
	timer_start(&h->load_timer, HOME_RELOAD_MS);
}

void load_stop(struct home *h)
{
	failed(h);
}

static int insert(struct home *h, const struct ipc_binding *m,
		  const struct record *rec)
{
	struct binding *b;
	uint64_t now_s = h->ops.wall_s(h->arg);
	if (rec->expires_s <= now_s)
		return 0;
	int err = binding_create(&b, rec);
	if (err)
		return err;
	err = -EBADMSG;
	if (slice_eq(b->key, m->contact))
		err = location_add(&h->location, m->aor, b,
				   rec->expires_s - now_s);
	if (err)
		binding_free(b);
	return err;
}

static bool known(struct home *h, const struct ipc_binding *m)
{
	struct location_user *u = location_find(&h->location, m->aor);
	if (!u)
		return false;
	LIST_EACH (it, tmp, &u->bindings) {
		const struct binding *b =
			container_of(it, struct binding, of_user);
		if (slice_eq(b->key, m->contact))
			return true;
	}
	return false;
}

void load_on_binding(struct home *h, const struct ipc_binding *m)
{
	struct record rec;
	if (!h->loading || h->loading->id != m->id)
		return;
	pending_keep(h->loading);
	if (known(h, m))
		return;
	int err = -EBADMSG;
	if (h->load != LOAD_DONE && !record_decode(m->record, &rec)) {
		rec.expires_s = m->expires_s;
		err = insert(h, m, &rec);
	}
	if (err == -ENOMEM) {
		h->load_incomplete = true;
	} else if (err) {
		struct ipc_binding_del del = { .aor = m->aor,
					       .contact = m->contact };
		h->ops.to_store(h->arg, IPC_BINDING_DEL, &del);
	}
}

void load_on_mark(struct home *h, const struct ipc_mark *m)
{
	if (!h->loading || h->loading->id != m->id)
		return;
	pending_keep(h->loading);
	once_restore(h, m);
}

void load_on_queue(struct home *h, const struct ipc_queue *m)
{
	if (!h->loading || h->loading->id != m->id)
		return;
	pending_keep(h->loading);
	mailbox_add(h, m->aor, true);
}

bool load_hold(struct call *q)
{
	struct home *h = q->home;
	if (h->load == LOAD_DONE || h->load == LOAD_FAILED)
		return false;
	bool first = h->held.len == 0;
	buf_put(&h->held, slice_of(&q->id, sizeof(q->id)));
	if (buf_failed(&h->held)) {
		h->held.failed = false; /* full: what is in it stays */
		return false;
	}
	if (first && h->load == LOAD_WAITING)
		timer_start(&h->load_timer, HOME_HOLD_MS);
	return true;
}
