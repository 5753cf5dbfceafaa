/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a process. Writes of one loop turn are one transaction: they
 * are answered after its sync (architecture 3, group commit). Keys are pushed
 * to whoever is wired, and again when they rotate. A database that fails is
 * closed and opened anew; until it is back every request is answered with an
 * error, none is left waiting.
 */
#include "daemon/role_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "conf/conf_views.h"
#include "store/partners.h"
#include "store/presence.h"

enum {
	MS_PER_S = 1000,
	DAY_S = 86400,
	ROTATE_S = DAY_S,
	KEEP_S = 30 * DAY_S,
	UPKEEP_MS = 30 * MS_PER_S,
	LAZY_MS = MS_PER_S,
	REOPEN_MS = 5 * MS_PER_S,
	FAILURES_MAX = 3
};

struct known_peer {
	struct list node;
	struct proc_id id;
};

uint64_t role_store_now_s(void)
{
	return loop_wall_ms() / MS_PER_S;
}

/* ---- keys ---- */

static void on_key(void *arg, const struct store_key *k)
{
	struct buf *ring = arg;
	buf_u8(ring, k->id);
	buf_put(ring, slice_of(k->key, sizeof(k->key)));
}

static void push_tickets(struct role_store *r, const struct proc_id *to)
{
	const struct ipc_tickets m = { ticket_keys_ring(&r->tickets) };
	if (to->role == PROC_EDGE && m.ring.len)
		process_reply(r->process, to, IPC_TICKETS, &m);
}

const struct proc_id *role_store_peer(struct list *node)
{
	return &container_of(node, struct known_peer, node)->id;
}

void role_store_each_peer(struct role_store *r,
			  void (*fn)(struct role_store *r,
				     const struct proc_id *to))
{
	LIST_EACH (it, tmp, &r->peers)
		fn(r, &container_of(it, struct known_peer, node)->id);
}

static void rotate_tickets(struct role_store *r)
{
	struct loop *l = process_loop(r->process);
	if (!ticket_keys_rotate(&r->tickets, loop_now_ms(l)))
		return;
	role_store_each_peer(r, push_tickets);
}

/* A worker opens its listeners when it has the keys: tickets go first. */
static void push_keys(struct role_store *r, const struct proc_id *to)
{
	push_tickets(r, to);
	const struct ipc_keys keys = { .ring = buf_slice(&r->ring) };
	if (r->ring.len > 0)
		process_reply(r->process, to, IPC_KEYS, &keys);
}

static void wipe_buf(struct buf *b)
{
	if (b->ptr)
		crypto_wipe(b->ptr, b->cap);
	buf_free(b);
}

/* Reads the keys, which makes a new one when it is time; tells all when they
 * are not what they were. */
static int refresh_keys(struct role_store *r)
{
	struct buf ring;
	buf_init(&ring, 0);
	int err = store_keys(r->store, role_store_now_s(), ROTATE_S, KEEP_S,
			     on_key, &ring);
	if (!err && buf_failed(&ring))
		err = -ENOMEM;
	if (err || slice_eq(buf_slice(&ring), buf_slice(&r->ring))) {
		wipe_buf(&ring);
		return err;
	}
	wipe_buf(&r->ring);
	r->ring = ring;
	role_store_each_peer(r, push_keys);
	return 0;
}

/* ---- opening, and what to do when it fails ---- */

/* What is pushed to the others is read at once. */
static int open_store(struct role_store *r)
{
	int err = role_store_open(r);
	if (!err)
		err = refresh_keys(r);
	if (!err)
		err = store_secrets_load(r);
	if (!err)
		role_store_each_peer(r, store_partners_push);
	if (!err || !r->store)
		return err;
	store_close(r->store);
	r->store = NULL;
	LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("keys"),
		    KV_STR("path", r->path),
		    KV_STR("why", "keys cannot be read"),
		    KV_STR("error", strerror(-err)));
	return err;
}

