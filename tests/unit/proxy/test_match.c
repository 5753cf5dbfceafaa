/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests are the same (RFC 3261 17.2.3), which are loops (8.2.2.2,
 * SIP-28). */
#include "rig.h"

static void send_raw(struct rig *g, const char *peer, const char *via,
		     const char *uri, const char *more)
{
	char text[2048];
	snprintf(text, sizeof(text),
		 "MESSAGE %s SIP/2.0\r\nVia: %s\r\n%s"
		 "From: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>\r\n"
		 "Call-ID: c\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 9\r\n"
		 "Content-Length: 0\r\n\r\n",
		 uri, via, more);
	rig_in(g, peer, 1, text);
}

static void test_what_makes_another_transaction(void **state)
{
	static const struct {
		const char *peer, *via;
		bool same;
	} rows[] = {
		{ "p", "SIP/2.0/TLS h.test:5061;branch=z9hG4bKx", true },
		{ "p", "SIP/2.0/TLS H.TEST:5061;branch=z9hG4bKx", true },
		{ "q", "SIP/2.0/TLS h.test:5061;branch=z9hG4bKx", false },
		{ "p", "SIP/2.0/TLS h.test;branch=z9hG4bKx", false },
		{ "p", "SIP/2.0/TLS i.test:5061;branch=z9hG4bKx", false },
		{ "p", "SIP/2.0/TLS h.test:5061;branch=z9hG4bKy", false },
		{ "p", "SIP/2.0/TLS h.test:5061;branch=old", false },
		{ "p", "SIP/2.0/TLS h.test:5061;branch=old", true },
		{ "p", "SIP/2.0/TLS h.test:5061", false },
		{ "p", "SIP/2.0/TLS h.test:5061", true },
	};
	struct rig *g = *state;
	send_raw(g, "p", rows[0].via, "sip:b@b.test", "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		unsigned before = g->requests;
		send_raw(g, rows[i].peer, rows[i].via, "sip:b@b.test", "");
		assert_int_equal(g->requests, before + !rows[i].same);
	}
}

static void test_old_ack_finds_its_invite(void **state)
{
	static const char text[] =
		"%s sip:b@b.test SIP/2.0\r\nVia: SIP/2.0/TLS h.test\r\n"
		"From: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>%s\r\n"
		"Call-ID: c\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n";
	struct rig *g = *state;
	char out[1024];
	g->mode = RIG_REFUSE;
	g->refusal = &PROXY_REJ_INTERNAL;
	snprintf(out, sizeof(out), text, "INVITE", "", "INVITE");
	rig_in(g, "p", 1, out);
	assert_int_equal(g->proxy->count, 1);
	snprintf(out, sizeof(out), text, "ACK", ";tag=z", "ACK");
	rig_in(g, "p", 1, out);
	assert_int_equal(g->acks, 0);
	rig_assert_empty(g);
}

static void test_loop_and_spiral(void **state)
{
	static const char ours[] =
		"Via: SIP/2.0/TLS "
		"EDGE.contoso.test:5061;branch=z9hG4bKt1.0\r\n";
	static const struct {
		const char *peer, *uri, *more;
		uint16_t status; /* 0: it is forwarded */
	} rows[] = {
		{ "p", "sip:b@b.test", ours, 482 },
		{ "q", "sip:b@b.test", ours, 0 }, /* from elsewhere */
		{ "p", "sip:c@b.test", ours, 0 }, /* a spiral */
		{ "p", "sip:b@b.test", "", 0 },   /* forked upstream */
		{ "p", "sip:b@b.test",
		  "Via: SIP/2.0/TLS edge.contoso.test;"
		  "branch=z9hG4bKt1.0\r\n",
		  0 },
		{ "p", "sip:b@b.test",
		  "Route: <sip:x.test;lr>\r\n"
		  "Via: SIP/2.0/TLS "
		  "edge.contoso.test:5061;"
		  "branch=z9hG4bKt1.0\r\n",
		  0 },
	};
	struct rig *g = *state;
	char via[64];
	send_raw(g, "p", "SIP/2.0/TLS h.test;branch=z9hG4bK0", "sip:b@b.test",
		 "");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = g->count;
		snprintf(via, sizeof(via),
			 "SIP/2.0/TLS h.test;branch=z9hG4bKn%zu", i);
		send_raw(g, rows[i].peer, via, rows[i].uri, rows[i].more);
		assert_int_equal(g->count, at + 1);
		assert_int_equal(g->sent[at].request, rows[i].status == 0);
		if (rows[i].status)
			assert_int_equal(rig_status(g, at), rows[i].status);
	}
}

static void test_same_request_later_is_no_loop(void **state)
{
	struct rig *g = *state;
	static const char ours[] =
		"Via: SIP/2.0/TLS "
		"edge.contoso.test:5061;branch=z9hG4bKt1.0\r\n";
	send_raw(g, "p", "SIP/2.0/TLS h.test;branch=z9hG4bK0", "sip:b@b.test",
		 "");
	rig_answer(g, 0, 200);
	send_raw(g, "p", "SIP/2.0/TLS h.test;branch=z9hG4bK1", "sip:b@b.test",
		 ours);
	assert_true(g->sent[2].request);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_what_makes_another_transaction),
		RIG_TEST(test_old_ack_finds_its_invite),
		RIG_TEST(test_loop_and_spiral),
		RIG_TEST(test_same_request_later_is_no_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
