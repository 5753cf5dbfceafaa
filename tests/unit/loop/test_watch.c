/* SPDX-License-Identifier: Apache-2.0 */
/* Watches: readiness, pausing, errors, closing inside callbacks. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/loop.h"
#include "support/oom.h"

struct end {
	struct loop *loop;
	struct watch *watch;
	struct watch *closes; /* another one */
	int fd;
	int events;
	unsigned calls;
	bool close_self;
};

static void on_ready(void *arg, int events)
{
	struct end *e = arg;
	char c[16];

	e->calls++;
	e->events = events;
	if (events & WATCH_READ && read(e->fd, c, sizeof(c)) == 0)
		watch_set(e->watch, 0);
	if (events & WATCH_WRITE)
		watch_set(e->watch, WATCH_READ);
	if (e->closes) {
		watch_close(e->closes);
		e->closes = NULL;
	}
	if (e->close_self) {
		watch_close(e->watch);
		e->watch = NULL;
	}
}

static void pair(struct loop **l, struct end e[static 2])
{
	int fds[2];

	assert_int_equal(loop_create(l), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (int i = 0; i < 2; i++) {
		e[i] = (struct end){ .loop = *l, .fd = fds[i] };
		assert_int_equal(
			watch_open(&e[i].watch, *l, fds[i], on_ready, &e[i]),
			0);
	}
}

/* Some turns, each with a look at the descriptors. */
struct turner {
	struct timer t;
	struct loop *loop;
	unsigned left;
};

static void on_tick(struct timer *t, void *arg)
{
	struct turner *turner = arg;

	if (turner->left--)
		timer_start(t, 0); /* the next turn */
	else
		loop_stop(turner->loop);
}

static void turns(struct loop *l)
{
	struct turner turner = { .loop = l, .left = 10 };

	timer_init(&turner.t, loop_timers(l), on_tick, &turner);
	timer_start(&turner.t, 0);
	loop_run(l);
}

static void finish(struct loop *l, struct end e[static 2])
{
	for (int i = 0; i < 2; i++) {
		watch_close(e[i].watch);
		if (e[i].fd >= 0)
			close(e[i].fd);
	}
	loop_free(l);
}

static void test_read_write_pause(void **state)
{
	(void)state;
	struct loop *l;
	struct end e[2];

	pair(&l, e);
	assert_int_equal(watch_set(e[0].watch, WATCH_READ | WATCH_WRITE), 0);
	turns(l);
	assert_int_equal(e[0].calls, 1);
	assert_int_equal(e[0].events, WATCH_WRITE);
	assert_int_equal(write(e[1].fd, "x", 1), 1);
	turns(l);
	assert_int_equal(e[0].calls, 2);
	assert_int_equal(e[0].events, WATCH_READ);
	assert_int_equal(watch_set(e[0].watch, 0), 0);
	assert_int_equal(write(e[1].fd, "x", 1), 1);
	turns(l);
	assert_int_equal(e[0].calls, 2);
	finish(l, e);
}

static void test_close_in_callbacks(void **state)
{
	(void)state;
	struct loop *l;
	struct end e[2];

	/* Both are ready in the same turn; whichever runs first closes both. */
	pair(&l, e);
	e[0].closes = e[1].watch;
	e[1].closes = e[0].watch;
	e[0].close_self = true;
	e[1].close_self = true;
	assert_int_equal(watch_set(e[0].watch, WATCH_WRITE), 0);
	assert_int_equal(watch_set(e[1].watch, WATCH_WRITE), 0);
	turns(l);
	assert_int_equal(e[0].calls + e[1].calls, 1);
	e[0].watch = NULL;
	e[1].watch = NULL;
	finish(l, e);
}

static void test_descriptor_is_reused(void **state)
{
	(void)state;
	struct loop *l;
	struct end e[2];
	struct watch *again;

	pair(&l, e);
	watch_close(e[0].watch);
	assert_int_equal(watch_open(&again, l, e[0].fd, on_ready, &e[0]), 0);
	e[0].watch = again;
	assert_int_equal(watch_set(again, WATCH_WRITE), 0);
	turns(l);
	assert_int_equal(e[0].calls, 1);
	finish(l, e);
}

static void test_bad_descriptor(void **state)
{
	(void)state;
	struct loop *l;
	struct watch *w;

	assert_int_equal(loop_create(&l), 0);
	assert_int_equal(watch_open(&w, l, 1 << 20, on_ready, NULL), -EBADF);
	watch_close(NULL);
	loop_free(l);
}

static void on_datagram(void *arg, int events)
{
	struct end *e = arg;
	char c[16];

	e->calls++;
	e->events |= events;
	(void)!recv(e->fd, c, sizeof(c), 0); /* takes the pending error too */
}

/* A connected datagram socket goes on after "port unreachable". */
static void test_goes_on_after_an_error(void **state)
{
	(void)state;
	struct loop *l;
	struct end e = { 0 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int peer = socket(AF_INET, SOCK_DGRAM, 0);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(peer, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(peer, (struct sockaddr *)&sin, &len), 0);
	e.fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(connect(e.fd, (struct sockaddr *)&sin, len), 0);
	close(peer);
	assert_int_equal(loop_create(&l), 0);
	assert_int_equal(watch_open(&e.watch, l, e.fd, on_datagram, &e), 0);
	assert_int_equal(watch_set(e.watch, WATCH_READ), 0);
	assert_int_equal(send(e.fd, "x", 1, 0), 1);
	turns(l);
	assert_int_equal(e.calls, 1);
	assert_int_equal(e.events, WATCH_READ | WATCH_WRITE);
	assert_int_equal(send(e.fd, "x", 1, 0), 1);
	turns(l);
	assert_int_equal(e.calls, 2);
	watch_close(e.watch);
	close(e.fd);
	loop_free(l);
}

/* A timer that is started in a callback counts from that callback, however
 * long the loop was idle before. */
static void on_idle_over(void *arg, int events)
{
	struct end *e = arg;

	(void)events;
	assert_int_equal(timers_now(loop_timers(e->loop)),
			 loop_now_ms(e->loop));
	e->calls++;
	watch_set(e->watch, 0);
}

static void test_timers_are_current_in_callbacks(void **state)
{
	(void)state;
	struct loop *l;
	struct end e = { 0 };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(loop_create(&l), 0);
	e.loop = l;
	assert_int_equal(watch_open(&e.watch, l, fds[1], on_idle_over, &e), 0);
	assert_int_equal(watch_set(e.watch, WATCH_WRITE), 0);
	loop_run(l);
	assert_int_equal(e.calls, 1);
	watch_close(e.watch);
	close(fds[0]);
	close(fds[1]);
	loop_free(l);
}

static int open_one(void *arg)
{
	struct end *e = arg;
	struct loop *l;
	int err = loop_create(&l);

	if (err)
		return err;
	err = watch_open(&e->watch, l, e->fd, on_ready, e);
	if (!err)
		err = watch_set(e->watch, WATCH_READ);
	loop_free(l); /* closes what was left open */
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	struct end e = { .fd = fds[0] };
	oom_walk(open_one, &e);
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_write_pause),
		cmocka_unit_test(test_close_in_callbacks),
		cmocka_unit_test(test_descriptor_is_reused),
		cmocka_unit_test(test_bad_descriptor),
		cmocka_unit_test(test_goes_on_after_an_error),
		cmocka_unit_test(test_timers_are_current_in_callbacks),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
