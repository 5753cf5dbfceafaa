/* SPDX-License-Identifier: Apache-2.0 */
/* Rulings about partners, their tallies, and bans: pushed to every worker as
 * soon as they are on the disk, and to admin, which explains. */
#include "daemon/role_store.h"

#include <errno.h>

#include "store/partners.h"

static bool judges(const struct proc_id *to)
{
	return to->role == PROC_EDGE || to->role == PROC_ADMIN;
}

static void push_ruling(void *arg, struct slice domain, uint8_t ruling)
{
	struct store_reader *rd = arg;
	const struct ipc_ruling m = { .ruling = ruling, .domain = domain };
	process_reply(rd->role->process, rd->to, IPC_RULING, &m);
}

static void push_ban(void *arg, const struct store_ban *b)
{
	struct store_reader *rd = arg;
	const struct ipc_ban m = { .id = rd->id,
				   .until_s = b->until_s,
				   .address = b->address };
	process_reply(rd->role->process, rd->to, IPC_BAN, &m);
}

/* One that holds more than the store does is told to forget first. */
void store_partners_push(struct role_store *r, const struct proc_id *to)
{
	struct store_reader rd = { r, to, 0 };
	const struct store_ban none = { .until_s = 0 };
	if (!r->store || !judges(to))
		return;
	push_ruling(&rd, SLICE_NONE, 0);
	int err = store_ruling_each(r->store, push_ruling, &rd);
	if (!err && to->role == PROC_EDGE) {
		push_ban(&rd, &none);
		err = store_ban_each(r->store, role_store_now_s(), push_ban,
				     &rd);
	}
	if (err)
		LOG_LIMITED(LOG_ERROR, "store.failed", SLICE_LIT("rulings"),
			    KV_STR("error", strerror(-err)));
}

int store_partners_rule(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_ruling_put *p = &m->u.ruling_put;
	int err = store_ruling_put(rd->role->store, p->domain, p->ruling);
	if (err)
		return err;
	LIST_EACH (it, tmp, &rd->role->peers) {
		const struct proc_id *to = role_store_peer(it);
		struct store_reader one = { rd->role, to, 0 };
		if (judges(to))
			push_ruling(&one, p->domain, p->ruling);
	}
	return 0;
}

static void on_tally(void *arg, const struct store_tally *t)
{
	struct store_reader *rd = arg;
	const struct ipc_tally m = { .id = rd->id,
				     .state = t->state,
				     .addresses = t->addresses };
	process_reply(rd->role->process, rd->to, IPC_TALLY, &m);
}

int store_partners_tally(struct store_reader *rd, const struct ipc_msg *m)
{
	return store_tally_get(rd->role->store, m->u.tally_get.domain, on_tally,
			       rd);
}

int store_partners_tally_set(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_tally_put *p = &m->u.tally_put;
	const struct store_tally t = { .domain = p->domain,
				       .state = p->state,
				       .addresses = p->addresses };
	role_store_commit_later(rd->role);
	return store_tally_put(rd->role->store, &t);
}

int store_partners_ban(struct store_reader *rd, const struct ipc_msg *m)
{
	const struct ipc_ban_put *p = &m->u.ban_put;
	const struct store_ban b = { .address = p->address,
				     .until_s = p->until_s };
	int err = store_ban_put(rd->role->store, &b);
	if (err)
		return err;
	LIST_EACH (it, tmp, &rd->role->peers) {
		const struct proc_id *to = role_store_peer(it);
		struct store_reader one = { rd->role, to, 0 };
		if (to->role == PROC_EDGE)
			push_ban(&one, &b);
	}
	return 0;
}

int store_partners_bans(struct store_reader *rd, const struct ipc_msg *m)
{
	(void)m;
	return store_ban_each(rd->role->store, role_store_now_s(), push_ban,
			      rd);
}
