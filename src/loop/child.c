/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes. One that is forgotten while it runs stays known to libuv
 * until it ends, so that it does not remain as a zombie.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "loop/loop_int.h"

enum { CHILD_FDS_MAX = 1024 };

struct child {
	uv_process_t process;
	struct loop *loop;
	child_exit_fn on_exit;
	void *arg;
	bool exited;
	bool forgotten;
};

void child_on_closed(uv_handle_t *h)
{
	free(container_of(h, struct child, process));
}

static void child_drop(struct child *c)
{
	if (!uv_is_closing((uv_handle_t *)&c->process))
		uv_close((uv_handle_t *)&c->process, child_on_closed);
}

static void on_process_exit(uv_process_t *h, int64_t status, int signo)
{
	struct child *c = container_of(h, struct child, process);

	c->exited = true;
	loop_enter(c->loop);
	if (c->forgotten)
		child_drop(c);
	else
		c->on_exit(c->arg, status, signo);
}

static int stdio_of(const struct child_spec *spec, uv_stdio_container_t **out)
{
	size_t n = spec->fd_count;
	uv_stdio_container_t *io = calloc(n + 1, sizeof(*io));

	if (!io)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		bool inherit = spec->fds[i] >= 0;
		io[i].flags = inherit ? UV_INHERIT_FD : UV_IGNORE;
		io[i].data.fd = spec->fds[i];
	}
	*out = io;
	return 0;
}

/* uv_process_options_t has no const anywhere; libuv changes nothing. */
static char *mutable_text(const char *s)
{
	union {
		const char *in;
		char *out;
	} u = { .in = s };
	return u.out;
}

static char **mutable_vector(char *const *v)
{
	union {
		char *const *in;
		char **out;
	} u = { .in = v };
	return u.out;
}

int child_spawn(struct child **out, struct loop *l,
		const struct child_spec *spec)
{
	uv_stdio_container_t *io;

	if (spec->fd_count > CHILD_FDS_MAX)
		return -EINVAL;
	struct child *c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	int err = stdio_of(spec, &io);
	if (err) {
		free(c);
		return err;
	}
	c->loop = l;
	c->on_exit = spec->on_exit;
	c->arg = spec->arg;
	/* Whatever a library opened without the flag must not be inherited. */
	close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
	uv_process_options_t options = {
		.exit_cb = on_process_exit,
		.file = mutable_text(spec->file),
		.args = mutable_vector(spec->argv),
		.env = mutable_vector(spec->envp),
		.stdio_count = (int)spec->fd_count,
		.stdio = io,
	};
	err = uv_spawn(&l->uv, &c->process, &options);
	free(io);
	if (err) {
		child_drop(c);
		return err;
	}
	*out = c;
	return 0;
}

pid_t child_pid(const struct child *c)
{
	return uv_process_get_pid(&c->process);
}

int child_kill(struct child *c, int signo)
{
	return c->exited ? -ESRCH : uv_process_kill(&c->process, signo);
}

void child_close(struct child *c)
{
	if (!c || c->forgotten)
		return;
	c->forgotten = true;
	if (c->exited)
		child_drop(c);
	else
		uv_unref((uv_handle_t *)&c->process);
}
