/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ChannelData (RFC 8656 12.4, 12.5): number, length, data. Pure.
 */
#pragma once

#include "base/slice.h"

enum {
	STUN_CHANNEL_HEADER_BYTES = 4,
	STUN_CHANNEL_MIN = 0x4000,
	STUN_CHANNEL_MAX = 0x4FFF,
	/* RFC 5766 had more; clients of its time draw from all of them. The
	 * codec reads these too, the engine decides which may be bound. */
	STUN_CHANNEL_WIDE_MAX = 0x7FFF,
};

/* One datagram: padding after the data is tolerated. 0 or -EBADMSG. */
int stun_channel_parse(struct slice datagram, uint16_t *number,
		       struct slice *data);
void stun_channel_head(uint8_t out[static STUN_CHANNEL_HEADER_BYTES],
		       uint16_t number, uint16_t len);
/* Zero bytes to add on a stream after len bytes of data: 0..3. */
size_t stun_channel_padding(size_t len);
