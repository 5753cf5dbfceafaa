/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the door of 443, by the first bytes: a relay's, a flow, or nobody;
 * in pieces, late, gone, and with a relay that cannot be reached. */
#include <fcntl.h>
#include <unistd.h>

#include "partner_world.h"

#include "edge/visitor.h"

enum { POLLS_MAX = 20000 };

#define BINDING                    \
	"\0\1\0\0\x21\x12\xa4\x42" \
	"0123456789ab"

struct handed {
	unsigned count;
	int error;
	char client[ADDR_TEXT_MAX];
};

static struct handed handed;

static int on_send_fd(void *arg, enum proc_role role, uint32_t slot,
		      enum ipc_type type, const void *body, int fd)
{
	const struct ipc_relay_stream *m = body;
	(void)arg;
	(void)slot;
	assert_int_equal(role, PROC_RELAY);
	assert_int_equal(type, IPC_RELAY_STREAM);
	assert_true(fcntl(fd, F_GETFD) >= 0);
	if (handed.error)
		return handed.error;
	handed.count++;
	(void)slice_cstr(m->client, handed.client, sizeof(handed.client));
	return 0;
}

static const struct edge_ops door_ops = { on_send, on_send_fd };

/* ---- a visitor's socket ---- */

static void pair(int *ours, int *theirs)
{
	struct addr at = { .u.in = { .sin_family = AF_INET,
				     .sin_addr.s_addr =
					     htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at.u);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l, &at.u.sa, sizeof(at.u.in)), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, &at.u.sa, &len), 0);
	*theirs = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*theirs, &at.u.sa, sizeof(at.u.in)), 0);
	*ours = accept(l, NULL, NULL);
	assert_true(*ours >= 0);
	close(l);
}

/* At the door; the client's end. */
static int arrive(struct world *w)
{
	struct visitor v = { .edge = w->edge, .kind = FLOW_CLIENT };
	int theirs;
	handed = (struct handed){ .error = handed.error };
	w->edge->ops = &door_ops;
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &v.from), 0);
	addr_text(&v.from, v.source);
	assert_null(visitor_admit(&v));
	pair(&v.fd, &theirs);
	edge_door_open(&v);
	assert_int_equal(w->edge->door_count, 1);
	return theirs;
}

static void say(int fd, struct slice bytes)
{
	assert_int_equal(send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL),
			 bytes.len);
}

struct poll {
	struct world *w;
	struct timer timer;
	unsigned left;
};

static void on_poll(struct timer *t, void *arg)
{
	struct poll *p = arg;
	if (p->w->edge->door_count && p->left--)
		timer_start(t, 1);
	else
		loop_stop(p->w->loop);
}

/* Until nobody is at the door, or that many turns. */
static void run(struct world *w, unsigned turns)
{
	struct poll p = { .w = w, .left = turns };
	timer_init(&p.timer, w->timers, on_poll, &p);
	timer_start(&p.timer, 1);
	loop_run(w->loop);
	timer_stop(&p.timer);
}

static void decided(struct world *w)
{
	run(w, POLLS_MAX);
	assert_int_equal(w->edge->door_count, 0);
}

static bool hung_up(int fd)
{
	char byte;
	return recv(fd, &byte, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN;
}

/* ---- what is said ---- */

/* A ClientHello with that name in its ALPN. */
static struct slice hello(const char *name, uint8_t out[static 128])
{
	size_t n = strlen(name), body = 2 + 32 + 1 + 4 + 2 + 2 + 7 + n;
	const uint8_t head[] = {
		0x16, 3, 1, 0, (uint8_t)(4 + body), 1, 0, 0, (uint8_t)body, 3, 3
	};
	const uint8_t tail[] = { 0,
				 0,
				 2,
				 0x13,
				 1,
				 1,
				 0,
				 0,
				 (uint8_t)(7 + n),
				 0,
				 16,
				 0,
				 (uint8_t)(3 + n),
				 0,
				 (uint8_t)(1 + n),
				 (uint8_t)n };
	memset(out, 7, 128);
	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head) + 32, tail, sizeof(tail));
	memcpy(out + sizeof(head) + 32 + sizeof(tail), name, n);
	return slice_of(out, sizeof(head) + 32 + sizeof(tail) + n);
}

enum verdict { RELAY, FLOW, CLOSED };

static void verdict_is(struct world *w, struct slice said, enum verdict want)
{
	size_t flows = w->net.count;
	int fd = arrive(w);
	say(fd, said);
	decided(w);
	assert_int_equal(handed.count, want == RELAY);
	assert_int_equal(w->net.count - flows, want == FLOW);
	if (want == RELAY)
		assert_string_equal(handed.client, "192.0.2.1:4000");
	if (want == CLOSED)
		assert_true(hung_up(fd));
	close(fd);
	if (want == FLOW)
		fake_end(flows, CONN_END_PEER);
}

