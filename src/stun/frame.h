/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cutting byte streams: STUN and ChannelData on TCP and TLS (RFC 8656 3.1,
 * 12.5), the 4-byte frames of MS-TURN on TCP, and RFC 4571 packets. The
 * caller keeps the bytes, asks for the next frame at the front, and consumes
 * what it was told. Pure.
 */
#pragma once

#include "base/slice.h"

enum frame_kind {
	FRAME_MORE,    /* not whole yet; `consumed` bytes are needed at least */
	FRAME_STUN,    /* a message of stun_rfc */
	FRAME_CHANNEL, /* ChannelData, with head, without padding */
	FRAME_CONTROL, /* MS-TURN 0x02: a message of stun_ms */
	FRAME_DATA,    /* MS-TURN 0x03: raw bytes for the active destination */
};

struct frame {
	enum frame_kind kind;
	size_t consumed;   /* bytes of the stream, padding included */
	struct slice body; /* what the kind says; borrowed */
};

enum {
	FRAME_MS_HEADER_BYTES = 4,
	FRAME_MS_MAX = FRAME_MS_HEADER_BYTES + 65535,
	FRAME_RTP_HEADER_BYTES = 2,
	/* The longest frame of any kind: a receive buffer holds it. */
	FRAME_MAX = 65535 + 20 + 3,
};

/* 0, or -EBADMSG: no frame begins so; close (TURN-10). The length is refused
 * as soon as its bytes are there. max: bytes of a frame that the caller takes,
 * with head and padding. */
int frame_next_rfc(struct frame *out, struct slice stream, size_t max);
int frame_next_ms(struct frame *out, struct slice stream, size_t max);

/* control: 0x02, else 0x03. len <= 65535. */
void frame_ms_head(uint8_t out[static FRAME_MS_HEADER_BYTES], bool control,
		   uint16_t len);

/* RFC 4571: bytes of the packet at the front with its two-byte head, or 0 when
 * it is not whole yet. The relay cuts here what it sends towards an MS-TURN
 * client: one packet a frame. */
size_t frame_rtp_whole(struct slice stream);
