/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of the branches, the best of them, and forged ones (16.7, SIP-30). */
#include "rig.h"

static void test_best_response_of_two(void **state)
{
	static const struct {
		uint16_t first, second, best;
	} rows[] = {
		{ 404, 480, 404 }, { 480, 404, 480 }, { 486, 302, 302 },
		{ 500, 404, 404 }, { 404, 500, 404 }, { 603, 404, 603 },
		{ 404, 603, 603 }, { 302, 600, 600 }, { 404, 401, 401 },
		{ 407, 404, 407 }, { 486, 484, 484 }, { 408, 486, 486 },
		{ 503, 500, 500 }, { 503, 404, 404 }, { 503, 503, 500 },
		{ 404, 200, 200 }, { 603, 200, 200 }, { 420, 401, 401 },
	};
	struct rig *g = *state;
	char branch[8];
	g->targets = 2;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = g->count;
		snprintf(branch, sizeof(branch), "b%zu", i);
		rig_ask(g, "MESSAGE", branch);
		assert_int_equal(g->count, at + 2);
		rig_answer(g, at, rows[i].first);
		assert_int_equal(g->count, at + 2); /* not yet */
		rig_answer(g, at + 1, rows[i].second);
		assert_int_equal(g->count, at + 3);
		assert_int_equal(rig_last_status(g), rows[i].best);
		assert_int_equal(g->done, i + 1);
		rig_assert_empty(g);
	}
}

static void test_single_503_becomes_500(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	rig_answer(g, 0, 503);
	assert_int_equal(rig_last_status(g), 500);
	assert_null(g->done_reject);
	rig_assert_empty(g);
}

/* STO-02: only of what is part of ourselves, and only when it says how long */
static void test_own_503_with_retry_after_goes_back(void **state)
{
	static const struct {
		bool own;
		const char *rest;
		uint16_t status;
	} rows[] = {
		{ true, "7", 503 },
		{ true, NULL, 500 },
		{ false, "7", 500 },
		{ false, NULL, 500 },
	};
	struct rig *g = *state;
	char branch[8];
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = g->count;
		g->target[0].own = rows[i].own;
		snprintf(branch, sizeof(branch), "b%zu", i);
		rig_ask(g, "MESSAGE", branch);
		rig_answer_with(g, at, 503, "b0", "Retry-After", rows[i].rest);
		struct sip_msg m = rig_msg(g, at + 1);
		const struct sip_header *h = sip_header(&m, SIP_H_RETRY_AFTER);
		assert_int_equal(m.status, rows[i].status);
		assert_int_equal(h != NULL, rows[i].status == 503);
		rig_assert_empty(g);
	}
}

static void test_challenges_of_all_branches(void **state)
{
	struct rig *g = *state;
	g->targets = 3;
	rig_ask(g, "MESSAGE", "m1");
	rig_answer_as(g, 0, 401, "b0", "Digest realm=\"a\", nonce=\"1\"");
	rig_answer_as(g, 1, 401, "b1", "Digest realm=\"b\", nonce=\"2\"");
	rig_answer_as(g, 2, 401, "b2", "Digest realm=\"c\", nonce=\"3\"");
	struct sip_msg m = rig_msg(g, 3);
	assert_int_equal(m.status, 401);
	size_t at = 0;
	size_t n = 0;
	const struct sip_header *h;
	bool seen[3] = { false };
	while ((h = sip_header_next(&m, SIP_H_WWW_AUTHENTICATE, &at))) {
		uint8_t realm = h->value.ptr[strlen("Digest realm=\"")];
		assert_in_range(realm, 'a', 'c');
		seen[realm - 'a'] = true;
		n++;
	}
	assert_int_equal(n, 3);
	assert_true(seen[0] && seen[1] && seen[2]);
	rig_assert_empty(g);
}

static void test_vias_come_back_byte_exact(void **state)
{
	static const char text[] =
		"OPTIONS sip:contoso.test SIP/2.0\r\n"
		"v: SIP/2.0/TLS [2001:db8::1]:5061 ;branch=z9hG4bKq;rport, "
		"SIP/2.0/TCP  b.test;branch=z9hG4bKw\r\n"
		"From: <sip:a@a.test>;tag=1\r\n"
		"To: <sip:contoso.test>\r\n"
		"Call-ID: x\r\n"
		"CSeq: 7 OPTIONS\r\n"
		"VIA: SIP/2.0/TLS c.test;received=192.0.2.1;branch=z9hG4bKe\r\n"
		"Content-Length: 0\r\n\r\n";
	static const char head[] =
		"SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/TLS [2001:db8::1]:5061 ;branch=z9hG4bKq;rport, "
		"SIP/2.0/TCP  b.test;branch=z9hG4bKw\r\n"
		"Via: SIP/2.0/TLS "
		"c.test;received=192.0.2.1;branch=z9hG4bKe\r\n";
	struct rig *g = *state;
	for (int hide = 0; hide < 2; hide++) {
		size_t at = g->count;
		g->target[0].hide_vias = hide;
		rig_in(g, "alice", 1, text);
		rig_answer(g, at, 200);
		assert_true(
			slice_starts(g->sent[at + 1].bytes, slice_str(head)));
		assert_int_equal(rig_msg(g, at + 1).via_count, 3);
		assert_true(
			slice_ends(g->sent[at + 1].bytes,
				   SLICE_LIT("Content-Length: 2\r\n\r\nok")));
	}
}

