/* SPDX-License-Identifier: Apache-2.0 */
/* Accepting on the control socket. */
#include "admin/listen.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	AGAIN_MS = 1000, /* when descriptors or memory are short */
	BATCH = 16,
};

static void pause_accepting(struct admin *a, int err)
{
	LOG_LIMITED(LOG_WARN, "admin.busy", SLICE_LIT("accept"),
		    KV_STR("error", strerror(err)));
	(void)watch_set(a->listen_watch, 0);
	timer_start(&a->accept_again, AGAIN_MS);
}

static void welcome(struct admin *a, int fd)
{
	static const char busy[] =
		"{\"id\":null,\"ok\":false,\"error\":\"too many operators are "
		"connected\"}\n";
	if (a->session_count < SESSIONS_MAX) {
		(void)session_open(a, fd);
		return;
	}
	LOG_LIMITED(LOG_WARN, "admin.busy", SLICE_LIT("sessions"),
		    KV_U64("sessions", a->session_count));
	(void)send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void on_connection(void *arg, int events)
{
	struct admin *a = arg;
	(void)events;
	for (int i = 0; i < BATCH; i++) {
		int fd = accept4(a->listen_fd, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			welcome(a, fd);
			continue;
		}
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_accepting(a, errno);
		return;
	}
}

static void on_again(struct timer *t, void *arg)
{
	struct admin *a = arg;
	(void)t;
	if (a->listen_watch)
		(void)watch_set(a->listen_watch, WATCH_READ);
}

void listen_init(struct admin *a)
{
	a->listen_fd = -1;
	timer_init(&a->accept_again, a->timers, on_again, a);
}

void listen_close(struct admin *a)
{
	timer_stop(&a->accept_again);
	watch_close(a->listen_watch);
	a->listen_watch = NULL;
	if (a->listen_fd >= 0)
		close(a->listen_fd);
	a->listen_fd = -1;
}

int admin_listen(struct admin *a, int fd)
{
	listen_close(a);
	a->listen_fd = fd;
	int err = watch_open(&a->listen_watch, a->loop, fd, on_connection, a);
	if (!err)
		err = watch_set(a->listen_watch, WATCH_READ);
	if (err)
		listen_close(a);
	return err;
}
