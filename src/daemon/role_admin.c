/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admin process: src/admin/ and the runtime put together. It maps the
 * metrics pages of all processes, for reading only.
 */
#include "daemon/process.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/admin.h"
#include "base/metrics.h"
#include "daemon/warm.h"

/* One process's page; a page is for life, so it is mapped once. */
struct page {
	struct list node;
	struct sealed map;
};

struct role_admin {
	struct process *process;
	struct admin *admin;
	struct list pages;
	struct snapshot *current;
	struct snapshot *next;
};

static int on_send(void *arg, enum proc_role role, uint32_t slot,
		   enum ipc_type type, const void *body)
{
	struct role_admin *r = arg;
	return process_send(r->process, role, slot, type, body);
}

static int on_send_store_fd(void *arg, enum ipc_type type, const void *body,
			    int fd)
{
	struct role_admin *r = arg;
	const struct proc_id store = { .role = PROC_STORE };
	return process_send_fd(r->process, &store, type, body, fd);
}

static int on_supervisor(void *arg, enum ipc_type type, const void *body)
{
	struct role_admin *r = arg;
	return process_tell_supervisor(r->process, type, body);
}

static const struct admin_ops ops = { on_send, on_send_store_fd,
				      on_supervisor };

static int role_create(void **out, struct process *p)
{
	struct loop *l = process_loop(p);
	struct role_admin *r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	warm_tls(); /* certificates are read in the sandbox */
	r->process = p;
	list_init(&r->pages);
	int err = admin_create(&r->admin, l, loop_timers(l), &ops, r);
	if (err) {
		free(r);
		return err;
	}
	*out = r;
	return 0;
}

static void page_free(struct page *p)
{
	list_remove(&p->node);
	sealed_unmap(&p->map);
	free(p);
}

static void role_free(void *role)
{
	struct role_admin *r = role;
	admin_free(r->admin);
	LIST_EACH (it, tmp, &r->pages)
		page_free(container_of(it, struct page, node));
	snapshot_free(r->current);
	snapshot_free(r->next);
	free(r);
}

static int role_prepare(void *role, uint32_t generation, struct snapshot *snap,
			char error[static ROLE_ERROR_MAX])
{
	struct role_admin *r = role;
	(void)generation;
	(void)error;
	snapshot_free(r->next);
	r->next = snap;
	return 0;
}

static void role_commit(void *role, uint32_t generation)
{
	struct role_admin *r = role;
	(void)generation;
	if (!r->next)
		return;
	admin_conf(r->admin, r->next->conf);
	snapshot_free(r->current);
	r->current = r->next;
	r->next = NULL;
}

static void role_abort(void *role, uint32_t generation)
{
	struct role_admin *r = role;
	(void)generation;
	snapshot_free(r->next);
	r->next = NULL;
}

static int role_listener(void *role, const struct ipc_listener *l, int fd)
{
	struct role_admin *r = role;
	if (l->kind == LISTENER_ADMIN)
		return admin_listen_web(r->admin, l->address, fd);
	if (l->kind == LISTENER_CONTROL)
		return admin_listen(r->admin, fd);
	close(fd);
	return 0;
}

static int map_page(struct page **out, int fd)
{
	struct page *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	int err = sealed_map_page(&p->map.ptr, fd, sizeof(struct metrics_page),
				  false);
	if (err) {
		free(p);
		return err;
	}
	p->map.len = sizeof(struct metrics_page);
	*out = p;
	return 0;
}

/* Without a page its counters are missing in the report, no more. */
static void take_page(struct role_admin *r, const struct ipc_page *m, int fd)
{
	struct page *p = NULL;
	int err = fd < 0 || m->role >= PROC_ROLE_COUNT ? -EBADMSG
						       : map_page(&p, fd);
	if (!err)
		err = admin_page(r->admin, (enum proc_role)m->role, m->slot,
				 p->map.ptr);
	if (!err) {
		list_push_back(&r->pages, &p->node);
		return;
	}
	if (p)
		page_free(p);
	LOG(LOG_WARN, "admin.page_failed", KV_STR("why", strerror(-err)));
}

static void role_told(void *role, const struct ipc_msg *m, int fd)
{
	struct role_admin *r = role;
	if (m->type == IPC_PAGE)
		take_page(r, &m->u.page, fd);
	else
		admin_supervisor(r->admin, m);
	if (fd >= 0)
		close(fd);
}

static void role_peer_up(void *role, const struct proc_id *peer)
{
	struct role_admin *r = role;
	admin_peer_up(r->admin, peer);
}

static void role_peer_message(void *role, const struct proc_id *from,
			      const struct ipc_msg *m)
{
	struct role_admin *r = role;
	admin_message(r->admin, from, m);
}

static void role_peer_gone(void *role, const struct proc_id *peer)
{
	struct role_admin *r = role;
	admin_peer_gone(r->admin, peer);
}

static size_t role_busy(const void *role)
{
	const struct role_admin *r = role;
	return admin_busy(r->admin);
}

const struct role_ops role_admin_ops = {
	.create = role_create,
	.prepare = role_prepare,
	.commit = role_commit,
	.abort = role_abort,
	.listener = role_listener,
	.told = role_told,
	.peer_up = role_peer_up,
	.peer_message = role_peer_message,
	.peer_gone = role_peer_gone,
	.busy = role_busy,
	.free = role_free,
};
