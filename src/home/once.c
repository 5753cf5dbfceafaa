/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same MESSAGE again (same sender, Call-ID, CSeq, From tag and target) is
 * delivered once and answered alike, for 64 seconds after the answer (SIP-31);
 * the store remembers it over our own restart.
 * A request is noted when its sender is proven and its user exists: nobody can
 * spoil another's message.
 */
#include <errno.h>
#include <stdlib.h>

#include "home/home_int.h"

struct once {
	struct map_node node;
	struct list order;
	struct home *home;
	struct timer timer;
	uint8_t key[SHA256_BYTES];
	uint64_t owner;     /* the request that is delivered */
	uint16_t status;    /* 0: not answered yet */
	struct buf waiting; /* ids of the others */
};

int once_init(struct home *h)
{
	list_init(&h->once_order);
	return map_init(&h->once);
}

static void forget(struct once *o)
{
	timer_stop(&o->timer);
	list_remove(&o->order);
	map_remove(&o->home->once, &o->node);
	buf_free(&o->waiting);
	free(o);
}

void once_free(struct home *h)
{
	if (h->once.slots)
		LIST_EACH (it, tmp, &h->once_order)
			forget(container_of(it, struct once, order));
	map_free(&h->once);
}

static void answer(struct call *q, uint16_t status)
{
	struct sip_reply reply = { .status = status };
	proxy_reply(q->r, &reply);
}

/* Those who waited are answered outside of the call that settled it. */
static void on_timer(struct timer *t, void *arg)
{
	struct once *o = arg;
	struct buf ids = o->waiting;
	if (!o->status || !ids.len) {
		forget(o);
		return;
	}
	buf_init(&o->waiting, 0);
	timer_start(t, HOME_ONCE_MS);
	struct home *h = o->home;
	uint16_t status = o->status;
	for (size_t at = 0; at < ids.len; at += sizeof(uint64_t)) {
		uint64_t id;
		memcpy(&id, ids.ptr + at, sizeof(id));
		struct call *q = call_find(h, id);
		if (q)
			answer(q, status);
	}
	buf_free(&ids);
}

static int key_of(const struct call *q, uint8_t out[static SHA256_BYTES])
{
	const struct sip_msg *m = q->msg;
	struct buf b;
	buf_init(&b, 0);
	const struct slice parts[] = { slice_str(q->from_aor), m->from_tag,
				       m->call_id, m->uri.text, m->to_tag };
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		buf_u32(&b, (uint32_t)parts[i].len);
		buf_put(&b, parts[i]);
	}
	buf_u32(&b, m->cseq);
	struct slice all = buf_slice(&b);
	int err = buf_failed(&b) ? -ENOMEM : crypto_sha256(&all, 1, out);
	buf_free(&b);
	return err;
}

static struct once *note(struct home *h, uint64_t owner,
			 const uint8_t key[SHA256_BYTES])
{
	if (h->once.count >= HOME_ONCE_MAX)
		forget(container_of(h->once_order.next, struct once, order));
	struct once *o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->home = h;
	o->owner = owner;
	memcpy(o->key, key, sizeof(o->key));
	if (map_insert(&h->once, &o->node, slice_of(o->key, sizeof(o->key)))) {
		free(o);
		return NULL;
	}
	list_push_back(&h->once_order, &o->order);
	buf_init(&o->waiting, 0);
	timer_init(&o->timer, h->timers, on_timer, o);
	timer_start(&o->timer, HOME_ONCE_MS);
	return o;
}

static struct once *find(struct home *h, const uint8_t key[SHA256_BYTES])
{
	struct map_node *n = map_find(&h->once, slice_of(key, SHA256_BYTES));
	return n ? container_of(n, struct once, node) : NULL;
}

bool once_admit(struct call *q)
{
	uint8_t key[SHA256_BYTES];
	if (q->msg->method != SIP_MESSAGE)
		return true;
	if (key_of(q, key)) {
		call_refuse(q, &home_rej_overload);
		return false;
	}
	struct once *o = find(q->home, key);
	if (!o) {
		o = note(q->home, q->id, key);
		if (!o)
			call_refuse(q, &home_rej_overload);
		else
			memcpy(q->once_key, key, sizeof(key));
		return o != NULL;
	}
	if (o->status) {
		answer(q, o->status);
		return false;
	}
	buf_put(&o->waiting, slice_of(&q->id, sizeof(q->id)));
	if (buf_failed(&o->waiting)) {
		o->waiting.failed = false;
		call_refuse(q, &home_rej_overload);
	}
	return false;
}

/* Success is remembered beyond our own life; 202 the store notes itself. */
static void remember(struct home *h, const struct once *o)
{
	const struct ipc_mark_put put = {
		.mark = slice_of(o->key, sizeof(o->key)),
		.status = o->status,
		.until_s = h->ops.wall_s(h->arg) + HOME_ONCE_MS / 1000,
	};
	if (o->status / 100 == 2 && o->status != 202)
		(void)h->ops.to_store(h->arg, IPC_MARK_PUT, &put);
}

void once_restore(struct home *h, const struct ipc_mark *m)
{
	uint64_t now_s = h->ops.wall_s(h->arg);
	if (m->mark.len != SHA256_BYTES || m->until_s <= now_s ||
	    find(h, m->mark.ptr))
		return;
	struct once *o = note(h, 0, m->mark.ptr);
	if (!o)
		return; /* once more is better than never */
	o->status = m->status;
	timer_start(&o->timer, (m->until_s - now_s) * 1000);
}

void once_settle(struct call *q, uint16_t status)
{
	struct once *o = find(q->home, q->once_key);
	if (!o || o->owner != q->id || o->status)
		return;
	o->status = status;
	remember(q->home, o);
	timer_start(&o->timer, o->waiting.len ? 0 : HOME_ONCE_MS);
}
