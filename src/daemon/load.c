/* SPDX-License-Identifier: Apache-2.0 */
/* Conducts one loader child. */
#include "daemon/load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/metrics.h"
#include "daemon/message.h"
#include "daemon/sealed.h"
#include "daemon/spawn.h"

enum {
	DEADLINE_MS = 15000,
	FILES_MAX = 256,
	ERROR_MAX = 2048,
};

enum snap_kind snap_kind_of(enum proc_role role)
{
	if (role == PROC_EDGE)
		return SNAP_EDGE;
	return role == PROC_RELAY ? SNAP_RELAY : SNAP_OTHER;
}

struct load {
	struct loop *loop;
	struct logpipe *log;
	const char *path;
	struct child *child;
	struct log_source *source;
	struct channel *control;
	struct buf scratch;
	struct timer deadline;
	struct turn_hook end; /* done is told outside of callbacks */
	load_done_fn done;
	void *arg;
	unsigned files;
	int fd[SNAP_COUNT];
	bool ended;
	bool clean; /* it said all: it ends when we hang up */
	char error[ERROR_MAX];
};

static void load_free(struct load *l)
{
	timer_stop(&l->deadline);
	loop_cancel_turn_end(&l->end);
	channel_close(l->control);
	if (l->child) {
		if (!l->clean)
			child_kill(l->child, SIGKILL);
		child_close(l->child);
	}
	log_source_close(l->source);
	for (int i = 0; i < SNAP_COUNT; i++) {
		if (l->fd[i] >= 0)
			close(l->fd[i]);
	}
	buf_free(&l->scratch);
	free(l);
}

void config_load_cancel(struct load *l)
{
	if (l)
		load_free(l);
}

static void on_end(void *arg)
{
	struct load *l = arg;
	load_done_fn done = l->done;
	void *done_arg = l->arg;
	char error[ERROR_MAX];
	struct load_result r = { .error = NULL };
	memcpy(error, l->error, sizeof(error));
	for (int i = 0; i < SNAP_COUNT && !*error; i++) {
		if (l->fd[i] < 0)
			snprintf(error, sizeof(error),
				 "%s:1: the loader returned no snapshot",
				 l->path);
	}
	if (*error)
		r.error = error;
	for (int i = 0; i < SNAP_COUNT; i++) {
		r.fd[i] = *error ? -1 : l->fd[i];
		if (!*error)
			l->fd[i] = -1;
	}
	load_free(l);
	done(done_arg, &r);
}

/* why: NULL, or what the loader did not get to say. */
static void finish(struct load *l, const char *why)
{
	if (l->ended)
		return;
	l->ended = true;
	if (why)
		snprintf(l->error, sizeof(l->error), "%s:1: %s", l->path, why);
	loop_at_turn_end(l->loop, &l->end);
}

static void on_deadline(struct timer *t, void *arg)
{
	(void)t;
	finish(arg, "reading the configuration took too long");
}

static void on_exit_child(void *arg, int64_t status, int signo)
{
	struct load *l = arg;
	(void)status;
	child_close(l->child);
	l->child = NULL;
	/* what it said before lies in the channel, which ends after it */
	if (signo)
		finish(l, "the loader process ended by a signal");
}

/* Regular files only: never a device, never a pipe that would block. */
static int open_regular(struct slice path, int *fd)
{
	char name[PATH_MAX];
	struct stat st;
	if (slice_empty(path) || slice_cstr(path, name, sizeof(name)) < 0)
		return -EINVAL;
	int f = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (f < 0)
		return -errno;
	int err = fstat(f, &st) < 0 ? -errno : 0;
	if (!err && !S_ISREG(st.st_mode))
		err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (err) {
		close(f);
		return err;
	}
	*fd = f;
	return 0;
}

static void do_ask(struct load *l, const struct ipc_msg *m)
{
	int fd = -1;
	int err = -EMFILE;
	if (l->files++ < FILES_MAX)
		err = open_regular(m->u.file_ask.path, &fd);
	const struct ipc_file answer = { .error = (uint32_t)-err,
					 .path = m->u.file_ask.path };
	err = message_send(l->control, &l->scratch, IPC_FILE, &answer, fd);
	if (fd >= 0)
		close(fd);
	if (err)
		finish(l, "the loader process cannot be reached");
}

