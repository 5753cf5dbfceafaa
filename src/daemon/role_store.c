/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a process. Writes of one loop turn are one transaction: they
 * are answered after its sync (architecture 3, group commit). Keys are pushed
 * to whoever is wired, and again when they rotate. A database that fails is
 * closed and opened anew; until it is back every request is answered with an
 * error, none is left waiting.
 */
#include "daemon/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/store_answers.h"
#include "daemon/ticket_keys.h"
#include "store/store.h"

enum {
	MS_PER_S = 1000,
	DAY_S = 86400,
	ROTATE_S = DAY_S,
	KEEP_S = 30 * DAY_S,
	UPKEEP_MS = 600 * MS_PER_S,
	REOPEN_MS = 5 * MS_PER_S,
	FAILURES_MAX = 3,
	PATH_MAX_BYTES = 4096
};

struct role_store {
	struct process *process;
	struct store *store; /* NULL while it cannot be opened */
	char path[PATH_MAX_BYTES];
	struct store_answers answers; /* wait for the commit */
	struct turn_hook commit;
	struct timer upkeep;
	struct timer reopen;
	struct buf ring; /* keys as pushed */
	struct ticket_keys tickets;
	struct list peers;
	unsigned failures;
};

struct known_peer {
	struct list node;
	struct proc_id id;
};

static uint64_t now_s(void)
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

static void rotate_tickets(struct role_store *r)
{
	struct loop *l = process_loop(r->process);
	if (!ticket_keys_rotate(&r->tickets, loop_now_ms(l)))
		return;
	LIST_EACH (it, tmp, &r->peers)
		push_tickets(r, &container_of(it, struct known_peer, node)->id);
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
	int err =
		store_keys(r->store, now_s(), ROTATE_S, KEEP_S, on_key, &ring);
	if (!err && buf_failed(&ring))
		err = -ENOMEM;
	if (err || slice_eq(buf_slice(&ring), buf_slice(&r->ring))) {
		wipe_buf(&ring);
		return err;
	}
	wipe_buf(&r->ring);
	r->ring = ring;
	LIST_EACH (it, tmp, &r->peers)
		push_keys(r, &container_of(it, struct known_peer, node)->id);
	return 0;
}

/* ---- opening, and what to do when it fails ---- */

static int open_store(struct role_store *r)
{
	char error[STORE_ERROR_MAX] = "";
	int err = store_open(&r->store, r->path, error);
	if (!err) {
		err = refresh_keys(r);
		if (!err)
			return 0;
		store_close(r->store);
		r->store = NULL;
		snprintf(error, sizeof(error), "keys cannot be read");
	}
	LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("open"),
		    KV_STR("path", r->path), KV_STR("why", error),
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
	LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("commit"),
		    KV_STR("error", strerror(-err)),
		    KV_U64("failures", r->failures));
	store_close(r->store);
	r->store = NULL;
	if (r->failures > FAILURES_MAX || open_store(r) < 0)
		timer_start(&r->reopen, REOPEN_MS);
}

static void on_commit(void *arg)
{
	struct role_store *r = arg;
	int err = 0;
	if (!r->store)
		err = -EIO;
	else if (store_dirty(r->store))
		err = store_commit(r->store);
	store_answers_send(&r->answers, r->process, err);
	if (!err)
		r->failures = 0;
	/* a full disk or a lock passes by itself; the sync does not */
	else if (r->store && err != -ENOSPC && err != -EBUSY && err != -ENOMEM)
		give_up(r, err);
}

static void on_upkeep(struct timer *t, void *arg)
{
	struct role_store *r = arg;
	int err = 0;
	if (r->store)
		err = store_binding_expire(r->store, now_s());
	if (r->store && !err)
		err = refresh_keys(r);
	if (err)
		LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("upkeep"),
			    KV_STR("error", strerror(-err)));
	rotate_tickets(r);
	loop_at_turn_end(process_loop(r->process), &r->commit);
	timer_start(t, UPKEEP_MS);
}

/* ---- requests ---- */

struct reader {
	struct role_store *role;
	const struct proc_id *to;
	uint64_t id;
};

static void on_user(void *arg, const struct store_user *u)
{
	struct reader *rd = arg;
	const struct ipc_user m = { .id = rd->id,
				    .aor = u->aor,
				    .ha1_sha256 = u->ha1_sha256,
				    .ha1_md5 = u->ha1_md5,
				    .disabled = u->disabled,
				    .created_s = u->created_s };
	process_reply(rd->role->process, rd->to, IPC_USER, &m);
}

static void on_binding(void *arg, const struct store_binding *b)
{
	struct reader *rd = arg;
	const struct ipc_binding m = { .id = rd->id,
				       .aor = b->aor,
				       .contact = b->contact,
				       .record = b->record,
				       .expires_s = b->expires_s };
	process_reply(rd->role->process, rd->to, IPC_BINDING, &m);
}

static int user_get(struct reader *rd, const struct ipc_msg *m)
{
	return store_user_get(rd->role->store, m->u.user_get.aor, on_user, rd);
}

