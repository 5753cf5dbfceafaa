/* SPDX-License-Identifier: Apache-2.0 */
/* CANCEL and ACK by another connection than their INVITE, at the process that
 * has the INVITE and at the one that has not. */
#include "rig.h"

static const char *text_of(const char *method, const char *branch)
{
	static char text[RIG_TEXT_MAX];
	return rig_write(text, &(struct rig_text){ .method = method,
						   .branch = branch,
						   .to_tag = NULL });
}

static bool adopt(struct rig *g, const char *peer, const char *text)
{
	struct proxy_hop from = rig_hop(peer, 55);
	return proxy_adopt(g->proxy, &from, slice_str(text));
}

static void refuse(struct rig *g, const char *text)
{
	struct proxy_hop from = rig_hop("alice", 55);
	proxy_orphan_refuse(g->proxy, &from, slice_str(text));
}

static void test_orphan_cancel_is_taken_over(void **state)
{
	struct rig *g = *state;
	g->take_orphans = true;
	rig_ask(g, "CANCEL", "i1");
	assert_int_equal(g->orphans, 1);
	assert_string_equal(g->orphan, text_of("CANCEL", "i1"));
	assert_int_equal(g->count, 0);
	assert_int_equal(g->done, 0);
	refuse(g, g->orphan);
	assert_int_equal(g->count, 1);
	assert_int_equal(rig_last_status(g), 481);
	assert_int_equal(g->sent[0].to.flow, 55);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_orphan_cancel_that_is_not_taken_is_481(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "CANCEL", "i1");
	assert_int_equal(g->orphans, 1);
	assert_int_equal(rig_last_status(g), 481);
	rig_ask(g, "INVITE", "i1"); /* the INVITE behind it is a new one */
	assert_int_equal(rig_count_requests(g, SIP_INVITE), 1);
	rig_ask(g, "CANCEL", "i1"); /* and has its own */
	assert_int_equal(g->orphans, 1);
	assert_int_equal(rig_last_status(g), 200);
}

static void test_cancel_is_adopted(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	size_t at = rig_sent_request(g, SIP_INVITE, 0);
	rig_answer(g, at, 180);
	size_t count = g->count;
	assert_false(adopt(g, "mallory", text_of("CANCEL", "i1")));
	assert_false(adopt(g, "alice", text_of("CANCEL", "i2")));
	assert_int_equal(g->count, count);
	assert_true(adopt(g, "alice", text_of("CANCEL", "i1")));
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 1);
	size_t ok = 0;
	for (size_t i = count; i < g->count; i++)
		if (!g->sent[i].request)
			ok = i;
	assert_int_equal(rig_status(g, ok), 200);
	assert_int_equal(g->sent[ok].to.flow, 55); /* by where it came */
	rig_answer(g, at, 487);
	assert_int_equal(rig_last_status(g), 487);
	assert_int_equal(g->sent[g->count - 1].to.flow, 1);
	assert_int_equal(g->orphans, 0);
	rig_ask(g, "ACK", "i1");
	rig_assert_empty(g);
}

static void test_same_peer_on_another_connection_needs_no_asking(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	rig_in(g, "alice", 77, text_of("CANCEL", "i1"));
	assert_int_equal(rig_last_status(g), 200);
	assert_int_equal(g->sent[g->count - 1].to.flow, 77);
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 486);
	rig_in(g, "alice", 78, text_of("ACK", "i1"));
	assert_int_equal(g->orphans, 0);
	rig_assert_empty(g);
}

static void test_ack_is_adopted(void **state)
{
	struct rig *g = *state;
	assert_false(adopt(g, "alice", text_of("ACK", "i1")));
	rig_ask(g, "INVITE", "i1");
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 486);
	size_t count = g->count;
	assert_false(adopt(g, "mallory", text_of("ACK", "i1")));
	assert_int_equal(g->proxy->count, 1);
	assert_true(adopt(g, "alice", text_of("ACK", "i1")));
	assert_int_equal(g->count, count);
	assert_int_equal(g->acks, 0);
	rig_assert_empty(g);
}

