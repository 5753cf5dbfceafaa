/* SPDX-License-Identifier: Apache-2.0 */
/* From the children's log sockets to standard error. */
#include "daemon/logpipe.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/logqueue.h"

enum { RETRY_MS = 20, BATCH = 64 };

struct logpipe {
	struct loop *loop;
	int fd;
	struct logqueue queue;
	struct list sources;
	struct turn_hook hook;
	struct timer retry;
	bool paused;
};

struct log_source {
	struct list node;
	struct logpipe *pipe;
	struct watch *watch;
	const char *name;
	int fd;
};

static bool takes(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	return poll(&p, 1, wait_ms) == 1;
}

/* Writes while the reader takes it: at most PIPE_BUF bytes each time, which
 * is what a pipe that polls writable has room for. */
static void write_out(struct logpipe *p)
{
	for (;;) {
		struct slice s = logqueue_head(&p->queue, PIPE_BUF);
		if (slice_empty(s) || !takes(p->fd, 0))
			return;
		ssize_t n = write(p->fd, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		/* an end that is gone (EPIPE, EIO) takes everything */
		logqueue_took(&p->queue, n < 0 ? s.len : (size_t)n);
	}
}

static void pause_sources(struct logpipe *p, bool pause)
{
	if (p->paused == pause)
		return;
	p->paused = pause;
	LIST_EACH (it, tmp, &p->sources) {
		struct log_source *s =
			container_of(it, struct log_source, node);
		watch_set(s->watch, pause ? 0 : WATCH_READ);
	}
}

static void pump(struct logpipe *p)
{
	write_out(p);
	pause_sources(p, logqueue_crowded(&p->queue));
	if (!slice_empty(logqueue_head(&p->queue, 1)))
		timer_start(&p->retry, RETRY_MS);
}

static void on_retry(struct timer *t, void *arg)
{
	(void)t;
	pump(arg);
}

static void on_turn_end(void *arg)
{
	pump(arg);
}

int logpipe_sink(void *arg, struct slice line)
{
	struct logpipe *p = arg;
	int err = logqueue_put(&p->queue, line);
	loop_at_turn_end(p->loop, &p->hook);
	return err;
}

int logpipe_create(struct logpipe **out, struct loop *l, int out_fd)
{
	struct logpipe *p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->loop = l;
	p->fd = out_fd;
	p->hook = (struct turn_hook){ .fn = on_turn_end, .arg = p };
	logqueue_init(&p->queue);
	list_init(&p->sources);
	timer_init(&p->retry, loop_timers(l), on_retry, p);
	*out = p;
	return 0;
}

void logpipe_free(struct logpipe *p)
{
	if (!p)
		return;
	loop_cancel_turn_end(&p->hook);
	timer_stop(&p->retry);
	logqueue_free(&p->queue);
	free(p);
}

void logpipe_flush(struct logpipe *p, int wait_ms)
{
	write_out(p);
	if (slice_empty(logqueue_head(&p->queue, 1)))
		return;
	if (takes(p->fd, wait_ms))
		write_out(p);
}

/* Lines begin with the time, or are JSON. */
static bool is_log_line(struct slice s)
{
	return (s.ptr[0] >= '0' && s.ptr[0] <= '9') || s.ptr[0] == '{';
}

/* One datagram is one line. False when there is none now. */
static bool source_read(struct log_source *s)
{
	uint8_t line[LOGQUEUE_LINE_MAX];
	ssize_t n;
	do
		n = recv(s->fd, line, sizeof(line), MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	struct slice text = slice_of(line, (size_t)n);
	if (is_log_line(text))
		logpipe_sink(s->pipe, text);
	else
		LOG(LOG_ERROR, "proc.crash", KV_STR("proc", s->name),
		    KV_SLICE("text", slice_trim(text)));
	return true;
}

static void on_source(void *arg, int events)
{
	struct log_source *s = arg;
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	(void)events;
	for (int i = 0; i < BATCH; i++) {
		if (logqueue_crowded(&s->pipe->queue))
			return;
		if (!source_read(s))
			break;
	}
	/* its end: nothing more will come, until the supervisor closes it */
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) &&
	    !(p.revents & POLLIN))
		watch_set(s->watch, 0);
}

int log_source_open(struct log_source **out, struct logpipe *p, int fd,
		    const char *name)
{
	struct log_source *s = calloc(1, sizeof(*s));
	int err = s ? 0 : -ENOMEM;
	if (!err) {
		s->pipe = p;
		s->fd = fd;
		s->name = name;
		err = watch_open(&s->watch, p->loop, fd, on_source, s);
	}
	if (!err)
		err = watch_set(s->watch, p->paused ? 0 : WATCH_READ);
	if (err) {
		if (s)
			watch_close(s->watch);
		free(s);
		close(fd);
		return err;
	}
	list_push_back(&p->sources, &s->node);
	*out = s;
	return 0;
}

void log_source_close(struct log_source *s)
{
	if (!s)
		return;
	while (!logqueue_crowded(&s->pipe->queue) && source_read(s))
		;
	list_remove(&s->node);
	watch_close(s->watch);
	close(s->fd);
	free(s);
}
