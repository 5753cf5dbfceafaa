/* SPDX-License-Identifier: Apache-2.0 */
/* CANCEL from upstream and to the branches, ACK for failures (RFC 3261 9,
 * 16.10, 17.1.1.3). */
#include "rig.h"

static size_t invite(struct rig *g, const char *branch)
{
	size_t at = g->count;
	rig_ask(g, "INVITE", branch);
	while (!g->sent[at].request)
		at++;
	return at;
}

static void test_cancel_race_before_and_after_ringing(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g, "i1");
	rig_ask(g, "CANCEL", "i1");
	assert_int_equal(rig_last_status(g), 200);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 0); /* 9.1 */
	rig_answer(g, at, 180);
	size_t cancel = rig_sent_request(g, SIP_CANCEL, 0);
	assert_int_equal(g->sent[cancel].to.flow, 100);
	rig_answer(g, cancel, 200);
	rig_answer(g, at, 487);
	assert_int_equal(rig_last_status(g), 487);
	assert_int_equal(rig_count_requests(g, SIP_ACK), 1);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 1);
	assert_int_equal(g->done, 2); /* CANCEL and INVITE */
	rig_ask(g, "ACK", "i1");
	assert_int_equal(g->acks, 0);
	rig_assert_empty(g);
}

static void test_answer_wins_the_race(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	rig_ask(g, "CANCEL", "i1");
	rig_answer(g, at, 200);
	assert_int_equal(rig_last_status(g), 200);
	assert_true(rig_msg(g, g->count - 1).method == SIP_INVITE);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

static void test_what_a_cancel_looks_like(void **state)
{
	struct rig *g = *state;
	struct sip_edits edits;
	sip_edits_init(&edits);
	sip_edit_top(&edits, SIP_H_ROUTE, SLICE_LIT("<sip:pool.test;lr>"));
	g->target[0].edits = &edits;
	g->target[0].uri = SLICE_LIT("sip:bob@192.0.2.7");
	size_t at = invite(g, "i1");
	struct sip_msg sent = rig_msg(g, at);
	rig_answer(g, at, 180);
	rig_ask(g, "CANCEL", "i1");
	rig_answer(g, at, 487);
	static const enum sip_method made[] = { SIP_CANCEL, SIP_ACK };
	for (size_t i = 0; i < 2; i++) {
		struct sip_msg m = rig_msg(g, rig_sent_request(g, made[i], 0));
		assert_true(slice_eq(m.uri.text, sent.uri.text));
		assert_int_equal(m.via_count, 1);
		assert_true(slice_eq(m.via.text, sent.via.text));
		assert_true(slice_eq(m.call_id, sent.call_id));
		assert_true(slice_eq(m.from_tag, sent.from_tag));
		assert_int_equal(m.cseq, sent.cseq);
		assert_int_equal(m.body.len, 0);
		assert_true(slice_eq(sip_header(&m, SIP_H_ROUTE)->value,
				     SLICE_LIT("<sip:pool.test;lr>")));
		/* To: the request's, but in the ACK the response's */
		assert_int_equal(m.to_tag.len, made[i] == SIP_ACK ? 2 : 0);
	}
}

/* Lines of Reason in the nth CANCEL that we sent. */
static size_t reasons(struct rig *g, size_t nth)
{
	struct sip_msg m = rig_msg(g, rig_sent_request(g, SIP_CANCEL, nth));
	size_t at = 0;
	size_t n = 0;
	while (sip_header_next(&m, SIP_H_REASON, &at))
		n++;
	return n;
}

static void cancel_because(struct rig *g, const char *headers)
{
	rig_say(g, &(struct rig_text){ .method = "CANCEL",
				       .branch = "i1",
				       .headers = headers });
}

static void test_reason_reaches_every_branch(void **state)
{
	struct rig *g = *state;
	g->targets = 2;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	cancel_because(g, "Reason: SIP ;cause=200\r\n"
			  " ;text=\"Call completed elsewhere\"\r\n"
			  "Reason: Q.850;cause=16\r\n");
	cancel_because(g, "Reason: again\r\n"); /* changes nothing */
	rig_answer(g, at + 1, 180); /* this one is cancelled later */
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 2);
	for (size_t i = 0; i < 2; i++) {
		size_t which = rig_sent_request(g, SIP_CANCEL, i);
		struct sip_msg m = rig_msg(g, which);
		assert_int_equal(reasons(g, i), 2);
		assert_true(slice_eq(sip_header(&m, SIP_H_REASON)->value,
				     SLICE_LIT("SIP ;cause=200 ;text=\"Call "
					       "completed elsewhere\"")));
	}
	rig_answer(g, at, 487);
	rig_answer(g, at + 1, 487);
	struct sip_msg ack = rig_msg(g, rig_sent_request(g, SIP_ACK, 0));
	assert_null(sip_header(&ack, SIP_H_REASON));
}

static void needless(struct rig *g, uint16_t status, const char *reason)
{
	g->targets = 2;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	rig_answer(g, at + 1, status);
	struct sip_msg m = rig_msg(g, rig_sent_request(g, SIP_CANCEL, 0));
	assert_int_equal(reasons(g, 0), 1);
	assert_true(slice_eq(sip_header(&m, SIP_H_REASON)->value,
			     slice_str(reason)));
}

