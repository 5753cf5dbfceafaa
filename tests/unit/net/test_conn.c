/* SPDX-License-Identifier: Apache-2.0 */
/* Connections over loopback with the real loop: order of callbacks, bounds,
 * peers that vanish at any byte (SIP-37), who may close what. */
#include "pair.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/oom.h"

enum { GUARD_MS = 10000 };

struct world;

/* One end of a connection, and what its callbacks shall do. */
struct side {
	struct world *world;
	struct conn *conn;
	struct buf heard;
	unsigned ready, ended;
	enum conn_end why;
	char text[128];
	size_t close_at;   /* heard this much: conn_close() */
	bool echo;         /* send back what was heard */
	bool hold;         /* consume nothing */
	size_t answer;     /* first bytes: send this much and close flushed */
	bool close_ready;  /* close in on_ready */
	struct side *kill; /* close this one too, in on_bytes */
	struct side *kill_at_end; /* and this one in on_end */
};

struct world {
	struct loop *loop;
	struct net_tls *server_tls, *client_tls;
	struct acceptor *acceptor;
	struct net_gate *gate;
	struct addr addr;
	struct conn_limits server_limits;
	struct side server, client;
	struct timer guard;
	unsigned open; /* connections whose on_end is awaited */
	int accept_err;
	bool timed_out;
};

static void ended_one(struct world *w)
{
	if (--w->open == 0)
		loop_stop(w->loop);
}

static void on_ready(void *arg, struct conn *c)
{
	struct side *s = arg;

	s->ready++;
	assert_true(conn_ready(c));
	if (s->close_ready)
		conn_close(c);
}

static void act(struct side *s, struct slice data)
{
	static uint8_t block[1 << 20];

	if (s->echo && conn_write(s->conn, data))
		conn_close(s->conn);
	if (buf_failed(&s->heard))
		conn_close(s->conn);
	if (s->answer) {
		conn_write(s->conn, slice_of(block, s->answer));
		s->answer = 0;
		conn_close_flushed(s->conn);
		assert_int_equal(conn_write(s->conn, data), -EPIPE);
	}
	if (s->close_at && s->heard.len >= s->close_at)
		conn_close(s->conn);
	if (s->kill)
		conn_close(s->kill->conn);
}

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct side *s = arg;

	assert_ptr_equal(s->conn, c);
	assert_int_equal(s->ready, 1);
	assert_int_equal(s->ended, 0);
	if (s->hold)
		return 0;
	buf_put(&s->heard, data);
	act(s, data);
	return data.len;
}

static void on_end(void *arg, struct conn *c, enum conn_end why,
		   const char *text)
{
	struct side *s = arg;

	assert_ptr_equal(s->conn, c);
	assert_int_equal(conn_write(c, SLICE_LIT("x")), -EPIPE);
	conn_close(c);
	s->ended++;
	s->why = why;
	snprintf(s->text, sizeof(s->text), "%s", text);
	if (s->kill_at_end && !s->kill_at_end->ended)
		conn_close(s->kill_at_end->conn);
	ended_one(s->world);
}

static const struct conn_ops ops = { on_ready, on_bytes, on_end };

static void on_accept(void *arg, int fd, const struct addr *from)
{
	struct world *w = arg;

	(void)from;
	w->accept_err = conn_accept(&w->server.conn, w->loop, fd, w->server_tls,
				    &w->server_limits, &ops, &w->server);
	if (w->accept_err)
		loop_stop(w->loop);
	else
		w->open++;
}

static void on_guard(struct timer *t, void *arg)
{
	struct world *w = arg;

	(void)t;
	w->timed_out = true;
	loop_stop(w->loop);
}

static int world_open_with(struct world *w, const struct pki *pki,
			   enum net_tls_use accepts, enum net_tls_use dials)
{
	struct net_tls_conf conf = certs_conf(&pki->leaf, &pki->ca);
	char error[NET_ERROR_MAX];
	int fd;

