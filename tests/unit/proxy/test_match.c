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

/* Sends back to us what we sent as the i-th thing, as the other node of a loop
 * would; hiding: that node keeps our Via to itself. */
static void mirror(struct rig *g, size_t i, bool hiding)
{
	struct sip_msg m = rig_msg(g, i);
	struct sip_edits e;
	struct buf b;
	char via[96], forwards[16];
	snprintf(via, sizeof(via), "SIP/2.0/TLS other.test;branch=z9hG4bKr%zu",
		 i);
	snprintf(forwards, sizeof(forwards), "%d", m.max_forwards - 1);
	sip_edits_init(&e);
	if (hiding)
		sip_edit_drop(&e, SIP_H_VIA);
	sip_edit_drop(&e, SIP_H_MAX_FORWARDS);
	sip_edit_top(&e, SIP_H_MAX_FORWARDS, slice_str(forwards));
	sip_edit_top(&e, SIP_H_VIA, slice_str(via));
	buf_init(&b, 0);
	assert_int_equal(sip_encode(&b, &m, &e), 0);
	struct proxy_hop from = rig_hop("other", 100);
	proxy_receive(g->proxy, &from, buf_slice(&b), NULL);
	buf_free(&b);
}

/* SIP-28: A forwards to B forwards to A. Seen by its Via at once; where that
 * is hidden, by its Call-ID and the like; and Max-Forwards ends it anyway. */
static void test_sip_28_two_nodes_in_a_ring(void **state)
{
	struct rig *g = *state;
	static const size_t most[] = { 2, 35 };
	for (int hiding = 0; hiding < 2; hiding++) {
		size_t begin = g->count;
		size_t requests = 0;
		rig_say(g, &(struct rig_text){ .method = "MESSAGE",
					       .branch = hiding ? "hidden"
								: "seen",
					       .cseq = hiding ? 2 : 1 });
		for (size_t i = begin; i < g->count; i++) {
			if (!g->sent[i].request)
				continue;
			requests++;
			mirror(g, i, hiding);
		}
		assert_in_range(requests, 1, most[hiding]);
		assert_int_equal(rig_last_status(g), hiding ? 483 : 482);
		rig_wait(g, RIG_64T1);
		rig_assert_empty(g);
	}
}

/* SIP-28: two users, each forked to both, by way of another node. */
static void test_sip_28_fork_bomb(void **state)
{
	struct rig *g = *state;
	size_t requests = 0;
	g->targets = 2;
	g->target[0].uri = SLICE_LIT("sip:one@contoso.test");
	g->target[1].uri = SLICE_LIT("sip:two@contoso.test");
	rig_ask(g, "INVITE", "bomb");
	for (size_t i = 0; i < g->count; i++) {
		if (!g->sent[i].request)
			continue;
		requests++;
		mirror(g, i, false);
	}
	assert_int_equal(requests, 6);
	assert_int_equal(rig_count_status(g, 482), 4);
	rig_wait(g, RIG_64T1);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_what_makes_another_transaction),
		RIG_TEST(test_old_ack_finds_its_invite),
		RIG_TEST(test_loop_and_spiral),
		RIG_TEST(test_same_request_later_is_no_loop),
		RIG_TEST(test_sip_28_two_nodes_in_a_ring),
		RIG_TEST(test_sip_28_fork_bomb),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
