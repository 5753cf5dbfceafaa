/* SPDX-License-Identifier: Apache-2.0 */
/* NOTIFYs of home to our own clients: out with our Via, back as a number. */
#include "edge/edge_int.h"
#include "unit/edge/partner_talk.h"

#define LINE "NOTIFY sip:alice@192.0.2.7 SIP/2.0\r\n"
#define REST                                                  \
	"Max-Forwards: 70\r\nFrom: <sip:bob@contoso.test>;"   \
	"tag=b\r\nTo: <sip:alice@contoso.test>;tag=a\r\n"     \
	"Call-ID: c\r\nCSeq: 2 NOTIFY\r\nEvent: presence\r\n" \
	"Subscription-State: active\r\nContent-Length: 0\r\n\r\n"

/* A phone's connection: its number and, in *flow, ours. */
static size_t phone(struct world *w, uint64_t *flow)
{
	struct flow *f = flow_create(w->edge, FLOW_CLIENT);
	assert_non_null(f);
	assert_int_equal(conn_accept(&f->conn, w->loop, -1, NULL, &flow_limits,
				     &flow_conn_ops, f),
			 0);
	fake_ready(w->net.count - 1);
	*flow = f->id;
	return w->net.count - 1;
}

static void notify(struct world *w, uint64_t flow, uint64_t id)
{
	struct ipc_notice m = { .flow = flow,
				.id = id,
				.line = SLICE_LIT(LINE),
				.rest = SLICE_LIT(REST) };
	tell(w, PROC_HOME, 0, IPC_NOTICE, &m);
	fake_turn();
}

/* What home was told last of that number; 0: nothing. */
static unsigned ended(struct world *w, uint64_t id)
{
	struct ipc_msg m;
	while (next_sent(w, IPC_NOTICE_END, &m))
		if (m.u.notice_end.id == id)
			return m.u.notice_end.status;
	return 0;
}

/* The Via that was put into the last one. */
static void via_of(size_t i, char out[static 256])
{
	const struct buf *b = &fake_conn(i)->out;
	struct slice s = buf_slice(b);
	assert_true(slice_ends(s, SLICE_LIT(REST)));
	s = slice_head(s, s.len - (sizeof(REST) - 1));
	s = slice_from(s, s.len > 256 ? s.len - 256 : 0);
	const char *at = memmem(s.ptr, s.len, LINE "Via: ", sizeof(LINE) + 4);
	assert_non_null(at);
	at += sizeof(LINE) - 1;
	size_t len = (size_t)((const char *)s.ptr + s.len - at);
	assert_true(len < 256);
	memcpy(out, at, len);
	out[len] = '\0';
}

static void respond(size_t i, unsigned status, const char *via)
{
	char text[1024];
	snprintf(text, sizeof(text),
		 "SIP/2.0 %u Said\r\n%s"
		 "From: <sip:bob@contoso.test>;tag=b\r\n"
		 "To: <sip:alice@contoso.test>;tag=a\r\n"
		 "Call-ID: c\r\nCSeq: 2 NOTIFY\r\nContent-Length: 0\r\n\r\n",
		 status, via);
	fake_bytes(i, slice_str(text));
	fake_turn();
}

static void test_there_and_back(void **state)
{
	struct world *w = *state;
	uint64_t flow;
	char via[256];
	size_t i = phone(w, &flow);
	notify(w, flow, 7);
	via_of(i, via);
	assert_memory_equal(via, "Via: SIP/2.0/TLS edge.contoso.test", 34);
	assert_non_null(strstr(via, ";rport;branch=z9hG4bK"));
	assert_int_equal(ended(w, 7), 0);
	respond(i, 100, via);
	respond(i, 183, via);
	assert_int_equal(ended(w, 7), 0);
	respond(i, 200, via);
	assert_int_equal(ended(w, 7), 200);
	respond(i, 481, via); /* said twice: a stray one */
	assert_int_equal(ended(w, 7), 0);
	fake_end(i, CONN_END_PEER);
	assert_int_equal(ended(w, 7), 0);
}

static void test_refused(void **state)
{
	struct world *w = *state;
	uint64_t flow;
	char via[256];
	size_t i = phone(w, &flow);
	notify(w, flow, 8);
	via_of(i, via);
	respond(i, 481, via);
	assert_int_equal(ended(w, 8), 481);
}

/* Who was not asked cannot answer. */
static void test_another_connection(void **state)
{
	struct world *w = *state;
	uint64_t flow, other;
	char via[256];
	size_t i = phone(w, &flow), k = phone(w, &other);
	notify(w, flow, 7);
	via_of(i, via);
	respond(k, 481, via);
	assert_int_equal(ended(w, 7), 0);
	respond(i, 200, via);
	assert_int_equal(ended(w, 7), 200);
}

static void test_two_at_once(void **state)
{
	struct world *w = *state;
	uint64_t flow;
	char first[256], second[256];
	size_t i = phone(w, &flow);
	notify(w, flow, 1);
	via_of(i, first);
	notify(w, flow, 2);
	via_of(i, second);
	assert_string_not_equal(first, second);
	respond(i, 200, second);
	assert_int_equal(ended(w, 2), 200);
	respond(i, 500, first);
	assert_int_equal(ended(w, 1), 500);
}

static void test_connection_ends(void **state)
{
	struct world *w = *state;
	uint64_t flow;
	size_t i = phone(w, &flow);
	notify(w, flow, 7);
	fake_end(i, CONN_END_PEER);
	assert_int_equal(ended(w, 7), 430); /* RFC 5626 11.5 */
	notify(w, flow, 8);
	assert_int_equal(ended(w, 8), 430);
}

static void test_no_room(void **state)
{
	struct world *w = *state;
	uint64_t flow;
	size_t i = phone(w, &flow);
	fake_conn(i)->full = true;
	notify(w, flow, 7);
	assert_int_equal(ended(w, 7), 503);
	fake_conn(i)->full = false;
	notify(w, flow, 8);
	fake_end(i, CONN_END_PEER);
	assert_int_equal(ended(w, 8), 430);
	assert_int_equal(ended(w, 7), 0); /* told once */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_there_and_back),
		WORLD_TEST(test_refused),
		WORLD_TEST(test_another_connection),
		WORLD_TEST(test_two_at_once),
		WORLD_TEST(test_connection_ends),
		WORLD_TEST(test_no_room),
	};
	return cmocka_run_group_tests_name("edge/notice", tests, NULL, NULL);
}
