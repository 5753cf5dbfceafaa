/* SPDX-License-Identifier: Apache-2.0 */
/* Client transactions: time and transport (timers B, C, F, M; RFC 4320). */
#include "rig.h"

static size_t invite(struct rig *g)
{
	rig_ask(g, "INVITE", "i1");
	return rig_sent_request(g, SIP_INVITE, 0);
}

static void test_timer_f_and_what_the_sender_hears(void **state)
{
	static const struct {
		uint32_t timeout_ms;
		uint64_t fires;
		uint16_t status;
	} rows[] = { { 0, RIG_64T1, 0 },
		     { RIG_64T1, RIG_64T1, 0 },
		     { RIG_64T1 - 1, RIG_64T1 - 1, 408 },
		     { 8000, 8000, 408 },
		     { 40000, 40000, 0 } };
	struct rig *g = *state;
	char branch[8];
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t timeouts = metric_get(M_SIP_TIMEOUTS);
		g->target[0].timeout_ms = rows[i].timeout_ms;
		snprintf(branch, sizeof(branch), "m%zu", i);
		rig_ask(g, "MESSAGE", branch);
		rig_wait(g, rows[i].fires - 1);
		assert_int_equal(g->done, i);
		size_t at = g->count;
		rig_wait(g, 1);
		assert_int_equal(g->done, i + 1);
		assert_int_equal(g->done_status, rows[i].status);
		assert_ptr_equal(g->done_reject, &PROXY_REJ_TIMEOUT);
		assert_int_equal(g->count, at + (rows[i].status ? 1 : 0));
		assert_int_equal(metric_get(M_SIP_TIMEOUTS), timeouts + 1);
		rig_assert_empty(g);
	}
}

static void test_late_answer_is_not_passed_on(void **state)
{
	struct rig *g = *state;
	g->target[0].timeout_ms = 60000;
	rig_ask(g, "MESSAGE", "m1");
	rig_wait(g, RIG_64T1);
	size_t at = g->count;
	rig_answer(g, 0, 200);
	assert_int_equal(g->count, at); /* RFC 4320 4.2 */
	assert_int_equal(g->done_status, 0);
	rig_assert_empty(g);
}

static void test_one_slow_branch_of_two(void **state)
{
	struct rig *g = *state;
	g->targets = 2;
	g->target[0].timeout_ms = 5000;
	rig_ask(g, "MESSAGE", "m1");
	rig_wait(g, 6000);
	assert_int_equal(g->done, 0);
	rig_answer(g, 1, 404);
	assert_int_equal(rig_last_status(g), 404);
	rig_assert_empty(g);
}

static void test_timer_b(void **state)
{
	struct rig *g = *state;
	invite(g);
	rig_wait(g, RIG_64T1 - 1);
	assert_int_equal(g->done, 0);
	rig_wait(g, 1);
	assert_int_equal(rig_last_status(g), 408);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 0);
}

static void test_invite_timeout_is_for_the_first_response(void **state)
{
	struct rig *g = *state;
	g->target[0].timeout_ms = 4000;
	size_t at = invite(g);
	rig_answer(g, at, 100);
	rig_wait(g, 100000); /* it may ring for longer */
	assert_int_equal(g->done, 0);
	rig_ask(g, "INVITE", "i2");
	rig_wait(g, 3999);
	assert_int_equal(g->done, 0);
	rig_wait(g, 1);
	assert_int_equal(rig_last_status(g), 408);
}

static void test_timer_c_cancels_and_tells_408(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g);
	rig_answer(g, at, 180);
	rig_wait(g, 180000);
	rig_answer(g, at, 183); /* starts it again; 100 would not */
	rig_wait(g, 180000);
	rig_answer(g, at, 100);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 0);
	rig_wait(g, 1000);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 1);
	assert_int_equal(g->done, 0);
	rig_answer(g, at, 487);
	assert_int_equal(rig_last_status(g), 408);
	assert_ptr_equal(g->done_reject, &PROXY_REJ_TIMEOUT);
}

static void test_timer_c_and_then_nothing(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g);
	rig_answer(g, at, 180);
	rig_wait(g, 181000);
	rig_wait(g, RIG_64T1);
	assert_int_equal(rig_last_status(g), 408);
	rig_ask(g, "ACK", "i1");
	rig_assert_empty(g);
}

static void test_failure_later(void **state)
{
	static const struct reject why = { .status = 504,
					   .metric = M_REJ_PARTNER_TLS,
					   .why = "partner_tls",
					   .reason = "Server Time-out" };
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	proxy_failed(g->proxy, 77, 0, &why);
	proxy_failed(g->proxy, 1, 3, &why);
	assert_int_equal(g->done, 0);
	proxy_failed(g->proxy, 1, 0, &why);
	assert_int_equal(rig_last_status(g), 504);
	assert_ptr_equal(g->done_reject, &why);
	proxy_failed(g->proxy, 1, 0, &why);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_failure_of_a_ringing_branch(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g);
	rig_answer(g, at, 180);
	proxy_failed(g->proxy, g->sent[at].txn, 0, NULL);
	assert_int_equal(rig_last_status(g), 503);
	assert_ptr_equal(g->done_reject, &PROXY_REJ_HOP_GONE);
}

static void test_failure_after_2xx_changes_nothing(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g);
	rig_answer(g, at, 200);
	size_t count = g->count;
	proxy_failed(g->proxy, g->sent[at].txn, 0, NULL);
	assert_int_equal(g->count, count);
	assert_int_equal(g->done, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_timer_f_and_what_the_sender_hears),
		RIG_TEST(test_late_answer_is_not_passed_on),
		RIG_TEST(test_one_slow_branch_of_two),
		RIG_TEST(test_timer_b),
		RIG_TEST(test_invite_timeout_is_for_the_first_response),
		RIG_TEST(test_timer_c_cancels_and_tells_408),
		RIG_TEST(test_timer_c_and_then_nothing),
		RIG_TEST(test_failure_later),
		RIG_TEST(test_failure_of_a_ringing_branch),
		RIG_TEST(test_failure_after_2xx_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
