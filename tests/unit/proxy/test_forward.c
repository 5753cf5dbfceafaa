/* SPDX-License-Identifier: Apache-2.0 */
/* Requests on their way out (RFC 3261 16.6). */
#include "rig.h"

static void test_message_goes_through(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, 1);
	struct sip_msg m = rig_msg(g, 0);
	assert_int_equal(m.method, SIP_MESSAGE);
	assert_int_equal(m.max_forwards, 69);
	assert_int_equal(m.via_count, 3);
	assert_true(slice_eq(m.via.host, SLICE_LIT("edge.contoso.test")));
	assert_int_equal(m.via.port, 5061);
	assert_true(slice_eq(m.via.transport, SLICE_LIT("TLS")));
	assert_true(slice_eq(m.via.branch, SLICE_LIT("z9hG4bKt1.0")));
	/* answers are to come by the same connection (RFC 3581 3) */
	assert_non_null(memmem(m.via.params.ptr, m.via.params.len, "rport", 5));
	assert_true(slice_eq(m.body, SLICE_LIT("hello")));
	assert_int_equal(g->sent[0].txn, 1);
	assert_int_equal(g->sent[0].branch, 0);
	rig_answer(g, 0, 200);
	assert_int_equal(g->count, 2);
	assert_int_equal(rig_status(g, 1), 200);
	assert_int_equal(g->sent[1].to.flow, 1);
	assert_int_equal(g->done, 1);
	assert_int_equal(g->done_status, 200);
	assert_true(g->done_had_target);
	rig_assert_empty(g);
}

static void test_every_other_method_is_a_noninvite(void **state)
{
	static const char *const methods[] = {
		"BYE",     "OPTIONS",   "REGISTER", "SUBSCRIBE", "NOTIFY",
		"PUBLISH", "INFO",      "PRACK",    "UPDATE",    "REFER",
		"SERVICE", "NEWMETHOD", "message",
	};
	struct rig *g = *state;
	char branch[8];
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		size_t at = g->count;
		snprintf(branch, sizeof(branch), "m%zu", i);
		rig_ask(g, methods[i], branch);
		assert_true(slice_eq(rig_msg(g, at).method_text,
				     slice_str(methods[i])));
		assert_int_equal(g->count, at + 1); /* no 100 at once */
		rig_answer(g, at, 100);
		rig_answer(g, at, 202);
		assert_int_equal(g->count, at + 2);
		assert_int_equal(rig_last_status(g), 202);
		rig_assert_empty(g);
		/* on a reliable transport J is 0: again is anew */
		rig_ask(g, methods[i], branch);
		assert_int_equal(g->requests, 2 * i + 2);
		rig_answer(g, at + 2, 404);
		rig_assert_empty(g);
	}
}

static void test_target_changes_what_goes_out(void **state)
{
	struct rig *g = *state;
	struct sip_edits edits;
	struct slice value;
	sip_edits_init(&edits);
	sip_edit_bottom_named(&edits, SLICE_LIT("X-Mark"), SLICE_LIT("1"));
	g->target[0].edits = &edits;
	g->target[0].uri = SLICE_LIT("sip:bob@192.0.2.9;transport=tls");
	g->target[0].hide_vias = true;
	g->target[0].record_route = SLICE_LIT("<sip:edge.contoso.test;lr>");
	rig_ask(g, "MESSAGE", "m1");
	struct sip_msg m = rig_msg(g, 0);
	assert_true(slice_eq(m.uri.text, g->target[0].uri));
	assert_int_equal(m.via_count, 1);
	assert_false(sip_param(m.via.params, "alias", &value));
	assert_true(slice_eq(sip_header(&m, SIP_H_RECORD_ROUTE)->value,
			     g->target[0].record_route));
	assert_non_null(sip_header_named(&m, "X-Mark"));
	assert_int_equal(edits.count, 1); /* the caller's are untouched */
	rig_answer(g, 0, 200);
	m = rig_msg(g, 1);
	assert_int_equal(m.via_count, 2); /* and all are back */
	g->target[0].alias = true;
	rig_ask(g, "MESSAGE", "m2");
	m = rig_msg(g, 2);
	assert_true(sip_param(m.via.params, "alias", &value));
	rig_answer(g, 2, 200);
}

static void test_absent_max_forwards_becomes_70(void **state)
{
	struct rig *g = *state;
	rig_say(g, &(struct rig_text){
			   .method = "MESSAGE", .branch = "m", .headers = "" });
	assert_int_equal(rig_msg(g, 0).max_forwards, 70);
}

static void test_failed_send_is_503(void **state)
{
	static const struct {
		int error;
		const struct reject *why;
	} rows[] = { { -ENOBUFS, &PROXY_REJ_QUEUE_FULL },
		     { -EPIPE, &PROXY_REJ_HOP_GONE } };
	struct rig *g = *state;
	char branch[8];
	for (size_t i = 0; i < 2; i++) {
		g->send_error = rows[i].error;
		snprintf(branch, sizeof(branch), "f%zu", i);
		rig_ask(g, "MESSAGE", branch);
		assert_int_equal(rig_last_status(g), 503);
		assert_ptr_equal(g->done_reject, rows[i].why);
		assert_int_equal(g->done, i + 1);
		rig_assert_empty(g);
	}
}

