/* SPDX-License-Identifier: Apache-2.0 */
/* A watch: what is told of what comes and goes, how much, and when it ends. */
#include "edge/trace.h"

#include "support/oom.h"
#include "unit/edge/partner_talk.h"

enum { WATCH = 77, MOST = 2000 };

static void watch(struct world *w, const struct ipc_trace *ask, int error)
{
	struct ipc_trace m = *ask;
	struct ipc_msg on;
	m.id = m.id ? m.id : WATCH;
	m.seconds = m.seconds ? m.seconds : 60;
	forget(w);
	tell(w, PROC_ADMIN, 0, IPC_TRACE, &m);
	assert_true(next_sent(w, IPC_TRACE_ON, &on));
	assert_int_equal(on.u.trace_on.id, m.id);
	assert_int_equal(on.u.trace_on.error, error);
}

static struct ipc_trace_record seen(struct world *w)
{
	struct ipc_msg m;
	assert_true(next_sent(w, IPC_TRACE_RECORD, &m));
	assert_int_equal(m.u.trace_record.id, WATCH);
	return m.u.trace_record;
}

static bool nothing_seen(struct world *w)
{
	struct ipc_msg m;
	return !next_sent(w, IPC_TRACE_RECORD, &m);
}

static bool holds(struct slice s, const char *text)
{
	return s.len && memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}

/* alice's phone; its number. */
static size_t alice(struct world *w)
{
	struct flow *f = flow_create(w->edge, FLOW_CLIENT);
	assert_non_null(f);
	assert_int_equal(conn_accept(&f->conn, w->loop, -1, NULL, &flow_limits,
				     &flow_conn_ops, f),
			 0);
	struct conn *c = fake_conn(w->net.count - 1);
	assert_int_equal(
		addr_parse(SLICE_LIT("192.0.2.7:5000"), false, &c->peer.addr),
		0);
	fake_ready(w->net.count - 1);
	flow_sign_in(f, SLICE_LIT("alice@contoso.test"));
	return w->net.count - 1;
}

static void says(size_t i, const char *from, const char *call)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 "MESSAGE sip:bob@litware.test SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS phone.invalid;branch=z9hG4bK%s\r\n"
		 "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=1\r\n"
		 "To: <sip:bob@litware.test>\r\nCall-ID: %s\r\n"
		 "Authorization: NTLM secret\r\n"
		 "CSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\n"
		 "Content-Length: 6\r\n\r\ntell x",
		 call, from, call);
	fake_bytes(i, slice_str(text));
	fake_turn();
}

static void test_allowed(void **state)
{
	struct world *w = *state;
	const struct ipc_trace all = { 0 };
	size_t i = alice(w);
	watch(w, &all, 0);
	says(i, "alice@contoso.test", "c1");
	struct ipc_trace_record r = seen(w);
	assert_int_equal(r.direction, TRACE_IN);
	assert_int_equal(r.verdict, TRACE_TO_INSIDE);
	assert_true(slice_eq(r.text, SLICE_LIT("home")));
	assert_true(slice_eq(r.transport, SLICE_LIT("TLS")));
	assert_true(slice_eq(r.remote, SLICE_LIT("192.0.2.7:5000")));
	assert_true(slice_eq(r.user, SLICE_LIT("alice@contoso.test")));
	assert_true(slice_eq(r.call_id, SLICE_LIT("c1")));
	assert_true(slice_eq(r.cseq, SLICE_LIT("1 MESSAGE")));
	assert_true(slice_empty(r.peer));
	/* the head alone, without what proves who it is */
	assert_true(holds(r.bytes, "Authorization: NTLM xxxxxx\r\n"));
	assert_true(slice_ends(r.bytes, SLICE_LIT("\r\n\r\n")));
	assert_int_equal(r.size, r.bytes.len + 6);
	assert_true(nothing_seen(w));
}

static void test_refused(void **state)
{
	struct world *w = *state;
	const struct ipc_trace all = { 0 };
	size_t i = alice(w);
	watch(w, &all, 0);
	says(i, "eve@contoso.test", "c1");
	struct ipc_trace_record r = seen(w);
	assert_int_equal(r.direction, TRACE_IN);
	assert_int_equal(r.verdict, TRACE_REFUSED);
	assert_int_equal(r.status, 403);
	assert_true(r.why.len && r.text.len);
	r = seen(w);
	assert_int_equal(r.direction, TRACE_OUT);
	assert_int_equal(r.verdict, TRACE_NO_VERDICT);
	assert_true(slice_starts(r.bytes, SLICE_LIT("SIP/2.0 403 ")));
	assert_true(nothing_seen(w));
}

/* What home sends has no connection: its verdict goes alone. */
static void test_verdict_alone(void **state)
{
	struct world *w = *state;
	const struct ipc_trace all = { 0 };
	watch(w, &all, 0);
	message(w, "litware.test");
	struct ipc_trace_record r = seen(w);
	assert_int_equal(r.direction, TRACE_NEITHER);
	assert_int_equal(r.verdict, TRACE_TO_PARTNER);
	assert_true(slice_eq(r.text, SLICE_LIT("litware.test")));
	assert_true(slice_empty(r.bytes));
	assert_true(nothing_seen(w));
	fake_ready(0);
	r = seen(w);
	assert_int_equal(r.direction, TRACE_OUT);
	assert_true(slice_eq(r.peer, SLICE_LIT("peer:sip.litware.test")));
	assert_true(slice_starts(r.bytes, SLICE_LIT("MESSAGE sip:bob@")));
	answer(0, 0, 200, "");
	r = seen(w);
	assert_int_equal(r.direction, TRACE_IN);
	assert_true(slice_starts(r.bytes, SLICE_LIT("SIP/2.0 200 ")));
}

