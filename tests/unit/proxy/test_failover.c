/* SPDX-License-Identifier: Apache-2.0 */
/* One server after another for the same target (RFC 3263 4.3). */
#include "rig.h"

/* target[0] and then target[1], target[2] ... */
static void chain(struct rig *g, size_t length)
{
	for (size_t i = 0; i + 1 < length; i++)
		g->target[i].next = &g->target[i + 1];
}

static void gone(struct rig *g, uint64_t flow)
{
	struct proxy_hop hop = rig_hop("", flow);
	proxy_hop_gone(g->proxy, &hop, NULL);
}

enum how { BY_SEND, BY_FAILED, BY_GONE, BY_TIME, BY_503, BY_430 };

static void fail_first(struct rig *g, enum how how, size_t at)
{
	switch (how) {
	case BY_SEND:
		break; /* it has already */
	case BY_FAILED:
		proxy_failed(g->proxy, g->sent[at].txn, 0, NULL);
		break;
	case BY_GONE:
		gone(g, 100);
		break;
	case BY_TIME:
		rig_wait(g, 3000);
		break;
	case BY_503:
		rig_answer(g, at, 503);
		break;
	case BY_430:
		rig_answer(g, at, 430);
		break;
	}
}

static void one_way_to_fail(struct rig *g, const char *method, enum how how,
			    const char *branch)
{
	enum sip_method id = sip_method_of(slice_str(method));
	size_t before = rig_count_requests(g, id);
	g->send_error = how == BY_SEND ? -EPIPE : 0;
	g->fail_flow = 100;
	g->target[0].timeout_ms = 3000;
	rig_ask(g, method, branch);
	if (how != BY_SEND)
		fail_first(g, how, rig_sent_request(g, id, before++));
	size_t at = rig_sent_request(g, id, before);
	assert_int_equal(rig_count_requests(g, id), before + 1);
	assert_int_equal(g->sent[at].to.flow, 101);
	assert_int_equal(g->sent[at].branch, 1);
	rig_answer(g, at, 200);
	assert_int_equal(rig_last_status(g), 200);
	assert_int_equal(rig_count_status(g, 503), 0);
}

static void test_every_way_to_fail_unheard(void **state)
{
	struct rig *g = *state;
	uint64_t before = metric_get(M_SIP_FAILOVERS);
	char branch[16];
	chain(g, 2);
	for (int how = BY_SEND; how <= BY_430; how++) {
		snprintf(branch, sizeof(branch), "m%d", how);
		one_way_to_fail(g, "MESSAGE", (enum how)how, branch);
		snprintf(branch, sizeof(branch), "i%d", how);
		one_way_to_fail(g, "INVITE", (enum how)how, branch);
	}
	assert_int_equal(g->done, 12);
	assert_int_equal(metric_get(M_SIP_FAILOVERS), before + 12);
	assert_int_equal(rig_count_requests(g, SIP_ACK), 2);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

static void test_each_attempt_has_its_own_branch(void **state)
{
	struct rig *g = *state;
	chain(g, 3);
	rig_ask(g, "MESSAGE", "m1");
	rig_answer(g, 0, 503);
	rig_answer(g, 1, 503);
	assert_int_equal(g->count, 3);
	for (size_t i = 0; i < 3; i++) {
		char want[32];
		snprintf(want, sizeof(want), "z9hG4bKt1.%zu", i);
		assert_true(
			slice_eq(rig_msg(g, i).via.branch, slice_str(want)));
		assert_int_equal(rig_msg(g, i).max_forwards, 69);
	}
	/* the first ones are over: what they still say is a stray */
	uint64_t stray = metric_get(M_SIP_STRAY);
	rig_answer(g, 0, 200);
	rig_answer(g, 1, 200);
	assert_int_equal(g->count, 3);
	assert_int_equal(metric_get(M_SIP_STRAY), stray + 2);
	rig_answer(g, 2, 503);
	assert_int_equal(rig_last_status(g), 500);
	rig_assert_empty(g);
}

static void test_only_the_last_failure_counts(void **state)
{
	struct rig *g = *state;
	chain(g, 2);
	rig_ask(g, "MESSAGE", "m1");
	rig_answer(g, 0, 503);
	proxy_failed(g->proxy, 1, 1, &PROXY_REJ_INTERNAL);
	assert_int_equal(rig_last_status(g), 500);
	assert_ptr_equal(g->done_reject, &PROXY_REJ_INTERNAL);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_what_is_no_reason_to_go_on(void **state)
{
	static const uint16_t rows[] = { 200, 302, 404, 408, 480,
					 500, 504, 600, 603 };
	struct rig *g = *state;
	char branch[16];
	chain(g, 2);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = g->count;
		snprintf(branch, sizeof(branch), "m%zu", i);
		rig_ask(g, "MESSAGE", branch);
		rig_answer(g, at, rows[i]);
		assert_int_equal(rig_last_status(g), rows[i]);
		assert_int_equal(g->count, at + 2);
	}
	rig_assert_empty(g);
}

static void test_a_server_that_was_heard_is_the_one(void **state)
{
	struct rig *g = *state;
	chain(g, 2);
	rig_ask(g, "MESSAGE", "m1");
	rig_answer(g, 0, 100);
	gone(g, 100);
	assert_int_equal(rig_last_status(g), 503);
	rig_ask(g, "INVITE", "i1");
	size_t at = rig_sent_request(g, SIP_INVITE, 0);
	rig_answer(g, at, 180);
	gone(g, 100);
	assert_int_equal(rig_last_status(g), 503);
	assert_int_equal(rig_count_requests(g, SIP_INVITE), 1);
	/* but even then 503 says: not me */
	rig_ask(g, "INVITE", "i2");
	at = rig_sent_request(g, SIP_INVITE, 1);
	rig_answer(g, at, 100);
	rig_answer(g, at, 503);
	assert_int_equal(rig_count_requests(g, SIP_INVITE), 3);
}

static void test_without_its_own_timeout_time_is_over(void **state)
{
	struct rig *g = *state;
	chain(g, 2);
	rig_ask(g, "INVITE", "i1");
	rig_wait(g, RIG_64T1);
	assert_int_equal(rig_last_status(g), 408);
	rig_ask(g, "MESSAGE", "m1");
	g->target[0].timeout_ms = RIG_64T1; /* nor when nobody waits */
	rig_ask(g, "MESSAGE", "m2");
	rig_wait(g, RIG_64T1);
	assert_int_equal(rig_count_requests(g, SIP_INVITE), 1);
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 2);
	assert_int_equal(g->done, 3);
}

