/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches on descriptors, and signals. Both are a libuv handle inside a struct
 * that libuv's close callback frees, at the end of the turn.
 */
#include <errno.h>
#include <stdlib.h>

#include "loop/loop_int.h"

struct watch {
	uv_poll_t poll;
	struct loop *loop;
	watch_fn fn;
	void *arg;
	int events; /* WATCH_* bits that are wanted */
};

void watch_on_closed(uv_handle_t *h)
{
	free(container_of(h, struct watch, poll));
}

static bool watch_closing(const struct watch *w)
{
	return uv_is_closing((const uv_handle_t *)&w->poll);
}

static void on_poll(uv_poll_t *h, int status, int events);

static int watch_start(struct watch *w)
{
	int events = 0;

	if (w->events & WATCH_READ)
		events |= UV_READABLE;
	if (w->events & WATCH_WRITE)
		events |= UV_WRITABLE;
	return uv_poll_start(&w->poll, events, on_poll);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	struct watch *w = container_of(h, struct watch, poll);
	int bits = 0;

	loop_enter(w->loop);
	if (watch_closing(w) || !w->events)
		return;
	if (status < 0)
		bits = WATCH_READ | WATCH_WRITE;
	if (events & UV_READABLE)
		bits |= WATCH_READ;
	if (events & UV_WRITABLE)
		bits |= WATCH_WRITE;
	w->fn(w->arg, bits);
	/* libuv stops a handle whose socket has an error. Ours goes on: the
	 * owner reads the error, a datagram socket lives through many. */
	if (status < 0 && !watch_closing(w) && w->events)
		watch_start(w);
}

int watch_open(struct watch **out, struct loop *l, int fd, watch_fn fn,
	       void *arg)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	int err = uv_poll_init(&l->uv, &w->poll, fd);
	if (err) {
		free(w);
		return err;
	}
	w->loop = l;
	w->fn = fn;
	w->arg = arg;
	*out = w;
	return 0;
}

int watch_set(struct watch *w, int events)
{
	if (events == w->events)
		return 0;
	int before = w->events;
	w->events = events;
	int err = events ? watch_start(w) : uv_poll_stop(&w->poll);
	if (err)
		w->events = before;
	return err;
}

void watch_close(struct watch *w)
{
	if (w && !watch_closing(w))
		uv_close((uv_handle_t *)&w->poll, watch_on_closed);
}

struct signal_watch {
	uv_signal_t signal;
	struct loop *loop;
	loop_signal_fn fn;
	void *arg;
};

void signal_on_closed(uv_handle_t *h)
{
	free(container_of(h, struct signal_watch, signal));
}

static void on_signal(uv_signal_t *h, int signo)
{
	struct signal_watch *s = container_of(h, struct signal_watch, signal);

	loop_enter(s->loop);
	s->fn(s->arg, signo);
}

int loop_signal(struct loop *l, int signo, loop_signal_fn fn, void *arg)
{
	struct signal_watch *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->loop = l;
	s->fn = fn;
	s->arg = arg;
	int err = uv_signal_init(&l->uv, &s->signal);
	if (err) {
		free(s);
		return err;
	}
	err = uv_signal_start(&s->signal, on_signal, signo);
	if (err) {
		uv_close((uv_handle_t *)&s->signal, signal_on_closed);
		return err;
	}
	uv_unref((uv_handle_t *)&s->signal);
	return 0;
}
