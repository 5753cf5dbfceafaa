/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end: no new connections, open transactions get their time, then all
 * processes end, the store last; a second signal ends at once (PRC-06).
 */
#include "daemon/supervisor_int.h"

enum { MS_PER_S = 1000 };

static void end_all(struct supervisor *s)
{
	s->stop = STOP_ENDING;
	timer_stop(&s->stop_deadline);
	for (size_t i = 0; i < s->proc_count; i++) {
		struct proc *p = &s->procs[i];
		if (p->id.role != PROC_STORE)
			proc_hang_up(p);
	}
	stop_step(s);
}

static bool all_drained(const struct supervisor *s)
{
	for (size_t i = 0; i < s->proc_count; i++) {
		if (!s->procs[i].drained)
			return false;
	}
	return true;
}

/* Is anybody still running, but for the role that is left out? */
static bool any_running(const struct supervisor *s, enum proc_role but)
{
	for (size_t i = 0; i < s->proc_count; i++) {
		if (s->procs[i].child && s->procs[i].id.role != but)
			return true;
	}
	return false;
}

static void end_store(struct supervisor *s)
{
	s->stop = STOP_STORE;
	for (size_t i = 0; i < s->proc_count; i++) {
		if (s->procs[i].id.role == PROC_STORE)
			proc_hang_up(&s->procs[i]);
	}
}

void stop_step(struct supervisor *s)
{
	if (s->stop == STOP_DRAINING && all_drained(s)) {
		end_all(s);
		return;
	}
	if (s->stop == STOP_ENDING && !any_running(s, PROC_STORE))
		end_store(s);
	/* PROC_SUPERVISOR is none of them: nobody is left out */
	if (s->stop == STOP_STORE && !any_running(s, PROC_SUPERVISOR))
		loop_stop(s->loop);
}

static void on_deadline(struct timer *t, void *arg)
{
	struct supervisor *s = arg;
	(void)t;
	LOG(LOG_WARN, "server.stop_late",
	    KV_STR("why", "transactions were left; they are cut off"));
	end_all(s);
}

static void drain(struct proc *p, uint32_t grace_ms)
{
	const struct ipc_drain m = { .grace_ms = grace_ms };
	bool serves = p->id.role == PROC_EDGE || p->id.role == PROC_HOME ||
		      p->id.role == PROC_RELAY;
	timer_stop(&p->restart_timer);
	p->drained = !serves || p->state != PROC_READY;
	if (!p->drained && proc_send(p, IPC_DRAIN, &m, -1) < 0)
		p->drained = true;
	if (!p->drained)
		proc_set_state(p, PROC_DRAINING);
}

void stop_begin(struct supervisor *s)
{
	if (!s->conf.snap) {
		stop_now(s);
		return;
	}
	uint32_t grace_ms = s->conf.snap->conf->limits.drain_s * MS_PER_S;
	reload_cancel(s);
	s->stop = STOP_DRAINING;
	s->stop_ms = loop_now_ms(s->loop);
	LOG(LOG_INFO, "server.stopping", KV_U64("grace_ms", grace_ms));
	notify_send(&s->notify, "STOPPING=1\nSTATUS=draining");
	/* the kernel refuses from now on what nobody would accept */
	listeners_free(s->conf.listeners);
	s->conf.listeners = NULL;
	for (size_t i = 0; i < s->proc_count; i++)
		drain(&s->procs[i], grace_ms);
	timer_init(&s->stop_deadline, loop_timers(s->loop), on_deadline, s);
	timer_start(&s->stop_deadline, grace_ms);
	stop_step(s);
}

void stop_now(struct supervisor *s)
{
	reload_cancel(s);
	timer_stop(&s->stop_deadline);
	s->stop = STOP_STORE;
	for (size_t i = 0; i < s->proc_count; i++) {
		timer_stop(&s->procs[i].restart_timer);
		proc_kill(&s->procs[i]);
	}
	stop_step(s);
}
