/* SPDX-License-Identifier: Apache-2.0 */
/*
 * STUN and TURN messages: a view of slices over the received bytes, without a
 * copy or an allocation. Writing is stun/write.h, integrity stun/key.h,
 * ChannelData stun/channel.h. Pure.
 *
 * Fields have meanings, not wire numbers: a dialect is a table that maps the
 * one to the other and says where a field may occur, how long it is and how
 * addresses are written. So one engine serves all dialects:
 *
 *	stun_rfc	RFC 8489, 8656, 6062, 8016, 5780
 *	stun_classic	RFC 3489 Binding (no cookie, plain addresses)
 *	stun_ms		MS-TURN (stun/msturn.h)
 *	stun_messenger	the older Messenger form of MS-TURN
 *
 * Rules (RFC 8489 6.3, 14; TURN-02, TURN-03): the first of equal attributes
 * counts; what follows the integrity attribute is ignored, but for
 * MESSAGE-INTEGRITY-SHA256 and FINGERPRINT; known attributes in a message
 * where they mean nothing are ignored.
 */
#pragma once

#include "base/addr.h"
#include "stun/field.h"

enum {
	STUN_HEADER_BYTES = 20,
	STUN_ID_BYTES = 16, /* for stun_rfc the first four are the cookie */
	STUN_COOKIE = 0x2112A442,
	STUN_MESSAGE_MAX = 65535 + STUN_HEADER_BYTES,
	STUN_UNKNOWN_MAX = 8, /* more are not listed in a 420 */
	STUN_USERNAME_MAX = 508,
	STUN_REALM_MAX = 763,
	STUN_NONCE_MAX = 763,
};

struct stun_dialect;
extern const struct stun_dialect stun_rfc;
extern const struct stun_dialect stun_classic;
extern const struct stun_dialect stun_ms;
extern const struct stun_dialect stun_messenger;

/* A value; its slices live as long as the bytes it was read from. Fill it
 * with stun_parse() only and read it with the functions below. */
struct stun_msg {
	const struct stun_dialect *dialect;
	struct slice raw; /* the message, exactly */
	enum stun_method method;
	enum stun_class cls;
	uint8_t id[STUN_ID_BYTES]; /* to echo */
	uint64_t has;              /* bit of each field */
	struct {
		uint32_t at; /* of the value, in raw */
		uint16_t len;
	} field[STUN_F_COUNT];
	uint32_t end;          /* where the attributes that count end, in raw */
	bool padded;           /* attributes stand at multiples of four */
	uint8_t unknown_count; /* comprehension-required: answer 420 */
	uint16_t unknown[STUN_UNKNOWN_MAX];
	uint16_t bad; /* wire type of the field that gave -EINVAL */
};

/*
 * Exactly one message. 0; -EBADMSG: not a message of that dialect, or its
 * frame is broken, or its FINGERPRINT is wrong: drop it; -EINVAL: the frame
 * is right but a field's length is impossible (`bad`): a request gets 400.
 * Unknown comprehension-required fields are no failure: see unknown_count.
 * Safe for every content and alignment.
 */
int stun_parse(struct stun_msg *m, const struct stun_dialect *d,
	       struct slice raw);

bool stun_has(const struct stun_msg *m, enum stun_field f);
/* The value, or the empty slice. */
struct slice stun_value(const struct stun_msg *m, enum stun_field f);
/* Numbers as the enum says; 0 when absent. */
uint8_t stun_u8(const struct stun_msg *m, enum stun_field f);
uint16_t stun_u16(const struct stun_msg *m, enum stun_field f);
uint32_t stun_u32(const struct stun_msg *m, enum stun_field f);
/* 0; -ENOENT absent; -EAFNOSUPPORT family is neither IPv4 nor IPv6;
 * -EINVAL length and family disagree. XOR is undone. */
int stun_addr(const struct stun_msg *m, enum stun_field f, struct addr *out);
/* Every occurrence of an address field, for CreatePermission: start with
 * *at = 0; 0 gives one, -ENOENT ends, else as stun_addr(). */
int stun_addr_next(const struct stun_msg *m, enum stun_field f, uint32_t *at,
		   struct addr *out);
/* The code of an ERROR-CODE, 300..699, or 0. */
int stun_error_code(const struct stun_msg *m);
