/* SPDX-License-Identifier: Apache-2.0 */
/* A stream: frame, parse, encode, parse again; both views must agree, and
 * cutting the stream differently must change nothing. */
#include <stdint.h>
#include <stdlib.h>

#include "sip/edit.h"
#include "sip/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CUT_MAX = 1024, ROUNDS = 8 };

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* What we write may be a blank longer than what we read. */
static struct sip_limits wider(void)
{
	struct sip_limits l = sip_limits_default;

	l.header_line *= 2;
	l.header_block *= 2;
	return l;
}

static void reread(struct arena *a, struct slice text, bool accepted)
{
	struct sip_limits limits = wider();
	const struct reject *row;
	struct sip_framer f;
	struct sip_msg again;
	size_t len;

	sip_framer_init(&f);
	must(sip_frame(&f, text, &limits, &len, &row) == SIP_FRAME_MESSAGE);
	must(len == text.len);
	row = sip_parse(a, text, &limits, &again);
	must(!accepted || !row);
}

static void agree(struct arena *a, const struct sip_msg *m)
{
	struct sip_limits limits = wider();
	struct sip_msg again;
	struct buf one, two;

	buf_init(&one, 0);
	buf_init(&two, 0);
	must(sip_encode(&one, m, NULL) == 0);
	reread(a, buf_slice(&one), true);
	must(!sip_parse(a, buf_slice(&one), &limits, &again));
	must(again.request == m->request && again.status == m->status);
	must(again.method == m->method && again.cseq == m->cseq);
	must(again.header_count == m->header_count);
	must(again.via_count == m->via_count);
	must(again.max_forwards == m->max_forwards);
	must(slice_eq(again.uri.text, m->uri.text));
	must(slice_eq(again.call_id, m->call_id));
	must(slice_eq(again.from_tag, m->from_tag));
	must(slice_eq(again.to_tag, m->to_tag));
	must(slice_eq(again.via.branch, m->via.branch));
	must(slice_eq(again.from.uri.text, m->from.uri.text));
	must(slice_eq(again.body, m->body));
	must(sip_encode(&two, &again, NULL) == 0);
	must(slice_eq(buf_slice(&one), buf_slice(&two)));
	buf_free(&one);
	buf_free(&two);
}

static void edited(struct arena *a, const struct sip_msg *m)
{
	struct sip_edits e;
	struct buf out;

	buf_init(&out, 0);
	sip_edits_init(&e);
	sip_edit_drop_value(&e, SIP_H_ROUTE, 0);
	sip_edit_drop_named(&e, SLICE_LIT("p-asserted-identity"));
	sip_edit_drop(&e, SIP_H_MAX_FORWARDS);
	sip_edit_top(&e, SIP_H_VIA,
		     SLICE_LIT("SIP/2.0/TLS edge.example;branch=z9hG4bKx"));
	sip_edit_bottom(&e, SIP_H_MAX_FORWARDS, SLICE_LIT("69"));
	must(sip_encode(&out, m, &e) == 0);
	/* one Via more may be one too many */
	if (m->via_count < sip_limits_default.via)
		reread(a, buf_slice(&out), true);
	buf_free(&out);
}

static void reply(struct arena *a, const struct sip_msg *m, bool accepted)
{
	struct sip_reply r = { .status = 400, .to_tag = SLICE_LIT("t") };
	struct buf out;

	buf_init(&out, 0);
	must(sip_encode_reply(&out, m, &r) == 0);
	reread(a, buf_slice(&out), accepted);
	buf_free(&out);
}

static void message(struct slice whole)
{
	struct arena *a = arena_create(1 << 14, 1 << 24);
	struct sip_msg m;

	must(a);
	const struct reject *row = sip_parse(a, whole, &sip_limits_default, &m);
	if (!row) {
		agree(a, &m);
		edited(a, &m);
	}
	if (sip_answerable(&m))
		reply(a, &m, !row);
	arena_free(a);
}

static void same_in_pieces(struct slice all, enum sip_frame_result want,
			   size_t want_len)
{
	const struct reject *row;
	struct sip_framer f;
	size_t len = 0;
	enum sip_frame_result r = SIP_FRAME_MORE;

	sip_framer_init(&f);
	for (size_t n = 1; n <= all.len && r == SIP_FRAME_MORE; n++)
		r = sip_frame(&f, slice_head(all, n), &sip_limits_default, &len,
			      &row);
	if (want == SIP_FRAME_PING)
		must(r == SIP_FRAME_SKIP && len == 2);
	else
		must(r == want && len == want_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = slice_of(data, size);
	const struct reject *row;
	struct sip_framer f;

	for (int i = 0; i < ROUNDS && all.len > 0; i++) {
		size_t len;
		sip_framer_init(&f);
		enum sip_frame_result r =
			sip_frame(&f, all, &sip_limits_default, &len, &row);
		must(len <= all.len);
		if (all.len <= CUT_MAX)
			same_in_pieces(all, r, len);
		if (len > 0 && r != SIP_FRAME_SKIP && r != SIP_FRAME_PING)
			message(slice_head(all, len));
		if (r == SIP_FRAME_MORE || r == SIP_FRAME_REFUSED ||
		    r == SIP_FRAME_NOT_SIP)
			break;
		all = slice_from(all, len);
	}
	message(slice_of(data, size));
	return 0;
}
