/* SPDX-License-Identifier: Apache-2.0 */
/* Talking to the proxy under test: request texts, answers to what it sent
 * (read back by our own strict parser), and what the tests ask of it. */
#pragma once

#include "rig_start.h"

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
static inline void rig_answer_with(struct rig *g, size_t i, uint16_t status,
				   const char *peer, const char *name,
				   const char *lines)
{
	struct sip_msg m = rig_msg(g, i);
	struct sip_edits extra;
	struct buf b;
	sip_edits_init(&extra);
	if (lines)
		sip_edit_bottom_named(&extra, slice_str(name),
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

static inline void rig_answer_as(struct rig *g, size_t i, uint16_t status,
				 const char *peer, const char *challenge)
{
	rig_answer_with(g, i, status, peer, "WWW-Authenticate", challenge);
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
