/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proxy on a memory transport: what it sends is kept and read back by our
 * own strict parser; time is a number. Shared by the tests of this directory.
 */
#pragma once

#include "proxy/proxy_int.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

enum {
	RIG_SENT_MAX = 8192,
	RIG_BYTES_MAX = 8 * 1024 * 1024,
	RIG_TEXT_MAX = 64 * 1024,
	RIG_TARGETS = 12,
	RIG_T1 = 500,
	RIG_64T1 = 32000,
};

struct rig_sent {
	struct proxy_hop to;
	bool request;
	struct slice bytes;
	uint64_t txn;
	uint16_t branch;
};

enum rig_mode { RIG_HOLD, RIG_FORWARD, RIG_REPLY, RIG_REFUSE, RIG_DROP };

struct rig {
	struct timers *timers;
	struct proxy *proxy;
	/* what on_request does */
	enum rig_mode mode;
	uint16_t reply;
	const struct reject *refusal;
	struct proxy_target target[RIG_TARGETS];
	size_t targets;
	/* what was seen */
	unsigned requests, acks, done;
	uint64_t last_id;
	uint16_t done_status;
	const struct reject *done_reject;
	bool done_had_target;
	struct rig_sent sent[RIG_SENT_MAX];
	size_t count;
	uint8_t *bytes;
	size_t used;
	/* faults of the transport */
	int send_error;     /* for requests */
	uint64_t fail_flow; /* only to that flow, 0: all */
	int up_error;       /* for responses */
	bool gone_in_send;  /* hop_gone() from inside send */
	/* tests' own hooks, or NULL */
	void (*hook_send)(struct rig *g, struct rig_sent *s);
	void (*hook_response)(struct rig *g, struct proxy_request *r);
	int hook_state;
	struct arena *arena;
	const struct reject *closes;
};

static inline void rig_request(void *arg, struct proxy_request *r)
{
	struct rig *g = arg;
	g->requests++;
	g->last_id = proxy_request_id(r);
	if (proxy_request_msg(r)->method == SIP_ACK)
		g->acks++;
	switch (g->mode) {
	case RIG_HOLD:
		break;
	case RIG_FORWARD:
		proxy_forward(r, g->target, g->targets);
		break;
	case RIG_REPLY:
		proxy_reply(r, &(struct sip_reply){ .status = g->reply });
		break;
	case RIG_REFUSE:
		proxy_refuse(r, g->refusal);
		break;
	case RIG_DROP:
		proxy_drop(r);
		break;
	}
}

static inline int rig_send(void *arg, const struct proxy_hop *to, bool request,
			   struct slice bytes, uint64_t txn, uint16_t branch)
{
	struct rig *g = arg;
	if (!request && g->up_error)
		return g->up_error;
	if (request && g->send_error &&
	    (!g->fail_flow || g->fail_flow == to->flow)) {
		if (g->gone_in_send)
			proxy_hop_gone(g->proxy, to, NULL);
		return g->send_error;
	}
	assert_true(g->count < RIG_SENT_MAX);
	assert_true(g->used + bytes.len <= RIG_BYTES_MAX);
	struct rig_sent *s = &g->sent[g->count++];
	*s = (struct rig_sent){ *to, request, bytes, txn, branch };
	s->to.peer = SLICE_NONE;
	memcpy(g->bytes + g->used, bytes.ptr, bytes.len);
	s->bytes = slice_of(g->bytes + g->used, bytes.len);
	g->used += bytes.len;
	if (g->hook_send)
		g->hook_send(g, s);
	return 0;
}

static inline int rig_branch(void *arg, uint64_t txn, uint16_t branch,
			     struct buf *out)
{
	(void)arg;
	buf_printf(out, "t%llu.%u", (unsigned long long)txn, branch);
	return 0;
}

static inline void rig_on_response(void *arg, struct proxy_request *r,
				   const struct sip_msg *response,
				   struct sip_edits *edits)
{
	struct rig *g = arg;
	(void)response;
	(void)edits;
	if (g->hook_response)
		g->hook_response(g, r);
}

static inline void rig_on_refuse(void *arg, struct proxy_request *r,
				 const struct reject *reject,
				 struct sip_edits *extra)
{
	(void)arg;
	(void)r;
	sip_edit_bottom_named(extra, SLICE_LIT("X-Why"),
			      slice_str(reject->why));
}

