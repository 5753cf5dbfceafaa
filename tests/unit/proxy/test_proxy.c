/* SPDX-License-Identifier: Apache-2.0 */
/* The core as a whole: malformed input, load, drain, and no memory. */
#include "rig.h"

static void test_malformed_is_refused_here(void **state)
{
	struct rig *g = *state;
	rig_in(g, "alice", 1,
	       "MESSAGE sip:b@b.test SIP/2.0\r\n"
	       "Via: SIP/2.0/TLS h.test;branch=z9hG4bKx\r\n"
	       "From: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>\r\n"
	       "Call-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n");
	assert_non_null(g->closes);
	assert_int_equal(rig_last_status(g), 400);
	assert_int_equal(g->requests, 0);
	assert_int_equal(g->done, 1);
	rig_in(g, "alice", 1, "nonsense\r\n\r\n");
	rig_in(g, "alice", 1, "");
	assert_non_null(g->closes);
	rig_in(g, "alice", 1,
	       "SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS h.test;branch=z9hG4bKx\r\n"
	       "From: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>\r\n"
	       "Call-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n");
	assert_int_equal(g->count, 1);
	rig_ask(g, "MESSAGE", "m1");
	assert_null(g->closes);
	rig_answer(g, 1, 200);
	rig_assert_empty(g);
}

static void test_a_thousand_at_once(void **state)
{
	enum { N = 1000, PEERS = 10 };
	struct rig *g = *state;
	static char text[RIG_TEXT_MAX];
	char peer[8];
	char branch[16];
	for (unsigned i = 0; i < N; i++) {
		snprintf(peer, sizeof(peer), "p%u", i % PEERS);
		snprintf(branch, sizeof(branch), "m%u", i);
		g->target[0].hop.flow = 100 + i % 12;
		rig_in(g, peer, i % PEERS,
		       rig_write(text, &(struct rig_text){ .method = "MESSAGE",
							   .branch = branch,
							   .cseq = i + 1 }));
		g->target[0].hop.flow = 100;
	}
	assert_int_equal(g->count, N);
	assert_int_equal(proxy_transactions(g->proxy), N);
	assert_int_equal(metric_get(M_SIP_TRANSACTIONS), N);
	for (unsigned k = 0; k < N; k++) { /* in quite another order */
		unsigned i = (k * 617) % N;
		size_t at = g->count;
		rig_answer_as(g, i, 200, "b0", NULL);
		assert_int_equal(g->count, at + 1);
		assert_int_equal(rig_msg(g, at).cseq, i + 1);
		assert_int_equal(g->sent[at].to.flow, i % PEERS);
	}
	assert_int_equal(g->done, N);
	assert_int_equal(metric_get(M_SIP_TRANSACTIONS), 0);
	rig_assert_empty(g);
}

static void test_drain(void **state)
{
	static const struct reject draining = { .status = 503,
						.metric = M_REJ_DRAINING,
						.why = "draining",
						.reason = "Going Away" };
	struct rig *g = *state;
	rig_ask(g, "MESSAGE", "m1");
	proxy_refuse_new(g->proxy, &draining);
	rig_ask(g, "MESSAGE", "m2");
	struct sip_msg m = rig_msg(g, 1);
	assert_int_equal(m.status, 503);
	assert_non_null(sip_header(&m, SIP_H_RETRY_AFTER));
	assert_ptr_equal(g->done_reject, &draining);
	rig_ask(g, "MESSAGE", "m1"); /* absorbed, not refused */
	assert_int_equal(g->count, 2);
	assert_int_equal(proxy_transactions(g->proxy), 1);
	rig_answer(g, 0, 200);
	assert_int_equal(proxy_transactions(g->proxy), 0);
	proxy_refuse_new(g->proxy, NULL);
	rig_ask(g, "MESSAGE", "m3");
	assert_int_equal(g->requests, 2);
}

static void test_freed_in_the_middle(void **state)
{
	struct rig *g = *state;
	g->targets = 2;
	rig_ask(g, "INVITE", "i1");
	rig_answer(g, rig_sent_request(g, SIP_INVITE, 0), 404);
	rig_ask(g, "MESSAGE", "m1");
	g->mode = RIG_HOLD;
	rig_ask(g, "SUBSCRIBE", "s1");
	rig_ask(g, "ACK", "a1");
	unsigned done = g->done;
	size_t count = g->count;
	proxy_free(g->proxy);
	g->proxy = NULL;
	assert_int_equal(g->done, done); /* silently */
	assert_int_equal(g->count, count);
	assert_int_equal(timers_count(g->timers), 0);
	proxy_free(NULL);
}

