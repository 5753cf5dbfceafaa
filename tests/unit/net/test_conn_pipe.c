/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that only pass bytes on: pausing, and being told of room; a
 * socket whose connect() was begun elsewhere. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/net.h"

enum { MANY = 200000, PAUSE_MS = 20 };

struct end {
	struct conn *conn;
	struct loop *loop;
	struct timer timer;
	unsigned calls, sent, ready;
	size_t heard, until;
	bool pause, ended;
};

static void on_ready(void *arg, struct conn *c)
{
	struct end *e = arg;
	(void)c;
	e->ready++;
}

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct end *e = arg;
	e->calls++;
	if (e->pause) {
		e->pause = false;
		conn_pause(c, true);
		timer_start(&e->timer, PAUSE_MS);
		return 0;
	}
	e->heard += data.len;
	if (e->heard == e->until)
		loop_stop(e->loop);
	return data.len;
}

static void on_end(void *arg, struct conn *c, enum conn_end why,
		   const char *text)
{
	struct end *e = arg;
	(void)c;
	(void)why;
	(void)text;
	e->ended = true;
	loop_stop(e->loop);
}

static const struct conn_ops ops = { on_ready, on_bytes, on_end };

static void on_timer(struct timer *t, void *arg)
{
	struct end *e = arg;
	(void)t;
	assert_int_equal(e->heard, 0);
	conn_pause(e->conn, false);
}

static void on_sent(void *arg)
{
	struct end *e = arg;
	e->sent++;
}

struct pair {
	struct loop *loop;
	struct net_tls *plain;
	struct end end[2];
};

static void pair_open(struct pair *p)
{
	char error[NET_ERROR_MAX];
	const struct net_tls_conf none = { .client_usage_only = false };
	memset(p, 0, sizeof(*p));
	assert_int_equal(loop_create(&p->loop), 0);
	assert_int_equal(net_tls_create(&p->plain, &none, NET_PLAIN, error), 0);
	for (int i = 0; i < 2; i++) {
		p->end[i].loop = p->loop;
		timer_init(&p->end[i].timer, loop_timers(p->loop), on_timer,
			   &p->end[i]);
	}
}

static void pair_close(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->end[i].ended || !p->end[i].conn)
			continue;
		conn_close(p->end[i].conn);
		while (!p->end[i].ended)
			loop_run(p->loop);
	}
	net_tls_free(p->plain);
	loop_free(p->loop);
}

static void test_paused(void **state)
{
	struct pair p;
	int fd[2];
	uint8_t *bytes = calloc(1, MANY);
	(void)state;
	pair_open(&p);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(conn_accept(&p.end[i].conn, p.loop, fd[i],
					     p.plain, NULL, &ops, &p.end[i]),
				 0);
	p.end[1].pause = true;
	p.end[1].until = MANY;
	assert_int_equal(conn_fd(p.end[0].conn), fd[0]);
	assert_int_equal(conn_write(p.end[0].conn, slice_of(bytes, MANY)), 0);
	conn_when_sent(p.end[0].conn, on_sent);
	loop_run(p.loop);
	/* what came before the pause was handed over again after it */
	assert_int_equal(p.end[1].heard, MANY);
	assert_true(p.end[1].calls > 2);
	assert_int_equal(p.end[0].sent, 1);
	pair_close(&p);
	free(bytes);
}

static void on_peer(void *arg, int fd, const struct addr *from)
{
	struct pair *p = arg;
	(void)from;
	assert_int_equal(conn_accept(&p->end[1].conn, p->loop, fd, p->plain,
				     NULL, &ops, &p->end[1]),
			 0);
}

static void test_connecting(void **state)
{
	struct pair p;
	struct addr at = { .u.in = { .sin_family = AF_INET } };
	struct acceptor *a = NULL;
	socklen_t len = sizeof(at);
	int listener = -1;
	(void)state;
	pair_open(&p);
	assert_int_equal(addr_parse_host(SLICE_LIT("127.0.0.1"), 0, &at), 0);
	assert_int_equal(net_listen(&at, &listener), 0);
	assert_int_equal(getsockname(listener, &at.u.sa, &len), 0);
	assert_int_equal(acceptor_open(&a, p.loop, listener, on_peer, &p), 0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(connect(fd, &at.u.sa, addr_len(&at)) == 0 ||
		    errno == EINPROGRESS);
	assert_int_equal(conn_connecting(&p.end[0].conn, p.loop, fd, p.plain,
					 NULL, &ops, &p.end[0]),
			 0);
	p.end[1].until = 5;
	/* before it is connected */
	assert_int_equal(conn_write(p.end[0].conn, SLICE_LIT("hello")), 0);
	loop_run(p.loop);
	assert_int_equal(p.end[1].heard, 5);
	assert_int_equal(p.end[0].ready, 1);
	acceptor_close(a);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_connecting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
