/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What MS-TURN has beside the common view (stun/stun.h): sequence numbers,
 * and the pseudo-TLS that a client may send first on TCP. Its attribute
 * table, its Magic Cookie in front of everything, its missing padding and its
 * HMAC over zero-padded input are the dialects `stun_ms` and
 * `stun_messenger`. Pure.
 *
 *	UDP	one message or one raw packet a datagram
 *	TCP	02 00 length: message; 03 00 length: raw data (stun/frame.h)
 */
#pragma once

#include "stun/write.h"

enum {
	MSTURN_COOKIE = 0x72C64BC6,
	MSTURN_VERSION = 2, /* what we tell: HMAC-SHA1, IPv4 */
	MSTURN_CONNECTION_BYTES = 20,
	MSTURN_WINDOW = 64, /* reordering that a sequence check accepts */
};

/* True when offset 20..27 holds the Magic Cookie attribute and the header's
 * length is this datagram's: nothing else is an MS-TURN message. */
bool msturn_is(struct slice datagram);

/* An Allocate in the Messenger way: a credential but neither realm, nonce nor
 * version. Where that is allowed the bytes are parsed again, as
 * stun_messenger; where it is not, the checks say 434. */
bool msturn_is_messenger(const struct stun_msg *m);

/*
 * The replay window of one allocation: the connection id that we gave, and
 * which numbers came. A value of 32 bytes; the owner zeroes it, draws the id.
 */
struct msturn_sequence {
	uint8_t connection[MSTURN_CONNECTION_BYTES];
	bool begun; /* any first number is accepted */
	uint32_t newest;
	uint64_t seen; /* bit n: newest - n came */
};

enum msturn_order {
	MSTURN_FRESH,  /* absent counts as fresh: libnice leaves it out */
	MSTURN_REPLAY, /* came already, or too old: drop */
	MSTURN_FOREIGN /* another connection id: drop */
};

/* Looks only; call msturn_sequence_note() once integrity was proven. */
enum msturn_order msturn_sequence_check(const struct msturn_sequence *s,
					const struct stun_msg *m);
void msturn_sequence_note(struct msturn_sequence *s, const struct stun_msg *m);
/* Our answer: connection id and number 0. */
void msturn_put_sequence(struct stun_writer *w,
			 const struct msturn_sequence *s);

/* Pseudo-TLS: a ClientHello of 50 bytes, answered by 83 bytes that have to
 * leave in one write. There is no TLS behind it, and no secrecy. */
enum { MSTURN_HELLO_BYTES = 50, MSTURN_HELLO_REPLY_BYTES = 83 };

/* Exactly the hello (its time and random are free). */
bool msturn_hello_is(struct slice first);
/* random: 64 bytes, 32 for the random and 32 for the session id; now_s: Unix
 * time. */
void msturn_hello_reply(uint8_t out[static MSTURN_HELLO_REPLY_BYTES],
			uint32_t now_s, const uint8_t random[static 64]);
