/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor's start, its signals and its end. */
#include "daemon/supervisor.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/metrics.h"
#include "daemon/control_socket.h"
#include "daemon/coverage.h"
#include "daemon/folder.h"
#include "daemon/logpipe.h"
#include "daemon/privileges.h"
#include "daemon/sandbox.h"
#include "daemon/sealed.h"
#include "daemon/supervisor_int.h"
#include "relay/relay_io.h"

enum {
	BEAT_MS = 2000,
	FLUSH_MS = 1000,
	SAME_SIGNAL_MS = 500,
	STATE_MODE = 0700
};

void config_clear(struct config *c)
{
	listeners_free(c->listeners);
	snapshot_free(c->snap);
	for (int i = 0; i < SNAP_COUNT; i++) {
		if (c->fd[i] >= 0)
			close(c->fd[i]);
	}
	*c = (struct config)CONFIG_NONE;
}

void supervisor_fail(struct supervisor *s, const char *why)
{
	if (s->exit_status)
		return;
	s->exit_status = 1;
	if (why)
		LOG(LOG_ERROR, "server.failed", KV_STR("why", why));
	stop_now(s);
}

void supervisor_level(struct supervisor *s)
{
	const struct conf *c = s->conf.snap->conf;
	log_set_level(s->log_level >= 0 ? (enum log_level)s->log_level
					: (enum log_level)c->log.level);
	log_set_format((enum log_format)c->log.format);
}

/* ---- the beat ---- */

static void look_at_clock(struct supervisor *s)
{
	uint64_t wall = loop_wall_ms();
	bool first = !s->clock.started;
	int64_t by = clockwatch_step(&s->clock, loop_now_ms(s->loop), wall);
	if (by)
		LOG(LOG_WARN, "clock.jump", KV_I64("by", by / 1000));
	if ((first || by) && !clock_plausible(wall))
		LOG(LOG_ERROR, "clock.wrong", KV_U64("seconds", wall / 1000),
		    KV_STR("why", "certificates will be refused until the "
				  "clock is set"));
}

static void on_beat(struct timer *t, void *arg)
{
	struct supervisor *s = arg;
	uint64_t every = s->notify.watchdog_ms;
	look_at_clock(s);
	fast_path_count(&s->fast);
	if (every)
		notify_send(&s->notify, "WATCHDOG=1");
	log_report_dropped();
	timer_start(t, every && every < BEAT_MS ? every : BEAT_MS);
}

/* ---- start, in order; each step logs why it failed ---- */

static int step_accounts(struct supervisor *s)
{
	char error[ACCOUNTS_ERROR_MAX] = "";
	int err =
		accounts_resolve(&s->accounts, s->conf.snap->conf->user, error);
	if (err)
		LOG(LOG_ERROR, "server.failed", KV_STR("why", error));
	return err;
}

static int step_listeners(struct supervisor *s)
{
	int err = coverage_open(&s->conf.listeners, s->conf.snap->conf, NULL,
				s->path, s->why);
	if (err)
		reload_log_rejected(s, s->why);
	return err;
}

static int step_control(struct supervisor *s)
{
	char path[4096];
	char error[CONTROL_ERROR_MAX] = "control: the path is too long";
	int err = slice_cstr(s->conf.snap->conf->control, path, sizeof(path));
	if (!err)
		err = control_socket_open(&s->control_fd, path, error);
	if (err)
		LOG(LOG_ERROR, "server.failed", KV_STR("why", error));
	return err;
}

static int step_state(struct supervisor *s)
{
	const struct account *a = &s->accounts.of[PROC_STORE];
	char path[4096] = "";
	int err = slice_cstr(s->conf.snap->conf->state, path, sizeof(path));
	if (!err)
		err = folder_make(path, STATE_MODE);
	if (!err && s->accounts.change)
		err = folder_give(path, a->uid, a->gid);
	if (err)
		LOG(LOG_ERROR, "server.failed", KV_STR("state", path),
		    KV_STR("why", strerror(-err)));
	return err;
}