static void test_seventy_two_vias(void **state)
{
	struct rig *g = *state;
	static char text[RIG_TEXT_MAX];
	size_t len = 0;
	for (int i = 0; i < 70; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len,
			"Via: SIP/2.0/TLS h%d.test;branch=z9hG4bK%d\r\n", i, i);
	rig_say(g, &(struct rig_text){ .method = "MESSAGE",
				       .branch = "v",
				       .headers = text });
	assert_int_equal(rig_msg(g, 0).via_count, 73);
	rig_answer(g, 0, 200);
	assert_int_equal(rig_msg(g, 1).via_count, 72);
	rig_assert_empty(g);
}

static void feed(struct rig *g, const char *peer, const char *via,
		 const char *call_id, const char *cseq)
{
	char text[1024];
	struct proxy_hop from = rig_hop(peer, 100);
	snprintf(text, sizeof(text),
		 "SIP/2.0 200 OK\r\nVia: %s\r\n"
		 "From: <sip:alice@fabrikam.test>;tag=ft\r\n"
		 "To: <sip:bob@contoso.test>;tag=x\r\nCall-ID: %s\r\n"
		 "CSeq: %s\r\nContent-Length: 0\r\n\r\n",
		 via, call_id, cseq);
	proxy_response(g->proxy, 1, 0, &from, slice_str(text));
}

static void test_sip_30_forged_responses_are_dropped(void **state)
{
	static const char via[] =
		"SIP/2.0/TLS edge.contoso.test:5061;branch=z9hG4bKt1.0";
	static const char id[] = "call-1@fabrikam.test";
	static const char cseq[] = "1 MESSAGE";
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	uint64_t before = metric_get(M_SIP_STRAY);
	feed(g, "mallory", via, id, cseq);
	feed(g, "b0", "SIP/2.0/TLS edge.contoso.test:5061;branch=z9hG4bKt1.1",
	     id, cseq);
	feed(g, "b0", "SIP/2.0/TLS other.test:5061;branch=z9hG4bKt1.0", id,
	     cseq);
	feed(g, "b0", "SIP/2.0/TLS edge.contoso.test;branch=z9hG4bKt1.0", id,
	     cseq);
	feed(g, "b0", via, "another@call", cseq);
	feed(g, "b0", via, id, "2 MESSAGE");
	feed(g, "b0", via, id, "1 INVITE");
	feed(g, "b0", via, id, "1 CANCEL");
	struct proxy_hop hop = rig_hop("b0", 100);
	proxy_response(g->proxy, 99, 0, &hop, SLICE_LIT("x"));
	proxy_response(g->proxy, 1, 5, &hop, SLICE_LIT("x"));
	assert_int_equal(metric_get(M_SIP_STRAY), before + 10);
	proxy_response(g->proxy, 1, 0, &hop, SLICE_LIT("SIP/2.0 999 x\r\n"));
	proxy_response(g->proxy, 1, 0, &hop, SLICE_NONE);
	assert_int_equal(g->count, 1);
	assert_int_equal(g->done, 0);
	feed(g, "b0", via, id, cseq); /* and the true one still counts */
	assert_int_equal(rig_last_status(g), 200);
}

static void test_response_after_the_end_is_a_stray(void **state)
{
	struct rig *g = *state;
	g->target[0].timeout_ms = 5000;
	rig_ask(g, "MESSAGE", "m1");
	rig_wait(g, 5000);
	assert_int_equal(rig_last_status(g), 408);
	size_t at = g->count;
	uint64_t before = metric_get(M_SIP_STRAY);
	rig_answer(g, 0, 200);
	assert_int_equal(g->count, at);
	assert_int_equal(metric_get(M_SIP_STRAY), before + 1);
}

static void test_provisional_of_noninvite_stays_here(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	rig_answer(g, 0, 100);
	rig_answer(g, 0, 180);
	assert_int_equal(g->count, 1);
	rig_answer(g, 0, 200);
	assert_int_equal(g->count, 2);
}

static void test_second_2xx_of_noninvite_is_dropped(void **state)
{
	struct rig *g = *state;
	g->targets = 2;
	rig_ask(g, "MESSAGE", "m1");
	rig_answer(g, 0, 200);
	assert_int_equal(g->count, 3);
	assert_int_equal(proxy_transactions(g->proxy), 0);
	rig_answer(g, 1, 200);
	assert_int_equal(g->count, 3);
	rig_assert_empty(g);
}

