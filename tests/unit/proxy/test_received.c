/* SPDX-License-Identifier: Apache-2.0 */
/* received= and rport= of the sender's Via (RFC 3261 18.2.1, RFC 3581 4). */
#include "rig.h"

static void ask(struct rig *g, const char *vias, const char *branch)
{
	char text[2048];
	snprintf(text, sizeof(text),
		 "MESSAGE sip:b@b.test SIP/2.0\r\nVia: %s\r\n"
		 "From: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>\r\n"
		 "Call-ID: c%s\r\nCSeq: 1 MESSAGE\r\nMax-Forwards: 9\r\n"
		 "Content-Length: 0\r\n\r\n",
		 vias, branch);
	rig_in(g, "alice", 1, text);
}

static bool has_line(struct slice bytes, const char *line)
{
	size_t len = strlen(line);
	for (size_t at = 0; at + len <= bytes.len; at++)
		if (!memcmp(bytes.ptr + at, line, len))
			return true;
	return false;
}

static void test_what_the_sender_reads(void **state)
{
#define V "SIP/2.0/TLS "
#define B ";branch=z9hG4bK1"
	static const struct {
		const char *from, *via, *back;
	} rows[] = {
		/* unknown: as it is */
		{ NULL, V "h.test" B ";rport", V "h.test" B ";rport" },
		/* a name, or another address */
		{ "192.0.2.5:4444", V "h.test:5061" B,
		  V "h.test:5061" B ";received=192.0.2.5" },
		{ "192.0.2.5:4444", V "10.0.0.1" B,
		  V "10.0.0.1" B ";received=192.0.2.5" },
		{ "[2001:db8::5]:4444", V "10.0.0.1" B,
		  V "10.0.0.1" B ";received=2001:db8::5" },
		/* the same: nothing to say, the port is no matter */
		{ "192.0.2.5:4444", V "192.0.2.5:5061 ;x" B,
		  V "192.0.2.5:5061 ;x" B },
		{ "[2001:db8::5]:4444", V "[2001:DB8:0::5]:5061" B,
		  V "[2001:DB8:0::5]:5061" B },
		/* asked for: both, even when they are the same */
		{ "192.0.2.5:4444", V "192.0.2.5 ;rport" B,
		  V "192.0.2.5" B ";received=192.0.2.5;rport=4444" },
		{ "[2001:db8::5]:4444", V "h.test" B " ; RPort ;x=\"a;b\"",
		  V "h.test" B ";x=\"a;b\";received=2001:db8::5;rport=4444" },
		{ "[::ffff:192.0.2.5]:4444", V "h.test" B ";rport",
		  V "h.test" B ";received=192.0.2.5;rport=4444" },
		/* the sender's own words are replaced */
		{ "192.0.2.5:4444",
		  V "h.test;received=198.51.100.9" B ";rport=1",
		  V "h.test" B ";received=192.0.2.5;rport=4444" },
		{ "192.0.2.5:4444", V "192.0.2.5;received=198.51.100.9" B,
		  V "192.0.2.5" B ";received=192.0.2.5" },
		/* only of the topmost */
		{ "192.0.2.5:4444",
		  V "h.test" B ", " V "k.test;rport;branch=z9hG4bK2",
		  V "h.test" B ";received=192.0.2.5, " V
		    "k.test;rport;branch=z9hG4bK2" },
		{ "192.0.2.5:4444",
		  V "h.test" B "\r\nVia: " V "k.test;branch=z9hG4bK2;rport",
		  V "h.test" B ";received=192.0.2.5\r\nVia: " V
		    "k.test;branch=z9hG4bK2;rport" },
	};
#undef V
#undef B
	struct rig *g = *state;
	char branch[8], line[512];
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t at = g->count;
		memset(&g->addr, 0, sizeof(g->addr));
		if (rows[i].from)
			assert_int_equal(addr_parse(slice_str(rows[i].from),
						    false, &g->addr),
					 0);
		snprintf(branch, sizeof(branch), "m%zu", i);
		snprintf(line, sizeof(line), "\r\nVia: %s\r\n", rows[i].back);
		ask(g, rows[i].via, branch);
		assert_true(has_line(g->sent[at].bytes, line)); /* forwarded */
		rig_answer(g, at, 200);
		assert_true(has_line(g->sent[at + 1].bytes, line));
		assert_int_equal(g->sent[at + 1].to.flow, 1);
	}
	rig_assert_empty(g);
}

static void test_in_answers_of_our_own(void **state)
{
	static const char line[] = ";received=192.0.2.5;rport=4444\r\n";
	struct rig *g = *state;
	addr_parse(SLICE_LIT("192.0.2.5:4444"), false, &g->addr);
	g->mode = RIG_REFUSE;
	g->refusal = &PROXY_REJ_TIMEOUT;
	ask(g, "SIP/2.0/TLS h.test;rport;branch=z9hG4bK1", "1");
	assert_int_equal(rig_last_status(g), 408);
	assert_true(has_line(g->sent[0].bytes, line));
	rig_ask(g, "CANCEL", "none");
	assert_true(has_line(g->sent[1].bytes, ";received=192.0.2.5\r\n"));
}

