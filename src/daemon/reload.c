/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new configuration while serving: load, bind what is new, ask all, commit;
 * or leave everything as it is and say why (CFG-01, CFG-02).
 */
#include "daemon/reload_text.h"
#include "daemon/supervisor_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "daemon/coverage.h"

enum { ANSWER_MS = 5000 }; /* to PREPARE, and to COMMIT */

void reload_log_rejected(const struct supervisor *s, const char *text)
{
	struct reload_text t;
	reload_text_split(slice_str(text), &t);
	if (slice_empty(t.line)) {
		t.file = slice_str(s->path);
		t.line = SLICE_LIT("1");
	}
	metric_add(M_CONFIG_REJECTED, 1);
	LOG(LOG_ERROR, "config.rejected", KV_SLICE("file", t.file),
	    KV_SLICE("line", t.line), KV_SLICE("why", t.why));
	if (!slice_empty(t.tls_file))
		LOG(LOG_ERROR, "cert.reload_failed",
		    KV_SLICE("file", t.tls_file), KV_SLICE("why", t.why));
}

/* ---- the end of a run ---- */

static void end(struct supervisor *s, const char *error)
{
	timer_stop(&s->reload_deadline);
	if (error)
		reload_log_rejected(s, error);
	bool again = reload_end(&s->reload);
	operate_tell_supervisor(s);
	operate_reloaded(s, error);
	notify_send(&s->notify, "READY=1\nSTATUS=serving");
	if (again && s->stop == STOP_NOT)
		reload_request(s);
}

/* All processes that serve go by it: who asked may rely on that. */
static void in_force(struct supervisor *s)
{
	LOG(LOG_INFO, "config.loaded",
	    KV_U64("generation", s->reload.generation));
	end(s, NULL);
}

void reload_committed_by(struct proc *p)
{
	struct supervisor *s = p->sup;
	p->commits = false;
	if (reload_committed(&s->reload))
		in_force(s);
}

/* How many were told. */
static size_t tell_all(struct supervisor *s)
{
	const struct ipc_commit m = { .generation = s->reload.candidate };
	size_t told = 0;
	for (size_t i = 0; i < s->proc_count; i++) {
		struct proc *p = &s->procs[i];
		if (p->preparing != m.generation)
			continue;
		p->preparing = 0;
		p->generation = m.generation;
		p->commits = proc_send(p, IPC_COMMIT, &m, -1) >= 0;
		told += p->commits;
		if (!p->commits)
			proc_kill(p);
		operate_tell_state(p);
	}
	return told;
}

static void commit(struct supervisor *s)
{
	size_t told = tell_all(s);
	listeners_replace(s->conf.listeners, s->next.listeners);
	s->conf.listeners = NULL;
	config_clear(&s->conf);
	s->conf = s->next;
	s->next = (struct config)CONFIG_NONE;
	s->log_level = -1;
	supervisor_level(s);
	bring_up_fast_path(s);
	metric_set(M_CONFIG_GENERATION, s->reload.candidate);
	timer_start(&s->reload_deadline, ANSWER_MS);
	if (reload_committing(&s->reload, told))
		in_force(s);
}

static void give_up(struct supervisor *s)
{
	const struct ipc_abort m = { .generation = s->reload.candidate };
	for (size_t i = 0; i < s->proc_count; i++) {
		struct proc *p = &s->procs[i];
		p->votes = false;
		if (p->preparing != m.generation)
			continue;
		p->preparing = 0;
		if (proc_send(p, IPC_ABORT, &m, -1) < 0)
			proc_kill(p);
	}
	config_clear(&s->next);
	end(s, s->why);
}

static void step(struct supervisor *s, enum reload_step what)
{
	switch (what) {
	case RELOAD_WAIT:
		return;
	case RELOAD_COMMIT:
		commit(s);
		return;
	case RELOAD_ABORT:
		give_up(s);
		return;
	}
}

/* ---- votes ---- */

static void vote(struct proc *p, bool yes, struct slice error)
{
	struct supervisor *s = p->sup;
	p->votes = false;
	if (!yes && !s->reload.refused)
		snprintf(s->why, sizeof(s->why), "%s:1: %s: %.*s", s->path,
			 p->name, SLICE_FMT(slice_head(error, 256)));
	step(s, reload_vote(&s->reload, yes));
}

void reload_answer(struct proc *p, const struct ipc_prepared *m)
{
	bool yes = slice_empty(m->error);
	if (!yes)
		p->preparing = 0;
	vote(p, yes, m->error);
}

void reload_lost(struct proc *p)
{
	vote(p, false, SLICE_LIT("the process ended meanwhile"));
}