	memset(w, 0, sizeof(*w));
	w->server.world = w;
	w->client.world = w;
	buf_init(&w->server.heard, 0);
	buf_init(&w->client.heard, 0);
	int err = loop_create(&w->loop);
	if (err)
		return err;
	timer_init(&w->guard, loop_timers(w->loop), on_guard, w);
	timer_start(&w->guard, GUARD_MS);
	err = net_tls_create(&w->server_tls, &conf, accepts, error);
	if (!err)
		err = net_tls_create(&w->client_tls, &conf, dials, error);
	if (!err)
		err = net_gate_create(&w->gate, w->loop, 0, NULL, NULL);
	if (!err) {
		net_tls_gate(w->server_tls, w->gate);
		net_tls_gate(w->client_tls, w->gate);
	}
	addr_parse(SLICE_LIT("127.0.0.1:0"), true, &w->addr);
	if (!err)
		err = net_listen(&w->addr, &fd);
	if (err)
		return err;
	socklen_t len = sizeof(w->addr.u.in);
	getsockname(fd, &w->addr.u.sa, &len);
	return acceptor_open(&w->acceptor, w->loop, fd, on_accept, w);
}

static int world_open(struct world *w, const struct pki *pki)
{
	return world_open_with(w, pki, NET_TLS_CLIENTS, NET_TLS_USER);
}

static int world_dial(struct world *w, const char *name,
		      const struct conn_limits *limits)
{
	int err = conn_dial(&w->client.conn, w->loop, &w->addr, w->client_tls,
			    name, limits, &ops, &w->client);

	if (!err)
		w->open++;
	return err;
}

static void world_close(struct world *w)
{
	if (w->loop)
		timer_stop(&w->guard);
	acceptor_close(w->acceptor);
	net_gate_free(w->gate);
	loop_free(w->loop);
	net_tls_free(w->server_tls);
	net_tls_free(w->client_tls);
	buf_free(&w->server.heard);
	buf_free(&w->client.heard);
}

/* Runs until all connections have ended. */
static void world_run(struct world *w)
{
	loop_run(w->loop);
	assert_false(w->timed_out);
	assert_int_equal(w->server.ended, w->server.conn ? 1 : 0);
	assert_int_equal(w->client.ended, w->client.conn ? 1 : 0);
}

static void open_dialled(struct world *w, void **state)
{
	assert_int_equal(world_open(w, *state), 0);
	assert_int_equal(world_dial(w, "edge.test", NULL), 0);
}

static void echo(void **state)
{
	struct world w;

	open_dialled(&w, state);
	w.server.echo = true;
	w.client.close_at = 5;
	/* before it is connected */
	assert_false(conn_ready(w.client.conn));
	assert_int_equal(conn_write(w.client.conn, SLICE_LIT("hello")), 0);
	world_run(&w);
	assert_int_equal(w.client.heard.len, 5);
	assert_memory_equal(w.client.heard.ptr, "hello", 5);
	assert_int_equal(w.client.why, CONN_END_LOCAL);
	assert_int_equal(w.server.why, CONN_END_PEER);
	assert_string_equal(w.server.text, "closed");
	world_close(&w);
}

/* A trusted link: the same life of a connection, without a handshake. */
static void plain_echo(void **state)
{
	struct world w;

	assert_int_equal(world_open_with(&w, *state, NET_PLAIN, NET_PLAIN), 0);
	assert_int_equal(world_dial(&w, NULL, NULL), 0);
	w.server.echo = true;
	w.client.close_at = 5;
	assert_false(conn_ready(w.client.conn));
	assert_int_equal(conn_write(w.client.conn, SLICE_LIT("hello")), 0);
	world_run(&w);
	assert_int_equal(w.client.ready, 1);
	assert_int_equal(w.server.ready, 1);
	assert_memory_equal(w.server.heard.ptr, "hello", 5);
	assert_int_equal(w.client.heard.len, 5);
	assert_int_equal(w.client.why, CONN_END_LOCAL);
	assert_int_equal(w.server.why, CONN_END_PEER);
	world_close(&w);
}

