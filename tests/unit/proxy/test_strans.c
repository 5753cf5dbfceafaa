/* SPDX-License-Identifier: Apache-2.0 */
/* Server transactions as a client sees them. */
#include "rig.h"

static bool same(struct rig *g, size_t a, size_t b)
{
	return slice_eq(g->sent[a].bytes, g->sent[b].bytes);
}

static void test_retransmission_is_absorbed(void **state)
{
	struct rig *g = *state;
	uint64_t before = metric_get(M_SIP_RETRANSMITS);
	rig_ask(g, "MESSAGE", "m1");
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, 1);
	assert_int_equal(g->requests, 1);
	assert_int_equal(metric_get(M_SIP_RETRANSMITS), before + 1);
	rig_wait(g, 3500);
	assert_int_equal(rig_last_status(g), 100);
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, 3);
	assert_true(same(g, 1, 2));
}

static void test_repeated_invite_gets_the_last_response(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	size_t at = rig_sent_request(g, SIP_INVITE, 0);
	rig_ask(g, "INVITE", "i1");
	assert_int_equal(rig_last_status(g), 100);
	rig_answer(g, at, 180);
	rig_ask(g, "INVITE", "i1");
	assert_int_equal(rig_last_status(g), 180);
	rig_answer(g, at, 486);
	rig_ask(g, "INVITE", "i1");
	assert_int_equal(rig_last_status(g), 486);
	assert_true(same(g, g->count - 1, g->count - 2));
	assert_int_equal(g->requests, 1);
}

static void test_answers_follow_the_peers_new_connection(void **state)
{
	struct rig *g = *state;
	static char text[RIG_TEXT_MAX];
	rig_ask(g, "MESSAGE", "m1");
	rig_in(g, "alice", 7,
	       rig_write(text, &(struct rig_text){ .method = "MESSAGE",
						   .branch = "m1" }));
	rig_answer(g, 0, 200);
	assert_int_equal(g->sent[1].to.flow, 7);
	assert_int_equal(g->requests, 1);
}

static void test_ack_ends_a_refused_invite(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 404);
	assert_int_equal(proxy_transactions(g->proxy), 1);
	rig_ask(g, "ACK", "i1");
	assert_int_equal(g->acks, 0);
	rig_assert_empty(g);
}

static void test_no_ack_ends_after_timer_h(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 404);
	rig_wait(g, RIG_64T1 - 1);
	assert_int_equal(proxy_transactions(g->proxy), 1);
	rig_wait(g, 1);
	rig_assert_empty(g);
}

static void test_accepted_absorbs_and_lets_acks_through(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 200);
	size_t at = g->count;
	rig_ask(g, "INVITE", "i1");
	assert_int_equal(g->count, at); /* the callee sends 2xx again */
	rig_ask(g, "ACK", "i1");
	assert_int_equal(g->acks, 1);
	rig_ask(g, "ACK", "a2");
	assert_int_equal(g->acks, 2);
	assert_int_equal(rig_count_requests(g, SIP_ACK), 2);
	rig_wait(g, RIG_64T1 - 1);
	assert_int_equal(proxy_transactions(g->proxy), 1);
	rig_wait(g, 1);
	rig_assert_empty(g);
}

static void test_ack_before_an_answer_is_ignored(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	rig_ask(g, "ACK", "i1");
	assert_int_equal(g->acks, 0);
	assert_int_equal(proxy_transactions(g->proxy), 1);
}

static void test_invite_is_told_100_at_once(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	assert_int_equal(rig_last_status(g), 100);
	assert_int_equal(rig_msg(g, g->count - 1).to_tag.len, 0);
	g->mode = RIG_REFUSE;
	g->refusal = &PROXY_REJ_TIMEOUT;
	rig_ask(g, "INVITE", "i2");
	assert_int_equal(rig_count_status(g, 100), 1); /* answered already */
	assert_int_equal(rig_last_status(g), 408);
}

static void test_answer_that_cannot_be_sent(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	rig_ask(g, "INVITE", "i1");
	size_t at = rig_sent_request(g, SIP_INVITE, 0);
	g->up_error = -EPIPE;
	rig_answer(g, 0, 200);
	rig_answer(g, at, 486);
	assert_int_equal(g->done, 2);
	rig_assert_empty(g); /* the INVITE waits for no ACK either */
}

static void test_100_for_noninvite_only_when_e_reaches_t2(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	rig_wait(g, 3499);
	assert_int_equal(g->count, 1);
	rig_wait(g, 1);
	assert_int_equal(g->count, 2);
	assert_int_equal(rig_status(g, 1), 100);
	rig_wait(g, 20000);
	assert_int_equal(g->count, 2);
	rig_answer(g, 0, 200);
	assert_int_equal(rig_status(g, 2), 200);
}

static void test_reply_as_the_end(void **state)
{
	struct rig *g = *state;
	g->mode = RIG_REPLY;
	g->reply = 202;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(rig_status(g, 0), 202);
	assert_int_equal(rig_msg(g, 0).to_tag.len, PROXY_TAG_BYTES);
	assert_false(g->done_had_target);
	rig_assert_empty(g);
	g->reply = 180; /* no provisional but 100 to these (RFC 4320) */
	rig_ask(g, "MESSAGE", "m2");
	assert_int_equal(g->count, 1);
	rig_ask(g, "INVITE", "i1");
	assert_int_equal(rig_last_status(g), 180);
}

static void test_refusal_tells_why(void **state)
{
	struct rig *g = *state;
	g->mode = RIG_REFUSE;
	g->refusal = &PROXY_REJ_NO_TRANSACTION;
	uint64_t before = metric_get(M_REJ_NO_TRANSACTION);
	rig_ask(g, "MESSAGE", "m1");
	struct sip_msg m = rig_msg(g, 0);
	assert_int_equal(m.status, 481);
	assert_true(slice_eq(sip_header_named(&m, "X-Why")->value,
			     SLICE_LIT("no_transaction")));
	assert_ptr_equal(g->done_reject, g->refusal);
	assert_int_equal(metric_get(M_REJ_NO_TRANSACTION), before + 1);
	rig_assert_empty(g);
}

static void test_drop_says_nothing(void **state)
{
	static const struct reject silent = { .metric = M_REJ_LOOP };
	struct rig *g = *state;
	g->mode = RIG_DROP;
	rig_ask(g, "MESSAGE", "m1");
	rig_ask(g, "INVITE", "i1");
	g->mode = RIG_REFUSE;
	g->refusal = &silent;
	rig_ask(g, "MESSAGE", "m2");
	assert_int_equal(g->count, 0);
	assert_int_equal(g->done, 3);
	assert_int_equal(g->done_status, 0);
	rig_assert_empty(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_retransmission_is_absorbed),
		RIG_TEST(test_repeated_invite_gets_the_last_response),
		RIG_TEST(test_answers_follow_the_peers_new_connection),
		RIG_TEST(test_ack_ends_a_refused_invite),
		RIG_TEST(test_no_ack_ends_after_timer_h),
		RIG_TEST(test_accepted_absorbs_and_lets_acks_through),
		RIG_TEST(test_ack_before_an_answer_is_ignored),
		RIG_TEST(test_invite_is_told_100_at_once),
		RIG_TEST(test_answer_that_cannot_be_sent),
		RIG_TEST(test_100_for_noninvite_only_when_e_reaches_t2),
		RIG_TEST(test_reply_as_the_end),
		RIG_TEST(test_refusal_tells_why),
		RIG_TEST(test_drop_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
