/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to the control socket, well meant and hostile. */
#include "rig.h"

static void test_order(void **state)
{
	struct rig *g = *state;
	/* the second waits for the first, which waits for the supervisor */
	rig_ask(g, "{\"id\":1,\"verb\":\"reload\"}\n"
		   "{\"id\":\"two\",\"verb\":\"commands\",\"args\":{}}");
	assert_string_equal(rig_read(g), "");
	assert_int_equal(admin_busy(g->admin), 1);
	rig_operated(g, 4, "");
	const char *got = rig_read(g);
	assert_ptr_equal(strstr(got, "{\"id\":1,\"ok\":true,\"result\":"
				     "{\"generation\":4}}\n{\"id\":\"two\","),
			 got);
	assert_int_equal(admin_busy(g->admin), 0);
}

static void test_bytes(void **state)
{
	struct rig *g = *state;
	const char *line = "{\"id\":1,\"verb\":\"nothing\"}\n";
	for (size_t i = 0; line[i]; i++) {
		assert_string_equal(rig_read(g), "");
		rig_write(g, slice_of(line + i, 1));
	}
	assert_string_equal(
		rig_read(g),
		"{\"id\":1,\"ok\":false,\"error\":\"there is no verb nothing; "
		"\\\"commands\\\" lists them\"}\n");
}

static void test_no_object(void **state)
{
	static const char *const rows[] = {
		"GET / HTTP/1.1",
		"[]",
		"{",
		"",
		"null",
		"\x16\x03\x01",
		"{\"verb\":\"status\",\"verb\":\"drain\"}",
		"[[[[[[[[[[[[[[[[[[[[",
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rig g;
		(void)state;
		assert_int_equal(rig_open(&g), 0);
		/* what follows in the same breath is not looked at */
		rig_write(&g, slice_str(rows[i]));
		rig_write(&g, SLICE_LIT("\n{\"verb\":\"drain\"}\n"));
		assert_string_equal(rig_read(&g),
				    "{\"id\":null,\"ok\":false,\"error\":\"not "
				    "a JSON object on one line\"}\n<end>");
		assert_int_equal(g.sent_count, 0);
		assert_int_equal(g.admin->session_count, 0);
		rig_free(&g);
	}
}

static void test_wrong_request(void **state)
{
	static const struct {
		const char *line, *error;
	} rows[] = {
		{ "{}", "a request is" },
		{ "{\"verb\":1}", "a request is" },
		{ "{\"verb\":\"status\",\"args\":[]}", "a request is" },
		{ "{\"verb\":\"Status\"}", "no verb Status" },
		{ "{\"verb\":\"status\",\"args\":{\"x\":1}}",
		  "status takes no argument x" },
		{ "{\"verb\":\"user.add\",\"args\":{\"aor\":\"a@b\"}}",
		  "needs the text argument password" },
		{ "{\"verb\":\"user.remove\",\"args\":{\"aor\":7}}",
		  "needs the text argument aor" },
		{ "{\"verb\":\"user.remove\"}", "needs the text argument aor" },
	};
	struct rig *g = *state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rig_ask(g, rows[i].line);
		const char *got = rig_read(g);
		assert_non_null(strstr(got, "\"id\":null,\"ok\":false"));
		assert_non_null(strstr(got, rows[i].error));
		/* the connection lives on */
		assert_null(strstr(got, "<end>"));
	}
	assert_int_equal(g->sent_count, 0);
}

static void test_line_limit(void **state)
{
	static char large[CTL_LINE_MAX + 1];
	struct rig *g = *state;
	/* as long as allowed: blanks, then a request */
	const char *tail = "{\"id\":5,\"verb\":\"x\"}";
	memset(large, ' ', sizeof(large));
	memcpy(large + CTL_LINE_MAX - strlen(tail), tail, strlen(tail));
	large[CTL_LINE_MAX] = '\n';
	rig_write(g, slice_of(large, 30000));
	rig_turns(g);
	rig_write(g, slice_of(large + 30000, sizeof(large) - 30000));
	assert_non_null(strstr(rig_read(g), "{\"id\":5,"));
	/* one more byte than that */
	large[CTL_LINE_MAX] = ' ';
	rig_write(g, slice_of(large, 30000));
	rig_turns(g);
	rig_write(g, slice_of(large + 30000, sizeof(large) - 30000));
	assert_string_equal(rig_read(g),
			    "{\"id\":null,\"ok\":false,\"error\":\"a request "
			    "line is at most 64 KiB\"}\n<end>");
}