static void test_cancelled_is_not_tried_elsewhere(void **state)
{
	struct rig *g = *state;
	chain(g, 2);
	g->target[0].timeout_ms = 3000;
	rig_ask(g, "INVITE", "i1");
	rig_ask(g, "CANCEL", "i1");
	rig_wait(g, 3000);
	assert_int_equal(rig_last_status(g), 487);
	assert_int_equal(rig_count_requests(g, SIP_INVITE), 1);
}

static void test_answered_is_not_tried_elsewhere(void **state)
{
	struct rig *g = *state;
	chain(g, 2);
	rig_ask(g, "MESSAGE", "m1");
	proxy_reply(proxy_request_find(g->proxy, g->last_id),
		    &(struct sip_reply){ .status = 202 });
	proxy_failed(g->proxy, g->sent[0].txn, 0, NULL);
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 1);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_second_attempt_is_cancelled_too(void **state)
{
	struct rig *g = *state;
	chain(g, 2);
	rig_ask(g, "INVITE", "i1");
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 503);
	size_t at = rig_sent_request(g, SIP_INVITE, 1);
	rig_answer(g, at, 180);
	rig_ask(g, "CANCEL", "i1");
	size_t cancel = rig_sent_request(g, SIP_CANCEL, 0);
	assert_int_equal(g->sent[cancel].to.flow, 101);
	assert_int_equal(g->sent[cancel].branch, 1);
	rig_answer(g, at, 487);
	assert_int_equal(rig_last_status(g), 487);
	rig_ask(g, "ACK", "i1");
	rig_assert_empty(g);
}

/* What the caller lent is gone when the next target's turn comes. */
static void test_chain_is_copied(void **state)
{
	struct rig *g = *state;
	char peer[] = "b1", uri[] = "sip:bob@192.0.2.2", rr[] = "<sip:e.test>";
	char name[] = "X-Mark", value[] = "second";
	struct sip_edits edits;
	struct proxy_target next = g->target[1];
	char *const lent[] = { peer, uri, rr, name, value };
	sip_edits_init(&edits);
	sip_edit_bottom_named(&edits, slice_str(name), slice_str(value));
	next.hop.peer = slice_str(peer);
	next.uri = slice_str(uri);
	next.record_route = slice_str(rr);
	next.edits = &edits;
	next.hide_vias = true;
	g->target[0].next = &next;
	rig_ask(g, "MESSAGE", "m1");
	for (size_t i = 0; i < sizeof(lent) / sizeof(*lent); i++)
		memset(lent[i], '#', strlen(lent[i]));
	memset(&edits, 0xff, sizeof(edits));
	memset(&next, 0xff, sizeof(next));
	rig_answer(g, 0, 503);
	struct sip_msg m = rig_msg(g, 1);
	assert_true(slice_eq(m.uri.text, SLICE_LIT("sip:bob@192.0.2.2")));
	assert_true(slice_eq(sip_header_named(&m, "X-Mark")->value,
			     SLICE_LIT("second")));
	assert_true(slice_eq(sip_header(&m, SIP_H_RECORD_ROUTE)->value,
			     SLICE_LIT("<sip:e.test>")));
	assert_int_equal(m.via_count, 1);
	rig_answer(g, 1, 200); /* the peer is known as well */
	assert_int_equal(rig_last_status(g), 200);
}

