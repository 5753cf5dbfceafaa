/* SPDX-License-Identifier: Apache-2.0 */
/* trace: workers are asked, their records told, readers bounded; it ends with
 * its time and with who asked. */
#include "rig.h"

#include "admin/sequence.h"

#define TRACE(user, more)                                              \
	"{\"id\":1,\"verb\":\"trace\",\"args\":{\"user\":\"" user      \
	"\",\"partner\":\"Fabrikam.test\",\"call\":\"c1\",\"bodies\":" \
	"\"\",\"seconds\":\"" more "\"}}"

static uint64_t id_of(const struct rig *g)
{
	return g->sent[0].m.u.trace.id;
}

static void on(struct rig *g, uint32_t slot, uint32_t error)
{
	const struct ipc_msg m = { .type = IPC_TRACE_ON,
				   .u.trace_on = { .id = id_of(g),
						   .error = error } };
	rig_from(g, PROC_EDGE, slot, &m);
}

static void record_at(struct rig *g, enum proc_role role, const char *bytes,
		      uint32_t lost, uint64_t at_us)
{
	const struct ipc_msg m = {
		.type = IPC_TRACE_RECORD,
		.u.trace_record = { .id = id_of(g),
				    .at_us = at_us,
				    .time_ms = 5,
				    .direction = TRACE_OUT,
				    .verdict = TRACE_REFUSED,
				    .status = 403,
				    .size = 3,
				    .lost = lost,
				    .text = SLICE_LIT("a\033b"),
				    .bytes = slice_str(bytes) },
	};
	rig_from(g, role, 1, &m);
}

static void record(struct rig *g, enum proc_role role, const char *bytes,
		   uint32_t lost)
{
	record_at(g, role, bytes, lost, 0);
}

static size_t count_sent(const struct rig *g, enum ipc_type type)
{
	size_t n = 0;
	for (size_t i = 0; i < g->sent_count; i++)
		n += g->sent[i].m.type == type;
	return n;
}

static void begin(struct rig *g)
{
	rig_up(g, PROC_EDGE, 0);
	rig_up(g, PROC_EDGE, 1);
	rig_ask(g, TRACE("alice@Contoso.test", "60"));
	assert_int_equal(count_sent(g, IPC_TRACE), 2);
	on(g, 0, 0);
	assert_string_equal(rig_read(g), "");
	on(g, 1, 0);
	assert_string_equal(rig_read(g),
			    "{\"id\":1,\"step\":{\"started\":2}}\n");
}

/* What is told of records, a moment later. */
static const char *told(struct rig *g)
{
	rig_wait(g, SEQUENCE_MS);
	return rig_read(g);
}

static void test_records(void **state)
{
	struct rig *g = *state;
	begin(g);
	const struct ipc_trace *ask = &g->sent[1].m.u.trace;
	assert_true(slice_eq(ask->user, SLICE_LIT("alice@contoso.test")));
	assert_true(slice_eq(ask->partner, SLICE_LIT("fabrikam.test")));
	assert_true(slice_eq(ask->call_id, SLICE_LIT("c1")));
	assert_int_equal(ask->seconds, 61);
	assert_int_equal(ask->bodies, 0);
	record(g, PROC_EDGE, "hi", 2);
	assert_string_equal(rig_read(g), "");
	assert_string_equal(
		told(g),
		"{\"id\":1,\"step\":{\"time_ms\":5,\"worker\":1,"
		"\"direction\":\"out\",\"verdict\":\"refused\",\"status\":403,"
		"\"diagnostics\":0,\"size\":3,\"lost\":2,\"transport\":\"\","
		"\"local\":\"\",\"remote\":\"\",\"peer\":\"\",\"user\":\"\","
		"\"why\":\"\",\"text\":\"a\\\\x1bb\",\"call_id\":\"\","
		"\"cseq\":\"\",\"bytes\":\"aGk=\"}}\n");
	/* a verdict alone */
	record(g, PROC_EDGE, "", 0);
	assert_non_null(strstr(told(g), "\"bytes\":\"\""));
	/* others have nothing to tell */
	record(g, PROC_HOME, "hi", 0);
	assert_string_equal(told(g), "");
}