static inline void rig_on_done(void *arg, const struct proxy_record *record)
{
	struct rig *g = arg;
	g->done++;
	g->done_status = record->status;
	g->done_reject = record->reject;
	g->done_had_target = record->to != NULL;
}

static const struct proxy_ops rig_ops = {
	.on_request = rig_request,
	.send = rig_send,
	.branch = rig_branch,
	.on_response = rig_on_response,
	.on_refuse = rig_on_refuse,
	.on_done = rig_on_done,
};

/* Peers have short names; a hop of one is its name and a flow number. */
static inline struct proxy_hop rig_hop(const char *peer, uint64_t flow)
{
	return (struct proxy_hop){ .kind = 1,
				   .slot = 2,
				   .incarnation = 3,
				   .flow = flow,
				   .peer = slice_str(peer) };
}

static inline int rig_start(struct rig *g, size_t max, size_t per_source)
{
	static const char *const names[RIG_TARGETS] = {
		"b0", "b1", "b2", "b3", "b4",  "b5",
		"b6", "b7", "b8", "b9", "b10", "b11",
	};
	struct proxy_conf conf = {
		.sent_by = SLICE_LIT("edge.contoso.test:5061"),
		.transport = SLICE_LIT("TLS"),
		.transactions_max = max,
		.transactions_max_per_source = per_source,
	};
	for (size_t i = 0; i < RIG_TARGETS; i++)
		g->target[i].hop = rig_hop(names[i], 100 + i);
	g->targets = 1;
	g->mode = RIG_FORWARD;
	int err = timers_create(&g->timers, 1000);
	if (err)
		return err;
	return proxy_create(&g->proxy, g->timers, &conf, &rig_ops, g);
}

static inline struct rig *rig_new(void)
{
	struct rig *g = test_calloc(1, sizeof(*g));
	g->bytes = test_malloc(RIG_BYTES_MAX);
	return g;
}

static inline void rig_free(struct rig *g)
{
	proxy_free(g->proxy);
	timers_free(g->timers);
	arena_free(g->arena);
	test_free(g->bytes);
	test_free(g);
}

static inline int rig_setup(void **state)
{
	struct rig *g = rig_new();
	*state = g;
	return rig_start(g, 0, 0);
}

static inline int rig_teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static inline void rig_in(struct rig *g, const char *peer, uint64_t flow,
			  const char *text)
{
	struct proxy_hop from = rig_hop(peer, flow);
	proxy_receive(g->proxy, &from, slice_str(text), &g->closes);
}

struct rig_text {
	const char *method;
	const char *branch;  /* behind z9hG4bK */
	const char *uri;     /* NULL: sip:bob@contoso.test */
	const char *to_tag;  /* NULL: none */
	const char *headers; /* lines; NULL: Max-Forwards: 70 */
	unsigned cseq;       /* 0: 1 */
};

static inline const char *rig_write(char *out, const struct rig_text *t)
{
	int len = snprintf(
		out, RIG_TEXT_MAX,
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/TLS a.fabrikam.test;branch=z9hG4bK%s\r\n"
		"Via: SIP/2.0/TCP "
		"10.0.0.1:5070;branch=z9hG4bKfirst;x=\"a,b\"\r\n"
		"%s"
		"From: <sip:alice@fabrikam.test>;tag=ft\r\n"
		"To: <sip:bob@contoso.test>%s%s\r\n"
		"Call-ID: call-1@fabrikam.test\r\n"
		"CSeq: %u %s\r\n"
		"Content-Length: 5\r\n\r\nhello",
		t->method, t->uri ? t->uri : "sip:bob@contoso.test", t->branch,
		t->headers ? t->headers : "Max-Forwards: 70\r\n",
		t->to_tag ? ";tag=" : "", t->to_tag ? t->to_tag : "",
		t->cseq ? t->cseq : 1, t->method);
	assert_true(len > 0 && len < RIG_TEXT_MAX);
	return out;
}

static inline void rig_say(struct rig *g, const struct rig_text *t)
{
	static char text[RIG_TEXT_MAX];
	rig_in(g, "alice", 1, rig_write(text, t));
}