static void test_slow_line(void **state)
{
	struct rig *g = *state;
	rig_write(g, SLICE_LIT("{\"verb\""));
	rig_turns(g);
	/* a byte now and then does not prolong it */
	for (int i = 0; i < 9; i++) {
		rig_wait(g, 1000);
		rig_write(g, SLICE_LIT(" "));
		rig_turns(g);
	}
	assert_string_equal(rig_read(g), "");
	rig_wait(g, 1000);
	assert_string_equal(rig_read(g), "<end>");
	assert_int_equal(g->admin->session_count, 0);
}

static void test_idle(void **state)
{
	struct rig *g = *state;
	rig_wait(g, 299999);
	rig_ask(g, "{\"verb\":\"x\"}");
	assert_non_null(strstr(rig_read(g), "no verb x"));
	rig_wait(g, 299999);
	assert_string_equal(rig_read(g), "");
	rig_wait(g, 1);
	assert_string_equal(rig_read(g), "<end>");
}

/* A request that takes longer than a line may: no timer of the session. */
static void test_long_request(void **state)
{
	struct rig *g = *state;
	rig_write(g, SLICE_LIT("{\"verb\""));
	rig_turns(g);
	rig_wait(g, 5000);
	rig_ask(g, ":\"reload\"}");
	rig_wait(g, 9999);
	assert_string_equal(rig_read(g), "");
	rig_wait(g, 1);
	assert_non_null(strstr(rig_read(g), "no answer in time"));
	/* and the late answer goes nowhere */
	rig_operated(g, 9, "");
	assert_string_equal(rig_read(g), "");
}

static void test_reader_stops(void **state)
{
	struct rig *g = *state;
	for (int i = 0; i < 400; i++) {
		rig_write(g, SLICE_LIT("{\"verb\":\"commands\"}\n"));
		rig_turns(g);
	}
	assert_int_equal(g->admin->session_count, 1);
	rig_wait(g, 30000);
	assert_int_equal(g->admin->session_count, 0);
}

static void test_half_close(void **state)
{
	struct rig *g = *state;
	rig_write(g, SLICE_LIT("{\"id\":1,\"verb\":\"reload\"}\n{\"verb\""));
	shutdown(g->client, SHUT_WR);
	rig_turns(g);
	assert_int_equal(g->admin->session_count, 1);
	rig_operated(g, 4, "");
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"ok\":true,\"result\":{\"generation\":"
			    "4}}\n<end>");
}

static void test_asker_gone(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "{\"id\":1,\"verb\":\"reload\"}");
	close(g->client);
	g->client = -1;
	rig_turns(g);
	rig_operated(g, 4, "");
	rig_turns(g);
	assert_int_equal(g->admin->session_count, 0);
	assert_int_equal(admin_busy(g->admin), 0);
}

static void test_role(void **state)
{
	struct rig *g = *state;
	struct list *first = g->admin->sessions.next;
	assert_ptr_not_equal(first, &g->admin->sessions);
	rig_ask(g, "{\"verb\":\"commands\"}");
	assert_non_null(strstr(rig_read(g), "\"ok\":true"));
	char who[32];
	snprintf(who, sizeof(who), "uid:%u", (unsigned)getuid());
	rig_ask(g, "{\"verb\":\"reload\"}");
	const struct request *r =
		container_of(g->admin->requests.next, struct request, node);
	assert_string_equal(r->asker->who, who);
	assert_int_equal(r->asker->role, ADMIN_SECURE);
}

static int scenario(void *arg)
{
	struct rig g;
	(void)arg;
	int err = rig_open(&g);
	if (!err && send(g.client, "{\"verb\":\"commands\"}\n", 20, 0) == 20)
		err = rig_turns(&g);
	/* in want of memory there is an error reply, or an end */
	if (!err && !strstr(rig_read(&g), "\"ok\":true"))
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
		RIG_TEST(test_order),
		RIG_TEST(test_bytes),
		cmocka_unit_test(test_no_object),
		RIG_TEST(test_wrong_request),
		RIG_TEST(test_line_limit),
		RIG_TEST(test_slow_line),
		RIG_TEST(test_idle),
		RIG_TEST(test_long_request),
		RIG_TEST(test_reader_stops),
		RIG_TEST(test_half_close),
		RIG_TEST(test_asker_gone),
		RIG_TEST(test_role),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
