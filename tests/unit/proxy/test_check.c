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

/* Of several faults the first in the order of 16.3 is told. */
static void test_order_of_the_checks(void **state)
{
	static const char ours[] =
		"Via: SIP/2.0/TLS "
		"edge.contoso.test:5061;branch=z9hG4bKt1.0\r\n";
	static const struct {
		const char *uri;
		bool forwards, loop;
		uint16_t status;
	} rows[] = {
		{ "http://contoso.test/", true, true, 416 },
		{ NULL, true, true, 483 },
		{ NULL, false, true, 482 },
		{ NULL, false, false, 420 },
	};
	struct rig *g = *state;
	char branch[8], headers[256];
	rig_ask(g, "MESSAGE", "first"); /* to be looped */
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(branch, sizeof(branch), "m%zu", i);
		snprintf(headers, sizeof(headers),
			 "%sMax-Forwards: %d\r\nProxy-Require: x\r\n",
			 rows[i].loop ? ours : "", rows[i].forwards ? 0 : 9);
		rig_say(g, &(struct rig_text){ .method = "MESSAGE",
					       .branch = branch,
					       .uri = rows[i].uri,
					       .headers = headers });
		assert_int_equal(rig_last_status(g), rows[i].status);
	}
	assert_int_equal(g->requests, 1);
}

/* RFC 4475 3.3.8: both unknown tags are named, and only those of the
 * Proxy-Require; what Require wants is for the other end. */
static void test_bext01(void **state)
{
	struct rig *g = *state;
	rig_say(g, &(struct rig_text){
			   .method = "OPTIONS",
			   .branch = "kdjuw",
			   .headers = "Max-Forwards: 1\r\n"
				      "Require: nothingSupportsThis, "
				      "nothingSupportsThisEither\r\n"
				      "Proxy-Require: noProxiesSupportThis, "
				      "norDoAnyProxiesSupportThis\r\n" });
	struct sip_msg m = rig_msg(g, 0);
	const struct sip_header *h;
	size_t at = 0;
	size_t n = 0;
	assert_int_equal(m.status, 420);
	while ((h = sip_header_next(&m, SIP_H_UNSUPPORTED, &at)))
		n++;
	assert_int_equal(n, 2);
	assert_true(
		sip_has_token(&m, SIP_H_UNSUPPORTED, "noProxiesSupportThis"));
	assert_true(sip_has_token(&m, SIP_H_UNSUPPORTED,
				  "norDoAnyProxiesSupportThis"));
	rig_assert_empty(g);
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
		RIG_TEST(test_order_of_the_checks),
		RIG_TEST(test_bext01),
		RIG_TEST(test_420_names_the_tags),
		RIG_TEST(test_420_with_very_many_tags),
		RIG_TEST(test_ack_is_never_refused_aloud),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