static void test_every_2xx_to_invite_goes_back(void **state)
{
	struct rig *g = *state;
	g->targets = 2;
	rig_ask(g, "INVITE", "i1");
	size_t one = rig_sent_request(g, SIP_INVITE, 0);
	size_t two = rig_sent_request(g, SIP_INVITE, 1);
	rig_answer(g, one, 200);
	rig_answer(g, two, 200);
	rig_answer(g, two, 200); /* again: the callee missed the ACK */
	assert_int_equal(rig_count_status(g, 200), 3);
	assert_int_equal(g->done, 1);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

/* Every ringing phone is a dialog of its own (RFC 3261 16.7 step 5). */
static void test_provisionals_of_invite_go_back_with_their_tags(void **state)
{
	static const struct {
		uint16_t status;
		const char *tag;
	} rows[] = { { 180, "t1" }, { 183, "t2" }, { 180, "t2" },
		     { 199, "t1" }, { 101, "t3" }, { 182, "t1" } };
	struct rig *g = *state;
	char text[1024];
	rig_ask(g, "INVITE", "i1");
	struct proxy_hop from = rig_hop("b0", 100);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = g->count;
		snprintf(text, sizeof(text),
			 "SIP/2.0 %u X\r\nVia: SIP/2.0/TLS "
			 "edge.contoso.test:5061;branch=z9hG4bKt1.0\r\n"
			 "From: <sip:alice@fabrikam.test>;tag=ft\r\n"
			 "To: <sip:bob@contoso.test>;tag=%s\r\n"
			 "Call-ID: call-1@fabrikam.test\r\n"
			 "CSeq: 1 INVITE\r\nRSeq: %zu\r\n"
			 "Content-Length: 0\r\n\r\n",
			 rows[i].status, rows[i].tag, i + 1);
		proxy_response(g->proxy, 1, 0, &from, slice_str(text));
		assert_int_equal(g->count, at + 1);
		struct sip_msg m = rig_msg(g, at);
		assert_int_equal(m.status, rows[i].status);
		assert_true(slice_eq(m.to_tag, slice_str(rows[i].tag)));
		assert_non_null(sip_header(&m, SIP_H_RSEQ));
	}
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 100);
	assert_int_equal(rig_count_status(g, 100), 1); /* our own only */
	assert_int_equal(g->done, 0);
}

/* RFC 6026: in Accepted every 2xx goes back, until timers L and M. */
static void test_2xx_again_while_accepted(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "INVITE", "i1");
	size_t at = rig_sent_request(g, SIP_INVITE, 0);
	for (size_t i = 1; i < 5; i++) {
		rig_answer(g, at, 200);
		assert_int_equal(rig_count_status(g, 200), i);
		rig_wait(g, RIG_64T1 / 5);
	}
	rig_answer(g, at, 180); /* nothing else does */
	rig_answer(g, at, 486);
	assert_int_equal(rig_count_status(g, 180), 0);
	assert_int_equal(rig_count_status(g, 486), 0);
	rig_wait(g, RIG_64T1);
	rig_answer(g, at, 200);
	assert_int_equal(rig_count_status(g, 200), 4);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void accept_instead(struct rig *g, struct proxy_request *r)
{
	(void)g;
	proxy_reply(r, &(struct sip_reply){ .status = 202 });
}

static void test_owner_may_answer_instead(void **state)
{
	struct rig *g = *state;
	g->hook_response = accept_instead;
	rig_ask(g, "MESSAGE", "m1");
	rig_answer(g, 0, 480);
	assert_int_equal(g->count, 2);
	assert_int_equal(rig_last_status(g), 202);
	assert_int_equal(g->done, 1);
	rig_assert_empty(g);
}

static void test_owner_may_answer_while_branches_wait(void **state)
{
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	rig_wait(g, 3000);
	proxy_reply(proxy_request_find(g->proxy, g->last_id),
		    &(struct sip_reply){ .status = 202 });
	assert_int_equal(rig_last_status(g), 202);
	rig_answer(g, 0, 200);
	assert_int_equal(g->count, 2);
	rig_assert_empty(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_best_response_of_two),
		RIG_TEST(test_single_503_becomes_500),
		RIG_TEST(test_own_503_with_retry_after_goes_back),
		RIG_TEST(test_challenges_of_all_branches),
		RIG_TEST(test_vias_come_back_byte_exact),
		RIG_TEST(test_seventy_two_vias),
		RIG_TEST(test_sip_30_forged_responses_are_dropped),
		RIG_TEST(test_response_after_the_end_is_a_stray),
		RIG_TEST(test_provisional_of_noninvite_stays_here),
		RIG_TEST(test_second_2xx_of_noninvite_is_dropped),
		RIG_TEST(test_every_2xx_to_invite_goes_back),
		RIG_TEST(test_provisionals_of_invite_go_back_with_their_tags),
		RIG_TEST(test_2xx_again_while_accepted),
		RIG_TEST(test_owner_may_answer_instead),
		RIG_TEST(test_owner_may_answer_while_branches_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