static void test_hop_gone_inside_send_answers_once(void **state)
{
	struct rig *g = *state;
	g->send_error = -EPIPE;
	g->gone_in_send = true;
	g->targets = 3;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_status(g, 0), 503);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_one_dead_branch_of_two_does_not_matter(void **state)
{
	struct rig *g = *state;
	g->send_error = -EPIPE;
	g->fail_flow = 100;
	g->targets = 2;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, 1);
	assert_int_equal(g->sent[0].to.flow, 101);
	assert_int_equal(g->sent[0].branch, 1);
	rig_answer(g, 0, 202);
	assert_int_equal(rig_last_status(g), 202);
	rig_assert_empty(g);
}

static void answer_at_once(struct rig *g, struct rig_sent *s)
{
	if (s->request && g->hook_state++ == 0)
		rig_answer(g, (size_t)(s - g->sent), 200);
}

static void test_answer_inside_send_stops_the_fork(void **state)
{
	struct rig *g = *state;
	g->hook_send = answer_at_once;
	g->targets = 3;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 1);
	assert_int_equal(rig_count_status(g, 200), 1);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_at_most_ten_branches(void **state)
{
	struct rig *g = *state;
	g->targets = RIG_TARGETS;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, PROXY_BRANCHES_MAX);
	g->targets = PROXY_BRANCHES_MAX;
	rig_ask(g, "MESSAGE", "m2");
	assert_int_equal(g->count, 2 * PROXY_BRANCHES_MAX);
}

static void test_no_target_is_500(void **state)
{
	struct rig *g = *state;
	g->targets = 0;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(rig_last_status(g), 500);
	rig_assert_empty(g);
}

static void test_too_many_edits_fail_the_branch(void **state)
{
	struct rig *g = *state;
	struct sip_edits edits;
	sip_edits_init(&edits);
	for (int i = 0; i < SIP_EDITS_MAX; i++)
		sip_edit_bottom_named(&edits, SLICE_LIT("X"), SLICE_LIT("y"));
	g->target[0].edits = &edits;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_status(g, 0), 500);
	rig_assert_empty(g);
}

static void test_decision_later(void **state)
{
	struct rig *g = *state;
	g->mode = RIG_HOLD;
	rig_ask(g, "MESSAGE", "m1");
	uint64_t id = g->last_id;
	assert_int_equal(g->count, 0);
	rig_wait(g, 1000);
	struct proxy_request *r = proxy_request_find(g->proxy, id);
	assert_non_null(r);
	proxy_request_set_user(r, g);
	assert_ptr_equal(proxy_request_user(r), g);
	assert_int_equal(proxy_transactions(g->proxy), 1);
	proxy_forward(r, g->target, 1);
	proxy_forward(r, g->target, 1); /* once is enough */
	assert_int_equal(g->count, 1);
	rig_answer(g, 0, 404);
	assert_int_equal(rig_last_status(g), 404);
	assert_null(proxy_request_find(g->proxy, id));
	assert_null(proxy_request_find(g->proxy, 0));
	rig_assert_empty(g);
}

static void test_ack_to_2xx_leaves_no_state(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "ACK", "a1");
	assert_int_equal(g->acks, 1);
	assert_int_equal(g->count, 1);
	struct sip_msg m = rig_msg(g, 0);
	assert_int_equal(m.method, SIP_ACK);
	assert_int_equal(m.via_count, 3);
	assert_int_equal(g->sent[0].txn, 0);
	rig_assert_empty(g);
	g->mode = RIG_REPLY;
	g->reply = 200;
	rig_ask(g, "ACK", "a2"); /* nothing answers an ACK */
	assert_int_equal(g->count, 1);
	rig_assert_empty(g);
}

/* Nobody answers a BENOTIFY, not even with a refusal. */
static void test_benotify_leaves_no_state(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "BENOTIFY", "b1");
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_msg(g, 0).method, SIP_BENOTIFY);
	assert_int_equal(g->sent[0].txn, 0);
	rig_assert_empty(g);
	g->mode = RIG_REPLY;
	g->reply = 200;
	rig_ask(g, "BENOTIFY", "b2");
	rig_say(g, &(struct rig_text){ .method = "BENOTIFY",
				       .branch = "b3",
				       .headers = "Proxy-Require: x\r\n" });
	assert_int_equal(g->count, 1);
	rig_assert_empty(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_message_goes_through),
		RIG_TEST(test_every_other_method_is_a_noninvite),
		RIG_TEST(test_target_changes_what_goes_out),
		RIG_TEST(test_absent_max_forwards_becomes_70),
		RIG_TEST(test_failed_send_is_503),
		RIG_TEST(test_hop_gone_inside_send_answers_once),
		RIG_TEST(test_one_dead_branch_of_two_does_not_matter),
		RIG_TEST(test_answer_inside_send_stops_the_fork),
		RIG_TEST(test_at_most_ten_branches),
		RIG_TEST(test_no_target_is_500),
		RIG_TEST(test_too_many_edits_fail_the_branch),
		RIG_TEST(test_decision_later),
		RIG_TEST(test_ack_to_2xx_leaves_no_state),
		RIG_TEST(test_benotify_leaves_no_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
