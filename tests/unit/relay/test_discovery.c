/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 5780: answers leave by the address and port that were asked for, and go
 * to the port that was; they say where they come from and what the other place
 * is. Without two addresses what asks for that is unknown (420). Nobody gets
 * more bytes than he sent, but for what a Binding always has.
 */
#include "relay/relay.h"

#include "rig.h"

enum { CHANGE_PORT = 2, CHANGE_IP = 4 };

static int setup(void **state)
{
	struct rig *g = NULL;
	int err = rig_begin(&g);
	*state = g;
	if (err)
		return err;
	(void)addr_parse(SLICE_LIT("9.9.9.9:3478"), false,
			 &g->conf.discovery[0]);
	(void)addr_parse(SLICE_LIT("9.9.9.8:3479"), false,
			 &g->conf.discovery[1]);
	rig_apply(g);
	return 0;
}

static int teardown(void **state)
{
	rig_end(*state);
	return 0;
}

/* What a Binding asks for; the place it comes to. */
struct bind {
	const char *local;
	int change; /* -1: absent */
	int port;
	int padding; /* bytes; -1: absent */
	bool classic, fingerprint, stream;
};

#define PLAIN .change = -1, .port = -1, .padding = -1

static size_t write_bind(struct rig *g, const struct bind *b, uint8_t *bytes,
			 size_t size)
{
	struct stun_writer w;
	uint8_t id[STUN_ID_BYTES] = { 1 };
	stun_writer_init(&w, g->hasher, bytes, size);
	stun_begin(&w, b->classic ? &stun_classic : &stun_rfc, STUN_BINDING,
		   STUN_REQUEST, id);
	if (b->change >= 0)
		stun_put_u32(&w, STUN_F_CHANGE_REQUEST, (uint32_t)b->change);
	if (b->port >= 0)
		stun_put_u16(&w, STUN_F_RESPONSE_PORT, (uint16_t)b->port);
	uint8_t *pad = b->padding < 0 ? NULL
				      : stun_put_room(&w, STUN_F_PADDING,
						      (size_t)b->padding);
	if (pad)
		memset(pad, 'x', (size_t)b->padding);
	if (b->fingerprint)
		stun_put_fingerprint(&w);
	return stun_end(&w).len;
}

/* Bytes that were asked; what came of it is in g. */
static size_t ask(struct rig *g, const struct bind *b)
{
	static uint8_t bytes[RIG_BYTES];
	size_t len = write_bind(g, b, bytes, sizeof(bytes));
	struct relay_flow f = rig_flow(b->stream ? 4 : 0);
	const struct relay_packet p = { .ptr = bytes, .len = len };
	assert_int_not_equal(len, 0);
	if (b->local)
		f.local = rig_addr(b->local);
	rig_later(g, 1000);
	g->count = 0;
	relay_client_packet(g->relay, &f, &p);
	return len;
}

static int answer(struct rig *g, const struct bind *b, struct stun_msg *m)
{
	ask(g, b);
	return rig_answer(g, m, b->classic ? &stun_classic : NULL);
}

static void field_is(const struct stun_msg *m, enum stun_field f,
		     const char *want)
{
	struct addr got, wanted;
	assert_int_equal(stun_addr(m, f, &got), 0);
	assert_int_equal(addr_parse(slice_str(want), false, &wanted), 0);
	assert_true(addr_equal(&got, &wanted));
}

static void test_places(void **state)
{
	struct rig *g = *state;
	static const struct {
		const char *local;
		int change;
		const char *from, *other;
	} rows[] = {
		{ "9.9.9.9:3478", -1, "9.9.9.9:3478", "9.9.9.8:3479" },
		{ "9.9.9.9:3478", 0, "9.9.9.9:3478", "9.9.9.8:3479" },
		{ "9.9.9.9:3478", CHANGE_IP, "9.9.9.8:3478", "9.9.9.8:3479" },
		{ "9.9.9.9:3478", CHANGE_PORT, "9.9.9.9:3479", "9.9.9.8:3479" },
		{ "9.9.9.9:3478", 6, "9.9.9.8:3479", "9.9.9.8:3479" },
		{ "9.9.9.8:3478", CHANGE_IP, "9.9.9.9:3478", "9.9.9.9:3479" },
		{ "9.9.9.8:3479", 6, "9.9.9.9:3478", "9.9.9.9:3478" },
		{ "9.9.9.9:3479", CHANGE_PORT, "9.9.9.9:3478", "9.9.9.8:3478" },
	};
	for (size_t i = 0; i < 2 * (sizeof(rows) / sizeof(rows[0])); i++) {
		struct bind b = { PLAIN, .classic = i & 1 };
		struct stun_msg m;
		b.local = rows[i / 2].local;
		b.change = rows[i / 2].change;
		struct relay_addr from = rig_addr(rows[i / 2].from);
		assert_int_equal(answer(g, &b, &m), 0);
		const struct relay_flow *left = &g->sent[0].flow;
		assert_true(relay_addr_equal(&left->local, &from));
		if (b.change > 0)
			assert_int_equal(left->socket, from.port);
		assert_int_equal(left->client.port, 4000);
		field_is(&m, STUN_F_RESPONSE_ORIGIN, rows[i / 2].from);
		field_is(&m, STUN_F_OTHER_ADDRESS, rows[i / 2].other);
		field_is(&m, STUN_F_REFLEXIVE, "198.18.0.1:4000");
		if (!b.classic)
			field_is(&m, STUN_F_MAPPED, "198.18.0.1:4000");
	}
}

