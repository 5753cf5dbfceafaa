/* SPDX-License-Identifier: Apache-2.0 */
/* One process in the supervisor's eyes, from start to restart. */
#include "daemon/supervisor_int.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/metrics.h"
#include "daemon/sealed.h"
#include "daemon/spawn.h"
#include "loop/channel.h"

enum { END_MS = 2000, FAILED_STARTS_MAX = 3 };

int proc_send(struct proc *p, enum ipc_type type, const void *body, int fd)
{
	return message_send(p->control, &p->sup->scratch, type, body, fd);
}

void proc_set_state(struct proc *p, enum proc_state state)
{
	p->state = state;
	operate_tell_state(p);
}

void proc_kill(struct proc *p)
{
	if (p->child)
		child_kill(p->child, SIGKILL);
}

void proc_hang_up(struct proc *p)
{
	channel_close(p->control);
	p->control = NULL;
	if (p->child)
		timer_start(&p->kill_timer, END_MS);
}

/* ---- what it says ---- */

static void do_hello(struct proc *p, const struct ipc_msg *m)
{
	if (m->u.hello.incarnation != p->id.incarnation || p->preparing) {
		proc_kill(p);
		return;
	}
	bring_up(p);
}

static void do_prepared(struct proc *p, const struct ipc_msg *m)
{
	if (p->votes && m->u.prepared.generation == p->sup->reload.candidate)
		reload_answer(p, &m->u.prepared);
	else if (m->u.prepared.generation == p->preparing)
		bring_up_answer(p, &m->u.prepared);
}

static void do_committed(struct proc *p, const struct ipc_msg *m)
{
	if (p->commits && m->u.committed.generation == p->generation)
		reload_committed_by(p);
}

static void do_drained(struct proc *p, const struct ipc_msg *m)
{
	p->drained = m->u.drained.left == 0;
	stop_step(p->sup);
}

static void do_pong(struct proc *p, const struct ipc_msg *m)
{
	watchdog_pong(&p->dog, m->u.pong.id);
}

static void do_operate(struct proc *p, const struct ipc_msg *m)
{
	if (p->id.role == PROC_ADMIN)
		operate_request(p, &m->u.operate);
}

static const struct {
	enum ipc_type type;
	void (*act)(struct proc *p, const struct ipc_msg *m);
} acts[] = {
	{ IPC_HELLO, do_hello },     { IPC_PREPARED, do_prepared },
	{ IPC_DRAINED, do_drained }, { IPC_PONG, do_pong },
	{ IPC_OPERATE, do_operate }, { IPC_COMMITTED, do_committed },
};

static void on_message(void *arg, struct slice msg, int fd)
{
	struct proc *p = arg;
	struct ipc_msg m;
	if (fd >= 0)
		close(fd);
	if (ipc_decode(msg, &m) < 0) {
		LOG(LOG_ERROR, "channel.broken", KV_STR("from", p->name),
		    KV_U64("bytes", msg.len));
		proc_kill(p);
		return;
	}
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (acts[i].type != m.type)
			continue;
		acts[i].act(p, &m);
		return;
	}
}

static void on_gone(void *arg)
{
	proc_hang_up(arg);
}

static const struct channel_ops ops = { on_message, on_gone };

/* ---- its end ---- */

/* Everything of this start; the process is not there any more. */
static void forget(struct proc *p)
{
	timer_stop(&p->dog_timer);
	timer_stop(&p->kill_timer);
	channel_close(p->control);
	p->control = NULL;
	log_source_close(p->log);
	p->log = NULL;
	child_close(p->child);
	p->child = NULL;
	p->generation = 0;
	p->preparing = 0;
	p->drained = true;
}

static void restart_later(struct proc *p, uint64_t lived_ms)
{
	uint32_t wait = backoff_next(&p->backoff, lived_ms);
	metric_add(M_PROC_RESTARTS, 1);
	p->restarts++;
	timer_start(&p->restart_timer, wait);
}

/* Before all were ready once there is somebody who waits for an answer. */
static bool gives_up(struct proc *p)
{
	if (p->sup->started || ++p->failed_starts < FAILED_STARTS_MAX)
		return false;
	supervisor_fail(p->sup,
			"a process ended again and again; the lines above "
			"tell why");
	return true;
}

static void ended(struct proc *p)
{
	struct supervisor *s = p->sup;
	uint64_t lived = loop_now_ms(s->loop) - p->started_ms;
	if (p->id.role == PROC_RELAY)
		fast_path_gone(&s->fast, p->id.slot);
	forget(p);
	proc_set_state(p, PROC_DOWN);
	if (p->votes)
		reload_lost(p);
	if (p->commits)
		reload_committed_by(p);
	if (s->stop != STOP_NOT)
		stop_step(s);
	else if (!gives_up(p))
		restart_later(p, lived);
}