/* What happened first is told first, whoever was quicker to say it. */
static void test_order(void **state)
{
	struct rig *g = *state;
	begin(g);
	record_at(g, PROC_EDGE, "2", 0, 20);
	record_at(g, PROC_EDGE, "1", 0, 10);
	const char *text = told(g);
	const char *one = strstr(text, "\"MQ==\""),
		   *two = strstr(text, "\"Mg==\"");
	assert_true(one && two && one < two);
}

static void test_time_is_over(void **state)
{
	struct rig *g = *state;
	begin(g);
	rig_wait(g, 59990);
	assert_int_equal(admin_busy(g->admin), 1);
	record(g, PROC_EDGE, "hi", 0);
	rig_wait(g, 10);
	/* what was seen is told before */
	const char *text = rig_read(g);
	const char *step = strstr(text, "\"aGk=\"");
	assert_non_null(step);
	assert_non_null(strstr(step, "\"result\":{\"records\":1,\"lost\":0}"));
	assert_int_equal(count_sent(g, IPC_TRACE_END), 2);
	assert_int_equal(admin_busy(g->admin), 0);
}

/* Hanging up, also by half, ends it everywhere. */
static void test_asker_leaves(void **state)
{
	struct rig *g = *state;
	begin(g);
	assert_int_equal(shutdown(g->client, SHUT_WR), 0);
	rig_turns(g);
	rig_wait(g, 1);
	assert_int_equal(count_sent(g, IPC_TRACE_END), 2);
	assert_int_equal(admin_busy(g->admin), 0);
	assert_string_equal(rig_read(g), "<end>");
}

static void test_workers_come_and_go(void **state)
{
	struct rig *g = *state;
	begin(g);
	rig_gone(g, PROC_EDGE, 1);
	assert_non_null(
		strstr(rig_read(g), "{\"worker\":1,\"event\":\"gone\"}"));
	rig_up(g, PROC_EDGE, 1);
	assert_non_null(
		strstr(rig_read(g), "{\"worker\":1,\"event\":\"back\"}"));
	assert_int_equal(count_sent(g, IPC_TRACE), 3);
	on(g, 1, EBUSY);
	assert_non_null(strstr(rig_read(g), "\"event\":\"refused\""));
	rig_gone(g, PROC_HOME, 0);
	rig_up(g, PROC_HOME, 0);
	assert_string_equal(rig_read(g), "");
}

/* A worker that does not answer delays the beginning, no more; and the beat
 * tells what was lost when nothing else comes. */
static void test_beat(void **state)
{
	struct rig *g = *state;
	const struct ipc_msg lost = { .type = IPC_TRACE_RECORD,
				      .u.trace_record = {
					      .id = 0,
					      .lost = 7,
					      .direction = TRACE_NEITHER } };
	struct ipc_msg m = lost;
	rig_up(g, PROC_EDGE, 0);
	rig_ask(g, TRACE("", ""));
	rig_wait(g, 2000);
	assert_non_null(strstr(rig_read(g), "{\"started\":0}"));
	m.u.trace_record.id = id_of(g);
	rig_from(g, PROC_EDGE, 0, &m);
	assert_string_equal(rig_read(g), "");
	rig_wait(g, 10000);
	assert_non_null(strstr(rig_read(g), "{\"lost\":7}"));
	rig_wait(g, 10000);
	assert_non_null(strstr(rig_read(g), "{\"lost\":0}"));
}

