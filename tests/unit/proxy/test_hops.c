/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a connection, or of a whole neighbour (SIP-37). */
#include "rig.h"

static void test_hop_gone_is_503_once(void **state)
{
	struct rig *g = *state;
	struct proxy_hop hop = rig_hop("b0", 100);
	rig_ask(g, "MESSAGE", "m1");
	hop.flow = 101;
	proxy_hop_gone(g->proxy, &hop, NULL);
	assert_int_equal(g->count, 1);
	hop.flow = 100;
	hop.slot++;
	proxy_hop_gone(g->proxy, &hop, NULL);
	assert_int_equal(g->count, 1);
	hop.slot--;
	proxy_hop_gone(g->proxy, &hop, NULL);
	proxy_hop_gone(g->proxy, &hop, NULL);
	assert_int_equal(g->count, 2);
	assert_int_equal(rig_status(g, 1), 503);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_all_flows_of_a_process(void **state)
{
	static const struct reject why = { .status = 480,
					   .metric = M_REJ_FLOW_GONE,
					   .why = "flow_gone",
					   .reason = "Gone" };
	struct rig *g = *state;
	struct proxy_hop hop = rig_hop("", 0);
	char branch[16];
	for (int i = 0; i < 50; i++) {
		g->target[0].hop.flow = 100 + (uint64_t)i % 7;
		g->target[0].hop.incarnation = i < 40 ? 3 : 4;
		snprintf(branch, sizeof(branch), "m%d", i);
		rig_ask(g, "MESSAGE", branch);
	}
	proxy_hop_gone(g->proxy, &hop, &why);
	assert_int_equal(g->done, 40);
	assert_int_equal(rig_count_status(g, 480), 40);
	assert_int_equal(proxy_transactions(g->proxy), 10);
	hop.incarnation = 4;
	proxy_hop_gone(g->proxy, &hop, &why);
	rig_assert_empty(g);
}

/* While the first answer goes up, everything else ends as well. */
static void gone_again(struct rig *g, struct rig_sent *s)
{
	struct proxy_hop hop = rig_hop("", 0);
	if (!s->request && g->hook_state++ == 0)
		proxy_hop_gone(g->proxy, &hop, NULL);
}

static void test_hop_gone_inside_an_answer(void **state)
{
	struct rig *g = *state;
	struct proxy_hop hop = rig_hop("", 0);
	char branch[16];
	g->targets = 2;
	for (int i = 0; i < 20; i++) {
		snprintf(branch, sizeof(branch), "m%d", i);
		rig_ask(g, i % 2 ? "MESSAGE" : "INVITE", branch);
	}
	g->hook_send = gone_again;
	proxy_hop_gone(g->proxy, &hop, NULL);
	assert_int_equal(g->done, 20);
	assert_int_equal(rig_count_status(g, 503), 20);
	assert_int_equal(g->proxy->hops.count, 0);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

/* SIP-37: 200 requests and then the sender is gone: they end, and what was
 * forwarded stays forwarded, without a byte to the dead connection. */
static void test_sip_37_sender_gone_after_pipelining(void **state)
{
	enum { N = 200 };
	struct rig *g = *state;
	char branch[16];
	for (int i = 0; i < N; i++) {
		snprintf(branch, sizeof(branch), "p%d", i);
		rig_ask(g, i % 2 ? "INVITE" : "MESSAGE", branch);
	}
	struct proxy_hop sender = rig_hop("alice", 1);
	g->up_error = -EPIPE;
	proxy_hop_gone(g->proxy, &sender, NULL);
	assert_int_equal(g->done, 0); /* nobody waits for the sender */
	size_t count = g->count;
	for (size_t i = 0; i < count; i++)
		if (g->sent[i].request)
			rig_answer(g, i, i % 3 ? 200 : 486);
	assert_int_equal(g->done, N);
	for (size_t i = count; i < g->count; i++)
		assert_true(g->sent[i].request); /* ACKs, nothing else */
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

/* One call as steps, ended by either side's connection after any of them. */
static void walk(struct rig *g, unsigned steps, bool sender)
{
	struct proxy_hop server = rig_hop("b0", 100);
	rig_ask(g, "INVITE", "i1");
	size_t at = rig_sent_request(g, SIP_INVITE, 0);
	for (unsigned i = 0; i <= 5; i++) {
		if (i == steps && sender)
			g->up_error = -EPIPE;
		else if (i == steps)
			proxy_hop_gone(g->proxy, &server, NULL);
		if (i == steps && !sender)
			g->send_error = -EPIPE;
		if (i == 0)
			rig_answer(g, at, 100);
		else if (i == 1)
			rig_answer(g, at, 180);
		else if (i == 2)
			rig_ask(g, "CANCEL", "i1");
		else if (i == 3)
			rig_answer(g, at, 487);
		else if (i == 4)
			rig_ask(g, "ACK", "i1");
	}
	rig_wait(g, 200000);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

static void test_sip_37_close_at_every_step(void **state)
{
	(void)state;
	for (unsigned steps = 0; steps <= 5; steps++) {
		for (int sender = 0; sender < 2; sender++) {
			struct rig *g = rig_new();
			assert_int_equal(rig_start(g, 0, 0), 0);
			walk(g, steps, sender);
			/* INVITE, CANCEL; and the ACK when it came too late */
			assert_in_range(g->done, 2, 3);
			rig_free(g);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_hop_gone_is_503_once),
		RIG_TEST(test_all_flows_of_a_process),
		RIG_TEST(test_hop_gone_inside_an_answer),
		RIG_TEST(test_sip_37_sender_gone_after_pipelining),
		cmocka_unit_test(test_sip_37_close_at_every_step),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
