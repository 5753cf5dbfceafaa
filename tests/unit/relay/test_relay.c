/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 8656 from the client's first request to the last packet, in virtual
 * time: who is answered and how, what is relayed, and that everything is given
 * back. The rows of TURN-03 to TURN-08, TURN-12, TURN-13.
 */
#include "relay/relay.h"

#include "rig.h"
#include "support/oom.h"

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

#define PEER "8.8.4.4:5000"

static void sent_is(const struct rig_sent *s, const void *bytes, size_t len)
{
	assert_int_equal(s->len, len);
	assert_memory_equal(s->bytes, bytes, len);
}

static void test_binding(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	struct addr a;
	const struct rig_ask ask = { .method = STUN_BINDING,
				     .bare = true,
				     .lifetime = -1 };
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_int_equal(stun_addr(&m, STUN_F_REFLEXIVE, &a), 0);
	assert_int_equal(addr_port(&a), 4000);
}

static void test_strangers_get_little_and_seldom(void **state)
{
	struct rig *g = *state;
	const struct rig_ask ask = { .method = STUN_ALLOCATE,
				     .bare = true,
				     .lifetime = -1 };
	int answers = 0;
	for (int i = 0; i < 1000; i++) {
		rig_send(g, &ask);
		answers += g->count > 0;
		if (g->count)
			assert_true(g->sent[0].len + 28 <= 3 * (28 + 28));
	}
	assert_in_range(answers, 5, 10);
	assert_int_equal(relay_count(g->relay), 0);
	rig_later(g, 1000);
	rig_send(g, &ask);
	assert_int_equal(g->count, 1);
}

static void test_allocate(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	struct addr a;
	struct rig_ask ask = { .method = STUN_ALLOCATE, .lifetime = 5 };
	rig_challenge(g, 0, NULL);
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_int_equal(stun_addr(&m, STUN_F_RELAYED, &a), 0);
	struct relay_addr told = relay_addr_of(&a);
	assert_true(relay_addr_equal(&told, &rig_port_at(g, 0)->at));
	assert_in_range(told.port, 50000, 50999);
	/* shorter than the default is the default (RFC 8656 7.2) */
	assert_int_equal(stun_u32(&m, STUN_F_LIFETIME), RELAY_LIFETIME_S);
	assert_true(stun_has(&m, STUN_F_INTEGRITY));

	/* the answer was lost: the same again, no second port */
	ask.same_id = true;
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_int_equal(g->open, 1);
	ask.same_id = false;
	assert_int_equal(rig_code(g, &ask), 437);
}

static void test_credentials(void **state)
{
	struct rig *g = *state;
	struct rig_ask ask = { .method = STUN_ALLOCATE, .lifetime = -1 };
	rig_challenge(g, 0, NULL);
	ask.short_integrity = true;
	assert_int_equal(rig_code(g, &ask), 401);
	ask.short_integrity = false;
	/* the nonce of another port (TURN-13) */
	memcpy(g->nonce[1], g->nonce[0], sizeof(g->nonce[0]));
	g->nonce_len[1] = g->nonce_len[0];
	ask.client = 1;
	assert_int_equal(rig_code(g, &ask), 438);
	ask.client = 0;
	rig_later(g, (STUN_NONCE_LIFE_S + 1) * 1000);
	assert_int_equal(rig_code(g, &ask), 438);
	assert_int_equal(relay_count(g->relay), 0);
	assert_int_equal(rig_allocate(g, 0), 0);
	/* somebody else's credentials */
	ask.method = STUN_REFRESH;
	ask.user = 1;
	assert_int_equal(rig_code(g, &ask), 441);
	assert_int_equal(relay_count(g->relay), 1);
}

