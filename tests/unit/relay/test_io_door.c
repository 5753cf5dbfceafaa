/* SPDX-License-Identifier: Apache-2.0 */
/* Connections that another process hands over: the first bytes may come in
 * pieces, and stay where they are until they were told apart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "relay/relay_io.h"
#include "stun/msturn.h"
#include "stun/write.h"

enum { GUARD_MS = 10000 };

struct world {
	struct loop *loop;
	struct relay_io *io;
	struct relay_conf conf;
	struct addr client, local;
	int fd; /* our end */
	struct watch *watch;
	uint8_t heard[256];
	size_t len, wanted;
	bool ended;
	struct timer guard, later;
	struct slice rest; /* sent a moment later */
};

static void on_heard(void *arg, int events)
{
	struct world *w = arg;
	(void)events;
	ssize_t n = recv(w->fd, w->heard + w->len, sizeof(w->heard) - w->len,
			 MSG_DONTWAIT);
	if (n > 0)
		w->len += (size_t)n;
	w->ended = n == 0;
	if (w->ended || w->len >= w->wanted)
		loop_stop(w->loop);
}

static void on_guard(struct timer *t, void *arg)
{
	struct world *w = arg;
	(void)t;
	loop_stop(w->loop);
}

static void on_later(struct timer *t, void *arg)
{
	struct world *w = arg;
	(void)t;
	assert_int_equal(w->len, 0);
	assert_int_equal(send(w->fd, w->rest.ptr, w->rest.len, MSG_NOSIGNAL),
			 w->rest.len);
}

static void world_open(struct world *w)
{
	char error[NET_ERROR_MAX];
	int fd[2];
	memset(w, 0, sizeof(*w));
	w->conf.realm = SLICE_LIT("edge.test");
	w->conf.port_first = 50000;
	w->conf.port_last = 50100;
	addr_parse(SLICE_LIT("198.18.0.1:4000"), true, &w->client);
	addr_parse(SLICE_LIT("9.9.9.9:443"), true, &w->local);
	assert_int_equal(loop_create(&w->loop), 0);
	assert_int_equal(relay_io_create(&w->io, w->loop), 0);
	assert_int_equal(
		relay_io_prepare(w->io, 1, &w->conf, NULL, NULL, error), 0);
	relay_io_commit(w->io, 1);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	w->fd = fd[0];
	assert_int_equal(relay_io_adopt(w->io, fd[1], &w->client, &w->local),
			 0);
	assert_int_equal(watch_open(&w->watch, w->loop, w->fd, on_heard, w), 0);
	assert_int_equal(watch_set(w->watch, WATCH_READ), 0);
	timer_init(&w->guard, loop_timers(w->loop), on_guard, w);
	timer_init(&w->later, loop_timers(w->loop), on_later, w);
	timer_start(&w->guard, GUARD_MS);
}

static void world_close(struct world *w)
{
	timer_stop(&w->guard);
	timer_stop(&w->later);
	watch_close(w->watch);
	close(w->fd);
	if (!w->ended) { /* its end is the stream's end */
		timer_start(&w->guard, 20);
		loop_run(w->loop);
		timer_stop(&w->guard);
	}
	relay_io_free(w->io);
	loop_free(w->loop);
}

static void test_hello_in_pieces(void **state)
{
	static const uint8_t hello[MSTURN_HELLO_BYTES] = {
		0x16, 3, 1,        0, 0x2D, 1, 0,    0, 0x29,
		3,    1, [43] = 0, 0, 2,    0, 0x18, 1, 0
	};
	struct world w;
	(void)state;
	world_open(&w);
	w.wanted = MSTURN_HELLO_REPLY_BYTES;
	w.rest = slice_of(hello + 20, sizeof(hello) - 20);
	assert_int_equal(send(w.fd, hello, 20, MSG_NOSIGNAL), 20);
	timer_start(&w.later, 60);
	loop_run(w.loop);
	assert_int_equal(w.len, MSTURN_HELLO_REPLY_BYTES);
	assert_int_equal(w.heard[0], 0x16);
	world_close(&w);
}

/* Who decrypted for us tells whose connection it is. */
static void test_binding_tells_the_client(void **state)
{
	uint8_t bytes[64], id[STUN_ID_BYTES] = { 1 };
	struct stun_writer sw;
	struct stun_msg m;
	struct addr told;
	struct world w;
	(void)state;
	world_open(&w);
	stun_writer_init(&sw, NULL, bytes, sizeof(bytes));
	stun_begin(&sw, &stun_rfc, STUN_BINDING, STUN_REQUEST, id);
	struct slice whole = stun_end(&sw);
	w.wanted = 32;
	assert_int_equal(send(w.fd, whole.ptr, whole.len, MSG_NOSIGNAL),
			 whole.len);
	loop_run(w.loop);
	assert_int_equal(stun_parse(&m, &stun_rfc, slice_of(w.heard, w.len)),
			 0);
	assert_int_equal(stun_addr(&m, STUN_F_REFLEXIVE, &told), 0);
	assert_true(addr_equal(&told, &w.client));
	world_close(&w);
}

static void test_strangers_are_closed(void **state)
{
	static const char *const first[] = {
		"GET / HTTP/1.1\r\n",
		"\x16\x03\x01\x02\x01\x01\x01\x01\x01",
	};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		world_open(&w);
		w.wanted = 1;
		assert_true(send(w.fd, first[i], strlen(first[i]),
				 MSG_NOSIGNAL) > 0);
		loop_run(w.loop);
		assert_true(w.ended);
		world_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_in_pieces),
		cmocka_unit_test(test_binding_tells_the_client),
		cmocka_unit_test(test_strangers_are_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
