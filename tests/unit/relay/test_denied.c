/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TURN-05 for each kind of request, in both dialects: no permission, no
 * binding, no packet and no connection to a special address, however it is
 * written; what peers there send is not relayed; and who asks again and again
 * is told of.
 */
#include "relay/relay.h"

#include "rig.h"

static const char *const denied[] = {
	"10.1.2.3:5000",
	"127.0.0.1:5000",
	"169.254.169.254:5000",
	"192.168.7.7:5000",
	"224.0.0.1:5000",
	"9.9.9.9:3478", /* ourselves */
	"8.8.4.4:22",
	"[::ffff:10.1.2.3]:5000",
	"[::10.1.2.3]:5000",
	"[::ffff:0:10.1.2.3]:5000",
	"[64:ff9b::a01:203]:5000",
	"[2002:a01:203::1]:5000",
	"[2001:0:1::f5fe:fdfc]:5000",
	"[2a00:1::5efe:a01:203]:5000",
	"[fe80::1]:5000",
	"[fd77::1]:5000",
	"[::1]:5000",
};
enum { DENIED = sizeof(denied) / sizeof(denied[0]), SCAN = 16 };

static unsigned scans;

static int see(void *arg, struct slice line)
{
	(void)arg;
	scans += memmem(line.ptr, line.len, "turn.scan", 9) != NULL;
	return 0;
}

static int setup(void **state)
{
	struct rig *g = NULL;
	int err = rig_begin(&g);
	*state = g;
	scans = 0;
	log_set_sink(see, NULL);
	return err;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

/* With a port of either family, so that the family is no reason. */
static void allocate(struct rig *g, unsigned client,
		     const struct stun_dialect *d)
{
	const struct rig_ask a = { .dialect = d,
				   .method = STUN_ALLOCATE,
				   .client = client,
				   .additional = d ? 0 : 2,
				   .tcp = client == 4,
				   .lifetime = -1 };
	rig_challenge(g, client, d);
	assert_int_equal(rig_code(g, &a), 0);
}

static int code_of(struct rig *g, enum stun_method method, unsigned client,
		   const char *peer)
{
	const struct rig_ask a = { .method = method,
				   .client = client,
				   .channel = method == STUN_CHANNEL_BIND
						      ? 0x4001
						      : 0,
				   .lifetime = -1,
				   .peer = { peer } };
	return rig_code(g, &a);
}

static void no_packet_left(const struct rig *g, const char *peer)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->sent[i].to_peer)
			fail_msg("a packet left for %s", peer);
}

/* A port is no matter of permissions (RFC 8656 9): only of what is sent. */
static bool only_the_port(const char *peer)
{
	return strcmp(peer, "8.8.4.4:22") == 0 ||
	       strcmp(peer, "9.9.9.9:3478") == 0;
}

static void test_rfc(void **state)
{
	struct rig *g = *state;
	allocate(g, 0, NULL);
	for (size_t i = 0; i < DENIED; i++) {
		const struct rig_ask send = { .method = STUN_SEND,
					      .class = STUN_INDICATION,
					      .bare = true,
					      .lifetime = -1,
					      .peer = { denied[i] },
					      .data = "x" };
		if (!only_the_port(denied[i]))
			assert_int_equal(code_of(g, STUN_CREATE_PERMISSION, 0,
						 denied[i]),
					 403);
		assert_int_equal(code_of(g, STUN_CHANNEL_BIND, 0, denied[i]),
				 403);
		rig_send(g, &send);
		no_packet_left(g, denied[i]);
		rig_channel_data(g, 0, 0x4001, "x");
		no_packet_left(g, denied[i]);
		g->count = 0;
		rig_from_peer(g, rig_port_at(g, denied[i][0] == '['), denied[i],
			      "x");
		assert_int_equal(g->count, 0);
	}
	/* one of several spoils them all (RFC 8656 9.2) */
	const struct rig_ask both = { .method = STUN_CREATE_PERMISSION,
				      .lifetime = -1,
				      .peer = { "8.8.4.4:5000", denied[0] } };
	assert_int_equal(rig_code(g, &both), 403);
	rig_from_peer(g, rig_port_at(g, 0), "8.8.4.4:5000", "x");
	assert_int_equal(g->count, 0);
	assert_int_equal(code_of(g, STUN_CREATE_PERMISSION, 0, "8.8.4.4:5000"),
			 0);
}