static void test_families(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	static const struct {
		unsigned family, additional;
		int code;
		size_t ports;
	} rows[] = {
		{ 0, 0, 0, 1 },   { 1, 0, 0, 1 }, { 2, 0, 0, 1 },
		{ 3, 0, 440, 0 }, { 0, 2, 0, 2 }, { 0, 1, 400, 0 },
		{ 1, 2, 400, 0 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rig_ask ask = { .method = STUN_ALLOCATE,
				       .lifetime = -1,
				       .family = rows[i].family,
				       .additional = rows[i].additional };
		rig_challenge(g, 0, NULL);
		assert_int_equal(rig_code(g, &ask), rows[i].code);
		assert_int_equal(g->open, rows[i].ports);
		ask = (struct rig_ask){ .method = STUN_REFRESH, .lifetime = 0 };
		assert_int_equal(rig_code(g, &ask), rows[i].code ? 437 : 0);
		assert_int_equal(g->open, 0);
		rig_later(g, 1000);
	}
	/* the second family may fail, and the answer says so */
	g->conf.relay[1].u.sa.sa_family = AF_UNSPEC;
	rig_apply(g);
	struct rig_ask ask = { .method = STUN_ALLOCATE,
			       .lifetime = -1,
			       .additional = 2 };
	rig_challenge(g, 0, NULL);
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_true(stun_has(&m, STUN_F_ADDRESS_ERROR));
	assert_int_equal(g->open, 1);
}

static void test_one_family_is_given_up(void **state)
{
	struct rig *g = *state;
	struct rig_ask ask = { .method = STUN_ALLOCATE,
			       .lifetime = -1,
			       .additional = 2 };
	rig_challenge(g, 0, NULL);
	assert_int_equal(rig_code(g, &ask), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, "[2a01::5]:4000"), 0);
	ask = (struct rig_ask){ .method = STUN_REFRESH,
				.lifetime = 0,
				.family = 2 };
	assert_int_equal(rig_code(g, &ask), 0);
	assert_int_equal(g->open, 1);
	rig_channel_data(g, 0, 0x4000, "gone");
	assert_int_equal(g->count, 0);
	assert_int_equal(rig_bind(g, 0, 0x4001, "[2a01::5]:4000"), 443);
	assert_int_equal(rig_bind(g, 0, 0x4001, PEER), 0);
}

static void test_port_pair(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	uint8_t token[8];
	struct rig_ask ask = { .method = STUN_ALLOCATE,
			       .lifetime = -1,
			       .even = true,
			       .reserve = true };
	rig_challenge(g, 0, NULL);
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	uint16_t first = rig_port_at(g, 0)->at.port;
	assert_int_equal(first % 2, 0);
	assert_int_equal(stun_value(&m, STUN_F_RESERVATION).len, 8);
	memcpy(token, stun_value(&m, STUN_F_RESERVATION).ptr, 8);

	/* another user's guess, then the owner's claim, then once more */
	ask = (struct rig_ask){ .method = STUN_ALLOCATE,
				.lifetime = -1,
				.client = 1,
				.user = 1,
				.token = token };
	rig_challenge(g, 1, NULL);
	assert_int_equal(rig_code(g, &ask), 508);
	ask.user = 0;
	assert_int_equal(rig_code(g, &ask), 0);
	assert_int_equal(rig_port_at(g, 1)->at.port, first + 1);
	ask.client = 2;
	rig_challenge(g, 2, NULL);
	assert_int_equal(rig_code(g, &ask), 508);
}

/* TURN-07: in a range of two ports, every kind of end gives both back. */
static void test_no_port_is_lost(void **state)
{
	struct rig *g = *state;
	struct rig_ask ask = { .method = STUN_ALLOCATE, .lifetime = -1 };
	const struct rig_ask end = { .method = STUN_REFRESH, .lifetime = 0 };
	g->conf.port_first = 50000;
	g->conf.port_last = 50001;
	rig_apply(g);
	for (int i = 0; i < 3000; i++) {
		ask.even = i % 3 != 0;
		ask.reserve = i % 3 == 1;
		rig_challenge(g, 0, NULL);
		assert_int_equal(rig_code(g, &ask), 0);
		if (i % 2)
			assert_int_equal(rig_code(g, &end), 0);
		else
			rig_later(g, RELAY_LIFETIME_S * 1000);
		assert_int_equal(g->open, 0);
		/* the reservation was not used */
		rig_later(g, 30000);
	}
}

