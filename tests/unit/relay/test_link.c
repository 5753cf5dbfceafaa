/* SPDX-License-Identifier: Apache-2.0 */
/* TCP with peers: Connect and its late answer, attempts, binds and who may not
 * (RFC 6062, TURN-05, TURN-11), MS-TURN in frames, the Messenger form. */
#include "relay/link.h"

#include "rig.h"
#include "support/oom.h"

#define PEER "8.8.4.4:5000"
#define OTHER "8.8.4.5:5000"
enum { CONTROL = 4, DATA = 5, FRAMES = 6 };

static int setup(void **state)
{
	struct rig *g = NULL;
	int err = rig_begin(&g);
	*state = g;
	return err;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

static struct rig_ask ask(enum stun_method method, unsigned client)
{
	return (struct rig_ask){
		.method = method, .client = client, .tcp = true, .lifetime = -1
	};
}

static int allocate(struct rig *g)
{
	struct rig_ask a = ask(STUN_ALLOCATE, CONTROL);
	rig_challenge(g, CONTROL, NULL);
	return rig_code(g, &a);
}

static int connect_to(struct rig *g, const char *peer)
{
	struct rig_ask a = ask(STUN_CONNECT, CONTROL);
	a.peer[0] = peer;
	return rig_code(g, &a);
}

static int bind_id(struct rig *g, uint32_t id, unsigned user)
{
	struct rig_ask a = ask(STUN_CONNECTION_BIND, DATA);
	a.connection = id;
	a.user = user;
	rig_challenge(g, DATA, NULL);
	return rig_code(g, &a);
}

/* The number in the message that was sent last. */
static uint32_t number(struct rig *g, enum stun_method method)
{
	struct stun_msg m;
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_int_equal(m.method, method);
	return stun_u32(&m, STUN_F_CONNECTION_ID);
}

/* A connection that is up: its number. */
static uint32_t connected(struct rig *g, const char *peer)
{
	assert_int_equal(connect_to(g, peer), -1); /* not yet */
	g->count = 0;
	relay_link_up(g->tap[g->taps - 1].link);
	return number(g, STUN_CONNECT);
}

static void test_connect(void **state)
{
	struct rig *g = *state;
	assert_int_equal(allocate(g), 0);
	uint32_t id = connected(g, PEER);
	assert_int_equal(connect_to(g, PEER), 446);
	assert_int_equal(bind_id(g, id, 1), 400); /* another user */
	assert_int_equal(bind_id(g, id ^ 1u << 20, 0), 400);
	assert_false(g->tap[0].joined);
	assert_int_equal(bind_id(g, id, 0), 0);
	assert_true(g->tap[0].joined);
	assert_int_equal(g->tap[0].flow.client.port, 4000 + DATA);
	assert_int_equal(bind_id(g, id, 0), 400); /* once */
	/* joined ones stay, however long */
	rig_later(g, 400000);
	assert_true(g->tap[0].open);
	g->tap[0].open = false;
	g->taps_open--;
	relay_link_gone(g->tap[0].link);
	assert_int_equal(connect_to(g, PEER), -1);
}

static void test_connect_fails(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	assert_int_equal(allocate(g), 0);
	assert_int_equal(connect_to(g, PEER), -1);
	g->count = 0;
	g->tap[0].open = false;
	g->taps_open--;
	relay_link_gone(g->tap[0].link);
	assert_int_equal(rig_answer(g, &m, NULL), 447);
	g->dial_error = -EADDRNOTAVAIL;
	assert_int_equal(connect_to(g, PEER), 447);
	g->dial_error = 0;
	assert_int_equal(connect_to(g, "10.0.0.1:5000"), 403);
	assert_int_equal(connect_to(g, "[::ffff:127.0.0.1]:5000"), 403);
	assert_int_equal(connect_to(g, "[2a00::1]:5000"), 443);
	/* nobody binds: 30 seconds */
	connected(g, OTHER);
	rig_later(g, LINK_BIND_MS - 1);
	assert_int_equal(g->taps_open, 1);
	rig_later(g, 1);
	assert_int_equal(g->taps_open, 0);
}

static void test_pending_are_bounded(void **state)
{
	struct rig *g = *state;
	char peer[32];
	assert_int_equal(allocate(g), 0);
	for (int i = 0; i < LINKS_PENDING_MAX; i++) {
		snprintf(peer, sizeof(peer), "8.8.4.4:%d", 5000 + i);
		assert_int_equal(connect_to(g, peer), -1);
	}
	assert_int_equal(connect_to(g, OTHER), 508);
	assert_int_equal(rig_permit(g, CONTROL, OTHER), 0);
	struct relay_addr from = rig_addr(OTHER);
	assert_null(relay_link_incoming(rig_port_at(g, 0)->port, &from, g));
	/* all of them go with the allocation */
	struct rig_ask a = ask(STUN_REFRESH, CONTROL);
	a.lifetime = 0;
	assert_int_equal(rig_code(g, &a), 0);
	assert_int_equal(g->taps_open, 0);
	assert_int_equal(g->open, 0);
}

static void test_incoming(void **state)
{
	struct rig *g = *state;
	struct relay_addr from = rig_addr(PEER);
	assert_int_equal(allocate(g), 0);
	struct relay_port *port = rig_port_at(g, 0)->port;
	assert_null(relay_link_incoming(port, &from, g)); /* no permission */
	assert_int_equal(rig_permit(g, CONTROL, PEER), 0);
	struct rig_tap *t = rig_tap_new(g, NULL);
	g->count = 0;
	t->link = relay_link_incoming(port, &from, t);
	assert_non_null(t->link);
	uint32_t id = number(g, STUN_CONNECTION_ATTEMPT);
	assert_int_equal(bind_id(g, id, 0), 0);
	assert_true(t->joined);
	/* what is denied now is cut */
	struct addr_prefix deny;
	assert_int_equal(addr_parse_prefix(SLICE_LIT("8.8.4.0/24"), &deny), 0);
	g->conf.deny = &deny;
	g->conf.deny_count = 1;
	rig_apply(g);
	assert_false(t->open);
}

static void test_what_does_not_go_together(void **state)
{
	struct rig *g = *state;
	struct rig_ask a = ask(STUN_ALLOCATE, 0);
	rig_challenge(g, 0, NULL);
	assert_int_equal(rig_code(g, &a), 400); /* from UDP */
	rig_challenge(g, CONTROL, NULL);
	a.client = CONTROL;
	a.even = true;
	assert_int_equal(rig_code(g, &a), 400);
	assert_int_equal(allocate(g), 0);
	assert_int_equal(rig_bind(g, CONTROL, 0x4000, PEER), 403);
	assert_int_equal(rig_permit(g, CONTROL, PEER), 0);
	struct rig_ask send = ask(STUN_SEND, CONTROL);
	send.class = STUN_INDICATION;
	send.peer[0] = PEER;
	send.data = "x";
	send.bare = true;
	rig_send(g, &send);
	assert_int_equal(g->count, 0);
	assert_int_equal(rig_allocate(g, DATA), 0); /* UDP, over a stream */
	struct rig_ask c = ask(STUN_CONNECT, DATA);
	c.peer[0] = PEER;
	assert_int_equal(rig_code(g, &c), 403);
}

static void test_bind_goes_elsewhere(void **state)
{
	struct rig *g = *state;
	assert_int_equal(allocate(g), 0);
	uint32_t id = connected(g, PEER);
	struct rig_ask a = ask(STUN_CONNECTION_BIND, DATA);
	/* not before he has proven himself */
	a.connection = (id & ~63u) | 7;
	a.bare = true;
	assert_int_equal(rig_code(g, &a), 401);
	assert_int_equal(g->passed, 0);
	assert_int_equal(bind_id(g, (id & ~63u) | 7, 0), -1);
	assert_int_equal(g->passed, 8);
	assert_null(relay_link_claim(g->relay, id, 12345));
}

/* ---- MS-TURN ---- */

static struct rig_ask ms(enum stun_method method)
{
	return (struct rig_ask){ .dialect = &stun_ms,
				 .method = method,
				 .client = FRAMES,
				 .lifetime = -1 };
}

static void test_frames(void **state)
{
	struct rig *g = *state;
	struct rig_ask a = ms(STUN_ALLOCATE);
	rig_challenge(g, FRAMES, &stun_ms);
	assert_int_equal(rig_code(g, &a), 0);
	a = ms(STUN_SEND);
	a.peer[0] = PEER;
	a.data = "one";
	rig_send(g, &a);
	assert_int_equal(g->taps, 1);
	assert_string_equal(g->tap[0].sent, "one");
	a.data = "two";
	rig_send(g, &a); /* the same connection */
	assert_int_equal(g->taps, 1);
	assert_string_equal(g->tap[0].sent, "two");
	relay_link_up(g->tap[0].link);
	/* back: an indication in a control frame */
	uint8_t room[RELAY_HEADROOM + 16 + RELAY_TAILROOM];
	struct relay_packet p = { .ptr = room + RELAY_HEADROOM, .len = 5 };
	memcpy(p.ptr, "\0\003abc", 5);
	g->count = 0;
	relay_link_packet(g->tap[0].link, &p);
	assert_int_equal(g->count, 1);
	assert_int_equal(g->sent[0].bytes[0], 2);
	assert_int_equal(g->sent[0].bytes[3], g->sent[0].len - 4);
	/* and raw in a data frame, once it is the active destination */
	a = ms(STUN_SET_ACTIVE);
	a.peer[0] = PEER;
	assert_int_equal(rig_code(g, &a), 0);
	g->count = 0;
	relay_link_packet(g->tap[0].link, &p);
	assert_int_equal(g->count, 1);
	assert_memory_equal(g->sent[0].bytes, "\003\0\0\005\0\003abc", 9);
	/* the client's data */
	struct relay_flow f = rig_flow(FRAMES);
	memcpy(p.ptr, "three", 5);
	relay_client_data(g->relay, &f, &p);
	assert_string_equal(g->tap[0].sent, "three");
	/* the stream ends: so does everything */
	relay_flow_gone(g->relay, &f);
	assert_int_equal(g->taps_open, 0);
	assert_int_equal(g->open, 0);
}

/* Both dial: the system has one connection between two ports, so who is late
 * finds that of the other, and one that was told of before is over. */
static void test_both_dial(void **state)
{
	struct rig *g = *state;
	struct rig_ask a = ms(STUN_ALLOCATE);
	rig_challenge(g, FRAMES, &stun_ms);
	assert_int_equal(rig_code(g, &a), 0);
	a = ms(STUN_SEND);
	a.peer[0] = PEER;
	a.data = "one";
	g->dial_error = -EADDRNOTAVAIL;
	g->waiting = rig_addr(PEER);
	rig_send(g, &a);
	assert_int_equal(g->taps, 1);
	assert_string_equal(g->tap[0].sent, "one");
	/* he dials anew: the old one cannot be alive */
	struct relay_addr from = rig_addr(PEER);
	struct rig_tap *t = &g->tap[g->taps++];
	g->taps_open++;
	*t = (struct rig_tap){ .open = true };
	t->link = relay_link_incoming(rig_port_at(g, 0)->port, &from, t);
	assert_non_null(t->link);
	assert_false(g->tap[0].open);
	a.data = "two";
	rig_send(g, &a);
	assert_string_equal(t->sent, "two");
	/* nobody waits, and there is no way: it is dropped */
	relay_link_gone(t->link);
	t->open = false;
	g->taps_open--;
	rig_send(g, &a);
	assert_int_equal(g->taps, 2);
}

static void test_messenger(void **state)
{
	struct rig *g = *state;
	struct rig_ask a = { .dialect = &stun_messenger,
			     .method = STUN_ALLOCATE,
			     .lifetime = -1,
			     .minted = true };
	assert_int_equal(credential_secret_make(&g->secrets.secret[0], 1), 0);
	g->secrets.count = 1;
	/* off: what MS-TURN says of a request without realm */
	assert_int_equal(rig_code(g, &a), 434);
	g->conf.messenger = true;
	rig_apply(g);
	struct stun_msg m;
	struct addr at;
	rig_send(g, &a);
	assert_int_equal(rig_answer(g, &m, &stun_messenger), 0);
	assert_int_equal(stun_addr(&m, STUN_F_RELAYED, &at), 0);
	assert_int_equal(addr_port(&at), rig_port_at(g, 0)->at.port);
	assert_int_equal(stun_addr(&m, STUN_F_REFLEXIVE, &at), 0);
	assert_int_equal(addr_port(&at), 4000);
	a.method = STUN_SEND;
	a.peer[0] = PEER;
	a.data = "hi";
	rig_send(g, &a);
	assert_int_equal(g->count, 1);
	assert_true(g->sent[0].to_peer);
}

/* ---- failing allocations ---- */

static int all_of_it(void *arg)
{
	struct rig *g = NULL;
	(void)arg;
	int err = rig_begin(&g);
	if (!err) {
		struct rig_ask a = ask(STUN_ALLOCATE, CONTROL);
		struct rig_ask c = ask(STUN_CONNECT, CONTROL);
		rig_challenge(g, CONTROL, NULL);
		rig_send(g, &a);
		c.peer[0] = PEER;
		rig_send(g, &c);
		err = g->taps ? 0 : -ENOMEM;
		if (!err)
			relay_link_up(g->tap[0].link);
	}
	rig_end(g);
	return err;
}

static void test_survives_oom(void **state)
{
	(void)state;
	oom_walk(all_of_it, NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_connect),
		TEST(test_connect_fails),
		TEST(test_pending_are_bounded),
		TEST(test_incoming),
		TEST(test_what_does_not_go_together),
		TEST(test_bind_goes_elsewhere),
		TEST(test_frames),
		TEST(test_both_dial),
		TEST(test_messenger),
		cmocka_unit_test(test_survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