static int user_list(struct reader *rd, const struct ipc_msg *m)
{
	(void)m;
	return store_user_each(rd->role->store, on_user, rd);
}

static int user_put(struct reader *rd, const struct ipc_msg *m)
{
	const struct ipc_user_put *p = &m->u.user_put;
	const struct store_user u = { .aor = p->aor,
				      .ha1_sha256 = p->ha1_sha256,
				      .ha1_md5 = p->ha1_md5,
				      .disabled = p->disabled != 0,
				      .created_s = now_s() };
	return store_user_put(rd->role->store, &u, p->mode == USER_REPLACE);
}

static int user_del(struct reader *rd, const struct ipc_msg *m)
{
	return store_user_delete(rd->role->store, m->u.user_del.aor);
}

static int binding_put(struct reader *rd, const struct ipc_msg *m)
{
	const struct ipc_binding_put *p = &m->u.binding_put;
	const struct store_binding b = { .aor = p->aor,
					 .contact = p->contact,
					 .record = p->record,
					 .expires_s = p->expires_s };
	return store_binding_put(rd->role->store, &b);
}

static int binding_del(struct reader *rd, const struct ipc_msg *m)
{
	const struct ipc_binding_del *d = &m->u.binding_del;
	return store_binding_delete(rd->role->store, d->aor, d->contact);
}

static int binding_list(struct reader *rd, const struct ipc_msg *m)
{
	return store_binding_each(rd->role->store, m->u.binding_list.aor,
				  now_s(), on_binding, rd);
}

/* id and the address-of-record that home must forget, when it is a write. */
static uint64_t id_of(const struct ipc_msg *m)
{
	/* every request to the store begins with its id */
	return m->u.user_get.id;
}

static struct slice changed_user(const struct ipc_msg *m)
{
	if (m->type == IPC_USER_PUT)
		return m->u.user_put.aor;
	return m->type == IPC_USER_DEL ? m->u.user_del.aor : SLICE_NONE;
}

/* Who may ask what; a write is answered after the commit. */
static const struct {
	enum ipc_type type;
	uint32_t roles;
	bool writes;
	int (*run)(struct reader *rd, const struct ipc_msg *m);
} requests[] = {
	{ IPC_USER_GET, 1 << PROC_HOME | 1 << PROC_ADMIN, false, user_get },
	{ IPC_USER_LIST, 1 << PROC_ADMIN, false, user_list },
	{ IPC_USER_PUT, 1 << PROC_ADMIN, true, user_put },
	{ IPC_USER_DEL, 1 << PROC_ADMIN, true, user_del },
	{ IPC_BINDING_PUT, 1 << PROC_HOME, true, binding_put },
	{ IPC_BINDING_DEL, 1 << PROC_HOME, true, binding_del },
	{ IPC_BINDING_LIST, 1 << PROC_HOME | 1 << PROC_ADMIN, false,
	  binding_list },
};

static void serve(struct role_store *r, size_t i, const struct proc_id *from,
		  const struct ipc_msg *m)
{
	struct reader rd = { r, from, id_of(m) };
	bool allowed = requests[i].roles & (1U << from->role);
	int err = -EPERM;
	if (allowed)
		err = r->store ? requests[i].run(&rd, m) : -EIO;
	if (err || !requests[i].writes) {
		store_answer_now(r->process, from, rd.id, err);
		return;
	}
	err = store_answers_add(&r->answers, from, rd.id, changed_user(m));
	/* it is staged, and nobody will hear of it: better an error */
	if (err)
		store_answer_now(r->process, from, rd.id, err);
	loop_at_turn_end(process_loop(r->process), &r->commit);
}

static void role_peer_message(void *role, const struct proc_id *from,
			      const struct ipc_msg *m)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].type == m->type)
			serve(role, i, from, m);
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
	store_answers_init(&r->answers);
	buf_init(&r->ring, 0);
	rotate_tickets(r);
	r->commit = (struct turn_hook){ .fn = on_commit, .arg = r };
	timer_init(&r->upkeep, loop_timers(process_loop(p)), on_upkeep, r);
	timer_init(&r->reopen, loop_timers(process_loop(p)), on_reopen, r);
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
	loop_cancel_turn_end(&r->commit);
	if (r->store && store_dirty(r->store))
		store_commit(r->store);
	store_close(r->store);
	store_answers_free(&r->answers);
	wipe_buf(&r->ring);
	ticket_keys_wipe(&r->tickets);
	LIST_EACH (it, tmp, &r->peers)
		free(container_of(it, struct known_peer, node));
	free(r);
}

/* The path is told at the start: nothing here can change by a reload. */
static int role_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	(void)role;
	(void)generation;
	(void)error;
	snapshot_free(snap);
	return 0;
}

static void role_generation(void *role, uint32_t generation)
{
	(void)role;
	(void)generation;
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
	push_keys(r, peer);
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
	.commit = role_generation,
	.abort = role_generation,
	.peer_up = role_peer_up,
	.peer_message = role_peer_message,
	.peer_gone = role_peer_gone,
	.status = role_status,
	.free = role_free,
};