/* What fails here is told in the status: the relay works without. */
static int step_fast_path(struct supervisor *s)
{
	fast_path_open(&s->fast, s->conf.snap->conf);
	return 0;
}

static int step_rights(struct supervisor *s)
{
	unsigned at = 0;
	(void)s;
	for (const char *why; (why = sandbox_weak(&at));)
		LOG(LOG_WARN, "sandbox.weak", KV_STR("why", why));
	limits_no_core();
	int err = privileges_keep_few();
	if (err)
		LOG(LOG_ERROR, "server.failed",
		    KV_STR("why", "capabilities cannot be dropped"),
		    KV_STR("error", strerror(-err)));
	return err;
}

static int processes_failed(int err)
{
	LOG(LOG_ERROR, "server.failed",
	    KV_STR("why", "no memory for the processes"),
	    KV_STR("error", strerror(-err)));
	return err;
}

/* Memory that all relay processes write: quotas, and the key of their nonces.
 * It outlives each of them. */
static int open_shared(struct supervisor *s)
{
	struct sealed map = { .len = relay_shared_bytes() };
	int err = sealed_page(&s->shared_fd, "relay", map.len);
	if (!err)
		err = sealed_map_page(&map.ptr, s->shared_fd, map.len, true);
	if (!err)
		err = relay_shared_init(map.ptr);
	sealed_unmap(&map);
	return err;
}

static int step_processes(struct supervisor *s)
{
	const struct conf *c = s->conf.snap->conf;
	static const enum proc_role single[] = { PROC_STORE, PROC_RESOLVER,
						 PROC_ADMIN, PROC_HOME };
	bool relays = c->relay.listen_count > 0;
	s->procs = calloc(2 * (size_t)c->workers + 4, sizeof(*s->procs));
	if (!s->procs)
		return processes_failed(-ENOMEM);
	for (size_t i = 0; i < 4; i++) {
		if (single[i] != PROC_HOME || c->inside.builtin)
			proc_init(&s->procs[s->proc_count++], s, single[i], 0);
	}
	for (uint32_t slot = 0; slot < c->workers; slot++)
		proc_init(&s->procs[s->proc_count++], s, PROC_EDGE, slot);
	for (uint32_t slot = 0; relays && slot < c->workers; slot++)
		proc_init(&s->procs[s->proc_count++], s, PROC_RELAY, slot);
	int err = relays ? open_shared(s) : 0;
	for (size_t i = 0; i < s->proc_count && !err; i++)
		err = sealed_page(&s->procs[i].page_fd, s->procs[i].name,
				  sizeof(struct metrics_page));
	if (err)
		return processes_failed(err);
	for (size_t i = 0; i < s->proc_count; i++)
		proc_start(&s->procs[i]);
	return 0;
}

static int (*const steps[])(struct supervisor *s) = {
	step_accounts,  step_listeners, step_control,   step_state,
	step_fast_path, step_rights,    step_processes,
};

static int adopt(struct supervisor *s, const struct load_result *r)
{
	memcpy(s->conf.fd, r->fd, sizeof(r->fd));
	int err = snapshot_open(&s->conf.snap, r->fd[SNAP_OTHER]);
	if (err) {
		LOG(LOG_ERROR, "server.failed",
		    KV_STR("why", "the loader's snapshot cannot be read"),
		    KV_STR("error", strerror(-err)));
		return err;
	}
	s->reload.generation = 1;
	s->reload.candidate = 1;
	metric_set(M_CONFIG_GENERATION, 1);
	supervisor_level(s);
	LOG(LOG_INFO, "config.loaded", KV_U64("generation", 1));
	return 0;
}

static void on_first_load(void *arg, const struct load_result *r)
{
	struct supervisor *s = arg;
	s->load = NULL;
	if (r->error) {
		reload_log_rejected(s, r->error);
		supervisor_fail(s, NULL);
		return;
	}
	int err = adopt(s, r);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !err; i++)
		err = steps[i](s);
	if (err)
		supervisor_fail(s, NULL);
}