/* What the framer refuses is seen with the reason. */
static void test_malformed(void **state)
{
	struct world *w = *state;
	const struct ipc_trace all = { 0 };
	size_t i = alice(w);
	watch(w, &all, 0);
	struct slice text = SLICE_LIT("MESSAGE sip:b@litware.test SIP/2.0\r\n"
				      "Content-Length: 99999999\r\n\r\n");
	struct conn *c = fake_conn(i);
	c->ops->on_bytes(c->arg, c, text);
	struct ipc_trace_record r = seen(w);
	assert_int_equal(r.verdict, TRACE_REFUSED);
	assert_true(slice_starts(r.bytes, SLICE_LIT("MESSAGE ")));
}

static void test_bodies(void **state)
{
	struct world *w = *state;
	const struct ipc_trace ask = { .bodies = 1 };
	size_t i = alice(w);
	watch(w, &ask, 0);
	says(i, "alice@contoso.test", "c1");
	assert_false(holds(seen(w).bytes, "tell x"));
	w->conf.trace_bodies = true;
	says(i, "alice@contoso.test", "c2");
	assert_true(holds(seen(w).bytes, "tell x"));
}

static void test_filter(void **state)
{
	struct world *w = *state;
	const struct ipc_trace ask = { .call_id = SLICE_LIT("c2") };
	size_t i = alice(w);
	watch(w, &ask, 0);
	says(i, "alice@contoso.test", "c1");
	assert_true(nothing_seen(w));
	says(i, "alice@contoso.test", "c2");
	assert_true(slice_eq(seen(w).call_id, SLICE_LIT("c2")));
}

/* Each way in which it ends. */
static void test_end(void **state)
{
	struct world *w = *state;
	const struct ipc_trace ask = { 0 };
	const struct ipc_trace_end end = { .id = WATCH };
	const struct proc_id other = { PROC_ADMIN, 0, 1 };
	const struct proc_id admin = { PROC_ADMIN, 0, 0x2000 };
	watch(w, &ask, 0);
	watch(w, &ask, 0); /* asked again: still one */
	tell(w, PROC_ADMIN, 0, IPC_TRACE_END, &end);
	assert_null(w->edge->traces);
	tell(w, PROC_ADMIN, 0, IPC_TRACE_END, &end);
	watch(w, &ask, 0);
	edge_peer_gone(w->edge, &other);
	assert_non_null(w->edge->traces);
	edge_peer_gone(w->edge, &admin);
	assert_null(w->edge->traces);
	const struct ipc_trace brief = { .seconds = 2 };
	watch(w, &brief, 0);
	pass(w, 1000);
	assert_non_null(w->edge->traces);
	pass(w, 2000);
	assert_null(w->edge->traces);
	watch(w, &ask, 0); /* and with the worker */
}

static void test_limits(void **state)
{
	struct world *w = *state;
	const struct ipc_trace strange = { .user = SLICE_LIT("nobody") };
	watch(w, &strange, EINVAL);
	assert_null(w->edge->traces);
	for (uint64_t id = 1; id <= 8; id++) {
		const struct ipc_trace ask = { .id = id };
		watch(w, &ask, 0);
	}
	const struct ipc_trace ninth = { .id = 9 };
	watch(w, &ninth, EBUSY);
	/* others do not ask for it */
	const struct ipc_trace_end end = { .id = 1 };
	tell(w, PROC_HOME, 0, IPC_TRACE_END, &end);
	assert_non_null(w->edge->traces);
}

/* More than that in a second is lost, and told as soon as it may be. */
static void test_rate(void **state)
{
	struct world *w = *state;
	const struct ipc_trace all = { 0 };
	size_t i = alice(w);
	struct flow *f = fake_conn(i)->arg;
	const struct slice text = SLICE_LIT("SIP/2.0 200 OK\r\n\r\n");
	watch(w, &all, 0);
	for (int n = 0; n < MOST + 3; n++)
		trace_left(f, text);
	for (int n = 0; n < MOST; n++)
		assert_int_equal(seen(w).lost, 0);
	assert_true(nothing_seen(w));
	pass(w, 1000);
	struct ipc_trace_record r = seen(w);
	assert_int_equal(r.direction, TRACE_NEITHER);
	assert_int_equal(r.lost, 3);
	trace_left(f, text);
	assert_int_equal(seen(w).lost, 0);
}

static int left_once(void *arg)
{
	trace_left(arg, SLICE_LIT("SIP/2.0 200 OK\r\n\r\n"));
	return 0;
}

static void test_no_memory(void **state)
{
	struct world *w = *state;
	const struct ipc_trace all = { 0 };
	size_t i = alice(w);
	watch(w, &all, 0);
	oom_walk(left_once, fake_conn(i)->arg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_allowed),   WORLD_TEST(test_refused),
		WORLD_TEST(test_malformed), WORLD_TEST(test_verdict_alone),
		WORLD_TEST(test_bodies),    WORLD_TEST(test_filter),
		WORLD_TEST(test_end),       WORLD_TEST(test_limits),
		WORLD_TEST(test_rate),      WORLD_TEST(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