static void on_exit_child(void *arg, int64_t status, int signo)
{
	struct proc *p = arg;
	bool asked = p->sup->stop != STOP_NOT && !p->control;
	LOG(asked ? LOG_INFO : LOG_ERROR, "proc.exit",
	    KV_STR("role", proc_role_name(p->id.role)),
	    KV_U64("slot", p->id.slot), KV_I64("pid", child_pid(p->child)),
	    KV_I64("status", status), KV_I64("signal", signo));
	ended(p);
}

/* ---- its start ---- */

static void on_dog(struct timer *t, void *arg)
{
	struct proc *p = arg;
	timer_start(t, WATCHDOG_TICK_MS);
	switch (watchdog_tick(&p->dog)) {
	case WATCHDOG_PING: {
		const struct ipc_ping ping = { .id = p->dog.id };
		proc_send(p, IPC_PING, &ping, -1);
		break;
	}
	case WATCHDOG_ABORT:
		LOG(LOG_ERROR, "proc.stuck",
		    KV_STR("role", proc_role_name(p->id.role)),
		    KV_U64("slot", p->id.slot),
		    KV_I64("pid", child_pid(p->child)));
		child_kill(p->child, SIGABRT);
		timer_start(&p->kill_timer, WATCHDOG_KILL_MS);
		break;
	case WATCHDOG_WAIT:
		break;
	}
}

static void on_kill(struct timer *t, void *arg)
{
	(void)t;
	proc_kill(arg);
}

static int spawn_proc(struct proc *p)
{
	struct supervisor *s = p->sup;
	const struct account *a = &s->accounts.of[p->id.role];
	char folder[4096] = "/";
	if (p->id.role == PROC_STORE)
		slice_cstr(s->conf.snap->conf->state, folder, sizeof(folder));
	const struct boot boot = { .id = p->id,
				   .change_user = s->accounts.change,
				   .uid = a->uid,
				   .gid = a->gid,
				   .path = folder };
	const struct spawn how = { .loop = s->loop,
				   .log = s->log,
				   .boot = &boot,
				   .name = p->name,
				   .page_fd = p->page_fd,
				   .on_exit = on_exit_child,
				   .arg = p };
	struct spawned child;
	int err = spawn_child(&child, &how);
	if (err)
		return err;
	p->child = child.child;
	p->log = child.log;
	err = channel_open(&p->control, s->loop, child.control_fd, NULL, &ops,
			   p);
	if (err) {
		close(child.control_fd);
		proc_kill(p);
	}
	return err;
}

void proc_start(struct proc *p)
{
	uint32_t incarnation;
	do
		incarnation = (uint32_t)crypto_random_u64();
	while (incarnation == 0 || incarnation == p->id.incarnation);
	p->id.incarnation = incarnation;
	p->started_ms = loop_now_ms(p->sup->loop);
	p->dog = (struct watchdog){ .waiting = false };
	p->drained = false;
	int err = spawn_proc(p);
	if (err) {
		LOG(LOG_ERROR, "proc.start_failed", KV_STR("proc", p->name),
		    KV_STR("why", strerror(-err)));
		/* a child that did start is killed and reported by its end */
		if (!p->child && !gives_up(p))
			restart_later(p, 0);
		return;
	}
	LOG(LOG_INFO, "proc.start", KV_STR("role", proc_role_name(p->id.role)),
	    KV_U64("slot", p->id.slot), KV_I64("pid", child_pid(p->child)),
	    KV_U64("restarts", p->restarts));
	timer_start(&p->dog_timer, WATCHDOG_TICK_MS);
	proc_set_state(p, PROC_STARTING);
}

static void on_restart(struct timer *t, void *arg)
{
	(void)t;
	proc_start(arg);
}

void proc_init(struct proc *p, struct supervisor *s, enum proc_role role,
	       uint32_t slot)
{
	struct timers *ts = loop_timers(s->loop);
	*p = (struct proc){ .sup = s,
			    .id = { role, slot, 0 },
			    .state = PROC_DOWN,
			    .page_fd = -1 };
	boot_name(&p->id, p->name);
	timer_init(&p->dog_timer, ts, on_dog, p);
	timer_init(&p->kill_timer, ts, on_kill, p);
	timer_init(&p->restart_timer, ts, on_restart, p);
}

void proc_release(struct proc *p)
{
	timer_stop(&p->restart_timer);
	proc_kill(p);
	forget(p);
	if (p->page_fd >= 0)
		close(p->page_fd);
	p->page_fd = -1;
}
