/* SPDX-License-Identifier: Apache-2.0 */
/* MS-TURN beside the common view: recognition, sequence numbers, hello. */
#include "stun/msturn.h"

#include "stun/stun_int.h"

enum { SEQUENCE_BYTES = MSTURN_CONNECTION_BYTES + 4 };

bool msturn_is(struct slice datagram)
{
	static const uint8_t cookie[] = {
		0, 0x0F, 0, 4, 0x72, 0xC6, 0x4B, 0xC6
	};
	const uint8_t *p = datagram.ptr;
	return datagram.len >= STUN_HEADER_BYTES + sizeof(cookie) &&
	       p[0] < 0x40 &&
	       stun_get16(p + 2) == datagram.len - STUN_HEADER_BYTES &&
	       !memcmp(p + STUN_HEADER_BYTES, cookie, sizeof(cookie));
}

bool msturn_is_messenger(const struct stun_msg *m)
{
	return m->method == STUN_ALLOCATE && m->cls == STUN_REQUEST &&
	       stun_has(m, STUN_F_USERNAME) && stun_has(m, STUN_F_INTEGRITY) &&
	       !stun_has(m, STUN_F_REALM) && !stun_has(m, STUN_F_NONCE) &&
	       !stun_has(m, STUN_F_MS_VERSION);
}

enum msturn_order msturn_sequence_check(const struct msturn_sequence *s,
					const struct stun_msg *m)
{
	struct slice v = stun_value(m, STUN_F_MS_SEQUENCE);
	if (v.len != SEQUENCE_BYTES)
		return MSTURN_FRESH;
	if (memcmp(v.ptr, s->connection, sizeof(s->connection)) != 0)
		return MSTURN_FOREIGN;
	uint32_t number = stun_get32(v.ptr + MSTURN_CONNECTION_BYTES);
	if (!s->begun || number > s->newest)
		return MSTURN_FRESH;
	uint32_t age = s->newest - number;
	return age < MSTURN_WINDOW && !(s->seen >> age & 1) ? MSTURN_FRESH
							    : MSTURN_REPLAY;
}

void msturn_sequence_note(struct msturn_sequence *s, const struct stun_msg *m)
{
	struct slice v = stun_value(m, STUN_F_MS_SEQUENCE);
	if (v.len != SEQUENCE_BYTES)
		return;
	uint32_t number = stun_get32(v.ptr + MSTURN_CONNECTION_BYTES);
	if (!s->begun || number > s->newest) {
		uint32_t step = s->begun ? number - s->newest : MSTURN_WINDOW;
		s->seen = step < MSTURN_WINDOW ? s->seen << step : 0;
		s->newest = number;
		s->begun = true;
	}
	uint32_t age = s->newest - number;
	if (age < MSTURN_WINDOW)
		s->seen |= UINT64_C(1) << age;
}

void msturn_put_sequence(struct stun_writer *w, const struct msturn_sequence *s)
{
	uint8_t value[SEQUENCE_BYTES] = { 0 };
	memcpy(value, s->connection, sizeof(s->connection));
	stun_put(w, STUN_F_MS_SEQUENCE, slice_of(value, sizeof(value)));
}

/*
 * TLS 1.0 records that are always the same but for time, random and session:
 *
 *	0	16 0301 length		record: handshake
 *	5	01 or 02, length 24	ClientHello or ServerHello
 *	9	0301 time random	11..42 are free
 *	43	session id, cipher 0018, no compression
 */
enum { FREE_AT = 11, FREE_BYTES = 32, SESSION_AT = 44 };

bool msturn_hello_is(struct slice first)
{
	static const uint8_t head[] = {
		0x16, 3, 1, 0, 0x2D, 1, 0, 0, 0x29, 3, 1
	};
	/* no session, one cipher, one compression: none */
	static const uint8_t tail[] = { 0, 0, 2, 0, 0x18, 1, 0 };
	return first.len == MSTURN_HELLO_BYTES &&
	       !memcmp(first.ptr, head, sizeof(head)) &&
	       !memcmp(first.ptr + FREE_AT + FREE_BYTES, tail, sizeof(tail));
}

void msturn_hello_reply(uint8_t out[static MSTURN_HELLO_REPLY_BYTES],
			uint32_t now_s, const uint8_t random[static 64])
{
	static const uint8_t head[] = {
		0x16, 3, 1, 0, 0x4E, 2, 0, 0, 0x46, 3, 1
	};
	/* cipher, no compression; then ServerHelloDone */
	static const uint8_t tail[] = { 0, 0x18, 0, 0x0E, 0, 0, 0 };
	memcpy(out, head, sizeof(head));
	memcpy(out + FREE_AT, random, FREE_BYTES);
	stun_set32(out + FREE_AT, now_s);
	out[SESSION_AT - 1] = FREE_BYTES;
	memcpy(out + SESSION_AT, random + FREE_BYTES, FREE_BYTES);
	memcpy(out + SESSION_AT + FREE_BYTES, tail, sizeof(tail));
}