static void test_full(void **state)
{
	struct rig *g = *state;
	g->conf.port_last = g->conf.port_first;
	rig_apply(g);
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_allocate(g, 1), 508);
	g->open_error = -EMFILE;
	assert_int_equal(rig_allocate(g, 2), 508);
	assert_int_equal(relay_count(g->relay), 1);
}

static void test_quotas(void **state)
{
	struct rig *g = *state;
	g->conf.per_user = 2;
	rig_apply(g);
	/* TURN-06: 1 000 times, and never above */
	for (int i = 0; i < 300; i++) {
		assert_int_equal(rig_allocate(g, 0), 0);
		assert_int_equal(rig_allocate(g, 1), 0);
		assert_int_equal(rig_allocate(g, 2), 486);
		assert_int_equal(relay_count(g->relay), 2);
		rig_later(g, RELAY_LIFETIME_S * 1000);
		assert_int_equal(relay_count(g->relay), 0);
	}
	g->conf.per_user = 0;
	g->conf.per_source = 1;
	rig_apply(g);
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_allocate(g, 1), 486);
	g->conf.per_source = 0;
	g->conf.total = 1;
	rig_apply(g);
	assert_int_equal(rig_allocate(g, 1), 508);
}

static void test_indications(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	const struct rig_ask send = { .method = STUN_SEND,
				      .class = STUN_INDICATION,
				      .bare = true,
				      .lifetime = -1,
				      .peer = { PEER },
				      .data = "hello" };
	assert_int_equal(rig_allocate(g, 0), 0);
	rig_send(g, &send);
	assert_int_equal(g->count, 0);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "early");
	assert_int_equal(g->count, 0);
	assert_int_equal(rig_permit(g, 0, "8.8.4.4:0"), 0);
	rig_send(g, &send);
	assert_int_equal(g->count, 1);
	assert_true(g->sent[0].to_peer);
	sent_is(&g->sent[0], "hello", 5);
	/* by address: any port of it (RFC 8656 9) */
	rig_from_peer(g, rig_port_at(g, 0), "8.8.4.4:1", "world");
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_int_equal(m.method, STUN_DATA);
	assert_true(slice_eq(stun_value(&m, STUN_F_DATA), SLICE_LIT("world")));
	assert_int_equal(g->sent[0].out.ttl, 59);
	assert_int_equal(g->sent[0].out.tos, 0xb8);
	rig_from_peer(g, rig_port_at(g, 0), "8.8.4.5:5000", "stranger");
	assert_int_equal(g->count, 0);
	/* TURN-08: 300 seconds */
	rig_later(g, 299999);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "late");
	assert_int_equal(g->count, 1);
	rig_later(g, 1);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "too late");
	assert_int_equal(g->count, 0);
}

static void test_channels(void **state)
{
	struct rig *g = *state;
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_bind(g, 0, 0x3fff, PEER), 400);
	assert_int_equal(rig_bind(g, 0, 0x5000, PEER), 400);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, "8.8.4.4:5001"), 400);
	assert_int_equal(rig_bind(g, 0, 0x4001, PEER), 400);
	rig_channel_data(g, 0, 0x4000, "ping");
	assert_int_equal(g->count, 1);
	sent_is(&g->sent[0], "ping", 4);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "pong!");
	assert_int_equal(g->count, 1);
	sent_is(&g->sent[0], "\x40\x00\x00\x05pong!", 9);
	/* another's channel is no channel */
	rig_channel_data(g, 1, 0x4000, "theft");
	assert_int_equal(g->count, 0);
	rig_channel_data(g, 0, 0x4001, "unbound");
	assert_int_equal(g->count, 0);
	/* the permission is over first, the binding goes on */
	rig_later(g, 300000);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "pong");
	assert_int_equal(g->count, 0);
	rig_channel_data(g, 0, 0x4000, "ping");
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_permit(g, 0, PEER), 0);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "pong");
	assert_int_equal(g->count, 1);
	rig_later(g, 299999);
	rig_channel_data(g, 0, 0x4000, "ping");
	assert_int_equal(g->count, 1);
}

