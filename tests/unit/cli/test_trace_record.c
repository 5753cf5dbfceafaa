/* SPDX-License-Identifier: Apache-2.0 */
/* Records are read, and what is none is refused. */
#include "unit/cli/trace_steps.h"

#include <errno.h>

#include "support/oom.h"

static void assert_text(void (*fn)(struct buf *, const struct trace_record *),
			const struct step *s, const char *want)
{
	struct trace_record r;
	struct buf b;
	json_t *o;
	step_read(&r, &o, s);
	buf_init(&b, 0);
	fn(&b, &r);
	buf_u8(&b, 0);
	assert_string_equal((const char *)b.ptr, want);
	buf_free(&b);
	trace_record_free(&r);
	json_decref(o);
}

static void test_message(void **state)
{
	const struct step s = { .bytes = STEP_MESSAGE
				"Content-Length: 5\r\n\r\n",
				.user = "alice@contoso.test",
				.hidden = 5,
				.lost = 3 };
	struct trace_record r;
	json_t *o;
	(void)state;
	step_read(&r, &o, &s);
	assert_int_equal(r.worker, 2);
	assert_int_equal(r.lost, 3);
	assert_int_equal(r.way, TRACE_WAY_IN);
	assert_int_equal(r.size, r.bytes.len + 5);
	/* its head is read, although the body is hidden */
	assert_true(r.m.request);
	assert_int_equal(r.m.header_count, 7);
	assert_true(slice_eq(r.m.from.uri.text,
			     SLICE_LIT("sip:alice@contoso.test")));
	assert_true(slice_eq(trace_record_name(&r),
			     SLICE_LIT("alice@contoso.test")));
	assert_true(trace_record_inside(&r));
	trace_record_free(&r);
	json_decref(o);
}

static void test_names(void **state)
{
	static const struct {
		const char *peer, *user, *name;
		bool inside;
	} rows[] = {
		{ "", "", "192.0.2.7:5000", true },
		{ "", "a@b.test", "a@b.test", true },
		{ "peer:edge.b.test", "", "edge.b.test", false },
		{ "peer:srv:b.test", "", "b.test", false },
		{ "stranger:", "", "192.0.2.7:5000", false },
		{ "inside:fe.b.test", "", "fe.b.test", true },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct step s = { .peer = rows[i].peer,
					.user = rows[i].user };
		struct trace_record r;
		json_t *o;
		step_read(&r, &o, &s);
		assert_true(slice_eq(trace_record_name(&r),
				     slice_str(rows[i].name)));
		assert_int_equal(trace_record_inside(&r), rows[i].inside);
		trace_record_free(&r);
		json_decref(o);
	}
}

static void test_texts(void **state)
{
	const struct step request = { .bytes = STEP_MESSAGE "\r\n" };
	const struct step response = {
		.bytes = "SIP/2.0 404 Not There\r\n\r\n"
	};
	const struct step nothing = { .verdict = "none" };
	const struct step refused = { .verdict = "refused",
				      .status = 403,
				      .diagnostics = 1034,
				      .why = "policy",
				      .text = "No." };
	const struct step closed = { .verdict = "refused",
				     .why = "policy",
				     .text = "No." };
	const struct step partner = { .verdict = "partner", .text = "b.test" };
	const struct step home = { .verdict = "inside", .text = "home" };
	const struct step client = { .verdict = "client" };
	(void)state;
	assert_text(trace_record_label, &request, "MESSAGE");
	assert_text(trace_record_label, &response, "404 Not There");
	assert_text(trace_record_label, &nothing, "?");
	assert_text(trace_record_verdict, &nothing, "");
	assert_text(trace_record_verdict, &refused,
		    "refused with 403 (policy, ms-diagnostics 1034): No.");
	assert_text(trace_record_verdict, &closed, "refused (policy): No.");
	assert_text(trace_record_verdict, &partner,
		    "allowed, to the partner b.test");
	assert_text(trace_record_verdict, &home, "allowed, to home");
	assert_text(trace_record_verdict, &client,
		    "allowed, to a user's device");
}

static void test_strange(void **state)
{
	static const struct {
		const char *key;
		const char *value; /* JSON; NULL: it is missing */
	} rows[] = {
		{ "time_ms", "-1" },
		{ "time_ms", "\"1\"" },
		{ "time_ms", NULL },
		{ "lost", "-5" },
		{ "worker", "4294967296" },
		{ "size", "1048577" },
		{ "size", "0" },
		{ "status", "65536" },
		{ "direction", "\"up\"" },
		{ "verdict", "1" },
		{ "bytes", "\"?\"" },
		{ "bytes", "null" },
		{ "peer", "{}" },
		{ "cseq", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct step s = { .bytes = "x" };
		struct trace_record r;
		json_t *o = step_json(&s);
		if (rows[i].value)
			json_object_set_new(o, rows[i].key,
					    json_loads(rows[i].value,
						       JSON_DECODE_ANY, NULL));
		else
			json_object_del(o, rows[i].key);
		assert_int_equal(trace_record_read(&r, o), -EINVAL);
		trace_record_free(&r);
		json_decref(o);
	}
}

static int read_it(void *arg)
{
	struct trace_record r;
	int err = trace_record_read(&r, arg);
	trace_record_free(&r);
	return err;
}

static void test_no_memory(void **state)
{
	const struct step s = { .bytes = STEP_MESSAGE "\r\n" };
	json_t *o = step_json(&s);
	(void)state;
	oom_walk(read_it, o);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_strange),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
