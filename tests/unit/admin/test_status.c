/* SPDX-License-Identifier: Apache-2.0 */
/* status: rows of those who answer, names of those who do not. */
#include "rig.h"

static struct metrics_page pages[2];

static void row(struct rig *g, enum proc_role role, uint32_t slot,
		const char *table, const char *key, const char *value)
{
	struct buf pairs;
	buf_init(&pairs, 0);
	ipc_pair_put(&pairs, key, slice_str(value));
	ipc_pair_put(&pairs, "slot", SLICE_LIT("x"));
	const struct ipc_msg m = {
		.type = IPC_STATUS_ROW,
		.u.status_row = { .id = g->sent[0].m.u.status_get.id,
				  .table = slice_str(table),
				  .pairs = buf_slice(&pairs) },
	};
	rig_from(g, role, slot, &m);
	buf_free(&pairs);
}

static void end(struct rig *g, enum proc_role role, uint32_t slot)
{
	const struct ipc_msg m = {
		.type = IPC_STATUS_END,
		.u.status_end = { .id = g->sent[0].m.u.status_get.id },
	};
	rig_from(g, role, slot, &m);
}

static void populate(struct rig *g)
{
	rig_process(g, PROC_SUPERVISOR, 0, PROC_READY);
	rig_process(g, PROC_ADMIN, 0, PROC_READY);
	rig_process(g, PROC_EDGE, 1, PROC_READY);
	rig_process(g, PROC_EDGE, 0, PROC_READY);
	rig_process(g, PROC_STORE, 0, PROC_READY);
	rig_up(g, PROC_EDGE, 0);
	rig_up(g, PROC_EDGE, 1);
	rig_up(g, PROC_STORE, 0);
}

static json_t *result(struct rig *g)
{
	json_t *v = json_loads(rig_read(g), 0, NULL);
	assert_non_null(v);
	assert_true(json_is_true(json_object_get(v, "ok")));
	json_t *r = json_incref(json_object_get(v, "result"));
	json_decref(v);
	return r;
}

static const char *text_at(json_t *list, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(list, i), key));
}

static void test_whole(void **state)
{
	struct rig *g = *state;
	populate(g);
	rig_ask(g, "{\"id\":1,\"verb\":\"status\"}");
	/* supervisor and admin are not asked */
	assert_int_equal(g->sent_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(g->sent[i].m.type, IPC_STATUS_GET);
	row(g, PROC_EDGE, 1, "workers", "clients", "7");
	row(g, PROC_EDGE, 0, "workers", "clients", "\xff\n");
	end(g, PROC_EDGE, 1);
	row(g, PROC_STORE, 0, "store", "state", "open");
	end(g, PROC_STORE, 0);
	end(g, PROC_STORE, 0); /* twice does not count for the other */
	assert_string_equal(rig_read(g), "");
	end(g, PROC_EDGE, 0);
	json_t *r = result(g);
	assert_int_equal(json_integer_value(json_object_get(r, "generation")),
			 3);
	json_t *list = json_object_get(r, "processes");
	assert_int_equal(json_array_size(list), 5);
	assert_string_equal(text_at(list, 0, "role"), "supervisor");
	assert_string_equal(text_at(list, 1, "role"), "edge");
	assert_int_equal(json_integer_value(json_object_get(
				 json_array_get(list, 2), "slot")),
			 1);
	assert_string_equal(text_at(list, 2, "state"), "ready");
	assert_int_equal(json_array_size(json_object_get(r, "silent")), 0);
	json_t *workers =
		json_object_get(json_object_get(r, "tables"), "workers");
	assert_int_equal(json_array_size(workers), 2);
	assert_string_equal(text_at(workers, 0, "clients"), "7");
	assert_string_equal(text_at(workers, 1, "clients"), "\\xff\\x0a");
	json_decref(r);
}

static void test_silent(void **state)
{
	struct rig *g = *state;
	populate(g);
	/* ready, but there is no channel to it */
	rig_process(g, PROC_HOME, 0, PROC_READY);
	/* down, so nobody expects an answer */
	rig_process(g, PROC_RESOLVER, 0, PROC_DOWN);
	rig_ask(g, "{\"verb\":\"status\"}");
	row(g, PROC_EDGE, 1, "workers", "clients", "7");
	end(g, PROC_EDGE, 0);
	end(g, PROC_STORE, 0);
	/* others are served meanwhile */
	struct rig_sent first = g->sent[0];
	int fds[2];
	char other[64] = "";
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	assert_int_equal(session_open(g->admin, fds[1]), 0);
	assert_int_equal(send(fds[0], "{\"verb\":\"x\"}\n", 13, 0), 13);
	rig_turns(g);
	assert_true(recv(fds[0], other, sizeof(other) - 1, MSG_DONTWAIT) > 0);
	close(fds[0]);
	g->sent[0] = first;
	rig_wait(g, 1999);
	assert_string_equal(rig_read(g), "");
	rig_wait(g, 1);
	json_t *r = result(g);
	json_t *silent = json_object_get(r, "silent");
	assert_int_equal(json_array_size(silent), 2);
	bool edge = false, home = false;
	for (size_t i = 0; i < 2; i++) {
		const char *name = json_string_value(json_array_get(silent, i));
		edge |= strcmp(name, "edge.1") == 0;
		home |= strcmp(name, "home") == 0;
	}
	assert_true(edge && home);
	/* what it had said before is shown */
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(r, "tables"), "workers")),
			 1);
	json_decref(r);
	/* late rows touch nothing */
	row(g, PROC_EDGE, 1, "workers", "clients", "8");
	end(g, PROC_EDGE, 1);
	assert_string_equal(rig_read(g), "");
}