/* SIP-28: attempts and parallel branches are ten at most. */
static void test_sip_28_attempts_are_bounded(void **state)
{
	struct rig *g = *state;
	g->send_error = -EPIPE;
	g->target[0].next = &g->target[0]; /* a ring */
	uint64_t before = metric_get(M_SIP_FAILOVERS);
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(rig_last_status(g), 503);
	assert_int_equal(metric_get(M_SIP_FAILOVERS), before + 9);
	g->send_error = 0;
	g->targets = 9; /* nine parallel ones leave room for one more */
	for (size_t i = 0; i < 9; i++)
		g->target[i].next = &g->target[9];
	g->send_error = -EPIPE;
	g->fail_flow = 100;
	size_t at = g->count;
	rig_ask(g, "MESSAGE", "m2");
	assert_int_equal(g->count, at + 9); /* the first one is replaced */
	assert_int_equal(g->sent[at].to.flow, 109);
	rig_answer(g, at + 1, 503);
	assert_int_equal(g->count, at + 9);
}

/* A parallel target never loses its place to another's second attempt. */
static void test_parallel_targets_come_first(void **state)
{
	struct rig *g = *state;
	g->targets = PROXY_BRANCHES_MAX;
	g->target[0].next = &g->target[10];
	g->send_error = -EPIPE;
	g->fail_flow = 100;
	rig_ask(g, "MESSAGE", "m1");
	assert_int_equal(g->count, 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(g->sent[i].to.flow, 101 + i);
}

static void test_each_of_a_chain_has_its_edits(void **state)
{
	static const char *const marks[] = { "zero", "one", "one", NULL,
					     "two" };
	struct rig *g = *state;
	struct sip_edits edits[5];
	chain(g, 5);
	for (size_t i = 0; i < 5; i++) {
		sip_edits_init(&edits[i]);
		if (marks[i])
			sip_edit_bottom_named(&edits[i], SLICE_LIT("X-Mark"),
					      slice_str(marks[i]));
		g->target[i].edits = marks[i] ? &edits[i] : NULL;
	}
	g->target[2].edits = &edits[1]; /* shared */
	rig_ask(g, "MESSAGE", "m1");
	for (size_t i = 0; i < 5; i++) {
		struct sip_msg m = rig_msg(g, i);
		const struct sip_header *h = sip_header_named(&m, "X-Mark");
		assert_int_equal(h != NULL, marks[i] != NULL);
		if (h)
			assert_true(slice_eq(h->value, slice_str(marks[i])));
		rig_answer(g, i, 503);
	}
	assert_int_equal(rig_last_status(g), 500);
}

static void test_ack_takes_the_next_way(void **state)
{
	struct rig *g = *state;
	chain(g, 3);
	g->send_error = -EPIPE;
	g->fail_flow = 100;
	rig_ask(g, "ACK", "a1");
	assert_int_equal(g->count, 1);
	assert_int_equal(g->sent[0].to.flow, 101);
	g->fail_flow = 0;
	rig_ask(g, "ACK", "a2");
	assert_int_equal(g->count, 1);
	rig_assert_empty(g);
}

static int oom_failover(void *arg)
{
	struct rig *g = rig_new();
	struct sip_edits edits;
	int err = rig_start(g, 0, 0);
	(void)arg;
	sip_edits_init(&edits);
	sip_edit_bottom_named(&edits, SLICE_LIT("X"), SLICE_LIT("y"));
	if (!err) {
		chain(g, 3);
		g->target[1].edits = &edits;
		g->target[2].edits = &edits;
		g->send_error = -EPIPE;
		g->fail_flow = 100;
		rig_ask(g, "INVITE", "i1");
		gone(g, 101);
		gone(g, 102);
		err = g->done_status == 503 && g->count == 4 ? 0 : -EIO;
		assert_true(g->done <= 1);
		rig_wait(g, RIG_64T1);
		rig_assert_empty(g);
	}
	rig_free(g);
	return err;
}

static void test_no_memory(void **state)
{
	(void)state;
	oom_walk(oom_failover, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_every_way_to_fail_unheard),
		RIG_TEST(test_each_attempt_has_its_own_branch),
		RIG_TEST(test_only_the_last_failure_counts),
		RIG_TEST(test_what_is_no_reason_to_go_on),
		RIG_TEST(test_a_server_that_was_heard_is_the_one),
		RIG_TEST(test_without_its_own_timeout_time_is_over),
		RIG_TEST(test_cancelled_is_not_tried_elsewhere),
		RIG_TEST(test_answered_is_not_tried_elsewhere),
		RIG_TEST(test_second_attempt_is_cancelled_too),
		RIG_TEST(test_chain_is_copied),
		RIG_TEST(test_sip_28_attempts_are_bounded),
		RIG_TEST(test_parallel_targets_come_first),
		RIG_TEST(test_each_of_a_chain_has_its_edits),
		RIG_TEST(test_ack_takes_the_next_way),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
