/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The child that reads the configuration: no rights, no files of its own. It
 * asks the supervisor for each file, checks everything, and returns one sealed
 * snapshot for edge, with the key, one for relay, with its users, and one
 * without either for all others. It works from top to bottom and runs its loop
 * only while it waits for an answer.
 */
#include "daemon/process.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/crypto.h"
#include "daemon/check.h"
#include "daemon/message.h"
#include "daemon/sandbox.h"
#include "daemon/warm.h"

enum { ARENA_FIRST = 64 << 10, ARENA_MAX = 128 << 20 };

enum {
	ROLES_EDGE = 1 << PROC_EDGE,
	ROLES_RELAY = 1 << PROC_RELAY,
	ROLES_OTHER = 1 << PROC_SUPERVISOR | 1 << PROC_HOME | 1 << PROC_STORE |
		      1 << PROC_RESOLVER | 1 << PROC_ADMIN
};

struct loader {
	struct loop *loop;
	struct channel *control;
	struct buf scratch;
	bool gone;
	/* the answer to the last FILE_ASK */
	bool answered;
	int fd;
	int error;
};

static void on_message(void *arg, struct slice msg, int fd)
{
	struct loader *l = arg;
	struct ipc_msg m;
	if (ipc_decode(msg, &m) < 0 || m.type != IPC_FILE || l->answered) {
		if (fd >= 0)
			close(fd);
		return;
	}
	l->answered = true;
	l->fd = fd;
	l->error = -(int)m.u.file.error;
	loop_stop(l->loop);
}

static void on_gone(void *arg)
{
	struct loader *l = arg;
	l->gone = true;
	loop_stop(l->loop);
}

static const struct channel_ops ops = { on_message, on_gone };

/* A conf_open_fn: the supervisor opens, we get the descriptor. */
static int ask_file(void *arg, const char *path, int *fd)
{
	struct loader *l = arg;
	const struct ipc_file_ask ask = { .path = slice_str(path) };
	if (l->gone)
		return -EPIPE;
	l->answered = false;
	l->fd = -1;
	int err = message_send(l->control, &l->scratch, IPC_FILE_ASK, &ask, -1);
	if (err)
		return err;
	loop_run(l->loop);
	if (!l->answered)
		return -EPIPE;
	if (l->fd < 0)
		return l->error ? l->error : -EIO;
	*fd = l->fd;
	return 0;
}

static int send_snapshot(struct loader *l, const struct conf *c, uint32_t roles)
{
	const struct ipc_loaded m = { .roles = roles };
	struct buf bytes;
	int fd = -1;
	buf_init(&bytes, SNAPSHOT_MAX);
	conf_encode(&bytes, c, roles);
	int err = buf_failed(&bytes) ? -ENOMEM : 0;
	if (!err)
		err = sealed_create(&fd, "configuration", buf_slice(&bytes));
	buf_free(&bytes);
	if (err)
		return err;
	err = message_send(l->control, &l->scratch, IPC_LOADED, &m, fd);
	close(fd);
	return err;
}

/* No key but where TLS ends. */
static uint32_t relay_readers(const struct conf *c)
{
	return c->relay.tls_listen_count || c->relay.dtls
		       ? ROLES_RELAY | CONF_FOR_RELAY_TLS
		       : ROLES_RELAY;
}

static int send_end(struct loader *l, const char *error, struct slice warnings)
{
	const struct ipc_load_end m = { .error = slice_str(error),
					.warnings = warnings };
	return message_send(l->control, &l->scratch, IPC_LOAD_END, &m, -1);
}

static void load_text(struct loader *l, struct arena *a, const char *path,
		      struct slice text)
{
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL;
	struct buf warnings;
	const struct conf_load load = { .path = path,
					.text = text,
					.open = ask_file,
					.open_arg = l,
					.cpus = check_cpus() };
	buf_init(&warnings, 0);
	int err = check_load(a, &load, &c, error, &warnings);
	if (!err)
		err = send_snapshot(l, c, ROLES_EDGE);
	if (!err)
		err = send_snapshot(l, c, relay_readers(c));
	if (!err)
		err = send_snapshot(l, c, ROLES_OTHER);
	if (err && !*error)
		snprintf(error, sizeof(error), "%s:1: %s", path,
			 strerror(-err));
	send_end(l, error, buf_slice(&warnings));
	buf_free(&warnings);
}

static void load(struct loader *l, const char *path)
{
	char error[CONF_ERROR_MAX];
	struct buf text;
	int fd = -1;
	buf_init(&text, 0);
	struct arena *a = arena_create(ARENA_FIRST, ARENA_MAX);
	int err = a ? ask_file(l, path, &fd) : -ENOMEM;
	if (!err)
		err = check_read(fd, &text);
	if (err) {
		snprintf(error, sizeof(error), "%s:1: cannot be read: %s", path,
			 strerror(-err));
		send_end(l, error, SLICE_NONE);
	} else {
		load_text(l, a, path, buf_slice(&text));
	}
	if (fd >= 0)
		close(fd);
	if (text.ptr)
		crypto_wipe(text.ptr, text.cap);
	arena_free(a);
	buf_free(&text);
}

static int enter(const struct boot *b)
{
	const struct sandbox s = { .role = PROC_LOADER,
				   .change_user = b->change_user,
				   .uid = b->uid,
				   .gid = b->gid };
	char error[SANDBOX_ERROR_MAX] = "";
	int err = sandbox_enter(&s, error);
	if (err)
		LOG(LOG_ERROR, "sandbox.failed", KV_STR("why", error));
	return err;
}

int loader_main(const struct boot *boot)
{
	struct loader l = { .fd = -1 };
	int err = process_prepare_self(boot);
	if (err)
		return 1;
	buf_init(&l.scratch, 0);
	warm_tls();
	err = loop_create(&l.loop);
	if (err)
		return 1;
	err = channel_open(&l.control, l.loop, BOOT_FD_CONTROL, NULL, &ops, &l);
	if (!err)
		err = enter(boot);
	if (!err)
		load(&l, boot->path);
	/* the supervisor hangs up when it has everything */
	if (!err && !l.gone)
		loop_run(l.loop);
	channel_close(l.control);
	loop_free(l.loop);
	buf_free(&l.scratch);
	return err ? 1 : 0;
}