static void test_dies(void **state)
{
	struct rig *g = *state;
	populate(g);
	rig_ask(g, "{\"verb\":\"status\"}");
	end(g, PROC_EDGE, 0);
	end(g, PROC_STORE, 0);
	assert_string_equal(rig_read(g), "");
	rig_gone(g, PROC_EDGE, 1);
	json_t *r = result(g);
	json_decref(r);
}

static void test_alone(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"verb\":\"status\"}");
	json_t *r = result(g);
	assert_int_equal(json_array_size(json_object_get(r, "processes")), 0);
	json_decref(r);
	/* messages that name no possible process are no trouble */
	rig_process(g, PROC_ROLE_COUNT, 0, PROC_READY);
	rig_process(g, PROC_EDGE, UINT32_MAX, PROC_READY);
	rig_process(g, PROC_EDGE, 0, (enum proc_state)77);
	rig_ask(g, "{\"verb\":\"status\"}");
	r = result(g);
	json_t *list = json_object_get(r, "processes");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(text_at(list, 0, "state"), "?");
	json_decref(r);
	assert_int_equal(admin_page(g->admin, PROC_EDGE, UINT32_MAX, NULL),
			 -EINVAL);
}

static void test_row_bounds(void **state)
{
	struct rig *g = *state;
	populate(g);
	rig_ask(g, "{\"verb\":\"status\"}");
	for (int i = 0; i < 10100; i++)
		row(g, PROC_EDGE, 0, "partners", "partner", "p.test");
	rig_wait(g, 2000);
	json_t *r = result(g);
	assert_int_equal(json_array_size(json_object_get(
				 json_object_get(r, "tables"), "partners")),
			 10000);
	json_decref(r);
}

static void test_counters(void **state)
{
	struct rig *g = *state;
	for (size_t i = 0; i < 2; i++) {
		memset(&pages[i], 0, sizeof(pages[i]));
		pages[i].layout = metrics_layout();
		pages[i].cell[M_SIP_REQUESTS] = 10 + i;
		pages[i].cell[M_REJ_SIP_SYNTAX] = 1;
		pages[i].cell[M_REJ_LOOP] = 2;
		pages[i].cell[M_CONFIG_GENERATION] = 4;
		assert_int_equal(
			admin_page(g->admin, PROC_EDGE, (uint32_t)i, &pages[i]),
			0);
	}
	rig_ask(g, "{\"verb\":\"status\"}");
	json_t *r = result(g);
	json_t *counters = json_object_get(r, "counters");
	assert_int_equal(json_integer_value(json_object_get(
				 counters, "sip_requests_total")),
			 21);
	assert_int_equal(
		json_integer_value(json_object_get(counters, "refusals_total")),
		6);
	assert_null(json_object_get(counters, "config_generation"));
	json_decref(r);
}

static int scenario(void *arg)
{
	struct rig g;
	(void)arg;
	int err = rig_open(&g);
	if (!err) {
		rig_up(&g, PROC_EDGE, 0);
		rig_process(&g, PROC_EDGE, 0, PROC_READY);
		rig_write(&g, SLICE_LIT("{\"verb\":\"status\"}\n"));
		err = rig_turns(&g);
	}
	if (!err && g.sent_count) {
		row(&g, PROC_EDGE, 0, "workers", "a", "b");
		end(&g, PROC_EDGE, 0);
	}
	if (!err && !strstr(rig_read(&g), "\"a\":\"b\""))
		err = -ENOMEM;
	rig_free(&g);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_whole),       RIG_TEST(test_silent),
		RIG_TEST(test_dies),        RIG_TEST(test_alone),
		RIG_TEST(test_row_bounds),  RIG_TEST(test_counters),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
