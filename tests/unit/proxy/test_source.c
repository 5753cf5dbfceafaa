/* SPDX-License-Identifier: Apache-2.0 */
/* Limits in all and by source; who is ended first (SIP-34). */
#include "rig.h"

static void ask_as(struct rig *g, const char *peer, const char *method,
		   unsigned n)
{
	static char text[RIG_TEXT_MAX];
	char branch[32];
	snprintf(branch, sizeof(branch), "%s%u", peer, n);
	rig_in(g, peer, 1,
	       rig_write(text, &(struct rig_text){ .method = method,
						   .branch = branch,
						   .cseq = n + 1 }));
}

static int setup(void **state)
{
	struct rig *g = rig_new();
	*state = g;
	return rig_start(g, 8, 4);
}

static void test_limit_of_one_source(void **state)
{
	struct rig *g = *state;
	for (unsigned i = 0; i < 4; i++) /* limit - 1 and limit */
		ask_as(g, "p1", "MESSAGE", i);
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 4);
	ask_as(g, "p1", "MESSAGE", 4); /* limit + 1 */
	struct sip_msg m = rig_msg(g, g->count - 1);
	assert_int_equal(m.status, 503);
	char rest[8];
	assert_int_equal(slice_cstr(sip_header(&m, SIP_H_RETRY_AFTER)->value,
				    rest, sizeof(rest)),
			 0);
	assert_in_range(atoi(rest), 5, 30); /* OVL-02 */
	assert_ptr_equal(g->done_reject, &PROXY_REJ_OVERLOAD);
	ask_as(g, "p2", "MESSAGE", 0); /* others are not concerned */
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 5);
	rig_answer(g, 0, 200); /* room again */
	ask_as(g, "p1", "MESSAGE", 5);
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 6);
	assert_int_equal(source_count(g->proxy, SLICE_LIT("p1")), 4);
}

static void test_limit_in_all(void **state)
{
	struct rig *g = *state;
	for (unsigned i = 0; i < 4; i++)
		ask_as(g, "p1", "MESSAGE", i);
	for (unsigned i = 0; i < 3; i++)
		ask_as(g, "p2", "MESSAGE", i);
	assert_int_equal(g->proxy->count, 7);
	ask_as(g, "p3", "MESSAGE", 0);
	assert_int_equal(g->proxy->count, 8);
	assert_int_equal(rig_count_status(g, 503), 0);
	ask_as(g, "p3", "MESSAGE", 1); /* no INVITE that could be ended */
	assert_int_equal(rig_last_status(g), 503);
	assert_int_equal(g->proxy->count, 8);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

static void test_refused_invite_leaves_nothing_and_its_ack_too(void **state)
{
	struct rig *g = *state;
	for (unsigned i = 0; i < 4; i++)
		ask_as(g, "alice", "MESSAGE", i);
	rig_ask(g, "INVITE", "full");
	struct sip_msg m = rig_msg(g, g->count - 1);
	assert_int_equal(m.status, 503);
	char tag[32];
	assert_int_equal(slice_cstr(m.to_tag, tag, sizeof(tag)), 0);
	assert_int_equal(g->proxy->count, 4);
	rig_answer(g, 0, 200);
	rig_say(g, &(struct rig_text){
			   .method = "ACK", .branch = "full", .to_tag = tag });
	assert_int_equal(g->acks, 0);
	assert_int_equal(g->proxy->count, 3);
}

static void test_greediest_sources_oldest_invite_is_ended(void **state)
{
	struct rig *g = *state;
	g->mode = RIG_HOLD;
	for (unsigned i = 0; i < 4; i++)
		ask_as(g, "bad", "INVITE", i);
	for (unsigned i = 0; i < 3; i++)
		ask_as(g, "mid", "INVITE", i);
	ask_as(g, "good", "INVITE", 0);
	size_t at = g->count;
	unsigned asked = g->requests;
	ask_as(g, "good", "INVITE", 1);
	assert_int_equal(g->requests, asked + 1);
	assert_int_equal(rig_status(g, at), 503);
	assert_int_equal(rig_msg(g, at).cseq, 1); /* bad's first */
	assert_int_equal(source_count(g->proxy, SLICE_LIT("bad")), 3);
	assert_int_equal(source_count(g->proxy, SLICE_LIT("good")), 2);
	assert_int_equal(g->proxy->count, 8);
	/* the greedy one itself ends nobody: it is refused */
	ask_as(g, "mid", "INVITE", 9);
	assert_int_equal(rig_last_status(g), 503);
	assert_int_equal(source_count(g->proxy, SLICE_LIT("mid")), 3);
	assert_int_equal(g->requests, asked + 1);
}

static void test_evicted_invite_is_cancelled_below(void **state)
{
	struct rig *g = *state;
	ask_as(g, "bad", "INVITE", 0);
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 180);
	for (unsigned i = 1; i < 4; i++)
		ask_as(g, "bad", "MESSAGE", i);
	for (unsigned i = 0; i < 3; i++)
		ask_as(g, "p2", "MESSAGE", i);
	ask_as(g, "p3", "MESSAGE", 0);
	ask_as(g, "p3", "MESSAGE", 1);
	assert_int_equal(rig_count_requests(g, SIP_CANCEL), 1);
	assert_int_equal(rig_count_status(g, 503), 1);
	assert_int_equal(rig_count_requests(g, SIP_MESSAGE), 8);
	assert_int_equal(g->proxy->count, 8);
}

