/* SPDX-License-Identifier: Apache-2.0 */
/* TURN inside our TLS, between a client and a relay: what is joined, that bytes
 * pass in order and wait for each other, and that both ends end together. */
#include "partner_world.h"

#include "edge/visitor.h"

enum { CLIENT = 0, INNER = 1 };

#define BINDING                    \
	"\0\1\0\0\x21\x12\xa4\x42" \
	"0123456789ab"

struct handed {
	unsigned count;
	int error, fd;
	struct ipc_relay_stream m;
	char client[ADDR_TEXT_MAX];
};

static struct handed handed;

static int on_send_fd(void *arg, enum proc_role role, uint32_t slot,
		      enum ipc_type type, const void *body, int fd)
{
	(void)arg;
	(void)slot;
	assert_int_equal(role, PROC_RELAY);
	assert_int_equal(type, IPC_RELAY_STREAM);
	if (handed.error)
		return handed.error;
	handed.count++;
	handed.m = *(const struct ipc_relay_stream *)body;
	(void)slice_cstr(handed.m.client, handed.client, sizeof(handed.client));
	assert_true(fd >= 0);
	return 0;
}

static const struct edge_ops join_ops = { on_send, on_send_fd };

/* A client whose handshake is done. */
static void connect_client(struct world *w)
{
	struct visitor v = { .edge = w->edge, .kind = FLOW_CLIENT, .fd = -1 };
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.1:4000"), false, &v.from), 0);
	size_t next = w->net.count;
	handed = (struct handed){ 0 };
	w->conf.relays = true;
	w->edge->ops = &join_ops;
	addr_text(&v.from, v.source);
	visitor_flow(&v);
	fake_ready(next);
}

static size_t bytes_on(size_t i, struct slice data)
{
	struct conn *c = fake_conn(i);
	return c->ops->on_bytes(c->arg, c, data);
}

static bool wrote(size_t i, struct slice want)
{
	struct conn *c = fake_conn(i);
	bool same = slice_eq(buf_slice(&c->out), want);
	buf_reset(&c->out);
	return same;
}

static void join(struct world *w)
{
	connect_client(w);
	assert_int_equal(bytes_on(CLIENT, SLICE_LIT(BINDING)), 20);
	assert_int_equal(handed.count, 1);
	assert_string_equal(handed.client, "192.0.2.1:4000");
	assert_true(wrote(INNER, SLICE_LIT(BINDING)));
}

static void bytes_pass_both_ways(void **state)
{
	struct world *w = *state;
	join(w);
	assert_int_equal(bytes_on(CLIENT, SLICE_LIT("anything")), 8);
	assert_true(wrote(INNER, SLICE_LIT("anything")));
	assert_int_equal(bytes_on(INNER, SLICE_LIT(BINDING "\x40\0")), 22);
	assert_true(wrote(CLIENT, SLICE_LIT(BINDING "\x40\0")));
	assert_int_equal(bytes_on(INNER, SLICE_LIT("\xff\xff")), 2);
	assert_true(wrote(CLIENT, SLICE_LIT("\xff\xff")));
	assert_int_equal(handed.count, 1);
}

/* The first bytes decide, however they are cut. */
static void what_is_joined(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool joined;
	} rows[] = {
		{ BINDING, 20, true },
		{ "\2\0\0\x1c", 4, true },
		{ "\3\0\0\1x", 5, true },
		{ "\1\0\0\0\0\0\0\0", 8, false },
		{ "\x16\3\1\0\x10", 5, false },
		{ "\x80\0", 2, false },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t base = w->net.count;
		struct visitor v = { .edge = w->edge,
				     .kind = FLOW_CLIENT,
				     .fd = -1 };
		handed = (struct handed){ 0 };
		w->conf.relays = true;
		w->edge->ops = &join_ops;
		visitor_flow(&v);
		fake_ready(base);
		size_t n = 1;
		while (n <= rows[i].len && !handed.count &&
		       !fake_conn(base)->ended)
			(void)bytes_on(base, slice_of(rows[i].bytes, n++));
		assert_int_equal(handed.count, rows[i].joined);
		assert_int_equal(fake_conn(base)->ended, !rows[i].joined);
	}
}

static void who_cannot_be_written_to_is_waited_for(void **state)
{
	struct world *w = *state;
	join(w);
	for (size_t from = CLIENT; from <= INNER; from++) {
		size_t to = from == CLIENT ? INNER : CLIENT;
		fake_conn(to)->full = true;
		assert_int_equal(bytes_on(from, SLICE_LIT("wait")), 0);
		assert_true(fake_conn(from)->paused);
		assert_false(fake_conn(to)->paused);
		fake_conn(to)->full = false;
		fake_conn(to)->when_sent(fake_conn(to)->arg);
		assert_false(fake_conn(from)->paused);
		assert_int_equal(bytes_on(from, SLICE_LIT("wait")), 4);
		assert_true(wrote(to, SLICE_LIT("wait")));
	}
}

static void they_end_together(void **state)
{
	struct world *w = *state;
	join(w);
	fake_end(INNER, CONN_END_PEER);
	assert_true(fake_conn(CLIENT)->ended);
	assert_int_equal(bytes_on(CLIENT, SLICE_LIT("late")), 4);
	fake_turn();
	assert_int_equal(fake_open(), 0);
}

static void the_client_ends(void **state)
{
	struct world *w = *state;
	join(w);
	fake_end(CLIENT, CONN_END_RESET);
	assert_true(fake_conn(INNER)->ended);
	assert_int_equal(bytes_on(INNER, SLICE_LIT("late")), 4);
	fake_turn();
	assert_int_equal(fake_open(), 0);
}

/* Then it is nothing that we speak. */
static void without_a_relay(void **state)
{
	struct world *w = *state;
	connect_client(w);
	handed.error = -EPIPE;
	assert_int_equal(bytes_on(CLIENT, SLICE_LIT(BINDING)), 20);
	assert_true(fake_conn(CLIENT)->ended);
	fake_turn();
	connect_client(w);
	w->conf.relays = false;
	size_t last = w->net.count - 1;
	assert_int_equal(bytes_on(last, SLICE_LIT(BINDING)), 20);
	assert_true(fake_conn(last)->ended);
	assert_int_equal(handed.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(bytes_pass_both_ways),
		WORLD_TEST(what_is_joined),
		WORLD_TEST(who_cannot_be_written_to_is_waited_for),
		WORLD_TEST(they_end_together),
		WORLD_TEST(the_client_ends),
		WORLD_TEST(without_a_relay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
