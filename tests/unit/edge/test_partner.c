/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of a partner, how many connections it gets, and what happens when
 * memory is short (NET-02). */
#include "unit/edge/partner_talk.h"

#include "support/oom.h"

static const char LITWARE[] = "sip.litware.test";

static int write_one(struct world *w, const char *key, uint64_t txn, size_t len)
{
	static const uint8_t zeros[200000];
	struct partner_request r = { .slot = 0,
				     .txn = txn,
				     .branch = 1,
				     .bytes = slice_of(zeros, len) };
	return partner_write(w->edge, slice_str(key), &r);
}

static void test_net_02_queue_is_bounded_by_number(void **state)
{
	struct world *w = *state;
	for (uint64_t i = 0; i < 1000; i++)
		assert_int_equal(write_one(w, LITWARE, i + 1, 1), 0);
	assert_int_equal(write_one(w, LITWARE, 1001, 1), -ENOBUFS);
	assert_int_equal(partner_at(w, LITWARE)->waiting_count, 1000);
	fake_end(0, CONN_END_CONNECT);
	assert_int_equal(partner_at(w, LITWARE)->waiting_count, 0);
	assert_int_equal(w->edge->partner_bytes, 0);
}

static void test_net_02_queue_is_bounded_by_bytes(void **state)
{
	struct world *w = *state;
	for (uint64_t i = 0; i < 5; i++)
		assert_int_equal(write_one(w, LITWARE, i + 1, 200000), 0);
	assert_int_equal(write_one(w, LITWARE, 9, 200000), -ENOBUFS);
	fake_ready(0);
	assert_int_equal(w->edge->partner_bytes, 0);
	assert_int_equal(fake_conn(0)->out.len, 1000000);
}

/* All queues together are bounded too. */
static void test_net_02_all_queues_are_bounded(void **state)
{
	struct world *w = *state;
	w->edge->partner_bytes = (16 << 20) - 10;
	assert_int_equal(write_one(w, LITWARE, 1, 100), -ENOBUFS);
	assert_int_equal(write_one(w, LITWARE, 1, 10), 0);
	w->edge->partner_bytes -= (16 << 20) - 10;
}

static void test_full_queue_is_told(void **state)
{
	struct world *w = *state;
	for (uint64_t i = 0; i < 1000; i++)
		write_one(w, LITWARE, i + 1, 1);
	message(w, "litware.test");
	assert_int_equal(home_status(w), 503);
}

/* Nobody reads at the other end: 503, and nothing piles up. */
static void test_net_02_window_zero(void **state)
{
	struct world *w = *state;
	message(w, "litware.test");
	fake_ready(0);
	fake_conn(0)->full = true;
	message(w, "litware.test");
	assert_int_equal(home_status(w), 503);
	assert_int_equal(partner_at(w, LITWARE)->waiting_count, 0);
}

static void test_what_waits_is_told_in_time(void **state)
{
	struct world *w = *state;
	message(w, "fabrikam.test");
	asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN);
	pass(w, 21000);
	assert_int_equal(home_status(w), 504);
}

/* One connection, until it has a hundred requests unanswered; four at most;
 * the least busy one is used; extra ones go when they are idle. */
static void test_connections_by_load(void **state)
{
	struct world *w = *state;
	write_one(w, LITWARE, 1, 10);
	fake_ready(0);
	for (uint64_t i = 2; i <= 99; i++)
		write_one(w, LITWARE, i, 10);
	assert_int_equal(w->net.count, 1);
	write_one(w, LITWARE, 100, 10);
	write_one(w, LITWARE, 101, 10); /* already over there */
	assert_int_equal(w->net.count, 2);
	fake_ready(1);
	for (uint64_t i = 102; i <= 1000; i++) {
		write_one(w, LITWARE, i, 10);
		for (size_t c = 2; c < w->net.count; c++)
			if (!fake_conn(c)->ready)
				fake_ready(c);
	}
	assert_int_equal(w->net.count, 4);
	assert_int_equal(partner_at(w, LITWARE)->link_count, 4);
	size_t least = SIZE_MAX, most = 0;
	for (size_t c = 0; c < 4; c++) {
		size_t n = fake_conn(c)->out.len;
		least = n < least ? n : least;
		most = n > most ? n : most;
	}
	assert_true(most - least <= 20);
	partners_sweep(w->edge);
	pass(w, 100000);
	assert_true(partner_at(w, LITWARE)->link_count <= 1);
}

static void test_connections_as_configured(void **state)
{
	struct world *w = *state;
	w->partner[1].connections = 1;
	write_one(w, LITWARE, 1, 10);
	fake_ready(0);
	for (uint64_t i = 2; i <= 500; i++)
		write_one(w, LITWARE, i, 10);
	assert_int_equal(w->net.count, 1);
}