/* ---- signals ---- */

static void on_signal(void *arg, int signo)
{
	struct supervisor *s = arg;
	uint64_t now = loop_now_ms(s->loop);
	if (signo == SIGHUP)
		reload_request(s);
	else if (s->stop == STOP_NOT)
		stop_begin(s);
	/* one wish often comes twice: to us, and to our process group */
	else if (now - s->stop_ms >= SAME_SIGNAL_MS)
		stop_now(s);
}

/* ---- life ---- */

static uint64_t wall_ms(void *arg)
{
	(void)arg;
	return loop_wall_ms();
}

static int attach_own_page(struct supervisor *s)
{
	void *page = NULL;
	int err = sealed_page(&s->page_fd, "supervisor",
			      sizeof(struct metrics_page));
	if (!err)
		err = sealed_map_page(&page, s->page_fd,
				      sizeof(struct metrics_page), true);
	if (!err)
		metrics_attach(page);
	return err;
}

static int begin(struct supervisor *s)
{
	static const int signals[] = { SIGHUP, SIGTERM, SIGINT };
	const struct load_conf conf = { .loop = s->loop,
					.log = s->log,
					.path = s->path,
					.change_user = geteuid() == 0,
					.account = accounts_nobody() };
	int err = attach_own_page(s);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]) && !err;
	     i++)
		err = loop_signal(s->loop, signals[i], on_signal, s);
	if (err)
		return err;
	LOG(LOG_INFO, "server.start", KV_STR("version", SALLYPORT_VERSION),
	    KV_I64("pid", getpid()), KV_U64("files", limits_raise_files()));
	timer_init(&s->beat, loop_timers(s->loop), on_beat, s);
	timer_start(&s->beat, 0);
	return config_load_start(&s->load, &conf, on_first_load, s);
}

static void remove_control(const struct supervisor *s)
{
	char path[4096];
	if (s->control_fd < 0)
		return;
	close(s->control_fd);
	if (slice_cstr(s->conf.snap->conf->control, path, sizeof(path)) == 0)
		unlink(path);
}

static void finish(struct supervisor *s)
{
	timer_stop(&s->beat);
	timer_stop(&s->stop_deadline);
	reload_cancel(s);
	for (size_t i = 0; i < s->proc_count; i++)
		proc_release(&s->procs[i]);
	free(s->procs);
	remove_control(s);
	fast_path_close(&s->fast);
	config_clear(&s->conf);
	if (s->shared_fd >= 0)
		close(s->shared_fd);
	LOG(LOG_INFO, "server.end", KV_I64("status", s->exit_status));
	notify_close(&s->notify);
	logpipe_flush(s->log, FLUSH_MS);
	log_set_sink(NULL, NULL);
	logpipe_free(s->log);
	buf_free(&s->scratch);
	loop_free(s->loop);
}

int supervisor_main(const char *path)
{
	struct supervisor s = { .path = path,
				.conf = CONFIG_NONE,
				.next = CONFIG_NONE,
				.control_fd = -1,
				.page_fd = -1,
				.shared_fd = -1,
				.log_level = -1 };
	signal(SIGPIPE, SIG_IGN);
	buf_init(&s.scratch, 0);
	log_set_clock(wall_ms, NULL);
	log_set_process("supervisor");
	notify_open(&s.notify);
	int err = loop_create(&s.loop);
	if (!err)
		err = logpipe_create(&s.log, s.loop, STDERR_FILENO);
	if (err) {
		fprintf(stderr, "sallyportd: cannot start: %s\n",
			strerror(-err));
		loop_free(s.loop);
		return 1;
	}
	log_set_sink(logpipe_sink, s.log);
	err = begin(&s);
	if (err) {
		LOG(LOG_ERROR, "server.failed", KV_STR("why", strerror(-err)));
		s.exit_status = 1;
	} else {
		loop_run(s.loop);
	}
	finish(&s);
	return s.exit_status;
}