static void on_reopen(struct timer *t, void *arg)
{
	struct role_store *r = arg;
	if (!r->store && open_store(r) < 0) {
		timer_start(t, REOPEN_MS);
		return;
	}
	LOG(LOG_INFO, "store.open", KV_STR("path", r->path));
}

/* Nothing that is staged is kept. */
static void give_up(struct role_store *r, int err)
{
	r->failures++;
	r->damaged = false;
	LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("commit"),
		    KV_STR("error", strerror(-err)),
		    KV_U64("failures", r->failures));
	store_close(r->store);
	r->store = NULL;
	if (r->failures > FAILURES_MAX || open_store(r) < 0)
		timer_start(&r->reopen, REOPEN_MS);
}

void role_store_commit_now(struct role_store *r)
{
	int err = 0;
	if (!r->store)
		err = -EIO;
	else if (store_dirty(r->store))
		err = store_commit(r->store);
	store_answers_send(&r->answers, r->process, err);
	if (!err && r->store && r->damaged)
		err = -EBADMSG;
	if (!err)
		r->failures = 0;
	/* a full disk or a lock passes by itself; the sync does not */
	else if (r->store && err != -ENOSPC && err != -EBUSY && err != -ENOMEM)
		give_up(r, err);
}

static void on_commit(void *arg)
{
	role_store_commit_now(arg);
}

void role_store_commit(struct role_store *r)
{
	loop_at_turn_end(process_loop(r->process), &r->commit);
}

void role_store_commit_later(struct role_store *r)
{
	if (!timer_running(&r->lazy))
		timer_start(&r->lazy, LAZY_MS);
}

static void on_lazy(struct timer *t, void *arg)
{
	(void)t;
	role_store_commit(arg);
}

static int clean(struct store *s)
{
	uint64_t now_s = role_store_now_s(), gone = 0;
	int err = store_binding_expire(s, now_s);
	if (!err)
		err = store_message_expire(s, now_s, &gone);
	if (gone)
		LOG(LOG_INFO, "msg.expired", KV_U64("messages", gone));
	if (!err)
		err = store_soft_expire(s, now_s);
	if (!err)
		err = store_ban_expire(s, now_s);
	return err ? err : store_mark_expire(s, now_s);
}

static void on_upkeep(struct timer *t, void *arg)
{
	struct role_store *r = arg;
	int err = 0;
	if (r->store)
		err = clean(r->store);
	if (r->store && !err)
		err = refresh_keys(r);
	if (r->store && !err)
		err = store_mail_tell_lost(r);
	if (err)
		LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("upkeep"),
			    KV_STR("error", strerror(-err)));
	rotate_tickets(r);
	role_store_check(r);
	role_store_commit(r);
	timer_start(t, UPKEEP_MS);
}

/* ---- what others are told of changes ---- */

/* Home keeps users and contacts, relays the keys of users. */
static void tell(void *arg, const struct store_change *c)
{
	struct role_store *r = arg;
	const struct ipc_user_changed user = { .aor = c->aor, .gone = c->gone };
	const struct ipc_contact_changed contact = { .owner = c->aor };
	bool is_user = c->type == IPC_USER_CHANGED;
	const void *body = is_user ? (const void *)&user : &contact;
	LIST_EACH (it, tmp, &r->peers) {
		const struct proc_id *to = role_store_peer(it);
		if (to->role == PROC_HOME ||
		    (to->role == PROC_RELAY && is_user))
			process_reply(r->process, to, c->type, body);
	}
}

/* ---- life ---- */

