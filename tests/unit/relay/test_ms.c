/* SPDX-License-Identifier: Apache-2.0 */
/* MS-TURN against the engine: Allocate that makes, refreshes and ends, Send,
 * Set Active Destination, raw data, sequence numbers, demultiplexing. */
#include "relay/relay.h"

#include "rig.h"

#define PEER "8.8.4.4:5000"
#define OTHER "8.8.4.5:5000"

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

static struct rig_ask ms(enum stun_method method)
{
	return (struct rig_ask){ .dialect = &stun_ms,
				 .method = method,
				 .lifetime = -1 };
}

static int allocate(struct rig *g)
{
	struct rig_ask a = ms(STUN_ALLOCATE);
	rig_challenge(g, 0, &stun_ms);
	return rig_code(g, &a);
}

static int set_active(struct rig *g, const char *peer)
{
	struct rig_ask a = ms(STUN_SET_ACTIVE);
	a.peer[0] = peer;
	return rig_code(g, &a);
}

static void send_to(struct rig *g, const char *peer, const char *data)
{
	struct rig_ask a = ms(STUN_SEND);
	a.peer[0] = peer;
	a.data = data;
	rig_send(g, &a);
}

static void raw(struct rig *g, const char *data)
{
	g->count = 0;
	rig_from_client(g, 0, data, strlen(data));
}

static bool sent_is(const struct rig *g, const char *data)
{
	return g->count == 1 && g->sent[0].len == strlen(data) &&
	       memcmp(g->sent[0].bytes, data, strlen(data)) == 0;
}

static void test_allocate(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	struct addr a;
	struct rig_ask ask = ms(STUN_ALLOCATE);
	rig_challenge(g, 0, &stun_ms);
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, &stun_ms), 0);
	assert_int_equal(stun_addr(&m, STUN_F_RELAYED, &a), 0);
	assert_int_equal(addr_port(&a), rig_port_at(g, 0)->at.port);
	assert_int_equal(stun_addr(&m, STUN_F_REFLEXIVE, &a), 0);
	assert_int_equal(addr_port(&a), 4000);
	assert_int_equal(stun_u32(&m, STUN_F_LIFETIME), 600);
	assert_true(stun_has(&m, STUN_F_INTEGRITY));
	assert_int_equal(stun_value(&m, STUN_F_MS_SEQUENCE).len, 24);
	/* sent again: the same, nothing new */
	ask.same_id = true;
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, &stun_ms), 0);
	assert_int_equal(g->open, 1);
	/* refresh with the nonce that it was made with, however old */
	rig_later(g, 599000);
	ask.same_id = false;
	assert_int_equal(rig_code(g, &ask), 0);
	rig_later(g, 599000);
	assert_int_equal(rig_code(g, &ask), 0);
	rig_later(g, 599000);
	ask.lifetime = 0;
	assert_int_equal(rig_code(g, &ask), 0);
	assert_int_equal(g->open, 0);
}

static void test_refusals(void **state)
{
	struct rig *g = *state;
	struct rig_ask ask = ms(STUN_ALLOCATE);
	rig_challenge(g, 0, &stun_ms);
	ask.short_integrity = true;
	assert_int_equal(rig_code(g, &ask), 431);
	ask.short_integrity = false;
	g->nonce[0][20] ^= 1;
	assert_int_equal(rig_code(g, &ask), 438);
	g->conf.per_user = 1;
	rig_apply(g);
	assert_int_equal(allocate(g), 0);
	ask.client = 1;
	rig_challenge(g, 1, &stun_ms);
	assert_int_equal(rig_code(g, &ask), 500);
	/* without an allocation nothing is answered but Allocate */
	ask = ms(STUN_SEND);
	ask.client = 1;
	ask.peer[0] = PEER;
	ask.data = "x";
	rig_send(g, &ask);
	assert_int_equal(g->count, 0);
	assert_int_equal(set_active(g, "10.0.0.1:5000"), 400);
}

static void test_send_and_data(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	assert_int_equal(allocate(g), 0);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "early");
	assert_int_equal(g->count, 0);
	send_to(g, PEER, "hello");
	assert_true(sent_is(g, "hello") && g->sent[0].to_peer);
	send_to(g, "127.0.0.1:5000", "inside");
	assert_int_equal(g->count, 0);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "world");
	assert_int_equal(stun_parse(&m, &stun_ms,
				    slice_of(g->sent[0].bytes, g->sent[0].len)),
			 0);
	assert_int_equal(m.method, STUN_DATA);
	assert_true(slice_eq(stun_value(&m, STUN_F_DATA), SLICE_LIT("world")));
	/* permissions do not end, the lifetime is one of idleness */
	for (int i = 0; i < 10; i++) {
		rig_later(g, 590000);
		rig_from_peer(g, rig_port_at(g, 0), PEER, "on");
		assert_int_equal(g->count, 1);
	}
	rig_later(g, 600000);
	assert_int_equal(relay_count(g->relay), 0);
}

static void test_active(void **state)
{
	struct rig *g = *state;
	assert_int_equal(allocate(g), 0);
	raw(g, "nowhere yet");
	assert_int_equal(g->count, 0);
	assert_int_equal(set_active(g, PEER), 0);
	raw(g, "to the peer");
	assert_true(sent_is(g, "to the peer") && g->sent[0].to_peer);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "back");
	assert_true(sent_is(g, "back") && !g->sent[0].to_peer);
	/* ICE checks of the peers look like STUN for us, and are not */
	static const char check[] = "\x00\x01\x00\x00\x21\x12\xa4\x42"
				    "abcdefghijkl";
	g->count = 0;
	rig_from_client(g, 0, check, 20);
	assert_int_equal(g->count, 1);
	assert_true(g->sent[0].to_peer);
	/* others still come as indications, and Send reaches them */
	send_to(g, OTHER, "aside");
	assert_true(sent_is(g, "aside"));
	rig_from_peer(g, rig_port_at(g, 0), OTHER, "aside");
	assert_int_equal(g->count, 1);
	assert_true(g->sent[0].len > 20);
	/* a change, at once */
	assert_int_equal(set_active(g, OTHER), 0);
	raw(g, "x");
	assert_int_equal(g->sent[0].peer.ip[3], 5);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "old");
	assert_true(g->sent[0].len > 20);
	/* an error leaves the old one */
	assert_int_equal(set_active(g, "10.0.0.1:1"), 400);
	raw(g, "y");
	assert_true(sent_is(g, "y"));
}

static void test_dialects_do_not_mix(void **state)
{
	struct rig *g = *state;
	assert_int_equal(allocate(g), 0);
	assert_int_equal(rig_allocate(g, 0), 437);
	assert_int_equal(rig_permit(g, 0, PEER), 437);
	assert_int_equal(relay_count(g->relay), 1);
	assert_int_equal(rig_allocate(g, 1), 0);
	struct rig_ask a = ms(STUN_ALLOCATE);
	a.client = 1;
	rig_challenge(g, 1, &stun_ms);
	assert_int_equal(rig_code(g, &a), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_allocate),
		TEST(test_refusals),
		TEST(test_send_and_data),
		TEST(test_active),
		TEST(test_dialects_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
