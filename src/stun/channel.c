/* SPDX-License-Identifier: Apache-2.0 */
/* ChannelData, RFC 8656 12.4. */
#include "stun/channel.h"

#include <errno.h>

#include "base/cursor.h"

int stun_channel_parse(struct slice datagram, uint16_t *number,
		       struct slice *data)
{
	struct cur c = cur_init(datagram);
	uint16_t n = cur_u16(&c);
	struct slice body = cur_bytes(&c, cur_u16(&c));
	if (cur_failed(&c) || n < STUN_CHANNEL_MIN || n > STUN_CHANNEL_WIDE_MAX)
		return -EBADMSG;
	*number = n;
	*data = body;
	return 0;
}

void stun_channel_head(uint8_t out[static STUN_CHANNEL_HEADER_BYTES],
		       uint16_t number, uint16_t len)
{
	out[0] = (uint8_t)(number >> 8);
	out[1] = (uint8_t)number;
	out[2] = (uint8_t)(len >> 8);
	out[3] = (uint8_t)len;
}

size_t stun_channel_padding(size_t len)
{
	return (4 - len % 4) % 4;
}
