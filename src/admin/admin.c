/* SPDX-License-Identifier: Apache-2.0 */
/* The admin process's life, the processes it knows, and whose message belongs
 * to which request. */
#include "admin/admin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "access/rulings.h"
#include "admin/json.h"
#include "admin/listen.h"
#include "admin/web.h"

int admin_create(struct admin **out, struct loop *l, struct timers *timers,
		 const struct admin_ops *ops, void *arg)
{
	struct admin *a = calloc(1, sizeof(*a));
	if (!a)
		return -ENOMEM;
	json_wipe_memory();
	a->loop = l;
	a->timers = timers;
	a->ops = *ops;
	a->arg = arg;
	list_init(&a->neighbours);
	list_init(&a->requests);
	list_init(&a->sessions);
	listen_init(a);
	expiry_init(&a->expiry, timers);
	endings_init(&a->endings, timers);
	audit_init(&a->audit);
	int err = access_rulings_create(&a->rulings);
	if (!err)
		err = history_init(&a->history, a, timers);
	if (!err)
		err = web_create(&a->web, a);
	if (err) {
		admin_free(a);
		return err;
	}
	*out = a;
	return 0;
}

void admin_free(struct admin *a)
{
	if (!a)
		return;
	listen_close(a);
	web_free(a->web);
	history_free(&a->history);
	expiry_free(&a->expiry);
	endings_free(&a->endings);
	LIST_EACH (it, tmp, &a->sessions)
		session_close_at(it);
	LIST_EACH (it, tmp, &a->requests)
		ctl_request_free(container_of(it, struct request, node));
	LIST_EACH (it, tmp, &a->neighbours)
		free(container_of(it, struct neighbour, node));
	access_rulings_free(a->rulings);
	audit_free(&a->audit);
	free(a);
}

void admin_conf(struct admin *a, const struct conf *conf)
{
	a->conf = conf;
	if (conf && conf->generation > a->generation)
		a->generation = conf->generation;
	if (!conf)
		return;
	expiry_set(&a->expiry, conf);
	endings_set(&a->endings, conf);
	web_conf(a->web, conf);
}

size_t admin_busy(const struct admin *a)
{
	size_t n = 0;
	for (const struct list *it = a->requests.next; it != &a->requests;
	     it = it->next)
		n++;
	return n;
}

/* ---- processes ---- */

static bool before(const struct neighbour *n, enum proc_role role,
		   uint32_t slot)
{
	return n->role < role || (n->role == role && n->slot < slot);
}

struct neighbour *neighbour_find(const struct admin *a, enum proc_role role,
				 uint32_t slot)
{
	for (struct list *it = a->neighbours.next; it != &a->neighbours;
	     it = it->next) {
		struct neighbour *n = container_of(it, struct neighbour, node);
		if (n->role == role && n->slot == slot)
			return n;
	}
	return NULL;
}

/* The one of that role and slot, made when it is new. NULL: out of memory, or
 * no process can have such numbers. */
static struct neighbour *neighbour_get(struct admin *a, unsigned role,
				       uint32_t slot)
{
	struct neighbour *n = neighbour_find(a, (enum proc_role)role, slot);
	if (n)
		return n;
	if (role >= PROC_ROLE_COUNT || slot >= SLOTS_MAX)
		return NULL;
	n = calloc(1, sizeof(*n));
	if (!n)
		return NULL;
	n->role = (enum proc_role)role;
	n->slot = slot;
	struct list *at = a->neighbours.next;
	while (at != &a->neighbours &&
	       before(container_of(at, struct neighbour, node), n->role, slot))
		at = at->next;
	list_push_back(at, &n->node); /* before it */
	return n;
}

const char *neighbour_name(enum proc_role role, uint32_t slot,
			   char out[static NEIGHBOUR_NAME_MAX])
{
	if (role == PROC_EDGE || role == PROC_RELAY)
		snprintf(out, NEIGHBOUR_NAME_MAX, "%s.%u", proc_role_name(role),
			 (unsigned)slot);
	else
		snprintf(out, NEIGHBOUR_NAME_MAX, "%s", proc_role_name(role));
	return out;
}