/* One more was wanted and cannot be had: the others go on. */
static void test_extra_connection_fails(void **state)
{
	struct world *w = *state;
	write_one(w, LITWARE, 1, 10);
	fake_ready(0);
	for (uint64_t i = 2; i <= 150; i++)
		write_one(w, LITWARE, i, 10);
	assert_int_equal(w->net.count, 2);
	fake_end(1, CONN_END_CONNECT);
	assert_state(w, LITWARE, PARTNER_UP);
	assert_int_equal(write_one(w, LITWARE, 200, 10), 0);
	assert_int_equal(w->net.count, 2); /* not again at once */
	assert_int_equal(fake_conn(0)->out.len, 151 * 10);
}

/* Whoever is no partner any more is let go. */
static void test_partner_that_is_taken_out(void **state)
{
	struct world *w = *state;
	struct edge_conf other = w->conf;
	char error[256];
	message(w, "litware.test");
	fake_ready(0);
	answer(0, 0, 200, "");
	other.access.partner_count = 1;
	assert_int_equal(edge_prepare(w->edge, 2, &other, no_release, w, error),
			 0);
	edge_commit(w->edge, 2);
	fake_turn();
	assert_int_equal(fake_open(), 0);
	assert_int_equal(
		edge_prepare(w->edge, 3, &w->conf, no_release, w, error), 0);
	edge_commit(w->edge, 3);
}

/* The rows of the operator: every partner, used or not. */
static void on_row(void *arg, const char *table, struct slice pairs)
{
	struct buf *out = arg;
	struct slice key, value;
	assert_string_equal(table, "partners");
	while (ipc_pair_next(&pairs, &key, &value))
		buf_printf(out, "%.*s=%.*s ", SLICE_FMT(key), SLICE_FMT(value));
	buf_str(out, "\n");
}

static void test_status_rows(void **state)
{
	struct world *w = *state;
	struct buf out;
	struct partner_rows rows = { on_row, &out };
	static const struct target_spec t = { "sip1.fabrikam.test",
					      true,
					      { "192.0.2.1:5061" } };
	buf_init(&out, 0);
	message(w, "litware.test");
	fake_end(0, CONN_END_CONNECT);
	message(w, "fabrikam.test");
	resolved(w, asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN), 60, &t,
		 1);
	fake_ready(1);
	partners_status(w->edge, &rows);
	buf_u8(&out, '\0');
	const char *text = (const char *)out.ptr;
	assert_non_null(strstr(text, "partner=srv:fabrikam.test "
				     "domain=fabrikam.test slot=0 state=up "
				     "connections=1"));
	assert_non_null(strstr(text, "targets=sip1.fabrikam.test:5061 "));
	assert_non_null(strstr(text, "partner=sip.litware.test "
				     "domain=litware.test slot=0 state=down "
				     "connections=0"));
	assert_non_null(strstr(text, "last_error=as the test wants it"));
	assert_non_null(strstr(text, "partner=edge.hosting.test "
				     "domain=proseware.test slot=0 "
				     "state=idle"));
	buf_free(&out);
}

/* Memory fails at every place once: the sender is told, nothing is lost and
 * nothing hangs. */
static bool with_short_memory(struct world *w, unsigned n)
{
	struct ipc_target t = { .name = SLICE_LIT("sip1.fabrikam.test"),
				.port = 5061,
				.direct = true,
				.count = 1 };
	struct ipc_targets m = { .id = w->edge->last_ask + 1, .ttl_s = 60 };
	struct buf b;
	addr_parse(SLICE_LIT("192.0.2.1:5061"), false, &t.addr[0]);
	buf_init(&b, 0);
	ipc_target_put(&b, &t);
	m.targets = buf_slice(&b);
	oom_arm(n);
	int err = write_one(w, "srv:fabrikam.test", 1, 10);
	names_answer(w->edge, &m);
	bool fired = oom_fired();
	oom_arm(0);
	buf_free(&b);
	if (w->net.count)
		fake_ready(0);
	if (!fired) {
		assert_int_equal(err, 0);
		assert_int_equal(w->net.count, 1);
		assert_int_equal(fake_conn(0)->out.len, 10);
	}
	return fired;
}

static void test_memory(void **state)
{
	struct world *w = *state;
	for (unsigned n = 1; n < 100; n++) {
		bool fired = with_short_memory(w, n);
		if (w->net.count)
			fake_end(0, CONN_END_PEER);
		w->net.count = 0;
		pass(w, 120000);
		assert_int_equal(w->edge->partner_bytes, 0);
		forget(w);
		if (!fired)
			return;
	}
	fail_msg("it never ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_net_02_queue_is_bounded_by_number),
		WORLD_TEST(test_net_02_queue_is_bounded_by_bytes),
		WORLD_TEST(test_net_02_all_queues_are_bounded),
		WORLD_TEST(test_full_queue_is_told),
		WORLD_TEST(test_net_02_window_zero),
		WORLD_TEST(test_what_waits_is_told_in_time),
		WORLD_TEST(test_connections_by_load),
		WORLD_TEST(test_connections_as_configured),
		WORLD_TEST(test_extra_connection_fails),
		WORLD_TEST(test_partner_that_is_taken_out),
		WORLD_TEST(test_status_rows),
		WORLD_TEST(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
