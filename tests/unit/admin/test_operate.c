/* SPDX-License-Identifier: Apache-2.0 */
/* reload, drain, log.level: to the supervisor and back. */
#include "rig.h"

static void test_reload(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"id\":1,\"verb\":\"reload\"}");
	assert_int_equal(g->sent[0].role, PROC_SUPERVISOR);
	assert_int_equal(g->sent[0].m.type, IPC_OPERATE);
	assert_int_equal(g->sent[0].m.u.operate.verb, OPERATE_RELOAD);
	rig_operated(g, 7, "");
	assert_string_equal(rig_read(g), "{\"id\":1,\"ok\":true,\"result\":"
					 "{\"generation\":7}}\n");
	rig_ask(g, "{\"id\":2,\"verb\":\"reload\"}");
	rig_operated(g, 7, "x.yaml:3: no such key \"edgee\"");
	assert_string_equal(rig_read(g),
			    "{\"id\":2,\"ok\":false,\"error\":\"x.yaml:3: no "
			    "such key \\\"edgee\\\"\"}\n");
}

static void test_drain(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"id\":1,\"verb\":\"drain\"}");
	assert_int_equal(g->sent[0].m.u.operate.verb, OPERATE_DRAIN);
	rig_operated(g, 7, "");
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"ok\":true,\"result\":{}}\n");
}

static void test_log_level(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"verb\":\"log.level\",\"args\":{\"level\":\"debug\"}}");
	assert_int_equal(g->sent[0].m.u.operate.verb, OPERATE_LOG_LEVEL);
	assert_int_equal(g->sent[0].m.u.operate.value, LOG_DEBUG);
	rig_operated(g, 7, "");
	assert_non_null(strstr(rig_read(g), "\"ok\":true"));
	rig_ask(g, "{\"verb\":\"log.level\",\"args\":{\"level\":\"loud\"}}");
	assert_non_null(strstr(rig_read(g), "error, warn, info, debug"));
	assert_int_equal(g->sent_count, 1);
}

/* Only the supervisor can say that something was done. */
static void test_forged(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"verb\":\"reload\"}");
	const struct ipc_msg m = {
		.type = IPC_OPERATED,
		.u.operated = { .id = g->sent[0].m.u.operate.id,
				.generation = 9 },
	};
	rig_from(g, PROC_EDGE, 0, &m);
	const struct ipc_msg s = {
		.type = IPC_STORE_RESULT,
		.u.store_result = { .id = g->sent[0].m.u.operate.id },
	};
	rig_from(g, PROC_STORE, 0, &s);
	assert_string_equal(rig_read(g), "");
	g->send_error = -EPIPE;
	rig_operated(g, 1, "");
	rig_read(g);
	rig_ask(g, "{\"verb\":\"drain\"}");
	assert_non_null(strstr(rig_read(g), "supervisor does not take it"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_reload),
		RIG_TEST(test_drain),
		RIG_TEST(test_log_level),
		RIG_TEST(test_forged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