static void do_loaded(struct load *l, const struct ipc_msg *m, int fd)
{
	enum snap_kind i = SNAP_OTHER;
	if (m->u.loaded.roles & 1U << PROC_EDGE)
		i = SNAP_EDGE;
	else if (m->u.loaded.roles & 1U << PROC_RELAY)
		i = SNAP_RELAY;
	if (fd < 0)
		return;
	if (l->fd[i] >= 0)
		close(l->fd[i]);
	l->fd[i] = fd;
}

static void log_warnings(struct slice text)
{
	while (!slice_empty(text)) {
		ptrdiff_t at = slice_chr(text, '\n');
		struct slice line =
			at < 0 ? text : slice_head(text, (size_t)at);
		text = at < 0 ? SLICE_NONE : slice_from(text, (size_t)at + 1);
		if (!slice_empty(line))
			LOG(LOG_WARN, "config.warning", KV_SLICE("why", line));
	}
}

static void do_end(struct load *l, const struct ipc_msg *m)
{
	struct slice error = slice_head(m->u.load_end.error, ERROR_MAX - 1);
	l->clean = true;
	log_warnings(m->u.load_end.warnings);
	if (error.len)
		memcpy(l->error, error.ptr, error.len);
	l->error[error.len] = '\0';
	finish(l, NULL);
}

static void on_message(void *arg, struct slice msg, int fd)
{
	struct load *l = arg;
	struct ipc_msg m = { .type = IPC_LOAD_END };
	int err = l->ended ? -EBADMSG : ipc_decode(msg, &m);
	if (!err && m.type == IPC_LOADED) {
		do_loaded(l, &m, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (!err && m.type == IPC_FILE_ASK)
		do_ask(l, &m);
	else if (!err && m.type == IPC_LOAD_END)
		do_end(l, &m);
	else
		finish(l, "the loader process sent what is no message");
}

static void on_gone(void *arg)
{
	finish(arg, "the loader process ended without a result");
}

static const struct channel_ops ops = { on_message, on_gone };

static int start(struct load *l, const struct load_conf *conf)
{
	uint32_t incarnation = (uint32_t)crypto_random_u64() | 1;
	const struct boot boot = {
		.id = { PROC_LOADER, 0, incarnation },
		.change_user = conf->change_user,
		.uid = conf->account.uid,
		.gid = conf->account.gid,
		.path = conf->path,
	};
	struct spawn s = { .loop = l->loop,
			   .log = l->log,
			   .boot = &boot,
			   .name = "loader",
			   .on_exit = on_exit_child,
			   .arg = l };
	struct spawned child;
	int err =
		sealed_page(&s.page_fd, "loader", sizeof(struct metrics_page));
	if (err)
		return err;
	err = spawn_child(&child, &s);
	close(s.page_fd);
	if (err)
		return err;
	l->child = child.child;
	l->source = child.log;
	err = channel_open(&l->control, l->loop, child.control_fd, NULL, &ops,
			   l);
	if (err)
		close(child.control_fd);
	return err;
}

int config_load_start(struct load **out, const struct load_conf *conf,
		      load_done_fn done, void *arg)
{
	struct load *l = calloc(1, sizeof(*l));
	if (!l)
		return -ENOMEM;
	*l = (struct load){ .loop = conf->loop,
			    .log = conf->log,
			    .path = conf->path,
			    .done = done,
			    .arg = arg,
			    .fd = { -1, -1, -1 } };
	l->end = (struct turn_hook){ .fn = on_end, .arg = l };
	buf_init(&l->scratch, 0);
	timer_init(&l->deadline, loop_timers(l->loop), on_deadline, l);
	int err = start(l, conf);
	if (err) {
		load_free(l);
		return err;
	}
	timer_start(&l->deadline, DEADLINE_MS);
	*out = l;
	return 0;
}
