/* SPDX-License-Identifier: Apache-2.0 */
/* relay.*: every process is asked, or the one that a session's name names;
 * what they say is one list. */
#include "rig.h"

#define NAMED(verb, session)               \
	"{\"id\":1,\"verb\":\"relay." verb \
	"\",\"args\":{\"session\":\"" session "\"}}"

static uint64_t asked(const struct rig *g, size_t i)
{
	return g->sent[i].m.u.session_list.id;
}

static void session(struct rig *g, uint32_t slot, uint64_t number)
{
	const struct ipc_msg m = {
		.type = IPC_SESSION,
		.u.session = { .id = asked(g, 0),
			       .session = (uint64_t)slot << 48 | number,
			       .user = SLICE_LIT("al\033ice"),
			       .client = SLICE_LIT("192.0.2.1:4000"),
			       .up_bytes = 7 },
	};
	rig_from(g, PROC_RELAY, slot, &m);
}

static void result(struct rig *g, uint32_t slot, uint32_t error)
{
	const struct ipc_msg m = {
		.type = IPC_SESSION_RESULT,
		.u.session_result = { .id = asked(g, 0), .error = error },
	};
	rig_from(g, PROC_RELAY, slot, &m);
}

static void test_list(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_RELAY, 0);
	rig_up(g, PROC_RELAY, 1);
	rig_up(g, PROC_RELAY, 2);
	rig_ask(g, "{\"id\":1,\"verb\":\"relay.list\",\"args\":{}}");
	assert_int_equal(g->sent_count, 3);
	assert_int_equal(g->sent[0].m.type, IPC_SESSION_LIST);
	session(g, 1, 5);
	result(g, 1, 0);
	result(g, 1, 0); /* once more: says nothing */
	session(g, 0, 9);
	result(g, 0, 0);
	rig_gone(g, PROC_RELAY, 2);
	const char *text = rig_read(g);
	assert_non_null(strstr(text, "\"session\":\"1.5\""));
	assert_non_null(strstr(text, "\"session\":\"0.9\""));
	assert_non_null(strstr(text, "\"up_bytes\":7"));
	assert_null(strchr(text, '\033'));
	assert_non_null(strstr(text, "\"silent\":[]"));
}

static void test_one(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_RELAY, 0);
	rig_up(g, PROC_RELAY, 1);
	rig_ask(g, NAMED("kill", "1.77"));
	assert_int_equal(g->sent_count, 1);
	assert_int_equal(g->sent[0].slot, 1);
	assert_int_equal(g->sent[0].m.type, IPC_SESSION_KILL);
	assert_true(g->sent[0].m.u.session_kill.session ==
		    (UINT64_C(1) << 48 | 77));
	result(g, 1, ENOENT);
	assert_non_null(strstr(rig_read(g), "no such session"));
}

static void test_killed(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_RELAY, 0);
	rig_ask(g, NAMED("kill", "0.1"));
	result(g, 0, 0);
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"ok\":true,\"result\":{}}\n");
}

static void test_names(void **state)
{
	static const char *const bad[] = {
		NAMED("show", "7"),    NAMED("show", "."),
		NAMED("show", "0."),   NAMED("show", ".1"),
		NAMED("show", "0.0"),  NAMED("show", "70000.1"),
		NAMED("show", "-1.1"), NAMED("show", "0.281474976710656"),
	};
	struct rig *g = *state;
	rig_up(g, PROC_RELAY, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rig_ask(g, bad[i]);
		assert_non_null(strstr(rig_read(g), "such as 0.12"));
	}
	assert_int_equal(g->sent_count, 0);
}

static void test_nobody(void **state)
{
	struct rig *g = *state;
	rig_up(g, PROC_EDGE, 0);
	rig_ask(g, "{\"id\":1,\"verb\":\"relay.drain\",\"args\":{}}");
	assert_non_null(strstr(rig_read(g), "no relay process"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_list),   RIG_TEST(test_one),
		RIG_TEST(test_killed), RIG_TEST(test_names),
		RIG_TEST(test_nobody),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