static void test_a_channel_ends(void **state)
{
	struct rig *g = *state;
	struct rig_ask refresh = { .method = STUN_REFRESH, .lifetime = 3600 };
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_code(g, &refresh), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
	rig_later(g, 600000);
	rig_channel_data(g, 0, 0x4000, "ping");
	assert_int_equal(g->count, 0);
	/* and is free for another peer */
	rig_challenge(g, 0, NULL);
	assert_int_equal(rig_bind(g, 0, 0x4000, "8.8.4.4:5001"), 0);
	assert_int_equal(rig_bind(g, 0, 0x4001, PEER), 0);
}

static void test_limits(void **state)
{
	struct rig *g = *state;
	char peer[32];
	assert_int_equal(rig_allocate(g, 0), 0);
	for (int i = 0; i < RELAY_PERMISSIONS; i++) {
		snprintf(peer, sizeof(peer), "8.8.%d.1:5000", i);
		assert_int_equal(rig_permit(g, 0, peer), 0);
	}
	assert_int_equal(rig_permit(g, 0, "8.9.0.1:5000"), 508);
	assert_int_equal(rig_permit(g, 0, "8.8.0.1:5000"), 0);
	for (int i = 0; i < RELAY_CHANNELS; i++) {
		snprintf(peer, sizeof(peer), "8.8.0.1:%d", 5000 + i);
		assert_int_equal(rig_bind(g, 0, (uint16_t)(0x4000 + i), peer),
				 0);
	}
	assert_int_equal(rig_bind(g, 0, 0x4fff, "8.8.0.1:6000"), 508);
	/* all or nothing */
	rig_later(g, 300000);
	const struct rig_ask two = { .method = STUN_CREATE_PERMISSION,
				     .lifetime = -1,
				     .peer = { "8.8.1.1:1", "10.0.0.1:1" } };
	assert_int_equal(rig_code(g, &two), 403);
	rig_from_peer(g, rig_port_at(g, 0), "8.8.1.1:1", "x");
	assert_int_equal(g->count, 0);
}

/* TURN-03: what stands behind the integrity is not there. */
static void test_after_integrity(void **state)
{
	struct rig *g = *state;
	uint8_t bytes[RIG_BYTES], id[STUN_ID_BYTES] = { 0, 0, 0, 0, 9 };
	struct stun_writer w;
	const struct rig_ask ask = { .method = STUN_REFRESH, .lifetime = -1 };
	assert_int_equal(rig_allocate(g, 0), 0);
	stun_writer_init(&w, g->hasher, bytes, sizeof(bytes));
	stun_begin(&w, &stun_rfc, STUN_REFRESH, STUN_REQUEST, id);
	rig_sign(g, &w, &ask);
	stun_put_u32(&w, STUN_F_LIFETIME, 0);
	struct slice whole = stun_end(&w);
	g->count = 0;
	rig_from_client(g, 0, whole.ptr, whole.len);
	assert_int_equal(g->count, 1);
	assert_int_equal(relay_count(g->relay), 1);
}

static void test_bandwidth(void **state)
{
	struct rig *g = *state;
	char data[1001];
	int passed = 0;
	memset(data, 'x', 1000);
	data[1000] = '\0';
	g->conf.port_kbit = 80; /* ten such packets a second */
	rig_apply(g);
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
	for (int i = 0; i < 100; i++) {
		rig_channel_data(g, 0, 0x4000, data);
		passed += (int)g->count;
	}
	assert_int_equal(passed, 10);
	rig_later(g, 500);
	for (int i = 0; i < 100; i++) {
		rig_channel_data(g, 0, 0x4000, data);
		passed += (int)g->count;
	}
	assert_int_equal(passed, 15);
	/* the other way has its own */
	rig_from_peer(g, rig_port_at(g, 0), PEER, data);
	assert_int_equal(g->count, 1);
	g->conf.port_kbit = 0;
	g->conf.shared_kbit[RELAY_OF_USER] = 80;
	rig_apply(g);
	rig_later(g, 10000);
	for (int i = passed = 0; i < 100; i++) {
		rig_channel_data(g, 0, 0x4000, data);
		passed += (int)g->count;
		rig_from_peer(g, rig_port_at(g, 0), PEER, data);
		passed += (int)g->count;
	}
	assert_int_equal(passed, 10);
}