static void test_response_port(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	struct bind b = { PLAIN };
	b.port = 4100;
	assert_int_equal(answer(g, &b, &m), 0);
	assert_int_equal(g->sent[0].flow.client.port, 4100);
	field_is(&m, STUN_F_REFLEXIVE, "198.18.0.1:4000");
	b.port = 0;
	assert_int_equal(answer(g, &b, &m), 400);
	assert_int_equal(g->sent[0].flow.client.port, 4000);
	/* RFC 5780 6.1 */
	b.port = 4100;
	b.padding = 100;
	assert_int_equal(answer(g, &b, &m), 400);
	assert_int_equal(g->sent[0].flow.client.port, 4000);
}

static void test_padding(void **state)
{
	struct rig *g = *state;
	struct stun_msg m;
	for (int pad = 0; pad < 1900; pad += 7) {
		struct bind b = { PLAIN, .fingerprint = pad & 1 };
		b.padding = pad;
		size_t asked = ask(g, &b);
		assert_int_equal(rig_answer(g, &m, NULL), 0);
		assert_true(stun_has(&m, STUN_F_PADDING));
		size_t least = 20 + 4 * 12 + 4 + (b.fingerprint ? 8 : 0);
		assert_true(g->sent[0].len <= asked || g->sent[0].len == least);
		assert_true(g->sent[0].len + 8 >= asked);
		struct slice value = stun_value(&m, STUN_F_PADDING);
		for (size_t i = 0; i < value.len; i++)
			assert_int_equal(value.ptr[i], 0);
	}
}

/* Also for who has an allocation: another place is not where he is. */
static void test_seldom(void **state)
{
	struct rig *g = *state;
	uint8_t bytes[256];
	struct bind b = { PLAIN };
	b.port = 4100;
	int answers = 0;
	assert_int_equal(rig_allocate(g, 0), 0);
	size_t len = write_bind(g, &b, bytes, sizeof(bytes));
	for (int i = 0; i < 1000; i++) {
		g->count = 0;
		rig_from_client(g, 0, bytes, len);
		answers += g->count > 0;
	}
	assert_in_range(answers, 5, 10);
}

/* The attributes that 420 names. */
static void unknown_is(const struct stun_msg *m, uint16_t type)
{
	struct slice list = stun_value(m, STUN_F_UNKNOWN);
	assert_int_equal(list.len, 2);
	assert_int_equal(list.ptr[0] << 8 | list.ptr[1], type);
}

static void test_not_there(void **state)
{
	struct rig *g = *state;
	static const struct {
		struct bind bind;
		uint16_t type; /* 0: answered */
	} rows[] = {
		{ { NULL, CHANGE_IP, -1, -1, false, false, false }, 0x0003 },
		{ { NULL, 0, -1, -1, false, false, false }, 0x0003 },
		{ { NULL, CHANGE_IP, -1, -1, true, false, false }, 0x0003 },
		{ { NULL, 0, -1, -1, true, false, false }, 0 },
		{ { NULL, -1, 4100, -1, false, false, false }, 0x0027 },
		{ { NULL, -1, -1, 64, false, false, false }, 0x0026 },
		{ { NULL, -1, -1, -1, false, false, false }, 0 },
	};
	static const char *const nowhere[] = { "9.9.9.7:3478", "9.9.9.9:443",
					       "[2a00::9]:3478" };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t n = 0; n < 4; n++) {
			struct bind b = rows[i].bind;
			struct stun_msg m;
			b.local = n < 3 ? nowhere[n] : NULL;
			b.stream = n == 3;
			if (b.stream && b.classic)
				continue;
			assert_int_equal(answer(g, &b, &m),
					 rows[i].type ? 420 : 0);
			if (rows[i].type)
				unknown_is(&m, rows[i].type);
			else if (!b.stream)
				assert_false(
					stun_has(&m, STUN_F_OTHER_ADDRESS));
		}
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_places), TEST(test_response_port), TEST(test_padding),
		TEST(test_seldom), TEST(test_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
