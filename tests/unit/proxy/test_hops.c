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

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_hop_gone_is_503_once),
		RIG_TEST(test_all_flows_of_a_process),
		RIG_TEST(test_hop_gone_inside_an_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