/* What speaks TLS to a trusted link, or the other way round, gets nowhere. */
static void plain_meets_tls(void **state)
{
	static const enum net_tls_use rows[][2] = {
		{ NET_PLAIN, NET_TLS_USER },
		{ NET_TLS_CLIENTS, NET_PLAIN },
	};

	for (size_t i = 0; i < 2; i++) {
		struct world w;
		assert_int_equal(
			world_open_with(&w, *state, rows[i][0], rows[i][1]), 0);
		w.server_limits.handshake_ms = 200;
		assert_int_equal(world_dial(&w, "edge.test", NULL), 0);
		assert_int_equal(
			conn_write(w.client.conn, SLICE_LIT("OPTIONS")), 0);
		w.server.close_at = 1;
		world_run(&w);
		if (rows[i][0] == NET_PLAIN)
			assert_int_equal(w.client.ready, 0);
		else
			assert_int_equal(w.server.ready, 0);
		world_close(&w);
	}
}

static void plain_large_data(void **state)
{
	enum { LEN = 3 << 20 };
	struct world w;
	uint8_t *data = calloc(1, LEN);

	assert_non_null(data);
	assert_int_equal(world_open_with(&w, *state, NET_PLAIN, NET_PLAIN), 0);
	assert_int_equal(world_dial(&w, NULL, NULL), 0);
	w.server.echo = true;
	w.client.close_at = LEN;
	assert_int_equal(conn_write(w.client.conn, slice_of(data, LEN)), 0);
	world_run(&w);
	assert_int_equal(w.client.heard.len, LEN);
	free(data);
	world_close(&w);
}

static void large_data_both_ways_at_once(void **state)
{
	enum { LEN = 3 << 20 };
	struct world w;
	uint8_t *data = malloc(LEN);

	assert_non_null(data);
	for (size_t i = 0; i < LEN; i++)
		data[i] = (uint8_t)(i * 31 + (i >> 11));
	open_dialled(&w, state);
	w.server.echo = true;
	w.client.close_at = LEN;
	assert_int_equal(conn_write(w.client.conn, slice_of(data, LEN)), 0);
	world_run(&w);
	assert_int_equal(w.client.heard.len, LEN);
	assert_memory_equal(w.client.heard.ptr, data, LEN);
	world_close(&w);
	free(data);
}

static void writing_is_bounded(void **state)
{
	struct conn_limits limits = { .write_bytes = 1000 };
	static uint8_t block[1001];
	struct world w;

	assert_int_equal(world_open(&w, *state), 0);
	assert_int_equal(world_dial(&w, "edge.test", &limits), 0);
	struct conn *c = w.client.conn;
	/* the hello that waits for the connection counts too */
	assert_int_equal(conn_write(c, slice_of(block, 1001)), -ENOBUFS);
	assert_int_equal(conn_write(c, slice_of(block, 400)), 0);
	size_t more = 0;
	while (conn_writable(c, 1)) {
		assert_int_equal(conn_write(c, slice_of(block, 1)), 0);
		more++;
	}
	assert_in_range(more, 1, 600);
	assert_int_equal(conn_write(c, slice_of(block, 1)), -ENOBUFS);
	w.server.close_at = 400 + more;
	world_run(&w);
	assert_int_equal(w.server.heard.len, 400 + more);
	world_close(&w);
}

static void input_that_is_not_taken_is_bounded(void **state)
{
	static uint8_t block[200 << 10];
	struct world w;

	assert_int_equal(world_open(&w, *state), 0);
	w.server_limits.read_bytes = 100 << 10;
	w.server.hold = true;
	assert_int_equal(world_dial(&w, "edge.test", NULL), 0);
	conn_write(w.client.conn, slice_of(block, sizeof(block)));
	world_run(&w);
	assert_int_equal(w.server.why, CONN_END_LOCAL);
	assert_string_equal(w.server.text, "more input than is taken");
	world_close(&w);
}

static void nobody_listens(void **state)
{
	struct world w;

	assert_int_equal(world_open(&w, *state), 0);
	acceptor_close(w.acceptor);
	w.acceptor = NULL;
	assert_int_equal(world_dial(&w, "edge.test", NULL), 0);
	world_run(&w);
	assert_int_equal(w.client.why, CONN_END_CONNECT);
	assert_string_equal(w.client.text, "Connection refused");
	world_close(&w);
}

