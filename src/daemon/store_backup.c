/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backup while the store serves: a piece a turn, each after a commit, and as
 * long a rest after it as it took, so that requests get half of the time. The
 * operator's command asks how far it is, by its number.
 */
#include <errno.h>
#include <unistd.h>

#include "daemon/role_store.h"

enum { US_PER_MS = 1000 };

static void forget_fd(struct store_copying *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static void finished(struct role_store *r, int err)
{
	struct store_copying *c = &r->copying;
	forget_fd(c);
	c->err = err;
	if (err)
		LOG(LOG_ERROR, "store.backup_failed",
		    KV_STR("why", strerror(-err)));
	else
		LOG(LOG_INFO, "store.backup",
		    KV_U64("bytes", c->progress.total_bytes));
}

static void on_piece(struct timer *t, void *arg)
{
	struct role_store *r = arg;
	uint64_t began = loop_clock_us();
	role_store_commit_now(r);
	int err = r->store ? store_backup_step(r->store, &r->copying.progress)
			   : -EIO;
	if (err == -EAGAIN || err == -EBUSY)
		timer_start(t, 1 + (loop_clock_us() - began) / US_PER_MS);
	else
		finished(r, err);
}

static void tell(struct store_reader *rd)
{
	const struct store_copying *c = &rd->role->copying;
	const struct ipc_backup_state m = {
		.id = rd->id,
		.number = c->number,
		.running = c->fd >= 0,
		.done = c->progress.done_bytes,
		.total = c->progress.total_bytes,
	};
	process_reply(rd->role->process, rd->to, IPC_BACKUP_STATE, &m);
}

int store_copying_begin(struct store_reader *rd, const struct ipc_msg *m)
{
	struct role_store *r = rd->role;
	struct store_copying *c = &r->copying;
	(void)m;
	if (c->fd >= 0)
		return -EBUSY;
	int err = store_backup_begin(r->store, r->passed);
	if (err)
		return err;
	c->fd = r->passed;
	r->passed = -1;
	/* never that of a store before this one */
	c->number = c->number ? c->number + 1 : loop_wall_ms();
	c->err = 0;
	c->progress = (struct store_progress){ 0, 0 };
	timer_start(&c->piece, 0);
	tell(rd);
	return 0;
}

int store_copying_get(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct store_copying *c = &rd->role->copying;
	if (!c->number || m->u.backup_get.number != c->number)
		return -ENOENT;
	if (c->err)
		return c->err;
	tell(rd);
	return 0;
}

void store_request_fd(void *role, const struct proc_id *from,
		      const struct ipc_msg *m, int fd)
{
	struct role_store *r = role;
	r->passed = fd;
	store_request(role, from, m);
	if (r->passed >= 0)
		close(r->passed);
	r->passed = -1;
}

void store_copying_init(struct role_store *r)
{
	r->passed = -1;
	r->copying.fd = -1;
	timer_init(&r->copying.piece, loop_timers(process_loop(r->process)),
		   on_piece, r);
}

void store_copying_forget(struct role_store *r)
{
	timer_stop(&r->copying.piece);
	if (r->store)
		store_backup_end(r->store);
	forget_fd(&r->copying);
}
