/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting byte streams into messages. */
#include "stun/frame.h"

#include <errno.h>

#include "stun/channel.h"
#include "stun/stun_int.h"

/* `whole` bytes of the stream, of which the first `len` are the body. */
static int cut(struct frame *out, struct slice stream, enum frame_kind kind,
	       size_t len, size_t whole)
{
	out->kind = stream.len < whole ? FRAME_MORE : kind;
	out->consumed = whole;
	out->body = slice_head(stream, len);
	return 0;
}

static int more(struct frame *out, struct slice stream, size_t needed)
{
	return cut(out, stream, FRAME_MORE, 0, needed);
}

int frame_next_rfc(struct frame *out, struct slice stream, size_t max)
{
	bool channel = stream.len && stream.ptr[0] >> 6 == 1;
	if (stream.len && (stream.ptr[0] > STUN_CHANNEL_WIDE_MAX >> 8 ||
			   (!channel && stream.ptr[0] > STUN_TYPES >> 8)))
		return -EBADMSG;
	if (stream.len < 4)
		return more(out, stream, 4);
	size_t len = stun_get16(stream.ptr + 2);
	size_t whole = 4 + stun_aligned(len);
	if (channel && whole > max)
		return -EBADMSG;
	if (channel)
		return cut(out, stream, FRAME_CHANNEL, 4 + len, whole);
	whole = STUN_HEADER_BYTES + len;
	if (len % STUN_ALIGN || whole > max)
		return -EBADMSG;
	if (stream.len >= 8 && stun_get32(stream.ptr + 4) != STUN_COOKIE)
		return -EBADMSG;
	return cut(out, stream, FRAME_STUN, whole, whole);
}

int frame_next_ms(struct frame *out, struct slice stream, size_t max)
{
	enum { CONTROL = 2, DATA = 3 };
	if (stream.len && stream.ptr[0] != CONTROL && stream.ptr[0] != DATA)
		return -EBADMSG;
	if (stream.len > 1 && stream.ptr[1])
		return -EBADMSG;
	if (stream.len < FRAME_MS_HEADER_BYTES)
		return more(out, stream, FRAME_MS_HEADER_BYTES);
	size_t len = stun_get16(stream.ptr + 2);
	size_t whole = FRAME_MS_HEADER_BYTES + len;
	if (whole > max)
		return -EBADMSG;
	cut(out, stream, stream.ptr[0] == CONTROL ? FRAME_CONTROL : FRAME_DATA,
	    whole, whole);
	out->body = slice_from(out->body, FRAME_MS_HEADER_BYTES);
	return 0;
}

void frame_ms_head(uint8_t out[static FRAME_MS_HEADER_BYTES], bool control,
		   uint16_t len)
{
	out[0] = control ? 2 : 3;
	out[1] = 0;
	stun_set16(out + 2, len);
}

size_t frame_rtp_whole(struct slice stream)
{
	if (stream.len < FRAME_RTP_HEADER_BYTES)
		return 0;
	size_t whole = FRAME_RTP_HEADER_BYTES + stun_get16(stream.ptr);
	return stream.len < whole ? 0 : whole;
}
