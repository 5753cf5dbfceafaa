/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that wait, as home and the operator ask for them. What was handed
 * to home counts as a bad attempt when home dies before it says that it has
 * survived it: nothing is written for the good ones (MSG-04).
 */
#include "daemon/role_store.h"

#include <errno.h>
#include <stdlib.h>

enum { LOST_AT_ONCE = 100 };

struct handed {
	struct list node;
	uint64_t key;
};

static struct handed *handed_find(struct role_store *r, uint64_t key)
{
	LIST_EACH (it, tmp, &r->handed) {
		struct handed *h = container_of(it, struct handed, node);
		if (h->key == key)
			return h;
	}
	return NULL;
}

static void handed_free(struct handed *h)
{
	if (!h)
		return;
	list_remove(&h->node);
	free(h);
}

void store_mail_forget(struct role_store *r)
{
	LIST_EACH (it, tmp, &r->handed)
		handed_free(container_of(it, struct handed, node));
}

/* Told once in each direction (STO-02). */
static bool disk_full(struct role_store *r)
{
	bool full = store_space_low(r->store);
	if (full != r->full)
		LOG(full ? LOG_ERROR : LOG_INFO,
		    full ? "store.full" : "store.ok", KV_STR("path", r->path));
	r->full = full;
	return full;
}

int store_mail_put(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_message_put *p = &m->u.message_put;
	const struct store_message row = { .aor = p->aor,
					   .mark = p->mark,
					   .sender = p->sender,
					   .origin = p->origin,
					   .bytes = p->bytes,
					   .notify = p->notify != 0,
					   .stored_s = role_store_now_s(),
					   .expires_s = p->expires_s };
	if (disk_full(rd->role))
		return -ENOSPC;
	return store_message_put(rd->role->store, &row, &rd->role->limits,
				 p->mark_until_s);
}

static int hand_out(struct role_store *r, uint64_t key)
{
	struct handed *h = handed_find(r, key);
	if (h)
		return 0;
	h = calloc(1, sizeof(*h));
	if (!h)
		return -ENOMEM;
	h->key = key;
	list_push_back(&r->handed, &h->node);
	return 0;
}

static void on_next(void *arg, const struct store_message *m)
{
	struct store_reader *rd = arg;
	const struct ipc_message out = { .id = rd->id,
					 .key = m->id,
					 .bytes = m->bytes };
	if (!hand_out(rd->role, m->id))
		process_reply(rd->role->process, rd->to, IPC_MESSAGE, &out);
}

int store_mail_next(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_message_next *n = &m->u.message_next;
	return store_message_next(rd->role->store, n->aor, n->after,
				  role_store_now_s(), on_next, rd);
}

int store_mail_del(struct store_reader *rd, const struct ipc_msg *m)
{
	uint64_t key = m->u.message_del.key;
	handed_free(handed_find(rd->role, key));
	return store_message_delete(rd->role->store, key);
}

int store_mail_taken(struct store_reader *rd, const struct ipc_msg *m)
{
	handed_free(handed_find(rd->role, m->u.message_taken.key));
	return 0;
}

static int failed(struct role_store *r, uint64_t key)
{
	bool aside = false;
	int err = store_message_failed(r->store, key, &aside);
	if (!err && aside)
		LOG(LOG_ERROR, "msg.quarantined", KV_U64("id", key));
	return err;
}

int store_mail_bad(struct store_reader *rd, const struct ipc_msg *m)
{
	uint64_t key = m->u.message_bad.key;
	handed_free(handed_find(rd->role, key));
	return failed(rd->role, key);
}

void store_mail_home_gone(struct role_store *r)
{
	while (!list_empty(&r->handed)) {
		struct handed *h =
			container_of(list_pop(&r->handed), struct handed, node);
		if (r->store)
			(void)failed(r, h->key);
		handed_free(h);
	}
	role_store_commit(r);
}

static void on_info(void *arg, const struct store_message *m)
{
	struct store_reader *rd = arg;
	const struct ipc_message_info out = { .id = rd->id,
					      .key = m->id,
					      .sender = m->sender,
					      .size = m->size,
					      .stored_s = m->stored_s,
					      .expires_s = m->expires_s,
					      .state = (uint8_t)m->state,
					      .attempts = m->attempts };
	process_reply(rd->role->process, rd->to, IPC_MESSAGE_INFO, &out);
}

int store_mail_list(struct store_reader *rd, const struct ipc_msg *m)
{
	return store_message_each(rd->role->store, m->u.message_list.aor,
				  on_info, rd);
}

int store_mail_drop(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_message_drop *d = &m->u.message_drop;
	return store_message_drop(rd->role->store, d->aor, d->key);
}

static void on_queue(void *arg, const struct store_queue *q)
{
	struct store_reader *rd = arg;
	const struct ipc_queue out = { .id = rd->id,
				       .aor = q->aor,
				       .count = q->count,
				       .bytes = q->bytes,
				       .oldest_s = q->oldest_s };
	process_reply(rd->role->process, rd->to, IPC_QUEUE, &out);
}

int store_mail_queues(struct store_reader *rd, const struct ipc_msg *m)
{
	(void)m;
	return store_message_queues(rd->role->store, on_queue, rd);
}

int store_mail_mark(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_mark_put *p = &m->u.mark_put;
	role_store_commit_later(rd->role);
	return store_mark_put(rd->role->store, p->mark, p->status, p->until_s);
}

static void on_mark(void *arg, struct slice mark, uint16_t status,
		    uint64_t until_s)
{
	struct store_reader *rd = arg;
	const struct ipc_mark out = {
		.id = rd->id, .mark = mark, .status = status, .until_s = until_s
	};
	process_reply(rd->role->process, rd->to, IPC_MARK, &out);
}

int store_mail_marks(struct store_reader *rd, const struct ipc_msg *m)
{
	(void)m;
	return store_mark_each(rd->role->store, role_store_now_s(), on_mark,
			       rd);
}

static void on_lost(void *arg, const struct store_message *m)
{
	struct role_store *r = arg;
	const struct ipc_message_lost out = { .key = m->id,
					      .aor = m->aor,
					      .bytes = m->bytes };
	process_send(r->process, PROC_HOME, 0, IPC_MESSAGE_LOST, &out);
}

int store_mail_tell_lost(struct role_store *r)
{
	if (r->full)
		(void)disk_full(r); /* there may be room again */
	return store_message_lost(r->store, LOST_AT_ONCE, on_lost, r);
}
