/* SPDX-License-Identifier: Apache-2.0 */
/* What home, the resolver and partners say to the worker of partner_world.h,
 * and what it said to them. */
#pragma once

#include "unit/edge/partner_world.h"

/* Time goes on, turn by turn. */
static inline void pass(struct world *w, uint64_t ms)
{
	uint64_t now = timers_now(w->timers), until = now + ms;
	while (now < until) {
		now = until - now > 50 ? now + 50 : until;
		timers_advance(w->timers, now);
		fake_turn();
	}
}

/* alice writes to that user; home's transaction is named by the count. */
static inline void from_home(struct world *w, const char *method,
			     const char *uri)
{
	char text[2048];
	w->asked++;
	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS home.edge.contoso.test;branch=z9hG4bKh%u\r\n"
		 "Max-Forwards: 69\r\n"
		 "From: <sip:alice@contoso.test>;tag=1\r\nTo: <%s>\r\n"
		 "Call-ID: c%u\r\nCSeq: 1 %s\r\n"
		 "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi",
		 method, uri, w->asked, uri, w->asked, method);
	struct ipc_sip_from_home m = { slice_str(text) };
	tell(w, PROC_HOME, 0, IPC_SIP_FROM_HOME, &m);
	fake_turn();
}

static inline void message(struct world *w, const char *domain)
{
	char uri[300];
	snprintf(uri, sizeof(uri), "sip:bob@%s", domain);
	from_home(w, "MESSAGE", uri);
}

/* The next final answer that home got, 0: none. */
static inline unsigned home_status(struct world *w)
{
	struct ipc_msg m;
	while (next_sent(w, IPC_ANSWER_TO_HOME, &m)) {
		struct arena *a = arena_create(4096, 1 << 20);
		struct sip_msg sip;
		assert_null(sip_parse(a, m.u.answer_to_home.bytes,
				      &sip_limits_default, &sip));
		unsigned status = sip.status;
		arena_free(a);
		if (status >= 200)
			return status;
	}
	return 0;
}

/* The next question to the resolver; its id. */
static inline uint64_t asked_for(struct world *w, const char *name,
				 uint8_t kind)
{
	struct ipc_msg m;
	assert_true(next_sent(w, IPC_TARGETS_GET, &m));
	assert_true(slice_eq(m.u.targets_get.name, slice_str(name)));
	assert_int_equal(m.u.targets_get.kind, kind);
	return m.u.targets_get.id;
}

struct target_spec {
	const char *name;
	bool direct;
	const char *addr[3]; /* with port */
};

static inline void resolved(struct world *w, uint64_t id, uint32_t ttl_s,
			    const struct target_spec *t, size_t count)
{
	struct buf b;
	buf_init(&b, 0);
	for (size_t i = 0; i < count; i++) {
		struct ipc_target x = { .name = slice_str(t[i].name),
					.port = 5061,
					.direct = t[i].direct };
		for (; x.count < 3 && t[i].addr[x.count]; x.count++)
			assert_int_equal(
				addr_parse(slice_str(t[i].addr[x.count]), false,
					   &x.addr[x.count]),
				0);
		ipc_target_put(&b, &x);
	}
	struct ipc_targets m = { .id = id,
				 .ttl_s = ttl_s,
				 .targets = buf_slice(&b) };
	tell(w, PROC_RESOLVER, 0, IPC_TARGETS, &m);
	buf_free(&b);
	fake_turn();
}

static inline void unresolved(struct world *w, uint64_t id, int error,
			      uint32_t ttl_s)
{
	struct ipc_targets m = { .id = id,
				 .error = (uint32_t)error,
				 .ttl_s = ttl_s,
				 .text = SLICE_LIT("why not") };
	tell(w, PROC_RESOLVER, 0, IPC_TARGETS, &m);
	fake_turn();
}

/* How many requests were written on a connection. */
static inline size_t written(size_t i, const char *method)
{
	struct slice s = buf_slice(&fake_conn(i)->out);
	char start[32];
	size_t n = 0;
	int len = snprintf(start, sizeof(start), "%s sip:", method);
	while (s.len) {
		const uint8_t *at = memmem(s.ptr, s.len, start, (size_t)len);
		if (!at)
			break;
		n++;
		s = slice_from(s, (size_t)(at - s.ptr) + 1);
	}
	return n;
}

/* The partner answers the nth (from 0) request of that connection. */
static inline void answer(size_t i, size_t nth, unsigned status,
			  const char *extra)
{
	struct buf copy, out;
	struct slice s = buf_slice(&fake_conn(i)->out);
	struct sip_framer framer;
	const struct reject *reject = NULL;
	size_t len = 0;
	buf_init(&copy, 0);
	buf_init(&out, 0);
	buf_put(&copy, s);
	s = buf_slice(&copy);
	sip_framer_init(&framer);
	for (;;) {
		enum sip_frame_result r = sip_frame(
			&framer, s, &sip_limits_default, &len, &reject);
		assert_true(r == SIP_FRAME_MESSAGE || r == SIP_FRAME_PING ||
			    r == SIP_FRAME_SKIP);
		if (r == SIP_FRAME_MESSAGE && nth-- == 0)
			break;
		s = slice_from(s, len);
	}
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m;
	assert_null(sip_parse(a, slice_head(s, len), &sip_limits_default, &m));
	buf_printf(&out,
		   "SIP/2.0 %u As Told\r\nVia: %.*s\r\n"
		   "From: <sip:alice@contoso.test>;tag=1\r\nTo: <%.*s>;tag=2"
		   "\r\nCall-ID: %.*s\r\nCSeq: %u %.*s\r\n%s"
		   "Content-Length: 0\r\n\r\n",
		   status, SLICE_FMT(m.via.text), SLICE_FMT(m.to.uri.text),
		   SLICE_FMT(m.call_id), (unsigned)m.cseq,
		   SLICE_FMT(m.method_text), extra);
	fake_bytes(i, buf_slice(&out));
	arena_free(a);
	buf_free(&copy);
	buf_free(&out);
	fake_turn();
}

static const struct partner *partner_at(struct world *w, const char *key)
{
	const struct partner *p = partner_find(w->edge, slice_str(key));
	assert_non_null(p);
	return p;
}

static inline void assert_state(struct world *w, const char *key,
				enum partner_state want)
{
	assert_int_equal(partner_state(partner_at(w, key)), want);
}

/* Who dials: name and address of a connection. */
static inline void assert_dialled(size_t i, const char *name, const char *to)
{
	assert_string_equal(fake_conn(i)->dialled, name);
	assert_string_equal(fake_conn(i)->to, to);
}