static void by_first_bytes(void **state)
{
	struct world *w = *state;
	uint8_t turn[128], sip[128];
	const struct {
		struct slice said;
		enum verdict none, plain, keys; /* by what relays there are */
	} rows[] = {
		{ SLICE_LIT(BINDING), CLOSED, RELAY, RELAY },
		{ SLICE_LIT("\2\0\0\x1cx"), CLOSED, RELAY, RELAY },
		{ hello("stun.turn", turn), FLOW, FLOW, RELAY },
		{ hello("http/1.1", sip), FLOW, FLOW, FLOW },
		{ SLICE_LIT("GET / HTTP/1.1\r\n"), CLOSED, CLOSED, CLOSED },
		{ SLICE_LIT("OPTIONS sip:a SIP/2.0\r\n"), CLOSED, CLOSED,
		  CLOSED },
	};
	w->conf.new_per_source = 1000;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->conf.relays = w->conf.relays_tls = false;
		verdict_is(w, rows[i].said, rows[i].none);
		w->conf.relays = true;
		verdict_is(w, rows[i].said, rows[i].plain);
		w->conf.relays_tls = true;
		verdict_is(w, rows[i].said, rows[i].keys);
	}
}

static void in_pieces(void **state)
{
	struct world *w = *state;
	uint8_t room[128];
	const struct slice said[] = { SLICE_LIT(BINDING),
				      hello("stun.turn", room) };
	w->conf.relays = w->conf.relays_tls = true;
	for (size_t i = 0; i < 2; i++) {
		int fd = arrive(w);
		say(fd, slice_head(said[i], 1));
		run(w, 20);
		assert_int_equal(w->edge->door_count, 1);
		say(fd, slice_from(said[i], 1));
		decided(w);
		assert_int_equal(handed.count, 1);
		close(fd);
	}
}

/* What is counted of the source is given back. */
static void nobody_is_left(struct world *w, int fd)
{
	uint64_t key;
	struct addr from;
	assert_int_equal(addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &from),
			 0);
	key = addr_source(&from);
	struct map_node *n = map_find(&w->edge->sources, map_key_u64(&key));
	assert_true(!n || container_of(n, struct source, node)->open == 0);
	assert_int_equal(w->edge->door_count, 0);
	assert_int_equal(handed.count, 0);
	close(fd);
}

static void who_says_nothing(void **state)
{
	struct world *w = *state;
	int fd = arrive(w);
	timers_advance(w->timers, timers_now(w->timers) + 9000);
	assert_int_equal(w->edge->door_count, 1);
	timers_advance(w->timers, timers_now(w->timers) + 1000);
	assert_true(hung_up(fd));
	nobody_is_left(w, fd);
}

static void who_goes_again(void **state)
{
	struct world *w = *state;
	int fd = arrive(w);
	shutdown(fd, SHUT_WR);
	decided(w);
	nobody_is_left(w, fd);
	fd = arrive(w);
	edge_doors_close(w->edge);
	assert_true(hung_up(fd));
	nobody_is_left(w, fd);
}

static void no_relay_to_be_reached(void **state)
{
	struct world *w = *state;
	handed.error = -EPIPE;
	w->conf.relays = true;
	int fd = arrive(w);
	say(fd, SLICE_LIT(BINDING));
	decided(w);
	assert_true(hung_up(fd));
	nobody_is_left(w, fd);
	handed.error = 0;
}

static void who_is_looked_at(void **state)
{
	struct world *w = *state;
	struct addr_prefix balancer;
	struct visitor v = { .edge = w->edge, .kind = FLOW_CLIENT };
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &v.from), 0);
	assert_false(edge_door_wanted(&v));
	w->conf.relays = true;
	assert_true(edge_door_wanted(&v));
	v.kind = FLOW_INSIDE;
	assert_false(edge_door_wanted(&v));
	v.kind = FLOW_CLIENT;
	w->conf.relays = false;
	assert_int_equal(
		addr_parse_prefix(SLICE_LIT("192.0.2.0/24"), &balancer), 0);
	w->conf.balancers = &balancer;
	w->conf.balancer_count = 1;
	assert_true(edge_door_wanted(&v));
}

/* A balancer says who is behind it, and nothing else may come first. */
static void behind_a_balancer(void **state)
{
	static const uint8_t header[] =
		"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x71\x05\xc0\0\2\1"
		"\x13\x88\1\xbb";
	struct world *w = *state;
	struct addr_prefix balancer;
	assert_int_equal(
		addr_parse_prefix(SLICE_LIT("192.0.2.0/24"), &balancer), 0);
	w->conf.balancers = &balancer;
	w->conf.balancer_count = 1;
	w->conf.relays = true;
	int fd = arrive(w);
	say(fd, slice_of(header, 10));
	run(w, 20);
	say(fd, slice_of(header + 10, sizeof(header) - 1 - 10));
	say(fd, SLICE_LIT(BINDING));
	decided(w);
	assert_int_equal(handed.count, 1);
	assert_string_equal(handed.client, "203.0.113.5:5000");
	close(fd);
	fd = arrive(w);
	say(fd, SLICE_LIT(BINDING));
	decided(w);
	assert_int_equal(handed.count, 0);
	assert_true(hung_up(fd));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(by_first_bytes),
		WORLD_TEST(in_pieces),
		WORLD_TEST(who_says_nothing),
		WORLD_TEST(who_goes_again),
		WORLD_TEST(no_relay_to_be_reached),
		WORLD_TEST(who_is_looked_at),
		WORLD_TEST(behind_a_balancer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
