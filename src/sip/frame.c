/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting messages out of a stream. Bytes are searched once: the framer keeps
 * its place. A stream that cannot be SIP is given up at its first impossible
 * byte, so that nothing is collected for strangers (SIP-11).
 */
#include "sip/frame.h"

#include "sip/line.h"
#include "sip/reject.h"
#include "sip/scan.h"

void sip_framer_init(struct sip_framer *f)
{
	memset(f, 0, sizeof(*f));
}

/* CR LF in front of a message: keep-alives (RFC 5626 4.4.1). One alone is a
 * pong or half a ping; the second in a row makes the ping. */
static enum sip_frame_result frame_crlf(struct sip_framer *f, struct slice data,
					size_t *len)
{
	if (data.len < 2)
		return SIP_FRAME_MORE;
	if (data.ptr[1] != '\n')
		return SIP_FRAME_NOT_SIP;
	*len = 2;
	if (f->crlf) {
		f->crlf = false;
		return SIP_FRAME_PING;
	}
	if (slice_starts(data, SLICE_LIT("\r\n\r\n"))) {
		*len = 4;
		return SIP_FRAME_PING;
	}
	f->crlf = true;
	return SIP_FRAME_SKIP;
}

/* The first word is a method, or "SIP" of a status line. */
static bool first_word(struct sip_framer *f, struct slice data)
{
	struct cur c = cur_init(slice_from(data, f->seen));

	scan_run(&c, SCAN_TOKEN);
	f->seen = data.len - cur_left(&c);
	if (cur_left(&c) == 0)
		return true;
	f->start = SIP_START_SECOND;
	if (cur_peek(&c) == '/')
		return slice_ieq(slice_head(data, f->seen), SLICE_LIT("SIP"));
	return f->seen > 0 && cur_peek(&c) == ' ';
}

/* What follows the method is no path: that would be HTTP. */
static bool second_word(struct sip_framer *f, struct slice data)
{
	struct slice next = slice_from(data, f->seen);

	if (next.len < 2)
		return true;
	f->start = SIP_START_REST;
	return next.ptr[0] == '/' || (next.ptr[1] != '/' && next.ptr[1] != '*');
}

/* The finished start line names SIP at one of its ends. */
static bool names_sip(struct slice line)
{
	ptrdiff_t at;

	if (slice_ends(line, SLICE_LIT(" SIP/2.0"))) /* nearly always */
		return true;
	if (slice_ieq(slice_head(line, 4), SLICE_LIT("SIP/")))
		return true;
	while ((at = slice_chr(line, ' ')) >= 0) {
		line = slice_from(line, (size_t)at + 1);
		if (slice_ieq(slice_head(line, 4), SLICE_LIT("SIP/")))
			return true;
	}
	return false;
}

static bool start_possible(struct sip_framer *f, struct slice data)
{
	if (f->start == SIP_START_FIRST && !first_word(f, data))
		return false; /* f->seen stays behind the word */
	return f->start != SIP_START_SECOND || second_word(f, data);
}

enum head_state { HEAD_MORE, HEAD_FOUND, HEAD_BARE_LF, HEAD_NOT_SIP };

/* Where the next LF is, or the end. */
static inline size_t find_lf(struct slice data, size_t from)
{
	for (; data.len - from >= BLOCK; from += BLOCK) {
		unsigned lf = block_eq(data.ptr + from, '\n');
		if (lf)
			return from + block_first(lf);
	}
	while (from < data.len && data.ptr[from] != '\n')
		from++;
	return from;
}

/* Goes on line by line to the empty one. */
static enum head_state find_head(struct sip_framer *f, struct slice data,
				 const struct sip_limits *limits)
{
	while (f->start >= SIP_START_REST && f->seen < data.len) {
		size_t at = find_lf(data, f->seen);
		if (at == data.len) {
			f->seen = at;
			break;
		}
		if (at == 0 || data.ptr[at - 1] != '\r')
			return HEAD_BARE_LF;
		if (f->start == SIP_START_REST &&
		    (at >= limits->header_line ||
		     !names_sip(slice_head(data, at - 1))))
			return HEAD_NOT_SIP;
		if (f->start == SIP_START_DONE && f->length == 0 &&
		    sip_line_maybe_length(slice_from(data, f->line)))
			f->length = f->line;
		f->start = SIP_START_DONE;
		bool empty = at == f->line + 1;
		f->seen = at + 1;
		f->line = f->seen;
		if (empty) {
			f->head = f->seen;
			return HEAD_FOUND;
		}
	}
	return HEAD_MORE;
}

