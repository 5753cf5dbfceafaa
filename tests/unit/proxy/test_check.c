/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of RFC 3261 16.3 (SIP-28, SIP-35). */
#include "rig.h"

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *method, *uri, *headers;
		uint16_t status; /* 0: forwarded */
	} rows[] = {
		{ "MESSAGE", NULL, "Max-Forwards: 0\r\n", 483 },
		{ "OPTIONS", NULL, "Max-Forwards: 0\r\n", 483 },
		{ "MESSAGE", NULL, "Max-Forwards: 1\r\n", 0 },
		{ "MESSAGE", NULL, "", 0 },
		{ "MESSAGE", "http://contoso.test/x", NULL, 416 },
		{ "MESSAGE", "tel:+358-555-1234567", NULL, 0 },
		{ "MESSAGE", "sips:bob@contoso.test", NULL, 0 },
		{ "MESSAGE", NULL, "Proxy-Require: foo\r\n", 420 },
		{ "MESSAGE", NULL, "Proxy-Require: gruu, path\r\n", 420 },
		{ "MESSAGE", NULL, "Require: foo\r\n", 0 },
		{ "MESSAGE", NULL, "Supported: foo\r\n", 0 },
		{ "NEWMETHOD", NULL, NULL, 0 },
	};
	struct rig *g = *state;
	char branch[8];
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = g->count;
		snprintf(branch, sizeof(branch), "m%zu", i);
		rig_say(g, &(struct rig_text){ .method = rows[i].method,
					       .branch = branch,
					       .uri = rows[i].uri,
					       .headers = rows[i].headers });
		assert_int_equal(g->count, at + 1);
		assert_int_equal(g->sent[at].request, rows[i].status == 0);
		if (rows[i].status)
			assert_int_equal(rig_status(g, at), rows[i].status);
	}
}

static void test_420_names_the_tags(void **state)
{
	struct rig *g = *state;
	rig_say(g,
		&(struct rig_text){ .method = "INVITE",
				    .branch = "i",
				    .headers = "Proxy-Require: foo,\r\n bar\r\n"
					       "Proxy-Require: baz\r\n" });
	struct sip_msg m = rig_msg(g, 0);
	assert_int_equal(m.status, 420);
	assert_true(sip_has_token(&m, SIP_H_UNSUPPORTED, "foo"));
	assert_true(sip_has_token(&m, SIP_H_UNSUPPORTED, "bar"));
	assert_true(sip_has_token(&m, SIP_H_UNSUPPORTED, "baz"));
	assert_int_equal(g->requests, 0);
	rig_ask(g, "ACK", "i");
	rig_assert_empty(g);
}

static void test_420_with_very_many_tags(void **state)
{
	struct rig *g = *state;
	char line[1024] = "Proxy-Require: t";
	for (int i = 0; i < 200; i++)
		strcat(line, ",t");
	strcat(line, "\r\n");
	rig_say(g, &(struct rig_text){ .method = "MESSAGE",
				       .branch = "i",
				       .headers = line });
	assert_int_equal(rig_last_status(g), 420);
}

static void test_ack_is_never_refused_aloud(void **state)
{
	struct rig *g = *state;
	rig_say(g, &(struct rig_text){ .method = "ACK",
				       .branch = "a",
				       .headers = "Max-Forwards: 0\r\n" });
	assert_int_equal(g->count, 0);
	assert_int_equal(g->done, 1);
	assert_ptr_equal(g->done_reject, &PROXY_REJ_MAX_FORWARDS);
	rig_say(g, &(struct rig_text){ .method = "ACK",
				       .branch = "a",
				       .headers = "Proxy-Require: x\r\n" });
	assert_int_equal(g->acks, 1); /* 8.2.2.3 */
	rig_assert_empty(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_what_is_refused),
		RIG_TEST(test_420_names_the_tags),
		RIG_TEST(test_420_with_very_many_tags),
		RIG_TEST(test_ack_is_never_refused_aloud),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
