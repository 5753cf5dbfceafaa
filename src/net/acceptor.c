/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepting. When descriptors run out, one kept in reserve is given up to take
 * a connection off the queue and close it, and accepting pauses for 100 ms: no
 * busy loop, and the caller learns at once (PRC-05).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "net/net.h"
#include "net/socket.h"

enum { BATCH_MAX = 32, PAUSE_MS = 100 };

struct acceptor {
	struct loop *loop;
	int fd;
	int reserve; /* -1 while it is given up */
	struct watch *watch;
	struct timer timer; /* runs while out of descriptors */
	acceptor_fn fn;
	void *arg;
	bool paused;
	bool inside; /* fn is being called */
	bool closed;
};

static void acceptor_free(struct acceptor *a)
{
	if (!a)
		return;
	timer_stop(&a->timer);
	watch_close(a->watch);
	if (a->reserve >= 0)
		close(a->reserve);
	close(a->fd);
	free(a);
}

static void arm(struct acceptor *a)
{
	bool wait = a->paused || timer_running(&a->timer);

	/* Failing to pause costs turns, failing to go on is tried again. */
	if (watch_set(a->watch, wait ? 0 : WATCH_READ) && !wait)
		timer_start(&a->timer, PAUSE_MS);
}

static void take_reserve(struct acceptor *a)
{
	if (a->reserve < 0)
		a->reserve = fcntl(a->fd, F_DUPFD_CLOEXEC, 0);
}

static void exhausted(struct acceptor *a, int err)
{
	LOG_LIMITED(LOG_ERROR, "fd.exhausted", SLICE_LIT("accept"),
		    KV_STR("why", strerrordesc_np(err)),
		    KV_U64("pause_ms", PAUSE_MS));
	if (a->reserve >= 0) {
		close(a->reserve);
		a->reserve = -1;
		int fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			close(fd);
		take_reserve(a);
	}
	timer_start(&a->timer, PAUSE_MS);
	arm(a);
}

static void on_timer(struct timer *t, void *arg)
{
	struct acceptor *a = arg;

	(void)t;
	take_reserve(a);
	arm(a);
}

/* One connection. False: no more in this turn. */
static bool accept_one(struct acceptor *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int fd = accept4(a->fd, (struct sockaddr *)&ss, &len,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		struct addr from = socket_addr(&ss);
		a->fn(a->arg, fd, &from);
		return !a->closed && !a->paused;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		exhausted(a, errno);
		return false;
	case EAGAIN:
		return false;
	default:
		return true; /* that one went away, accept(2) */
	}
}

static void on_event(void *arg, int events)
{
	struct acceptor *a = arg;

	(void)events;
	a->inside = true;
	for (int i = 0; i < BATCH_MAX && accept_one(a);)
		i++;
	a->inside = false;
	if (a->closed)
		acceptor_free(a);
}

int acceptor_open(struct acceptor **out, struct loop *l, int fd, acceptor_fn fn,
		  void *arg)
{
	struct acceptor *a = calloc(1, sizeof(*a));

	if (!a) {
		close(fd);
		return -ENOMEM;
	}
	a->loop = l;
	a->fd = fd;
	a->fn = fn;
	a->arg = arg;
	a->reserve = -1;
	timer_init(&a->timer, loop_timers(l), on_timer, a);
	take_reserve(a);
	int err = watch_open(&a->watch, l, fd, on_event, a);
	if (!err)
		err = watch_set(a->watch, WATCH_READ);
	if (err) {
		acceptor_free(a);
		return err;
	}
	*out = a;
	return 0;
}

void acceptor_pause(struct acceptor *a, bool paused)
{
	a->paused = paused;
	if (!a->closed)
		arm(a);
}

void acceptor_now(struct acceptor *a)
{
	if (!a->closed && !a->paused)
		on_event(a, 0);
}

void acceptor_close(struct acceptor *a)
{
	if (!a || a->closed)
		return;
	a->closed = true;
	if (!a->inside)
		acceptor_free(a);
}
