/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the framer and the parser say to a stream of bytes, as a short text:
 * one word a message. "ok", "400" (answered), "400!" (answered, then closed),
 * "400?" (cannot be answered), "drop", "ping", "skip", "close" (not SIP),
 * "more" (bytes are left and wait for more).
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip/edit.h"
#include "sip/frame.h"
#include "sip/reject.h"
#include "sip/sip.h"

enum { STREAM_TEXT_MAX = 256 };

struct stream {
	struct sip_framer framer;
	struct slice all;
	size_t used;
	bool ended;
	char text[STREAM_TEXT_MAX];
};

static inline void stream_note(struct stream *s, const char *word)
{
	size_t len = strlen(s->text);

	snprintf(s->text + len, sizeof(s->text) - len, "%s%s", len ? " " : "",
		 word);
}

static inline void stream_verdict(struct stream *s, const struct reject *row,
				  const struct sip_msg *m, bool closes)
{
	char word[16];

	if (!row || row->status == 0) {
		stream_note(s, row ? "drop" : "ok");
		return;
	}
	snprintf(word, sizeof(word), "%u%s", row->status,
		 closes              ? "!"
		 : sip_answerable(m) ? ""
				     : "?");
	stream_note(s, word);
	s->ended = s->ended || closes;
}

/* An accepted message is written and read again: the same message. */
static inline void assert_slice(struct slice a, struct slice b)
{
	assert_int_equal(a.len, b.len);
	if (a.len)
		assert_memory_equal(a.ptr, b.ptr, a.len);
}

static inline void assert_round_trip(struct arena *a, const struct sip_msg *m)
{
	struct buf first, second;
	struct sip_msg again;

	buf_init(&first, 0);
	buf_init(&second, 0);
	assert_int_equal(sip_encode(&first, m, NULL), 0);
	assert_null(
		sip_parse(a, buf_slice(&first), &sip_limits_default, &again));
	assert_int_equal(again.request, m->request);
	assert_int_equal(again.status, m->status);
	assert_int_equal(again.cseq, m->cseq);
	assert_int_equal(again.via_count, m->via_count);
	assert_int_equal(again.max_forwards, m->max_forwards);
	assert_int_equal(again.header_count, m->header_count);
	assert_slice(again.method_text, m->method_text);
	assert_slice(again.uri.text, m->uri.text);
	assert_slice(again.call_id, m->call_id);
	assert_slice(again.from_tag, m->from_tag);
	assert_slice(again.to_tag, m->to_tag);
	assert_slice(again.via.branch, m->via.branch);
	assert_slice(again.body, m->body);
	assert_int_equal(sip_encode(&second, &again, NULL), 0);
	assert_slice(buf_slice(&second), buf_slice(&first));
	buf_free(&first);
	buf_free(&second);
}

static inline void stream_message(struct stream *s, struct slice whole)
{
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m;
	assert_non_null(a);
	const struct reject *row = sip_parse(a, whole, &sip_limits_default, &m);

	if (!row)
		assert_round_trip(a, &m);
	stream_verdict(s, row, &m, row && row->closes);
	arena_free(a);
}

static inline void stream_refused(struct stream *s, struct slice head,
				  const struct reject *row)
{
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m = { .request = false };
	assert_non_null(a);
	if (head.len > 0)
		sip_parse(a, head, &sip_limits_default, &m);
	stream_verdict(s, row, &m, true);
	arena_free(a);
}

/* One call of the framer with exactly the bytes that are there. */
static inline bool stream_step(struct stream *s, size_t there)
{
	const struct reject *row = NULL;
	size_t len = 0;
	size_t left = there - s->used;
	uint8_t *copy = malloc(left ? left : 1);

	assert_non_null(copy);
	if (left)
		memcpy(copy, s->all.ptr + s->used, left);
	enum sip_frame_result r = sip_frame(&s->framer, slice_of(copy, left),
					    &sip_limits_default, &len, &row);
	assert_true(len <= left);
	switch (r) {
	case SIP_FRAME_MORE:
		break;
	case SIP_FRAME_MESSAGE:
		stream_message(s, slice_of(copy, len));
		break;
	case SIP_FRAME_PING:
		stream_note(s, "ping");
		break;
	case SIP_FRAME_SKIP:
		stream_note(s, "skip");
		break;
	case SIP_FRAME_REFUSED:
		stream_refused(s, slice_of(copy, len), row);
		break;
	case SIP_FRAME_NOT_SIP:
		stream_note(s, "close");
		s->ended = true;
		break;
	}
	free(copy);
	if (!s->ended)
		s->used += len;
	return r != SIP_FRAME_MORE && !s->ended && s->used < there;
}

/* The bytes arrive in pieces: up to `first`, then `step` at a time. */
static inline void stream_run(struct stream *s, struct slice all, size_t first,
			      size_t step)
{
	memset(s, 0, sizeof(*s));
	sip_framer_init(&s->framer);
	s->all = all;
	for (size_t there = first; !s->ended;) {
		while (stream_step(s, there))
			;
		if (there == all.len)
			break;
		there = all.len - there < step ? all.len : there + step;
	}
	if (!s->ended && s->used < all.len)
		stream_note(s, "more");
}

/* Whole, byte by byte, and cut at every offset: always the same. */
static inline void assert_stream(const char *name, struct slice all,
				 const char *want)
{
	struct stream s;

	for (size_t cut = 0; cut <= all.len; cut++) {
		stream_run(&s, all, cut ? cut : all.len, all.len);
		if (strcmp(s.text, want) != 0)
			fail_msg("%s cut at %zu: %s, not %s", name, cut, s.text,
				 want);
	}
	stream_run(&s, all, 1, 1);
	if (strcmp(s.text, want) != 0)
		fail_msg("%s byte by byte: %s, not %s", name, s.text, want);
}
