/* SPDX-License-Identifier: Apache-2.0 */
/* Keep-alive, half-open connections, idle close, partners that answer nothing
 * (NET-01, NET-02). */
#include "unit/edge/partner_talk.h"

static const char LITWARE[] = "sip.litware.test";

/* A connection that stands, with nothing unanswered. */
static void stand(struct world *w)
{
	message(w, "litware.test");
	fake_ready(0);
	answer(0, 0, 200, "");
	assert_int_equal(home_status(w), 200);
	fake_conn(0)->out.len = 0;
}

static size_t pings(size_t i)
{
	struct slice s = buf_slice(&fake_conn(i)->out);
	size_t n = 0;
	while (slice_starts(s, SLICE_LIT("\r\n\r\n"))) {
		s = slice_from(s, 4);
		n++;
	}
	return n;
}

/* RFC 5626 4.4.1: who has answered once and then does not is gone. */
static void test_net_01_half_open_is_found_by_the_missing_pong(void **state)
{
	struct world *w = *state;
	stand(w);
	pass(w, 61000);
	assert_int_equal(pings(0), 1);
	fake_bytes(0, SLICE_LIT("\r\n"));
	assert_true(partner_at(w, LITWARE)->pongs);
	pass(w, 49000);
	assert_int_equal(pings(0), 1);
	pass(w, 12000);
	assert_int_equal(pings(0), 2);
	pass(w, 8000);
	assert_int_equal(fake_open(), 1);
	pass(w, 3000);
	assert_int_equal(fake_open(), 0);
	assert_state(w, LITWARE, PARTNER_IDLE);
	message(w, "litware.test"); /* dials anew, at once */
	assert_int_equal(w->net.count, 2);
}

/* Many servers answer no ping: nothing follows from that. */
static void test_who_never_answers_pings_is_left_alone(void **state)
{
	struct world *w = *state;
	stand(w);
	pass(w, 300000);
	assert_int_equal(fake_open(), 1);
	assert_in_range(pings(0), 3, 5);
}

/* What waits for an answer on a connection that is gone is told at once. */
static void test_net_01_what_waited_is_told(void **state)
{
	struct world *w = *state;
	stand(w);
	message(w, "litware.test");
	fake_end(0, CONN_END_RESET);
	assert_int_equal(home_status(w), 504);
}

static void test_idle_connection_is_closed(void **state)
{
	struct world *w = *state;
	stand(w);
	pass(w, 590000);
	assert_int_equal(fake_open(), 1);
	pass(w, 12000);
	assert_int_equal(fake_open(), 0);
	assert_state(w, LITWARE, PARTNER_IDLE);
}

/* NET-02: it takes requests and answers none. Five are told 408 or so; then
 * others are refused at once, one OPTIONS in 30 seconds; then it is back. */
static void test_net_02_silent_partner(void **state)
{
	struct world *w = *state;
	stand(w);
	for (int i = 0; i < 5; i++)
		message(w, "litware.test");
	pass(w, 20500);
	for (int i = 0; i < 5; i++)
		assert_int_equal(home_status(w), 408);
	pass(w, 2000);
	assert_state(w, LITWARE, PARTNER_SILENT);
	size_t before = written(0, "MESSAGE");
	message(w, "litware.test");
	assert_int_equal(home_status(w), 504);
	assert_int_equal(written(0, "MESSAGE"), before);
	pass(w, 27000);
	assert_int_equal(written(0, "OPTIONS"), 0);
	pass(w, 4000);
	assert_int_equal(written(0, "OPTIONS"), 1);
	/* no answer: this connection is given up, the next one is new */
	pass(w, 12000);
	assert_int_equal(fake_open(), 0);
	assert_state(w, LITWARE, PARTNER_SILENT);
	pass(w, 20000);
	assert_int_equal(w->net.count, 2);
	fake_ready(1);
	assert_int_equal(written(1, "OPTIONS"), 1);
	answer(1, 0, 404, ""); /* any answer is one */
	assert_state(w, LITWARE, PARTNER_UP);
	message(w, "litware.test");
	assert_int_equal(written(1, "MESSAGE"), 1);
}

/* One answer between them, and nobody is called silent. */
static void test_slow_is_not_silent(void **state)
{
	struct world *w = *state;
	stand(w);
	for (int i = 0; i < 4; i++)
		message(w, "litware.test");
	pass(w, 23000);
	message(w, "litware.test");
	answer(0, 4, 200, "");
	for (int i = 0; i < 4; i++)
		message(w, "litware.test");
	pass(w, 23000);
	assert_state(w, LITWARE, PARTNER_UP);
}

/* 100 only is silence; ringing is not. */
static void test_net_02_trying_only(void **state)
{
	struct world *w = *state;
	stand(w);
	for (int i = 0; i < 5; i++)
		message(w, "litware.test");
	for (size_t i = 0; i < 5; i++)
		answer(0, i, 100, "");
	pass(w, 23000);
	assert_state(w, LITWARE, PARTNER_SILENT);
}

static void test_ringing_is_an_answer(void **state)
{
	struct world *w = *state;
	stand(w);
	for (int i = 0; i < 6; i++)
		from_home(w, "INVITE", "sip:bob@litware.test");
	for (size_t i = 0; i < 6; i++)
		answer(0, i, 180, "");
	pass(w, 60000);
	assert_state(w, LITWARE, PARTNER_UP);
}

/* A silent one costs another nothing. */
static void test_net_02_a_good_partner_beside_a_silent_one(void **state)
{
	struct world *w = *state;
	static const struct target_spec t = { "sip1.fabrikam.test",
					      true,
					      { "192.0.2.1:5061" } };
	stand(w);
	message(w, "fabrikam.test");
	resolved(w, asked_for(w, "fabrikam.test", IPC_TARGETS_DOMAIN), 86400,
		 &t, 1);
	fake_ready(1);
	answer(1, 0, 200, "");
	forget(w);
	for (size_t i = 0; i < 40; i++) {
		message(w, "litware.test");
		message(w, "fabrikam.test");
		forget(w);
		answer(1, i + 1, 200, "");
		assert_int_equal(home_status(w), 200);
		pass(w, 1000);
	}
	assert_state(w, LITWARE, PARTNER_SILENT);
	assert_state(w, "srv:fabrikam.test", PARTNER_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_net_01_half_open_is_found_by_the_missing_pong),
		WORLD_TEST(test_who_never_answers_pings_is_left_alone),
		WORLD_TEST(test_net_01_what_waited_is_told),
		WORLD_TEST(test_idle_connection_is_closed),
		WORLD_TEST(test_net_02_silent_partner),
		WORLD_TEST(test_slow_is_not_silent),
		WORLD_TEST(test_net_02_trying_only),
		WORLD_TEST(test_ringing_is_an_answer),
		WORLD_TEST(test_net_02_a_good_partner_beside_a_silent_one),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