static inline void rig_ask(struct rig *g, const char *method,
			   const char *branch)
{
	rig_say(g, &(struct rig_text){ .method = method, .branch = branch });
}

/* The i-th thing that was sent, read by our own parser (SIP-04). */
static inline struct sip_msg rig_msg(struct rig *g, size_t i)
{
	struct sip_limits limits = sip_limits_default;
	struct sip_msg m;
	limits.via++;
	assert_true(i < g->count);
	if (!g->arena)
		g->arena = arena_create(65536, 0x10000000);
	assert_non_null(g->arena);
	assert_null(sip_parse(g->arena, g->sent[i].bytes, &limits, &m));
	assert_int_equal(m.request, g->sent[i].request);
	return m;
}

static inline uint16_t rig_status(struct rig *g, size_t i)
{
	struct sip_msg m = rig_msg(g, i);
	assert_false(m.request);
	return m.status;
}

static inline uint16_t rig_last_status(struct rig *g)
{
	assert_true(g->count > 0);
	return rig_status(g, g->count - 1);
}

static inline enum sip_method rig_method(struct rig *g, size_t i)
{
	struct sip_msg m = rig_msg(g, i);
	assert_true(m.request);
	return m.method;
}

/* The flow a request went to tells its peer: names as in rig_start(). */
static inline void rig_answer_as(struct rig *g, size_t i, uint16_t status,
				 const char *peer, const char *lines)
{
	struct sip_msg m = rig_msg(g, i);
	struct sip_edits extra;
	struct buf b;
	sip_edits_init(&extra);
	if (lines)
		sip_edit_bottom_named(&extra, SLICE_LIT("WWW-Authenticate"),
				      slice_str(lines));
	buf_init(&b, 0);
	assert_int_equal(sip_encode_reply(&b, &m,
					  &(struct sip_reply){
						  .status = status,
						  .to_tag = SLICE_LIT("bt"),
						  .extra = &extra,
						  .body = SLICE_LIT("ok"),
					  }),
			 0);
	struct proxy_hop from = g->sent[i].to;
	from.peer = slice_str(peer);
	proxy_response(g->proxy, g->sent[i].txn, g->sent[i].branch, &from,
		       buf_slice(&b));
	buf_free(&b);
}

static inline void rig_answer(struct rig *g, size_t i, uint16_t status)
{
	char peer[16];
	snprintf(peer, sizeof(peer), "b%u",
		 (unsigned)(g->sent[i].to.flow - 100));
	rig_answer_as(g, i, status, peer, NULL);
}

static inline void rig_wait(struct rig *g, uint64_t ms)
{
	timers_advance(g->timers, timers_now(g->timers) + ms);
}

/* Index of the nth request of that method that was sent (from 0). */
static inline size_t rig_sent_request(struct rig *g, enum sip_method method,
				      size_t nth)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->sent[i].request && rig_method(g, i) == method &&
		    nth-- == 0)
			return i;
	fail_msg("no such request was sent");
	return 0;
}

/* How many responses of that status went upstream. */
static inline size_t rig_count_status(struct rig *g, uint16_t status)
{
	size_t n = 0;
	for (size_t i = 0; i < g->count; i++)
		if (!g->sent[i].request && rig_status(g, i) == status)
			n++;
	return n;
}

static inline size_t rig_count_requests(struct rig *g, enum sip_method method)
{
	size_t n = 0;
	for (size_t i = 0; i < g->count; i++)
		if (g->sent[i].request && rig_method(g, i) == method)
			n++;
	return n;
}

/* Everything went away: nothing leaks, nothing is still waited for. */
static inline void rig_assert_empty(struct rig *g)
{
	assert_int_equal(g->proxy->count, 0);
	assert_int_equal(g->proxy->open, 0);
	assert_int_equal(g->proxy->by_key.count, 0);
	assert_int_equal(g->proxy->by_merged.count, 0);
	assert_int_equal(g->proxy->hops.count, 0);
	assert_int_equal(g->proxy->sources.count, 0);
	assert_int_equal(timers_count(g->timers), 0);
}

#define RIG_TEST(fn) \
	cmocka_unit_test_setup_teardown(fn, rig_setup, rig_teardown)
