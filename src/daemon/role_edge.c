/* SPDX-License-Identifier: Apache-2.0 */
/* An edge worker as a process: src/edge/ and the runtime put together. */
#include "daemon/process.h"

#include <errno.h>
#include <stdlib.h>

#include "daemon/conf_map.h"
#include "daemon/warm.h"
#include "edge/edge.h"

struct role_edge {
	struct process *process;
	struct edge *edge;
};

static int on_send(void *arg, enum proc_role role, uint32_t slot,
		   enum ipc_type type, const void *body)
{
	struct role_edge *r = arg;
	return process_send(r->process, role, slot, type, body);
}

static int on_send_fd(void *arg, enum proc_role role, uint32_t slot,
		      enum ipc_type type, const void *body, int fd)
{
	struct role_edge *r = arg;
	const struct proc_id to = { .role = role, .slot = slot };
	return process_send_fd(r->process, &to, type, body, fd);
}

static const struct edge_ops ops = { on_send, on_send_fd };

static int role_create(void **out, struct process *p)
{
	const struct proc_id *id = &process_boot(p)->id;
	struct role_edge *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	warm_tls();
	r->process = p;
	int err = edge_create(&r->edge, process_loop(p), id->slot,
			      id->incarnation, &ops, r);
	if (err) {
		free(r);
		return err;
	}
	*out = r;
	return 0;
}

static void role_free(void *role)
{
	struct role_edge *r = role;
	edge_free(r->edge);
	free(r);
}

static int role_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	struct role_edge *r = role;
	struct edge_setup *setup = NULL;
	int err = edge_setup_create(&setup, snap);
	if (err)
		return err;
	err = edge_prepare(r->edge, generation, &setup->conf,
			   edge_setup_release, setup, error);
	if (err) {
		/* the snapshot stays the caller's */
		setup->snap = NULL;
		edge_setup_release(setup);
	}
	return err;
}

static void role_commit(void *role, uint32_t generation)
{
	struct role_edge *r = role;
	edge_commit(r->edge, generation);
}

static void role_abort(void *role, uint32_t generation)
{
	struct role_edge *r = role;
	edge_abort(r->edge, generation);
}

static int role_listener(void *role, const struct ipc_listener *l, int fd)
{
	struct role_edge *r = role;
	return edge_listener(r->edge, l->generation,
			     (enum listener_kind)l->kind, l->address, fd);
}

static void role_peer_up(void *role, const struct proc_id *peer)
{
	struct role_edge *r = role;
	edge_peer_up(r->edge, peer);
}

static void role_peer_message(void *role, const struct proc_id *from,
			      const struct ipc_msg *m)
{
	struct role_edge *r = role;
	edge_message(r->edge, from, m);
}

static void role_peer_gone(void *role, const struct proc_id *peer)
{
	struct role_edge *r = role;
	edge_peer_gone(r->edge, peer);
}

static void role_drain(void *role)
{
	struct role_edge *r = role;
	edge_drain(r->edge);
}

static size_t role_busy(const void *role)
{
	const struct role_edge *r = role;
	return edge_busy(r->edge);
}

static void role_status(void *role, role_row_fn row, void *arg)
{
	struct role_edge *r = role;
	edge_status(r->edge, row, arg);
}

const struct role_ops role_edge_ops = {
	.create = role_create,
	.prepare = role_prepare,
	.commit = role_commit,
	.abort = role_abort,
	.listener = role_listener,
	.peer_up = role_peer_up,
	.peer_message = role_peer_message,
	.peer_gone = role_peer_gone,
	.drain = role_drain,
	.busy = role_busy,
	.status = role_status,
	.free = role_free,
};