static void no_way_there(void **state)
{
	struct world w;

	assert_int_equal(world_open(&w, *state), 0);
	/* a TCP connection to a multicast address fails at once */
	addr_parse(SLICE_LIT("224.0.0.1:5061"), false, &w.addr);
	assert_int_equal(world_dial(&w, "edge.test", NULL), 0);
	assert_int_equal(w.client.ended, 0);
	world_run(&w);
	assert_int_equal(w.client.why, CONN_END_CONNECT);
	world_close(&w);
}

static void the_dialled_name_is_not_proven(void **state)
{
	struct world w;

	assert_int_equal(world_open(&w, *state), 0);
	assert_int_equal(world_dial(&w, "other.test", NULL), 0);
	world_run(&w);
	assert_int_equal(w.client.why, CONN_END_NAME);
	assert_int_equal(w.client.ready, 0);
	assert_int_equal(w.server.ready, 0);
	assert_int_equal(w.server.why, CONN_END_TLS);
	world_close(&w);
}

static void a_silent_stranger_is_dropped(void **state)
{
	struct world w;

	assert_int_equal(world_open(&w, *state), 0);
	w.server_limits.handshake_ms = 30;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, &w.addr.u.sa, sizeof(w.addr.u.in)), 0);
	world_run(&w);
	assert_int_equal(w.server.why, CONN_END_TIMEOUT);
	close(fd);
	world_close(&w);
}

static void another_protocol_hears_nothing(void **state)
{
	struct world w;
	char answer[64];

	assert_int_equal(world_open(&w, *state), 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(fd, &w.addr.u.sa, sizeof(w.addr.u.in)), 0);
	assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
	world_run(&w);
	assert_int_equal(w.server.why, CONN_END_TLS);
	assert_string_equal(w.server.text, "not TLS");
	assert_true(read(fd, answer, sizeof(answer)) <= 0);
	close(fd);
	world_close(&w);
}

static void what_was_queued_leaves_before_the_end(void **state)
{
	enum { LEN = 1 << 20 };
	struct world w;

	open_dialled(&w, state);
	w.server.answer = LEN;
	conn_write(w.client.conn, SLICE_LIT("give"));
	world_run(&w);
	assert_int_equal(w.client.heard.len, LEN);
	assert_int_equal(w.client.why, CONN_END_PEER);
	assert_string_equal(w.client.text, "closed");
	assert_int_equal(w.server.why, CONN_END_LOCAL);
	assert_string_equal(w.server.text, "closed here");
	world_close(&w);
}

/* More requests behind the one that ends it must not destroy the answer. */
static void an_answer_survives_unread_input(void **state)
{
	static uint8_t block[40000];
	struct world w;

	open_dialled(&w, state);
	w.server.answer = 100;
	conn_write(w.client.conn, slice_of(block, sizeof(block)));
	world_run(&w);
	assert_int_equal(w.client.heard.len, 100);
	assert_int_equal(w.client.why, CONN_END_PEER);
	world_close(&w);
}

static void callbacks_close_anything(void **state)
{
	enum { READY_CLIENT, READY_SERVER, BYTES, OTHER, END, CASES };

	for (int i = 0; i < CASES; i++) {
		struct world w;
		open_dialled(&w, state);
		w.client.close_ready = i == READY_CLIENT;
		w.server.close_ready = i == READY_SERVER;
		if (i == BYTES)
			w.server.close_at = 1;
		if (i == OTHER || i == END)
			w.server.kill = &w.client;
		if (i == OTHER)
			w.server.close_at = 1;
		if (i == END)
			w.client.kill_at_end = &w.server;
		conn_write(w.client.conn, SLICE_LIT("hello"));
		world_run(&w);
		world_close(&w);
	}
}

/* A client that is cut off after so many bytes of its conversation. */
struct cutter {
	struct world *world;
	int fd;
	struct watch *watch;
	struct tls *tls;
	struct buf plain;
	size_t left;
	bool reset, spoke, over;
};

static void cut(struct cutter *c)
{
	struct linger now = { 1, 0 };

	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	watch_close(c->watch);
	close(c->fd);
	c->over = true;
	ended_one(c->world);
}