static void test_answered_elsewhere(void **state)
{
	needless(*state, 200,
		 "SIP;cause=200;text=\"Call completed elsewhere\"");
}

static void test_declined_elsewhere(void **state)
{
	needless(*state, 603, "SIP;cause=603");
}

static void test_no_reason_unless_told(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	rig_ask(g, "CANCEL", "i1");
	assert_int_equal(reasons(g, 0), 0);
}

static void test_endless_reasons_are_left_out(void **state)
{
	static char lines[16 * 1024];
	struct rig *g = *state;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	for (int i = 0; i < 3; i++) {
		size_t len = strlen(lines);
		strcat(lines, "Reason: ");
		memset(lines + len + 8, 'r', 4000);
		strcat(lines, "\r\n");
	}
	cancel_because(g, lines);
	assert_int_equal(reasons(g, 0), 0);
}

static void test_same_tag_in_both_answers(void **state)
{
	struct rig *g = *state;
	g->mode = RIG_HOLD;
	rig_ask(g, "INVITE", "i1");
	assert_int_equal(rig_last_status(g), 100);
	rig_ask(g, "CANCEL", "i1");
	assert_int_equal(g->count, 3);
	assert_int_equal(rig_status(g, 1), 200);
	assert_int_equal(rig_status(g, 2), 487);
	assert_true(slice_eq(rig_msg(g, 1).to_tag, rig_msg(g, 2).to_tag));
	assert_null(proxy_request_find(g->proxy, g->last_id));
	assert_ptr_equal(g->done_reject, &PROXY_REJ_CANCELLED);
}

static void test_cancel_for_nothing(void **state)
{
	struct rig *g = *state;
	static char text[RIG_TEXT_MAX];
	rig_ask(g, "CANCEL", "none");
	assert_int_equal(rig_last_status(g), 481);
	invite(g, "i1");
	/* another peer's CANCEL finds nothing, nor does one for a MESSAGE */
	rig_in(g, "mallory", 9,
	       rig_write(text, &(struct rig_text){ .method = "CANCEL",
						   .branch = "i1" }));
	assert_int_equal(rig_last_status(g), 481);
	rig_ask(g, "MESSAGE", "m1");
	rig_ask(g, "CANCEL", "m1");
	assert_int_equal(rig_last_status(g), 481);
	assert_int_equal(rig_count_status(g, 487), 0);
}

static void test_cancel_after_final_does_nothing(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 486);
	rig_ask(g, "CANCEL", "i1");
	assert_int_equal(rig_last_status(g), 200);
	assert_int_equal(rig_count_status(g, 487), 0);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 0);
}

static void test_2xx_cancels_the_others(void **state)
{
	struct rig *g = *state;
	g->targets = 3;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	rig_answer(g, at + 1, 180);
	rig_answer(g, at, 200);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 1);
	rig_answer(g, at + 1, 487);
	/* the third never rang: its CANCEL waits for the first sign of life */
	rig_answer(g, at + 2, 183);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 2);
	rig_answer(g, at + 2, 487);
	assert_int_equal(rig_count_status(g, 487), 0);
	assert_int_equal(rig_count_requests(g, SIP_ACK), 2);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

static void test_6xx_cancels_the_others(void **state)
{
	struct rig *g = *state;
	g->targets = 2;
	size_t at = invite(g, "i1");
	rig_answer(g, at + 1, 180);
	rig_answer(g, at, 603);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 1);
	assert_int_equal(rig_count_status(g, 603), 0);
	rig_answer(g, at + 1, 487);
	assert_int_equal(rig_last_status(g), 603);
}

static void test_cancelled_and_never_answered_is_487(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	rig_ask(g, "CANCEL", "i1");
	rig_wait(g, RIG_64T1 - 1);
	assert_int_equal(rig_count_status(g, 487), 0);
	rig_wait(g, 1);
	assert_int_equal(rig_last_status(g), 487);
}

static void test_cancel_to_a_dead_hop(void **state)
{
	struct rig *g = *state;
	size_t at = invite(g, "i1");
	rig_answer(g, at, 180);
	g->send_error = -EPIPE;
	rig_ask(g, "CANCEL", "i1");
	assert_int_equal(rig_last_status(g), 487);
	rig_ask(g, "ACK", "i1");
	rig_assert_empty(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_cancel_race_before_and_after_ringing),
		RIG_TEST(test_answer_wins_the_race),
		RIG_TEST(test_what_a_cancel_looks_like),
		RIG_TEST(test_reason_reaches_every_branch),
		RIG_TEST(test_answered_elsewhere),
		RIG_TEST(test_declined_elsewhere),
		RIG_TEST(test_no_reason_unless_told),
		RIG_TEST(test_endless_reasons_are_left_out),
		RIG_TEST(test_same_tag_in_both_answers),
		RIG_TEST(test_cancel_for_nothing),
		RIG_TEST(test_cancel_after_final_does_nothing),
		RIG_TEST(test_2xx_cancels_the_others),
		RIG_TEST(test_6xx_cancels_the_others),
		RIG_TEST(test_cancelled_and_never_answered_is_487),
		RIG_TEST(test_cancel_to_a_dead_hop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
