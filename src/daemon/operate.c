/* SPDX-License-Identifier: Apache-2.0 */
/* The admin process: what it asks for, and what it is told. */
#include "daemon/supervisor_int.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static struct proc *admin_of(struct supervisor *s)
{
	for (size_t i = 0; i < s->proc_count; i++) {
		if (s->procs[i].id.role == PROC_ADMIN && s->procs[i].control)
			return &s->procs[i];
	}
	return NULL;
}

static void answer(struct supervisor *s, uint64_t id, const char *error)
{
	struct proc *admin = admin_of(s);
	const struct ipc_operated m = { .id = id,
					.generation = s->reload.generation,
					.error = slice_str(error) };
	if (admin)
		proc_send(admin, IPC_OPERATED, &m, -1);
}

/* ---- verbs ---- */

static void do_reload(struct supervisor *s, const struct ipc_operate *m)
{
	if (s->stop != STOP_NOT) {
		answer(s, m->id, "the server is stopping");
		return;
	}
	if (s->operate_count == OPERATES_MAX) {
		answer(s, m->id, "too many reloads are waiting already");
		return;
	}
	s->operates[s->operate_count++] = *m;
	reload_request(s);
}

static void do_drain(struct supervisor *s, const struct ipc_operate *m)
{
	answer(s, m->id, NULL);
	if (s->stop == STOP_NOT)
		stop_begin(s);
}

static void do_log_level(struct supervisor *s, const struct ipc_operate *m)
{
	if (m->value > LOG_DEBUG) {
		answer(s, m->id, "there is no such level");
		return;
	}
	const struct ipc_log_level level = { .level = (uint8_t)m->value };
	s->log_level = (int)m->value;
	supervisor_level(s);
	for (size_t i = 0; i < s->proc_count; i++) {
		if (s->procs[i].state == PROC_READY)
			proc_send(&s->procs[i], IPC_LOG_LEVEL, &level, -1);
	}
	answer(s, m->id, NULL);
}

void operate_request(struct proc *admin, const struct ipc_operate *m)
{
	struct supervisor *s = admin->sup;
	switch ((enum operate_verb)m->verb) {
	case OPERATE_RELOAD:
		do_reload(s, m);
		return;
	case OPERATE_DRAIN:
		do_drain(s, m);
		return;
	case OPERATE_LOG_LEVEL:
		do_log_level(s, m);
		return;
	}
	answer(s, m->id, "there is no such verb");
}

void operate_reloaded(struct supervisor *s, const char *error)
{
	size_t n = s->operates_now;
	for (size_t i = 0; i < n; i++)
		answer(s, s->operates[i].id, error);
	memmove(s->operates, s->operates + n,
		(s->operate_count - n) * sizeof(s->operates[0]));
	s->operate_count -= n;
	s->operates_now = 0;
}

/* ---- what it is told ---- */

static void tell(struct proc *admin, const struct ipc_process *m)
{
	proc_send(admin, IPC_PROCESS, m, -1);
}

void operate_tell_state(const struct proc *p)
{
	struct proc *admin = admin_of(p->sup);
	const struct ipc_process m = {
		.role = (uint8_t)p->id.role,
		.slot = p->id.slot,
		.incarnation = p->id.incarnation,
		.pid = p->child ? (uint32_t)child_pid(p->child) : 0,
		.state = (uint8_t)p->state,
		.restarts = p->restarts,
		.generation = p->generation,
	};
	if (admin)
		tell(admin, &m);
}

void operate_tell_supervisor(struct supervisor *s)
{
	struct proc *admin = admin_of(s);
	const struct ipc_process m = { .role = PROC_SUPERVISOR,
				       .pid = (uint32_t)getpid(),
				       .state = PROC_READY,
				       .generation = s->reload.generation };
	if (admin)
		tell(admin, &m);
}

/* Once for each admin process: the pages of all, its socket, who there is. */
void operate_admin_ready(struct proc *admin)
{
	struct supervisor *s = admin->sup;
	const struct ipc_page ours = { .role = PROC_SUPERVISOR };
	const struct ipc_listener control = {
		.generation = s->reload.generation,
		.kind = LISTENER_CONTROL,
		.address = s->conf.snap->conf->control,
	};
	operate_tell_supervisor(s);
	proc_send(admin, IPC_PAGE, &ours, s->page_fd);
	for (size_t i = 0; i < s->proc_count; i++) {
		const struct proc *p = &s->procs[i];
		const struct ipc_page page = { .role = (uint8_t)p->id.role,
					       .slot = p->id.slot };
		proc_send(admin, IPC_PAGE, &page, p->page_fd);
		operate_tell_state(p);
	}
	proc_send(admin, IPC_LISTENER, &control, s->control_fd);
}