/* Who does not read loses records, and is told how many when he does. */
static void test_slow_reader(void **state)
{
	struct rig *g = *state;
	enum { BYTES = 200000, RECORDS = 40 };
	char *bytes = malloc(BYTES + 1);
	assert_non_null(bytes);
	memset(bytes, 'a', BYTES);
	bytes[BYTES] = '\0';
	begin(g);
	for (int i = 0; i < RECORDS; i++)
		record(g, PROC_EDGE, bytes, 0);
	size_t lines = 0;
	rig_wait(g, SEQUENCE_MS);
	for (int i = 0; i < 200; i++) {
		const char *at = rig_read(g);
		if (!*at)
			break;
		for (; (at = strchr(at, '\n')); at++)
			lines++;
	}
	assert_true(lines > 0 && lines < RECORDS / 2);
	record(g, PROC_EDGE, "hi", 0);
	char want[64];
	snprintf(want, sizeof(want), "\"lost\":%zu,", RECORDS - lines);
	assert_non_null(strstr(told(g), want));
	free(bytes);
}

static void test_refused(void **state)
{
	static const struct {
		const char *ask, *why;
	} rows[] = {
		{ TRACE("alice", ""), "not an address" },
		{ TRACE("", "0"), "from 1 to 86400" },
		{ TRACE("", "86401"), "from 1 to 86400" },
		{ "{\"id\":1,\"verb\":\"trace\",\"args\":{\"user\":\"\","
		  "\"partner\":\"a b\",\"call\":\"\",\"bodies\":\"\","
		  "\"seconds\":\"\"}}",
		  "not a domain" },
		{ "{\"id\":1,\"verb\":\"trace\",\"args\":{\"user\":\"\","
		  "\"partner\":\"\",\"call\":\"\",\"bodies\":\"yes\","
		  "\"seconds\":\"\"}}",
		  "admin.trace_bodies is off" },
	};
	struct rig *g = *state;
	rig_ask(g, TRACE("", ""));
	assert_non_null(strstr(rig_read(g), "no worker"));
	rig_up(g, PROC_EDGE, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		rig_ask(g, rows[i].ask);
		assert_non_null(strstr(rig_read(g), rows[i].why));
	}
	assert_int_equal(count_sent(g, IPC_TRACE), 0);
}

static void test_bodies_allowed(void **state)
{
	struct rig *g = *state;
	const struct conf conf = { .admin.trace_bodies = 1 };
	rig_up(g, PROC_EDGE, 0);
	g->admin->conf = &conf;
	rig_ask(g, "{\"id\":1,\"verb\":\"trace\",\"args\":{\"user\":\"\","
		   "\"partner\":\"\",\"call\":\"\",\"bodies\":\"yes\","
		   "\"seconds\":\"\"}}");
	assert_int_equal(g->sent[0].m.u.trace.bodies, 1);
	g->admin->conf = NULL;
}

/* Four at a time. */
static void test_too_many(void **state)
{
	struct rig *g = *state;
	int more[4][2];
	rig_up(g, PROC_EDGE, 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC,
					    0, more[i]),
				 0);
		assert_int_equal(session_open(g->admin, more[i][1]), 0);
		assert_true(send(more[i][0], TRACE("", "") "\n",
				 sizeof(TRACE("", "")), MSG_NOSIGNAL) > 0);
		rig_turns(g);
	}
	assert_int_equal(count_sent(g, IPC_TRACE), 4);
	rig_ask(g, TRACE("", ""));
	assert_non_null(strstr(rig_read(g), "four traces"));
	close(more[0][0]);
	rig_turns(g);
	rig_ask(g, TRACE("", ""));
	assert_int_equal(count_sent(g, IPC_TRACE), 5);
	for (int i = 1; i < 4; i++)
		close(more[i][0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_records),
		RIG_TEST(test_order),
		RIG_TEST(test_time_is_over),
		RIG_TEST(test_asker_leaves),
		RIG_TEST(test_workers_come_and_go),
		RIG_TEST(test_beat),
		RIG_TEST(test_slow_reader),
		RIG_TEST(test_refused),
		RIG_TEST(test_bodies_allowed),
		RIG_TEST(test_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