static void test_bad_names_are_refused(void **state)
{
	struct rig *g = *state;
	struct proxy *p = NULL;
	struct proxy_conf conf = { .sent_by = SLICE_LIT("not a host"),
				   .transport = SLICE_LIT("TLS") };
	assert_int_equal(proxy_create(&p, g->timers, &conf, &rig_ops, g),
			 -EINVAL);
	assert_null(p);
}

/* No step may crash, leak or answer twice, whatever allocation fails; and
 * what was admitted comes to an end. */
static void lived_through(struct rig *g, unsigned most)
{
	assert_true(g->done <= most);
	rig_wait(g, 200000);
	rig_wait(g, RIG_64T1);
	rig_wait(g, RIG_64T1);
	rig_assert_empty(g);
}

static void feed_text(struct rig *g, size_t i, uint16_t status,
		      const char *method)
{
	char text[1024];
	char via[96];
	struct proxy_hop from = g->sent[i].to;
	char peer[8];
	snprintf(peer, sizeof(peer), "b%u", (unsigned)(from.flow - 100));
	from.peer = slice_str(peer);
	snprintf(via, sizeof(via),
		 "SIP/2.0/TLS edge.contoso.test:5061;branch=z9hG4bKt%u.%u",
		 (unsigned)g->sent[i].txn, g->sent[i].branch);
	snprintf(text, sizeof(text),
		 "SIP/2.0 %u X\r\nVia: %s\r\n"
		 "From: <sip:alice@fabrikam.test>;tag=ft\r\n"
		 "To: <sip:bob@contoso.test>;tag=x\r\n"
		 "Call-ID: call-1@fabrikam.test\r\n"
		 "CSeq: 1 %s\r\nWWW-Authenticate: Digest realm=\"x\"\r\n"
		 "Content-Length: 0\r\n\r\n",
		 status, via, method);
	proxy_response(g->proxy, g->sent[i].txn, g->sent[i].branch, &from,
		       slice_str(text));
}

/* Answers every branch of txn that was sent. */
static void feed_all(struct rig *g, const char *method, uint16_t status)
{
	size_t count = g->count;
	struct slice start = slice_str(method);
	for (size_t i = 0; i < count; i++)
		if (g->sent[i].request && g->sent[i].txn &&
		    slice_starts(g->sent[i].bytes, start))
			feed_text(g, i, status++, method);
}

static int oom_message(void *arg)
{
	struct rig *g = rig_new();
	int err = rig_start(g, 0, 0);
	(void)arg;
	if (!err) {
		g->targets = 2;
		rig_ask(g, "MESSAGE", "m1");
		rig_wait(g, 3600);
		feed_all(g, "MESSAGE", 401);
		err = g->done_status == 401 && g->done == 1 ? 0 : -EIO;
		lived_through(g, 1);
	}
	rig_free(g);
	return err;
}

static int oom_invite(void *arg)
{
	struct rig *g = rig_new();
	int err = rig_start(g, 0, 0);
	(void)arg;
	if (!err) {
		g->targets = 2;
		rig_ask(g, "INVITE", "i1");
		feed_all(g, "INVITE", 180);
		rig_ask(g, "INVITE", "i1");
		rig_ask(g, "CANCEL", "i1");
		feed_all(g, "CANCEL", 200);
		feed_all(g, "INVITE", 486);
		rig_ask(g, "ACK", "i1");
		err = g->done == 2 && g->done_status == 486 ? 0 : -EIO;
		lived_through(g, 3); /* the ACK may look like a new one */
	}
	rig_free(g);
	return err;
}

static int oom_refusals(void *arg)
{
	struct rig *g = rig_new();
	int err = rig_start(g, 2, 1);
	(void)arg;
	if (!err) {
		rig_say(g, &(struct rig_text){ .method = "MESSAGE",
					       .branch = "r",
					       .headers = "Proxy-Require: "
							  "x,\r\n y\r\n" });
		rig_ask(g, "MESSAGE", "m1");
		rig_ask(g, "MESSAGE", "m2");
		rig_in(g, "alice", 1, "nonsense");
		err = g->done_status == 503 ? 0 : -EIO;
		lived_through(g, 3);
	}
	rig_free(g);
	return err;
}

static void test_no_memory(void **state)
{
	(void)state;
	oom_walk(oom_message, NULL);
	oom_walk(oom_invite, NULL);
	oom_walk(oom_refusals, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_malformed_is_refused_here),
		RIG_TEST(test_a_thousand_at_once),
		RIG_TEST(test_drain),
		RIG_TEST(test_freed_in_the_middle),
		RIG_TEST(test_bad_names_are_refused),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
