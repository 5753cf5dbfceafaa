/* SPDX-License-Identifier: Apache-2.0 */
/* Which protocol the first bytes speak. */
#include "stun/demux.h"

#include "base/cursor.h"
#include "stun/msturn.h"
#include "stun/stun_int.h"

static bool is_raw(struct slice in, enum demux_owner owner)
{
	(void)in;
	return owner == DEMUX_MS_ACTIVE;
}

static bool is_ms(struct slice in, enum demux_owner owner)
{
	(void)owner;
	return msturn_is(in);
}

static bool is_channel(struct slice in, enum demux_owner owner)
{
	return owner == DEMUX_RFC && in.len >= 4 && in.ptr[0] >> 6 == 1;
}

static bool is_rfc(struct slice in, enum demux_owner owner)
{
	(void)owner;
	return in.len >= STUN_HEADER_BYTES && in.len % STUN_ALIGN == 0 &&
	       in.ptr[0] < 4 && stun_get32(in.ptr + 4) == STUN_COOKIE;
}

/* RFC 3489 11.1: a request without cookie. Its attributes fill the length. */
static bool is_classic(struct slice in, enum demux_owner owner)
{
	(void)owner;
	return in.len >= STUN_HEADER_BYTES && stun_get16(in.ptr) == 1 &&
	       stun_get16(in.ptr + 2) == in.len - STUN_HEADER_BYTES;
}

/* RFC 7983 7: content types 20..63, here with a version of DTLS. */
static bool is_dtls(struct slice in, enum demux_owner owner)
{
	(void)owner;
	return in.len >= 13 && in.ptr[0] >= 20 && in.ptr[0] < 64 &&
	       in.ptr[1] == 0xFE;
}

static bool is_multiplexed(struct slice in, enum demux_owner owner)
{
	(void)owner;
	return in.len >= 2 && stun_get16(in.ptr) == 0xFF10;
}

/* The first row that says yes decides. An active destination owns whatever is
 * not MS-TURN: ICE checks of the peers among it. */
static const struct {
	bool (*is)(struct slice in, enum demux_owner owner);
	enum demux_datagram what;
} datagram_order[] = {
	{ is_ms, DATAGRAM_MS },
	{ is_raw, DATAGRAM_RAW },
	{ is_channel, DATAGRAM_CHANNEL },
	{ is_rfc, DATAGRAM_RFC },
	{ is_classic, DATAGRAM_CLASSIC },
	{ is_dtls, DATAGRAM_DTLS },
	{ is_multiplexed, DATAGRAM_MULTIPLEXED },
};

enum demux_datagram demux_datagram(struct slice datagram,
				   enum demux_owner owner)
{
	size_t count = sizeof(datagram_order) / sizeof(datagram_order[0]);
	for (size_t i = 0; i < count; i++) {
		if (datagram_order[i].is(datagram, owner))
			return datagram_order[i].what;
	}
	return DATAGRAM_DROP;
}

/* A start of a stream: bytes under the mask, as many as there are. */
struct start {
	enum demux_stream what;
	uint8_t len;
	uint8_t bytes[9];
	uint8_t mask[9];
};

/* The pseudo-TLS hello begins like TLS 1.0 with this length and this hello;
 * what follows decides whether it is one. */
static const struct start starts[] = {
	{ STREAM_HELLO,
	  9,
	  { 0x16, 3, 1, 0, 0x2D, 1, 0, 0, 0x29 },
	  { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } },
	{ STREAM_TLS, 2, { 0x16, 3 }, { 0xFF, 0xFF } },
	{ STREAM_MS, 2, { 2, 0 }, { 0xFE, 0xFF } },
	{ STREAM_RFC,
	  8,
	  { 0, 0, 0, 0, 0x21, 0x12, 0xA4, 0x42 },
	  { 0xFE, 0, 0, 3, 0xFF, 0xFF, 0xFF, 0xFF } },
};

/* Bytes that agree: all of `first`, or all of the row. */
static bool agrees(const struct start *s, struct slice first)
{
	for (size_t i = 0; i < s->len && i < first.len; i++) {
		if ((first.ptr[i] & s->mask[i]) != s->bytes[i])
			return false;
	}
	return true;
}

enum demux_stream demux_stream(struct slice first)
{
	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		const struct start *s = &starts[i];
		if (!agrees(s, first))
			continue;
		if (first.len < s->len)
			return STREAM_MORE;
		if (s->what != STREAM_HELLO)
			return s->what;
		if (first.len < MSTURN_HELLO_BYTES)
			return STREAM_MORE;
		if (msturn_hello_is(slice_head(first, MSTURN_HELLO_BYTES)))
			return STREAM_HELLO;
	}
	return STREAM_CLOSE;
}

/* RFC 7301 3.1: a list of names, each with its length. */
static bool alpn_has(struct cur ext, struct slice name)
{
	struct cur list = cur_sub(&ext, cur_u16(&ext));
	while (cur_left(&list) && !cur_failed(&list)) {
		if (slice_eq(cur_bytes(&list, cur_u8(&list)), name))
			return !cur_failed(&list);
	}
	return false;
}

bool demux_alpn(struct slice first, struct slice name)
{
	enum { HANDSHAKE = 22, CLIENT_HELLO = 1, ALPN = 16 };
	struct cur record = cur_init(first);
	bool hello = cur_u8(&record) == HANDSHAKE;
	(void)cur_u16(&record);
	struct cur c = cur_sub(&record, cur_u16(&record));
	hello = cur_u8(&c) == CLIENT_HELLO && hello;
	size_t high = cur_u8(&c);
	struct cur body = cur_sub(&c, high << 16 | cur_u16(&c));
	(void)cur_bytes(&body, 2 + 32);
	(void)cur_bytes(&body, cur_u8(&body));
	(void)cur_bytes(&body, cur_u16(&body));
	(void)cur_bytes(&body, cur_u8(&body));
	struct cur all = cur_sub(&body, cur_u16(&body));
	while (hello && cur_left(&all) && !cur_failed(&all)) {
		uint16_t type = cur_u16(&all);
		struct cur ext = cur_sub(&all, cur_u16(&all));
		if (type == ALPN && !cur_failed(&all))
			return alpn_has(ext, name);
	}
	return false;
}