static int role_create(void **out, struct process *p)
{
	struct role_store *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->process = p;
	list_init(&r->peers);
	list_init(&r->handed);
	store_answers_init(&r->answers, tell, r);
	buf_init(&r->ring, 0);
	rotate_tickets(r);
	int err = hasher_create(&r->hasher);
	if (err) {
		free(r);
		return err;
	}
	store_copying_init(r);
	r->checked_ms = loop_now_ms(process_loop(p));
	r->commit = (struct turn_hook){ .fn = on_commit, .arg = r };
	timer_init(&r->upkeep, loop_timers(process_loop(p)), on_upkeep, r);
	timer_init(&r->reopen, loop_timers(process_loop(p)), on_reopen, r);
	timer_init(&r->lazy, loop_timers(process_loop(p)), on_lazy, r);
	snprintf(r->path, sizeof(r->path), "%s/sallyport.db",
		 process_boot(p)->path);
	*out = r;
	return 0;
}

static int role_begin(void *role)
{
	struct role_store *r = role;
	timer_start(&r->upkeep, UPKEEP_MS);
	return open_store(r);
}

static void role_free(void *role)
{
	struct role_store *r = role;
	timer_stop(&r->upkeep);
	timer_stop(&r->reopen);
	timer_stop(&r->lazy);
	store_mail_forget(r);
	store_copying_forget(r);
	loop_cancel_turn_end(&r->commit);
	if (r->store && store_dirty(r->store))
		store_commit(r->store);
	store_close(r->store);
	store_answers_free(&r->answers);
	wipe_buf(&r->ring);
	ticket_keys_wipe(&r->tickets);
	store_secrets_forget(r);
	LIST_EACH (it, tmp, &r->peers)
		free(container_of(it, struct known_peer, node));
	free(r);
}

/* The path is told at the start; what may change are the quotas. */
static int role_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	struct role_store *r = role;
	(void)generation;
	(void)error;
	conf_view_store(snap->conf, &r->next_limits);
	r->next_edge_mints = !snap->conf->inside.builtin;
	snapshot_free(snap);
	return 0;
}

static void role_commit(void *role, uint32_t generation)
{
	struct role_store *r = role;
	(void)generation;
	r->limits = r->next_limits;
	r->edge_mints = r->next_edge_mints;
}

static void role_abort(void *role, uint32_t generation)
{
	struct role_store *r = role;
	(void)generation;
	r->next_limits = r->limits;
}

static void role_peer_up(void *role, const struct proc_id *peer)
{
	struct role_store *r = role;
	struct known_peer *k = calloc(1, sizeof(*k));
	if (!k) {
		process_fail(r->process, "out of memory for a peer");
		return;
	}
	k->id = *peer;
	list_push_back(&r->peers, &k->node);
	store_partners_push(r, peer); /* before it may accept anybody */
	push_keys(r, peer);
	store_secrets_push(r, peer);
}

static void role_peer_gone(void *role, const struct proc_id *peer)
{
	struct role_store *r = role;
	LIST_EACH (it, tmp, &r->peers) {
		struct known_peer *k =
			container_of(it, struct known_peer, node);
		if (k->id.role != peer->role || k->id.slot != peer->slot)
			continue;
		list_remove(&k->node);
		free(k);
	}
	if (peer->role == PROC_HOME)
		store_mail_home_gone(r);
}

static void role_status(void *role, role_row_fn row, void *arg)
{
	struct role_store *r = role;
	struct buf pairs;
	buf_init(&pairs, 0);
	ipc_pair_put(&pairs, "database", slice_str(r->path));
	ipc_pair_put(&pairs, "state", slice_str(r->store ? "open" : "failed"));
	if (!buf_failed(&pairs))
		row(arg, "store", buf_slice(&pairs));
	buf_free(&pairs);
}

const struct role_ops role_store_ops = {
	.create = role_create,
	.begin = role_begin,
	.prepare = role_prepare,
	.commit = role_commit,
	.abort = role_abort,
	.peer_up = role_peer_up,
	.peer_message = store_request,
	.peer_fd = store_request_fd,
	.peer_gone = role_peer_gone,
	.status = role_status,
	.free = role_free,
};
