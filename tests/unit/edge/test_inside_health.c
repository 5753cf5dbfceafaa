/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict about a next hop: one lost question changes nothing, two give it
 * up, two answers take it back. */
#include "unit/edge/inside_world.h"

static void one_up(struct world *w, struct edge_conf *c)
{
	inside_conf(w, c, two_hops, 1);
	apply(w, c);
	hop_resolved(w, "fe1.in.test", "192.0.2.1:5061");
	fake_ready(0);
	answer(0, 0, 200, "");
}

static void test_asked_again_and_again(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	one_up(w, &c);
	for (size_t n = 1; n < 5; n++) {
		pass(w, 9900);
		assert_int_equal(written(0, "OPTIONS"), n);
		pass(w, 200);
		assert_int_equal(written(0, "OPTIONS"), n + 1);
		answer(0, n, 483, ""); /* an answer is an answer */
		assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
	}
}

static void test_one_lost_changes_nothing(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	one_up(w, &c);
	pass(w, 10100 + 3000);
	assert_int_equal(hop_at(w, 0)->bad, 1);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
	pass(w, 1100);
	assert_int_equal(written(0, "OPTIONS"), 3);
	answer(0, 2, 200, "");
	assert_int_equal(hop_at(w, 0)->bad, 0);
	pass(w, 9000);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
}

static void test_two_lost_give_it_up(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	one_up(w, &c);
	pass(w, 10100 + 3000 + 1000 + 2800);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
	pass(w, 300);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_DOWN);
	assert_int_equal(fake_open(), 0);
	pass(w, 1300); /* dialled again, by a name that is asked for again */
	hop_resolved(w, "fe1.in.test", "192.0.2.1:5061");
	assert_int_equal(w->net.count, 2);
	fake_ready(1);
	answer(1, 0, 200, "");
	assert_int_equal(hop_at(w, 0)->state, INSIDE_DOWN);
	pass(w, 1100);
	answer(1, 1, 200, "");
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
}

/* 503 and 408 say that it is not available; each counts as one. */
static void test_busy_is_no(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	one_up(w, &c);
	pass(w, 10100);
	answer(0, 1, 503, "");
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
	pass(w, 1100);
	answer(0, 2, 408, "");
	assert_int_equal(hop_at(w, 0)->state, INSIDE_DOWN);
}

/* Not every response is the one: other numbers, other calls, provisional. */
static void test_only_its_own_answer_counts(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	one_up(w, &c);
	pass(w, 10100);
	answer(0, 0, 200, ""); /* to the first one, again */
	assert_true(hop_at(w, 0)->asked);
	answer(0, 1, 100, "");
	assert_true(hop_at(w, 0)->asked);
	answer(0, 1, 200, "");
	assert_false(hop_at(w, 0)->asked);
}

/* A server that takes each connection and closes it is left alone for longer
 * and longer. */
static void test_short_lives_are_failures(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	inside_conf(w, &c, two_hops, 1);
	apply(w, &c);
	uint32_t before = 0;
	for (size_t i = 0; i < 4; i++) {
		hop_resolved(w, "fe1.in.test", "192.0.2.1:5061");
		fake_ready(i);
		fake_end(i, CONN_END_PEER);
		assert_int_equal(hop_at(w, 0)->state, INSIDE_DOWN);
		assert_true(hop_at(w, 0)->backoff_ms > before);
		before = hop_at(w, 0)->backoff_ms;
		pass(w, before + 300);
	}
}

/* One that lived is dialled again at once, and stays up meanwhile. */
static void test_reconnects_at_once(void **state)
{
	struct world *w = *state;
	struct edge_conf c;
	one_up(w, &c);
	pass(w, 6000);
	fake_end(0, CONN_END_PEER);
	assert_int_equal(w->net.count, 2);
	assert_int_equal(hop_at(w, 0)->state, INSIDE_UP);
	size_t alice = client(w);
	says(alice, "MESSAGE", "sip:bob@contoso.test", "");
	assert_int_equal(written(1, "MESSAGE"), 1); /* waits in it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_asked_again_and_again),
		WORLD_TEST(test_one_lost_changes_nothing),
		WORLD_TEST(test_two_lost_give_it_up),
		WORLD_TEST(test_busy_is_no),
		WORLD_TEST(test_only_its_own_answer_counts),
		WORLD_TEST(test_short_lives_are_failures),
		WORLD_TEST(test_reconnects_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