static void test_sip_34_ack_flood_is_bounded_and_silent(void **state)
{
	struct rig *g = *state;
	g->mode = RIG_HOLD;
	for (unsigned i = 0; i < 100; i++)
		ask_as(g, "flood", "ACK", i);
	assert_int_equal(g->count, 0);
	assert_int_equal(g->proxy->count, 4);
}

/* SIP-34: ACKs that are not kept leave nothing at all. */
static void test_sip_34_ack_flood_leaves_no_state(void **state)
{
	struct rig *g = *state;
	g->mode = RIG_DROP;
	for (unsigned i = 0; i < 1000; i++)
		ask_as(g, "flood", "ACK", i);
	assert_int_equal(g->count, 0);
	rig_assert_empty(g);
}

/* SIP-34: INVITEs that never end, from one and from many. */
static void test_sip_34_invites_without_end(void **state)
{
	enum { N = 20000, SOURCES = 50 };
	struct rig *g = *state;
	char peer[16];
	for (unsigned i = 0; i < N; i++) {
		snprintf(peer, sizeof(peer), "s%u", i % SOURCES);
		ask_as(g, i % 2 ? "one" : peer, "INVITE", i);
		assert_true(g->proxy->count <= 8);
		assert_true(source_count(g->proxy, SLICE_LIT("one")) <= 4);
		g->count = 0;
		g->used = 0;
	}
	assert_int_equal(g->proxy->count, 8);
	assert_true(g->proxy->sources.count <= 8);
	/* somebody else still gets through, and is answered */
	ask_as(g, "good", "INVITE", 1);
	size_t at = rig_sent_request(g, SIP_INVITE, 0);
	rig_answer(g, at, 180);
	rig_answer(g, at, 200);
	assert_int_equal(rig_count_status(g, 200), 1);
	rig_wait(g, RIG_64T1);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

/* SIP-34: CANCELs for nothing are answered and forgotten. */
static void test_sip_34_cancel_before_invite(void **state)
{
	struct rig *g = *state;
	for (unsigned i = 0; i < 100; i++)
		ask_as(g, "flood", "CANCEL", i);
	assert_int_equal(rig_count_status(g, 481), 100);
	assert_int_equal(g->requests, 0);
	rig_assert_empty(g);
	ask_as(g, "flood", "INVITE", 1); /* comes too late to be cancelled */
	assert_int_equal(rig_count_requests(g, SIP_INVITE), 1);
	assert_int_equal(rig_count_status(g, 487), 0);
}

int main(void)
{
#define SMALL(fn) cmocka_unit_test_setup_teardown(fn, setup, rig_teardown)
	const struct CMUnitTest tests[] = {
		SMALL(test_limit_of_one_source),
		SMALL(test_limit_in_all),
		SMALL(test_refused_invite_leaves_nothing_and_its_ack_too),
		SMALL(test_greediest_sources_oldest_invite_is_ended),
		SMALL(test_evicted_invite_is_cancelled_below),
		SMALL(test_sip_34_ack_flood_is_bounded_and_silent),
		SMALL(test_sip_34_ack_flood_leaves_no_state),
		SMALL(test_sip_34_invites_without_end),
		SMALL(test_sip_34_cancel_before_invite),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