/* The key of a transaction is what the sender wrote. */
static void test_same_transaction_from_another_port(void **state)
{
	static const char *const vias[] = {
		"SIP/2.0/TLS h.test;rport;branch=z9hG4bK1",
		"SIP/2.0/TLS h.test;rport;branch=old",
	};
	struct rig *g = *state;
	for (size_t i = 0; i < 2; i++) {
		unsigned requests = g->requests;
		addr_parse(SLICE_LIT("192.0.2.5:4444"), false, &g->addr);
		ask(g, vias[i], "1");
		addr_parse(SLICE_LIT("192.0.2.5:5555"), false, &g->addr);
		ask(g, vias[i], "1");
		assert_int_equal(g->requests, requests + 1);
	}
}

static void test_longest_via_line_still_comes_back(void **state)
{
	struct rig *g = *state;
	static char text[RIG_TEXT_MAX];
	static const char head[] =
		"SIP/2.0/TLS h.test;rport;branch=z9hG4bK1;x=";
	size_t room = sip_limits_default.header_line - sizeof(head) - 8;
	addr_parse(SLICE_LIT("[2001:db8:1111:2222:3333:4444:5555:6666]:44444"),
		   false, &g->addr);
	char *via = test_calloc(1, sizeof(head) + room);
	snprintf(via, sizeof(head), "%s", head);
	memset(via + sizeof(head) - 1, 'y', room);
	snprintf(text, sizeof(text),
		 "MESSAGE sip:b@b.test SIP/2.0\r\nVia: %s\r\n"
		 "From: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>\r\n"
		 "Call-ID: call-1\r\nCSeq: 1 MESSAGE\r\n"
		 "Content-Length: 0\r\n\r\n",
		 via);
	test_free(via);
	rig_in(g, "alice", 1, text);
	assert_null(g->closes);
	assert_int_equal(g->count, 1);
	/* answered by repeating every header line, whatever its length */
	struct buf b;
	ptrdiff_t lf = slice_chr(g->sent[0].bytes, '\n');
	ptrdiff_t body = (ptrdiff_t)g->sent[0].bytes.len;
	buf_init(&b, 0);
	buf_str(&b, "SIP/2.0 200 OK\r\n");
	buf_put(&b, slice_of(g->sent[0].bytes.ptr + lf + 1,
			     (size_t)(body - lf - 1)));
	struct proxy_hop from = rig_hop("b0", 100);
	proxy_response(g->proxy, 1, 0, &from, buf_slice(&b));
	buf_free(&b);
	assert_int_equal(g->count, 2);
	assert_int_equal(g->done_status, 200);
}

/* SIP-30: wherever the Via points to, answers go where the request is from. */
static void test_sip_30_via_never_routes(void **state)
{
	static const char *const vias[] = {
		"SIP/2.0/TLS 127.0.0.1:22;branch=z9hG4bK1",
		"SIP/2.0/TLS h.test;branch=z9hG4bK2;received=127.0.0.1",
		"SIP/2.0/TLS h.test;branch=z9hG4bK3;maddr=224.0.1.75;ttl=255",
		"SIP/2.0/TLS h.test;branch=z9hG4bK4;rport=22",
		"SIP/2.0/UDP 255.255.255.255:9;branch=z9hG4bK5;rport",
		"SIP/2.0/TLS h.test;branch=z9hG4bK6,SIP/2.0/UDP 224.0.1.75",
	};
	struct rig *g = *state;
	for (int known = 0; known < 2; known++) {
		memset(&g->addr, 0, sizeof(g->addr));
		if (known)
			addr_parse(SLICE_LIT("192.0.2.5:4444"), false,
				   &g->addr);
		for (size_t i = 0; i < sizeof(vias) / sizeof(*vias); i++) {
			size_t at = g->count;
			ask(g, vias[i], "x");
			rig_answer(g, at, 200);
			assert_int_equal(g->count, at + 2);
			struct proxy_hop want = rig_hop("alice", 1);
			assert_int_equal(g->sent[at + 1].to.flow, want.flow);
			assert_int_equal(g->sent[at + 1].to.slot, want.slot);
		}
	}
	rig_assert_empty(g);
}

static int oom_received(void *arg)
{
	struct rig *g = rig_new();
	int err = rig_start(g, 0, 0);
	(void)arg;
	if (!err) {
		addr_parse(SLICE_LIT("192.0.2.5:4444"), false, &g->addr);
		g->mode = RIG_REPLY;
		g->reply = 202;
		rig_ask(g, "MESSAGE", "m1");
		err = g->done_status == 202 ? 0 : -EIO;
		assert_true(g->done <= 1);
		for (size_t i = 0; i < g->count; i++)
			assert_true(has_line(g->sent[i].bytes,
					     ";received=192.0.2.5\r\n"));
		rig_assert_empty(g);
	}
	rig_free(g);
	return err;
}

static void test_no_memory(void **state)
{
	(void)state;
	oom_walk(oom_received, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_what_the_sender_reads),
		RIG_TEST(test_in_answers_of_our_own),
		RIG_TEST(test_same_transaction_from_another_port),
		RIG_TEST(test_longest_via_line_still_comes_back),
		RIG_TEST(test_sip_30_via_never_routes),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