/* One that is stuck after its yes is ended by its watchdog. */
static void stop_waiting(struct supervisor *s)
{
	for (size_t i = 0; i < s->proc_count; i++)
		s->procs[i].commits = false;
	in_force(s);
}

static void on_deadline(struct timer *t, void *arg)
{
	struct supervisor *s = arg;
	(void)t;
	if (s->reload.phase == RELOAD_COMMITTING) {
		stop_waiting(s);
		return;
	}
	for (size_t i = 0; i < s->proc_count; i++) {
		if (!s->procs[i].votes)
			continue;
		vote(&s->procs[i], false, SLICE_LIT("no answer within 5 s"));
		return;
	}
}

/* ---- a run ---- */

/* Decided at the start and not changed while serving. */
static const char *fixed_key(const struct conf *a, const struct conf *b)
{
	if (a->workers != b->workers)
		return "workers";
	if (!slice_eq(a->user, b->user))
		return "user";
	if (!slice_eq(a->state, b->state))
		return "state";
	if (!slice_eq(a->control, b->control))
		return "control";
	if (a->inside.builtin != b->inside.builtin)
		return "inside.home";
	bool before = a->relay.listen_count > 0;
	bool after = b->relay.listen_count > 0;
	return before != after ? "relay" : NULL;
}

/* Fills s->next; on failure s->why tells the reason. */
static int open_next(struct supervisor *s, const struct load_result *r)
{
	s->next = (struct config)CONFIG_NONE;
	memcpy(s->next.fd, r->fd, sizeof(r->fd));
	int err = snapshot_open(&s->next.snap, r->fd[SNAP_OTHER]);
	if (err) {
		snprintf(s->why, sizeof(s->why), "%s:1: no snapshot: %s",
			 s->path, strerror(-err));
		return err;
	}
	const struct conf *c = s->next.snap->conf;
	const char *key = fixed_key(s->conf.snap->conf, c);
	if (key) {
		snprintf(s->why, sizeof(s->why),
			 "%s:1: %s: a change takes effect at restart only; "
			 "undo it, or restart sallyportd",
			 s->path, key);
		return -EINVAL;
	}
	return coverage_open(&s->next.listeners, c, s->conf.listeners, s->path,
			     s->why);
}

/* Asks every process that serves; the others get it when they are ready. */
static size_t ask_all(struct supervisor *s, uint32_t candidate)
{
	size_t voters = 0;
	for (size_t i = 0; i < s->proc_count; i++) {
		struct proc *p = &s->procs[i];
		if (p->state != PROC_READY || p->preparing)
			continue;
		if (bring_up_send(p, candidate, &s->next) < 0) {
			proc_kill(p);
			continue;
		}
		p->votes = true;
		voters++;
	}
	return voters;
}

static void on_loaded(void *arg, const struct load_result *r)
{
	struct supervisor *s = arg;
	s->load = NULL;
	if (r->error) {
		end(s, r->error);
		return;
	}
	if (open_next(s, r) < 0) {
		config_clear(&s->next);
		end(s, s->why);
		return;
	}
	size_t voters = ask_all(s, s->reload.candidate + 1);
	timer_init(&s->reload_deadline, loop_timers(s->loop), on_deadline, s);
	timer_start(&s->reload_deadline, ANSWER_MS);
	step(s, reload_loaded(&s->reload, voters));
}

static void begin(struct supervisor *s)
{
	const struct load_conf conf = {
		.loop = s->loop,
		.log = s->log,
		.path = s->path,
		.change_user = s->accounts.change,
		.account = s->accounts.of[PROC_LOADER],
	};
	char error[sizeof(s->why)];
	notify_reloading(&s->notify);
	int err = config_load_start(&s->load, &conf, on_loaded, s);
	if (!err)
		return;
	snprintf(error, sizeof(error), "%s:1: no loader process: %s", s->path,
		 strerror(-err));
	end(s, error);
}

void reload_request(struct supervisor *s)
{
	if (s->stop != STOP_NOT)
		return;
	if (!s->started) {
		s->reload.again = true;
		return;
	}
	if (reload_ask(&s->reload)) {
		s->operates_now = s->operate_count;
		begin(s);
	}
}

void reload_cancel(struct supervisor *s)
{
	config_load_cancel(s->load);
	s->load = NULL;
	timer_stop(&s->reload_deadline);
	for (size_t i = 0; i < s->proc_count; i++)
		s->procs[i].votes = s->procs[i].commits = false;
	config_clear(&s->next);
	s->reload.phase = RELOAD_IDLE;
	s->reload.again = false;
	operate_reloaded(s, "the server is stopping");
}