static unsigned sent_by(struct rig *g, unsigned client, const char *data)
{
	unsigned passed = 0;
	for (int i = 0; i < 20; i++) {
		rig_channel_data(g, client, 0x4000, data);
		passed += (unsigned)g->count;
	}
	return passed;
}

/* What alice's session here shares with another one: ten packets a second. */
static void test_shared_bandwidth(void **state)
{
	enum { ALICE, BOB, HERE = 1 };
	static const struct {
		enum relay_share share;
		unsigned user, client, passed;
	} rows[] = {
		{ RELAY_OF_USER, ALICE, RIG_ELSEWHERE, 10 },
		{ RELAY_OF_USER, BOB, HERE, 20 },
		{ RELAY_OF_SOURCE, BOB, HERE, 10 },
		{ RELAY_OF_SOURCE, ALICE, RIG_ELSEWHERE, 20 },
		{ RELAY_OF_ALL, BOB, RIG_ELSEWHERE, 10 },
	};
	struct rig *g = *state;
	char data[1001];
	memset(data, 'x', 1000);
	data[1000] = '\0';
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct rig_ask a = { .method = STUN_ALLOCATE,
					   .client = rows[i].client,
					   .user = rows[i].user,
					   .lifetime = -1 };
		const struct rig_ask bind = { .method = STUN_CHANNEL_BIND,
					      .client = rows[i].client,
					      .user = rows[i].user,
					      .lifetime = -1,
					      .channel = 0x4000,
					      .peer = { PEER } };
		memset(g->conf.shared_kbit, 0, sizeof(g->conf.shared_kbit));
		g->conf.shared_kbit[rows[i].share] = 80;
		rig_apply(g);
		assert_int_equal(rig_allocate(g, 0), 0);
		assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
		rig_challenge(g, rows[i].client, NULL);
		assert_int_equal(rig_code(g, &a), 0);
		assert_int_equal(rig_code(g, &bind), 0);
		unsigned passed = sent_by(g, 0, data);
		assert_int_equal(passed, 10);
		passed += sent_by(g, rows[i].client, data);
		assert_int_equal(passed, rows[i].passed);
		rig_later(g, RELAY_LIFETIME_S * 1000);
		assert_int_equal(relay_count(g->relay), 0);
	}
}

static void test_reload_cuts_what_is_denied_now(void **state)
{
	struct rig *g = *state;
	struct addr_prefix deny;
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
	assert_int_equal(rig_bind(g, 0, 0x4001, "8.8.8.8:5000"), 0);
	addr_parse_prefix(SLICE_LIT("8.8.4.0/24"), &deny);
	g->conf.deny = &deny;
	g->conf.deny_count = 1;
	rig_apply(g);
	rig_channel_data(g, 0, 0x4000, "x");
	assert_int_equal(g->count, 0);
	rig_from_peer(g, rig_port_at(g, 0), PEER, "x");
	assert_int_equal(g->count, 0);
	rig_channel_data(g, 0, 0x4001, "x");
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 403);
}

/* Relay to relay works, to anything else of ours it does not (TURN-12). */
static void test_ourselves(void **state)
{
	struct rig *g = *state;
	char peer[32];
	struct stun_msg m;
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_allocate(g, 1), 0);
	assert_int_equal(rig_permit(g, 0, "9.9.9.9:0"), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, "9.9.9.9:3478"), 403);
	assert_int_equal(rig_bind(g, 0, 0x4000, "9.9.9.9:5061"), 403);
	snprintf(peer, sizeof(peer), "9.9.9.9:%u",
		 (unsigned)rig_port_at(g, 1)->at.port);
	assert_int_equal(rig_bind(g, 0, 0x4000, peer), 0);
	/* our own answers are no media */
	rig_from_peer(g, rig_port_at(g, 0), "9.9.9.9:3478", "x");
	assert_int_equal(g->count, 0);
	rig_from_peer(g, rig_port_at(g, 0), "9.9.9.9:50500", "x");
	assert_int_equal(g->count, 1);
	rig_from_peer(g, rig_port_at(g, 0), "9.9.9.9:0", "x");
	assert_int_equal(g->count, 0);
	(void)m;
}