static void test_ack_to_a_2xx_is_not_adopted(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 200);
	size_t count = g->count;
	assert_false(adopt(g, "alice", text_of("ACK", "i1")));
	assert_int_equal(g->count, count);
	assert_int_equal(g->acks, 0);
	assert_int_equal(proxy_transactions(g->proxy), 1);
}

static void test_owner_offers_an_ack(void **state)
{
	struct rig *g = *state;
	g->orphan_ack = true;
	rig_ask(g, "ACK", "a1"); /* nobody takes it: it goes on */
	assert_int_equal(g->orphans, 1);
	assert_int_equal(rig_count_requests(g, SIP_ACK), 1);
	g->take_orphans = true;
	rig_ask(g, "ACK", "a2");
	assert_int_equal(g->orphans, 2);
	assert_string_equal(g->orphan, text_of("ACK", "a2"));
	assert_int_equal(rig_count_requests(g, SIP_ACK), 1);
	rig_assert_empty(g);
	size_t count = g->count;
	unsigned done = g->done;
	refuse(g, g->orphan); /* silence */
	assert_int_equal(g->count, count);
	assert_int_equal(g->done, done);
	rig_ask(g, "MESSAGE", "m1"); /* only an ACK can be one */
	assert_int_equal(g->orphans, 2);
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 1);
}

static void test_only_cancel_and_ack_are_adopted(void **state)
{
	static const char *const rows[] = {
		"INVITE",
		"MESSAGE",
		"BYE",
		"OPTIONS",
	};
	struct rig *g = *state;
	g->mode = RIG_HOLD;
	rig_ask(g, "INVITE", "i1");
	rig_ask(g, "MESSAGE", "i1");
	size_t count = g->count;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_false(adopt(g, "alice", text_of(rows[i], "i1")));
		refuse(g, text_of(rows[i], "i1"));
	}
	assert_false(adopt(g, "alice", "nonsense"));
	assert_false(adopt(g, "alice", ""));
	assert_false(adopt(g, "alice", "SIP/2.0 200 OK\r\n\r\n"));
	refuse(g, "nonsense");
	assert_int_equal(g->count, count);
	assert_int_equal(g->done, 0);
	assert_int_equal(g->requests, 2);
}

/* Whatever fails, a CANCEL is answered at most once and nothing stays. */
static int oom_orphan(void *arg)
{
	struct rig *g = rig_new();
	int err = rig_start(g, 0, 0);
	(void)arg;
	if (!err) {
		g->mode = RIG_HOLD;
		rig_ask(g, "INVITE", "i1");
		bool ours = adopt(g, "alice", text_of("CANCEL", "i1"));
		refuse(g, text_of("CANCEL", "i2"));
		adopt(g, "alice", text_of("ACK", "i1"));
		err = ours && g->done == 3 && !g->proxy->count ? 0 : -EIO;
		struct proxy_request *r = proxy_request_find(g->proxy, 1);
		if (r)
			proxy_drop(r);
		rig_wait(g, RIG_64T1);
		rig_assert_empty(g);
		assert_true(g->done <= 3);
	}
	rig_free(g);
	return err;
}

static void test_no_memory(void **state)
{
	(void)state;
	oom_walk(oom_orphan, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_orphan_cancel_is_taken_over),
		RIG_TEST(test_orphan_cancel_that_is_not_taken_is_481),
		RIG_TEST(test_cancel_is_adopted),
		RIG_TEST(test_same_peer_on_another_connection_needs_no_asking),
		RIG_TEST(test_ack_is_adopted),
		RIG_TEST(test_ack_to_a_2xx_is_not_adopted),
		RIG_TEST(test_owner_offers_an_ack),
		RIG_TEST(test_only_cancel_and_ack_are_adopted),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
