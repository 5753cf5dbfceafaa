/* SPDX-License-Identifier: Apache-2.0 */
/* Streams cut anywhere give the same frames; every frame makes progress. The
 * first byte of the input says where the cut is, the rest is the stream. */
#include <stdint.h>
#include <stdlib.h>

#include "stun/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int next_fn(struct frame *out, struct slice stream, size_t max);

static void must(bool ok)
{
	if (!ok)
		abort();
}

/* Frames until more is needed or the stream is bad; the bytes consumed. */
static size_t run(next_fn *next, struct slice in, int *err)
{
	size_t at = 0;
	struct frame f;
	for (;;) {
		struct slice left = slice_from(in, at);
		*err = next(&f, left, FRAME_MAX);
		if (*err || f.kind == FRAME_MORE)
			break;
		must(f.consumed > 0 && f.consumed <= left.len);
		must(f.body.len <= f.consumed);
		must(!f.body.len ||
		     (f.body.ptr >= left.ptr &&
		      f.body.ptr + f.body.len <= left.ptr + f.consumed));
		at += f.consumed;
	}
	must(*err || f.consumed > in.len - at);
	return at;
}

static void both(next_fn *next, struct slice in, size_t cut)
{
	int whole_err, part_err;
	size_t whole = run(next, in, &whole_err);
	size_t part = run(next, slice_head(in, cut), &part_err);
	must(part <= whole);
	/* what is refused early is refused in the end, too */
	must(!part_err || (whole_err == part_err && whole == part));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	struct slice in = slice_of(data + 1, size - 1);
	both(frame_next_rfc, in, data[0]);
	both(frame_next_ms, in, data[0]);
	must(frame_rtp_whole(in) <= in.len);
	return 0;
}