static void test_nat(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	struct addr a;
	char peer[32];
	addr_parse_host(SLICE_LIT("5.5.5.5"), 0, &g->conf.public[0]);
	rig_apply(g);
	const struct rig_ask ask = { .method = STUN_ALLOCATE, .lifetime = -1 };
	rig_challenge(g, 0, NULL);
	rig_send(g, &ask);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_int_equal(stun_addr(&m, STUN_F_RELAYED, &a), 0);
	struct relay_addr told = relay_addr_of(&a);
	assert_int_equal(told.ip[0], 5);
	assert_int_equal(told.port, rig_port_at(g, 0)->at.port);
	/* another client's public address is reached without the NAT */
	assert_int_equal(rig_allocate(g, 1), 0);
	snprintf(peer, sizeof(peer), "5.5.5.5:%u",
		 (unsigned)rig_port_at(g, 1)->at.port);
	assert_int_equal(rig_bind(g, 0, 0x4000, peer), 0);
	rig_channel_data(g, 0, 0x4000, "x");
	assert_int_equal(g->count, 1);
	assert_int_equal(g->sent[0].peer.ip[0], 9);
	snprintf(peer, sizeof(peer), "9.9.9.9:%u",
		 (unsigned)rig_port_at(g, 1)->at.port);
	rig_from_peer(g, rig_port_at(g, 0), peer, "y");
	assert_int_equal(g->count, 1);
	sent_is(&g->sent[0], "\x40\x00\x00\x01y", 5);
}

static void test_icmp(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	struct relay_addr peer = rig_addr(PEER);
	assert_int_equal(rig_allocate(g, 0), 0);
	g->count = 0;
	relay_peer_error(rig_port_at(g, 0)->port, &peer, 3, 3, 0);
	assert_int_equal(g->count, 0);
	assert_int_equal(rig_permit(g, 0, PEER), 0);
	g->count = 0;
	relay_peer_error(rig_port_at(g, 0)->port, &peer, 3, 4, 1400);
	assert_int_equal(rig_answer(g, &m, NULL), 0);
	assert_int_equal(m.method, STUN_DATA);
	assert_false(stun_has(&m, STUN_F_DATA));
	static const uint8_t icmp[8] = { 0, 0, 6, 4, 0, 0, 5, 0x78 };
	assert_true(slice_eq(stun_value(&m, STUN_F_ICMP), slice_of(icmp, 8)));
}

static void test_drain(void **state)
{
	struct rig *g = *state;
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
	relay_drain(g->relay);
	assert_int_equal(rig_allocate(g, 1), 508);
	rig_channel_data(g, 0, 0x4000, "x");
	assert_int_equal(g->count, 1);
}

static void assert_sent_to(struct rig *g, const struct stun_dialect *d,
			   const struct addr *there)
{
	const struct rig_ask a = { .dialect = d,
				   .method = STUN_ALLOCATE,
				   .client = 1,
				   .lifetime = -1 };
	struct stun_msg m;
	struct addr told;
	rig_challenge(g, 1, d);
	rig_send(g, &a);
	assert_int_equal(rig_answer(g, &m, d), 300);
	assert_true(stun_has(&m, STUN_F_INTEGRITY));
	assert_int_equal(stun_addr(&m, STUN_F_ALTERNATE_SERVER, &told), 0);
	assert_true(addr_equal(&told, there));
}