void admin_peer_up(struct admin *a, const struct proc_id *peer)
{
	struct neighbour *n = neighbour_get(a, peer->role, peer->slot);
	if (!n)
		return;
	n->connected = true;
	n->id = *peer;
	LIST_EACH (it, tmp, &a->requests) {
		struct request *r = container_of(it, struct request, node);
		if (r->command->live)
			r->command->live->up(r, peer);
	}
}

void admin_peer_gone(struct admin *a, const struct proc_id *peer)
{
	struct neighbour *n = neighbour_find(a, peer->role, peer->slot);
	if (n && n->id.incarnation == peer->incarnation)
		n->connected = false;
	LIST_EACH (it, tmp, &a->requests) {
		struct request *r = container_of(it, struct request, node);
		if (r->command->ops->gone)
			r->command->ops->gone(r, peer);
	}
}

int admin_page(struct admin *a, enum proc_role role, uint32_t slot,
	       const struct metrics_page *page)
{
	struct neighbour *n = neighbour_get(a, role, slot);
	if (!n)
		return (unsigned)role < PROC_ROLE_COUNT && slot < SLOTS_MAX
			       ? -ENOMEM
			       : -EINVAL;
	n->page = page;
	return 0;
}

/* ---- messages ---- */

/* The id that an answer repeats; 0: it is no answer. */
static uint64_t ask_of(const struct ipc_msg *m)
{
	switch (m->type) {
	case IPC_STORE_RESULT:
		return m->u.store_result.id;
	case IPC_USER:
		return m->u.user.id;
	case IPC_CREDENTIAL:
		return m->u.credential.id;
	case IPC_ADMIN:
		return m->u.admin.id;
	case IPC_BINDING:
		return m->u.binding.id;
	case IPC_QUEUE:
		return m->u.queue.id;
	case IPC_MESSAGE_INFO:
		return m->u.message_info.id;
	case IPC_BACKUP_STATE:
		return m->u.backup_state.id;
	case IPC_CONTACT:
		return m->u.contact.id;
	case IPC_BAN:
		return m->u.ban.id;
	case IPC_SESSION:
		return m->u.session.id;
	case IPC_SESSION_RESULT:
		return m->u.session_result.id;
	case IPC_STATUS_ROW:
		return m->u.status_row.id;
	case IPC_STATUS_END:
		return m->u.status_end.id;
	case IPC_OPERATED:
		return m->u.operated.id;
	case IPC_TARGETS:
		return m->u.targets.id;
	case IPC_TRIAL_STEP:
		return m->u.trial_step.id;
	case IPC_TRIAL_END:
		return m->u.trial_end.id;
	case IPC_TRACE_ON:
		return m->u.trace_on.id;
	case IPC_TRACE_RECORD:
		return m->u.trace_record.id;
	default:
		return 0;
	}
}

static void route(struct admin *a, const struct proc_id *from,
		  const struct ipc_msg *m)
{
	uint64_t ask = ask_of(m);
	LIST_EACH (it, tmp, &a->requests) {
		struct request *r = container_of(it, struct request, node);
		if (!ask || r->ask != ask)
			continue;
		if (r->command->ops->answer)
			r->command->ops->answer(r, from, m);
		return;
	}
}

static void on_ruling(struct admin *a, const struct ipc_ruling *r)
{
	if (!r->domain.len)
		access_rulings_clear(a->rulings);
	else if (access_rulings_set(a->rulings, r->domain,
				    (enum access_ruling)r->ruling))
		LOG(LOG_ERROR, "partner.ruling_lost",
		    KV_SLICE("domain", r->domain));
}

void admin_message(struct admin *a, const struct proc_id *from,
		   const struct ipc_msg *m)
{
	/* the supervisor's word comes by its own channel only */
	if (m->type == IPC_RULING && from->role == PROC_STORE)
		on_ruling(a, &m->u.ruling);
	else if (m->type != IPC_OPERATED)
		route(a, from, m);
}

static void on_process(struct admin *a, const struct ipc_process *p)
{
	struct neighbour *n = neighbour_get(a, p->role, p->slot);
	if (!n)
		return;
	n->last = *p;
	n->told = true;
	if (p->generation > a->generation)
		a->generation = p->generation;
}

void admin_supervisor(struct admin *a, const struct ipc_msg *m)
{
	if (m->type == IPC_PROCESS)
		on_process(a, &m->u.process);
	else if (m->type == IPC_OPERATED)
		route(a, NULL, m);
}