static void test_tcp(void **state)
{
	struct rig *g = *state;
	const struct rig_ask a = { .method = STUN_ALLOCATE,
				   .client = 4,
				   .tcp = true,
				   .lifetime = -1 };
	rig_challenge(g, 4, NULL);
	assert_int_equal(rig_code(g, &a), 0);
	for (size_t i = 0; i < DENIED; i++) {
		int code = code_of(g, STUN_CONNECT, 4, denied[i]);
		if (code != 403 && code != 443)
			fail_msg("%s: %d", denied[i], code);
		g->waiting = rig_addr(denied[i]);
		assert_null(relay_link_incoming(rig_port_at(g, 0)->port,
						&g->waiting, NULL));
		g->waiting.family = 0;
	}
	assert_int_equal(g->taps, 0);
}

static void ms_kinds(struct rig *g, unsigned client)
{
	allocate(g, client, &stun_ms);
	for (size_t i = 0; i < DENIED; i++) {
		struct rig_ask a = { .dialect = &stun_ms,
				     .method = STUN_SEND,
				     .client = client,
				     .lifetime = -1,
				     .peer = { denied[i] },
				     .data = "x" };
		rig_send(g, &a);
		no_packet_left(g, denied[i]);
		a.method = STUN_SET_ACTIVE;
		a.data = NULL;
		assert_int_not_equal(rig_code(g, &a), 0);
		g->count = 0;
		if (client == 0)
			rig_from_client(g, client, "raw", 3);
		no_packet_left(g, denied[i]);
		if (client == 0 && denied[i][0] != '[')
			rig_from_peer(g, rig_port_at(g, 0), denied[i], "x");
		no_packet_left(g, denied[i]);
		assert_int_equal(g->taps, 0);
	}
}

static void test_ms(void **state)
{
	ms_kinds(*state, 0);
}

static void test_ms_frames(void **state)
{
	ms_kinds(*state, 6);
}

/* At the sixteenth, by one allocation or by several of the same user. */
static void test_scanning(void **state)
{
	struct rig *g = *state;
	char peer[32];
	log_set_level(LOG_WARN);
	allocate(g, 0, NULL);
	for (unsigned i = 0; i < 3 * SCAN; i++) {
		assert_int_equal(scans, i >= SCAN);
		snprintf(peer, sizeof(peer), "10.0.0.%u:5000", i + 1);
		assert_int_equal(code_of(g, STUN_CREATE_PERMISSION, 0, peer),
				 403);
	}
	/* told once a minute */
	rig_later(g, 60000);
	for (unsigned i = 0; i < SCAN; i++) {
		assert_int_equal(scans, 1);
		if (i % 8 == 0)
			allocate(g, 1 + i / 8, NULL);
		assert_int_equal(
			code_of(g, STUN_CREATE_PERMISSION, 1 + i / 8, peer),
			403);
	}
	assert_int_equal(scans, 2);
}

/* However slowly. */
static void test_patient_scanning(void **state)
{
	struct rig *g = *state;
	const struct rig_ask refresh = { .method = STUN_REFRESH,
					 .lifetime = 600 };
	log_set_level(LOG_WARN);
	allocate(g, 0, NULL);
	for (unsigned i = 0; i < SCAN; i++) {
		assert_int_equal(scans, 0);
		assert_int_equal(
			code_of(g, STUN_CREATE_PERMISSION, 0, "10.0.0.1:5000"),
			403);
		rig_later(g, 90000);
		rig_challenge(g, 0, NULL);
		assert_int_equal(rig_code(g, &refresh), 0);
	}
	assert_int_equal(scans, 1);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_rfc),      TEST(test_tcp),
		TEST(test_ms),       TEST(test_ms_frames),
		TEST(test_scanning), TEST(test_patient_scanning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
