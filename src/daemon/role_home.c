/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in home as a process: src/home/ and the runtime put together. */
#include "daemon/process.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/conf_map.h"
#include "home/home.h"

enum { MS_PER_S = 1000 };

struct setup {
	struct snapshot *snap;
	struct home_conf conf;
};

struct role_home {
	struct process *process;
	struct home *home;     /* made with the first configuration */
	struct setup *current; /* what home has */
	struct setup *next;    /* prepared */
};

static void setup_free(struct setup *s)
{
	if (!s)
		return;
	snapshot_free(s->snap);
	free(s);
}

static int to_edge(void *arg, uint32_t slot, enum ipc_type type,
		   const void *body)
{
	struct role_home *r = arg;
	return process_send(r->process, PROC_EDGE, slot, type, body);
}

static int to_store(void *arg, enum ipc_type type, const void *body)
{
	struct role_home *r = arg;
	return process_send(r->process, PROC_STORE, 0, type, body);
}

static uint64_t wall_s(void *arg)
{
	(void)arg;
	return loop_wall_ms() / MS_PER_S;
}

static const struct home_ops ops = { to_edge, to_store, wall_s };

static int role_create(void **out, struct process *p)
{
	struct role_home *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->process = p;
	*out = r;
	return 0;
}

static void role_free(void *role)
{
	struct role_home *r = role;
	home_free(r->home);
	setup_free(r->current);
	setup_free(r->next);
	free(r);
}

static int role_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	struct role_home *r = role;
	struct setup *s = calloc(1, sizeof(*s));
	(void)generation;
	(void)error;
	if (!s)
		return -ENOMEM;
	int err = conf_view_home(snap->arena, snap->conf, &s->conf);
	if (!err && !r->home)
		err = home_create(&r->home,
				  loop_timers(process_loop(r->process)),
				  &s->conf, &ops, r);
	if (err) {
		free(s);
		return err;
	}
	s->snap = snap;
	setup_free(r->next);
	r->next = s;
	return 0;
}

static void role_commit(void *role, uint32_t generation)
{
	struct role_home *r = role;
	(void)generation;
	if (!r->next)
		return;
	home_configure(r->home, &r->next->conf);
	setup_free(r->current);
	r->current = r->next;
	r->next = NULL;
}

static void role_abort(void *role, uint32_t generation)
{
	struct role_home *r = role;
	(void)generation;
	if (!r->current) {
		/* it was made with what is given up now */
		home_free(r->home);
		r->home = NULL;
	}
	setup_free(r->next);
	r->next = NULL;
}

/* Channels are wired after the first commit, so home is there below. */

static void role_peer_up(void *role, const struct proc_id *peer)
{
	struct role_home *r = role;
	if (peer->role == PROC_EDGE)
		home_edge_up(r->home, peer);
	else if (peer->role == PROC_STORE)
		home_store_up(r->home);
}

static void role_peer_message(void *role, const struct proc_id *from,
			      const struct ipc_msg *m)
{
	struct role_home *r = role;
	if (from->role == PROC_EDGE)
		home_from_edge(r->home, from, m);
	else if (from->role == PROC_STORE)
		home_from_store(r->home, m);
}

static void role_peer_gone(void *role, const struct proc_id *peer)
{
	struct role_home *r = role;
	if (peer->role == PROC_EDGE)
		home_edge_gone(r->home, peer);
	else if (peer->role == PROC_STORE)
		home_store_gone(r->home);
}

static void role_drain(void *role)
{
	struct role_home *r = role;
	if (r->home)
		home_drain(r->home);
}

static size_t role_busy(const void *role)
{
	const struct role_home *r = role;
	return r->home ? home_busy(r->home) : 0;
}

static void role_status(void *role, role_row_fn row, void *arg)
{
	struct role_home *r = role;
	if (r->home)
		home_status(r->home, row, arg);
}

const struct role_ops role_home_ops = {
	.create = role_create,
	.prepare = role_prepare,
	.commit = role_commit,
	.abort = role_abort,
	.peer_up = role_peer_up,
	.peer_message = role_peer_message,
	.peer_gone = role_peer_gone,
	.drain = role_drain,
	.busy = role_busy,
	.status = role_status,
	.free = role_free,
};