/* RFC 8489 10: who is proven is told, and of his own family only. */
static void test_alternate(void **state)
{
	struct rig *g = *state;
	assert_int_equal(addr_parse(SLICE_LIT("9.9.9.8:3479"), false,
				    &g->conf.alternate[0]),
			 0);
	rig_apply(g);
	assert_int_equal(rig_allocate(g, 0), 0);
	relay_drain(g->relay);
	assert_sent_to(g, NULL, &g->conf.alternate[0]);
	assert_sent_to(g, &stun_ms, &g->conf.alternate[0]);
	g->conf.alternate[1] = g->conf.alternate[0];
	g->conf.alternate[0] = (struct addr){ .u.sa.sa_family = AF_UNSPEC };
	rig_apply(g);
	assert_int_equal(rig_allocate(g, 1), 508);
}

static void seen(void *arg, const struct relay_view *v)
{
	struct relay_view *out = arg;
	*out = *v;
}

static void test_operators_see_and_end_it(void **state)
{
	struct rig *g = *state;
	struct relay_view v;
	assert_int_equal(rig_allocate(g, 0), 0);
	assert_int_equal(rig_bind(g, 0, 0x4000, PEER), 0);
	rig_channel_data(g, 0, 0x4000, "xyz");
	rig_later(g, 5000);
	relay_each(g->relay, seen, &v);
	assert_string_equal(v.dialect, "rfc");
	assert_true(slice_eq(v.user, SLICE_LIT("alice")));
	assert_int_equal(v.age_s, 5);
	assert_int_equal(v.left_s, RELAY_LIFETIME_S - 5);
	assert_int_equal(v.bytes[0], 3);
	assert_int_equal(v.channels, 1);
	assert_int_equal(relay_kill(g->relay, v.id + 1), -ENOENT);
	assert_int_equal(relay_kill(g->relay, v.id), 0);
	assert_int_equal(relay_count(g->relay), 0);
	assert_int_equal(g->open, 0);
}

/* What is no message is dropped before anything is made of it (TURN-02). */
static void test_rubbish(void **state)
{
	struct rig *g = *state;
	uint8_t bytes[256];
	g->count = 0;
	for (size_t len = 0; len < sizeof(bytes); len++) {
		for (unsigned i = 0; i < len; i++)
			bytes[i] = (uint8_t)(i * 37 + len);
		rig_from_client(g, 0, bytes, len);
	}
	assert_int_equal(g->count, 0);
	assert_int_equal(relay_count(g->relay), 0);
}

static int all_of_it(void *arg)
{
	struct rig *g = NULL;
	const struct rig_ask pair = { .method = STUN_ALLOCATE,
				      .client = 1,
				      .lifetime = -1,
				      .even = true,
				      .reserve = true };
	(void)arg;
	int err = rig_begin(&g);
	if (!err) {
		err = rig_allocate(g, 0) == 0 ? 0 : -ENOMEM;
		rig_challenge(g, 1, NULL);
		if (rig_code(g, &pair))
			err = -ENOMEM;
		for (int i = 0; i < 3 && !err; i++) {
			char peer[32];
			snprintf(peer, sizeof(peer), "8.8.%d.4:5000", i);
			if (rig_bind(g, 0, (uint16_t)(0x4000 + i), peer))
				err = -ENOMEM;
		}
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
		TEST(test_binding),
		TEST(test_strangers_get_little_and_seldom),
		TEST(test_allocate),
		TEST(test_credentials),
		TEST(test_families),
		TEST(test_one_family_is_given_up),
		TEST(test_port_pair),
		TEST(test_no_port_is_lost),
		TEST(test_full),
		TEST(test_quotas),
		TEST(test_indications),
		TEST(test_channels),
		TEST(test_a_channel_ends),
		TEST(test_limits),
		TEST(test_after_integrity),
		TEST(test_bandwidth),
		TEST(test_shared_bandwidth),
		TEST(test_reload_cuts_what_is_denied_now),
		TEST(test_ourselves),
		TEST(test_nat),
		TEST(test_icmp),
		TEST(test_drain),
		TEST(test_alternate),
		TEST(test_operators_see_and_end_it),
		TEST(test_rubbish),
		cmocka_unit_test(test_survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