static void on_cutter(void *arg, int events)
{
	struct cutter *c = arg;
	uint8_t part[4096];
	struct buf *wire = tls_wire(c->tls);

	(void)events;
	ssize_t n = recv(c->fd, part, sizeof(part), MSG_DONTWAIT);
	if (n > 0)
		tls_input(c->tls, slice_of(part, (size_t)n), &c->plain);
	if (tls_status(c->tls) == TLS_OPEN && !c->spoke) {
		c->spoke = true;
		for (int i = 0; i < 20; i++)
			tls_output(c->tls, SLICE_LIT("twenty requests"));
	}
	size_t len = wire->len < c->left ? wire->len : c->left;
	n = send(c->fd, wire->ptr, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0) {
		buf_consume(wire, (size_t)n);
		c->left -= (size_t)n;
	}
	if (c->left == 0 || (c->spoke && wire->len == 0))
		cut(c);
	else
		watch_set(c->watch, WATCH_READ);
}

static bool cut_after(const struct pki *pki, size_t bytes, bool reset)
{
	struct world w;
	struct cutter c = { .world = &w, .left = bytes, .reset = reset };

	assert_int_equal(world_open(&w, pki), 0);
	w.server.echo = true;
	buf_init(&c.plain, 0);
	assert_int_equal(tls_create(&c.tls, w.client_tls, "edge.test"), 0);
	c.fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(c.fd, &w.addr.u.sa, sizeof(w.addr.u.in)), 0);
	assert_int_equal(watch_open(&c.watch, w.loop, c.fd, on_cutter, &c), 0);
	watch_set(c.watch, WATCH_WRITE);
	w.open = 1;
	world_run(&w);
	if (!w.server.conn) /* the cutter was done before the accept */
		w.open = 0;
	assert_true(c.over);
	bool all = c.spoke && c.left;
	tls_free(c.tls);
	buf_free(&c.plain);
	world_close(&w);
	return all;
}

static void a_peer_vanishes_at_any_byte(void **state)
{
	for (size_t bytes = 1;; bytes += 23) {
		bool whole = cut_after(*state, bytes, false);
		cut_after(*state, bytes, true);
		if (whole)
			return;
		assert_true(bytes < 10000);
	}
}

static int scenario_of(void *arg, bool plain)
{
	struct world w;
	int err = plain ? world_open_with(&w, arg, NET_PLAIN, NET_PLAIN)
			: world_open(&w, arg);

	w.server.echo = true;
	w.client.close_at = 5;
	if (!err)
		err = world_dial(&w, "edge.test", NULL);
	if (!err) {
		err = conn_write(w.client.conn, SLICE_LIT("hello"));
		if (err)
			conn_close(w.client.conn);
		loop_run(w.loop);
		/* an accept that failed stopped the loop too early */
		while (w.open) {
			if (w.client.conn && !w.client.ended)
				conn_close(w.client.conn);
			if (w.server.conn && !w.server.ended)
				conn_close(w.server.conn);
			loop_run(w.loop);
		}
		if (!err && w.client.heard.len != 5)
			err = -EIO;
	}
	world_close(&w);
	assert_false(w.timed_out);
	return err;
}

static int scenario(void *arg)
{
	return scenario_of(arg, false);
}

static int scenario_plain(void *arg)
{
	return scenario_of(arg, true);
}

static void survives_failing_allocations(void **state)
{
	oom_walk(scenario, *state);
	oom_walk(scenario_plain, *state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo),
		cmocka_unit_test(plain_echo),
		cmocka_unit_test(plain_meets_tls),
		cmocka_unit_test(plain_large_data),
		cmocka_unit_test(large_data_both_ways_at_once),
		cmocka_unit_test(writing_is_bounded),
		cmocka_unit_test(input_that_is_not_taken_is_bounded),
		cmocka_unit_test(nobody_listens),
		cmocka_unit_test(no_way_there),
		cmocka_unit_test(the_dialled_name_is_not_proven),
		cmocka_unit_test(a_silent_stranger_is_dropped),
		cmocka_unit_test(another_protocol_hears_nothing),
		cmocka_unit_test(what_was_queued_leaves_before_the_end),
		cmocka_unit_test(an_answer_survives_unread_input),
		cmocka_unit_test(callbacks_close_anything),
		cmocka_unit_test(a_peer_vanishes_at_any_byte),
		cmocka_unit_test(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
