/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From HELLO to READY: a process gets the generation in force, commits it, and
 * is then wired to all others that are ready. Channels exist only between
 * processes that have committed a configuration. One that starts during a
 * reload first gets the generation in force and, if that changed meanwhile,
 * the newer one.
 */
#include "daemon/supervisor_int.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "loop/channel.h"

static int send_listeners(struct proc *p, uint32_t generation,
			  const struct listeners *set)
{
	int err = 0;
	for (size_t i = 0; i < set->count && !err; i++) {
		const struct listener *it = &set->item[i];
		if (listener_role(it->kind) != p->id.role)
			continue;
		const struct ipc_listener m = { .generation = generation,
						.kind = (uint8_t)it->kind,
						.address = it->text };
		err = proc_send(p, IPC_LISTENER, &m, it->fd[p->id.slot]);
	}
	return err;
}

/* The quotas and the nonces of all relay processes, and its place in it. */
static int send_shared(struct proc *p)
{
	const struct ipc_relay_shared m = { .slot = p->id.slot };
	return proc_send(p, IPC_RELAY_SHARED, &m, p->sup->shared_fd);
}

/* The fast path's memory, and what is to be told of it. */
static int send_fast_path(struct proc *p)
{
	const struct fast_path *f = &p->sup->fast;
	char text[FAST_PATH_TEXT];
	fast_path_text(f, p->sup->conf.snap->conf, text);
	struct ipc_relay_fast m = { .slot = p->id.slot,
				    .region = UINT32_MAX,
				    .text = slice_str(text) };
	int err = proc_send(p, IPC_RELAY_FAST, &m, -1);
	for (uint32_t r = 0; f->plane && r < PLANE_R_COUNTS && !err; r++) {
		m.region = r;
		err = proc_send(p, IPC_RELAY_FAST, &m,
				plane_fd(f->plane, (enum plane_region)r));
	}
	return err;
}

void bring_up_fast_path(struct supervisor *s)
{
	struct ipc_relay_fast m = { .region = UINT32_MAX };
	char text[FAST_PATH_TEXT];
	fast_path_configure(&s->fast, s->conf.snap->conf);
	fast_path_text(&s->fast, s->conf.snap->conf, text);
	m.text = slice_str(text);
	for (size_t i = 0; i < s->proc_count; i++) {
		struct proc *p = &s->procs[i];
		m.slot = p->id.slot;
		if (p->id.role == PROC_RELAY && p->generation)
			(void)proc_send(p, IPC_RELAY_FAST, &m, -1);
	}
}

int bring_up_send(struct proc *p, uint32_t generation, const struct config *c)
{
	const struct ipc_prepare m = { .generation = generation };
	int err = send_listeners(p, generation, c->listeners);
	if (!err)
		err = proc_send(p, IPC_PREPARE, &m,
				c->fd[snap_kind_of(p->id.role)]);
	if (!err)
		p->preparing = generation;
	return err;
}

void bring_up(struct proc *p)
{
	struct supervisor *s = p->sup;
	int err = 0;
	if (p->id.role == PROC_ADMIN && p->generation == 0)
		operate_admin_ready(p);
	if (p->id.role == PROC_RELAY && p->generation == 0)
		err = send_shared(p);
	if (!err && p->id.role == PROC_RELAY && p->generation == 0)
		err = send_fast_path(p);
	if (!err)
		err = bring_up_send(p, s->reload.generation, &s->conf);
	if (err)
		proc_kill(p);
}

/* ---- channels ---- */

static int tell_wire(struct proc *to, const struct proc *other, int fd)
{
	const struct ipc_wire m = { .role = (uint8_t)other->id.role,
				    .slot = other->id.slot,
				    .incarnation = other->id.incarnation };
	return proc_send(to, IPC_WIRE, &m, fd);
}

static int wire(struct proc *a, struct proc *b)
{
	int fd[2];
	int err = channel_pair(fd);
	if (err)
		return err;
	err = tell_wire(a, b, fd[0]);
	if (!err)
		err = tell_wire(b, a, fd[1]);
	close(fd[0]);
	close(fd[1]);
	return err;
}

static void wire_all(struct proc *p)
{
	struct supervisor *s = p->sup;
	for (size_t i = 0; i < s->proc_count; i++) {
		struct proc *other = &s->procs[i];
		if (other == p || other->state != PROC_READY ||
		    !proc_roles_talk(p->id.role, other->id.role))
			continue;
		if (wire(p, other) == 0)
			continue;
		LOG(LOG_ERROR, "proc.wire_failed", KV_STR("proc", p->name),
		    KV_STR("other", other->name));
		proc_kill(p);
		return;
	}
}

/* ---- ready ---- */

static void all_ready(struct supervisor *s)
{
	for (size_t i = 0; i < s->proc_count; i++) {
		if (s->procs[i].state != PROC_READY)
			return;
	}
	if (s->started)
		return;
	s->started = true;
	LOG(LOG_INFO, "server.ready", KV_STR("version", SALLYPORT_VERSION),
	    KV_U64("generation", s->reload.generation),
	    KV_U64("workers", s->conf.snap->conf->workers));
	notify_send(&s->notify, "READY=1\nSTATUS=serving");
	if (!s->reload.again)
		return;
	/* asked for while we started */
	s->reload.again = false;
	reload_request(s);
}

static void ready(struct proc *p)
{
	struct supervisor *s = p->sup;
	if (s->log_level >= 0) {
		const struct ipc_log_level m = {
			.level = (uint8_t)s->log_level
		};
		proc_send(p, IPC_LOG_LEVEL, &m, -1);
	}
	if (p->state == PROC_READY) {
		operate_tell_state(p);
		return;
	}
	proc_set_state(p, PROC_READY);
	wire_all(p);
	LOG(LOG_INFO, "proc.ready", KV_STR("role", proc_role_name(p->id.role)),
	    KV_U64("slot", p->id.slot), KV_U64("restarts", p->restarts));
	all_ready(s);
}

/* The first configuration is refused by who must live with it: the operator
 * waits for an answer. Later it is this process that is sick. */
static void refused(struct proc *p, struct slice error)
{
	struct supervisor *s = p->sup;
	if (s->started) {
		LOG(LOG_ERROR, "proc.refused", KV_STR("proc", p->name),
		    KV_SLICE("why", error));
		proc_kill(p);
		return;
	}
	snprintf(s->why, sizeof(s->why), "%s:1: %s: %.*s", s->path, p->name,
		 (int)slice_head(error, 256).len, (const char *)error.ptr);
	reload_log_rejected(s, s->why);
	supervisor_fail(s, NULL);
}

void bring_up_answer(struct proc *p, const struct ipc_prepared *m)
{
	struct supervisor *s = p->sup;
	const struct ipc_commit commit = { .generation = m->generation };
	p->preparing = 0;
	if (!slice_empty(m->error)) {
		refused(p, m->error);
		return;
	}
	if (proc_send(p, IPC_COMMIT, &commit, -1) < 0) {
		proc_kill(p);
		return;
	}
	p->generation = m->generation;
	if (p->generation != s->reload.generation)
		bring_up(p);
	else
		ready(p);
}