static enum sip_frame_result refuse(const struct reject *row,
				    const struct reject **reject)
{
	*reject = row;
	return SIP_FRAME_REFUSED;
}

static enum sip_frame_result frame_head(struct sip_framer *f, struct slice data,
					const struct sip_limits *limits,
					const struct reject **reject)
{
	if (!start_possible(f, data))
		return SIP_FRAME_NOT_SIP;
	switch (find_head(f, data, limits)) {
	case HEAD_BARE_LF:
		return refuse(&sip_reject_framing, reject);
	case HEAD_NOT_SIP:
		return SIP_FRAME_NOT_SIP;
	case HEAD_MORE:
		if (f->start != SIP_START_DONE &&
		    data.len >= limits->header_line)
			return SIP_FRAME_NOT_SIP;
		if (data.len > limits->header_block)
			return refuse(&sip_reject_head_too_large, reject);
		return SIP_FRAME_MORE;
	case HEAD_FOUND:
		break;
	}
	if (f->head > limits->header_block)
		return refuse(&sip_reject_head_too_large, reject);
	return SIP_FRAME_MESSAGE;
}

static struct sip_length head_length(const struct sip_framer *f,
				     struct slice data)
{
	struct slice head = slice_head(data, f->head);

	if (f->length == 0)
		return (struct sip_length){ .good = false };
	return sip_line_length(slice_from(head, f->length));
}

/* The head is whole: where does the message end? */
static const struct reject *frame_body(struct sip_framer *f, struct slice data,
				       const struct sip_limits *limits)
{
	struct sip_length length = head_length(f, data);

	if (!length.good)
		return &sip_reject_content_length;
	if (length.bytes > limits->body)
		return &sip_reject_body_unread;
	f->body = length.bytes;
	return NULL;
}

enum sip_frame_result sip_frame(struct sip_framer *f, struct slice data,
				const struct sip_limits *limits, size_t *len,
				const struct reject **reject)
{
	*len = 0;
	*reject = NULL;
	if (data.len == 0)
		return SIP_FRAME_MORE;
	if (f->head == 0) {
		if (f->seen == 0 && data.ptr[0] == '\r')
			return frame_crlf(f, data, len);
		enum sip_frame_result r = frame_head(f, data, limits, reject);
		*len = f->head;
		if (r != SIP_FRAME_MESSAGE)
			return r;
		*reject = frame_body(f, data, limits);
		if (*reject)
			return SIP_FRAME_REFUSED;
	}
	*len = f->head + f->body;
	if (data.len < *len) {
		*len = 0;
		return SIP_FRAME_MORE;
	}
	sip_framer_init(f);
	return SIP_FRAME_MESSAGE;
}

/* The end is known: what is not whole never will be. */
static const struct reject *frame_whole_body(const struct sip_framer *f,
					     struct slice data,
					     const struct sip_limits *limits)
{
	struct sip_length length = head_length(f, data);
	size_t body = data.len - f->head;

	if (length.found && (!length.good || length.bytes != body))
		return &sip_reject_content_length;
	return body > limits->body ? &sip_reject_body_too_large : NULL;
}

enum sip_frame_result sip_frame_whole(struct slice data,
				      const struct sip_limits *limits,
				      size_t *len, const struct reject **reject)
{
	struct sip_framer f;

	sip_framer_init(&f);
	*len = data.len;
	*reject = NULL;
	if (data.len == 0 || slice_eq(data, SLICE_LIT("\r\n")))
		return SIP_FRAME_SKIP;
	if (slice_eq(data, SLICE_LIT("\r\n\r\n")))
		return SIP_FRAME_PING;
	enum sip_frame_result r = frame_head(&f, data, limits, reject);
	*len = f.head;
	if (r == SIP_FRAME_MORE)
		return refuse(&sip_reject_framing, reject);
	if (r != SIP_FRAME_MESSAGE)
		return r;
	*reject = frame_whole_body(&f, data, limits);
	if (*reject)
		return SIP_FRAME_REFUSED;
	*len = data.len;
	return SIP_FRAME_MESSAGE;
}
