/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing messages of any dialect into the caller's buffer. Appends in order;
 * the first failure sticks; nothing is allocated. RFC padding is zero, MS-TURN
 * has none. Pure.
 */
#pragma once

#include "base/hasher.h"
#include "stun/stun.h"

struct stun_writer {
	const struct stun_dialect *dialect;
	struct hasher *hasher; /* for integrity; may be NULL without */
	uint8_t *ptr;
	size_t size, len;
	enum stun_method method;
	bool failed;
};

void stun_writer_init(struct stun_writer *w, struct hasher *h, uint8_t *out,
		      size_t size);
/* The header and what the dialect wants first (MS: Magic Cookie). id: for
 * stun_rfc the cookie's four bytes are written for you. */
void stun_begin(struct stun_writer *w, const struct stun_dialect *d,
		enum stun_method method, enum stun_class cls,
		const uint8_t id[static STUN_ID_BYTES]);
/* Same dialect, method and id as the request. */
void stun_begin_reply(struct stun_writer *w, const struct stun_msg *request,
		      enum stun_class cls);
/* A field that the dialect does not have is left out, no failure: an engine
 * says what it knows, the table what is told. */
void stun_put(struct stun_writer *w, enum stun_field f, struct slice value);
void stun_put_u8(struct stun_writer *w, enum stun_field f, uint8_t v);
void stun_put_u16(struct stun_writer *w, enum stun_field f, uint16_t v);
void stun_put_u32(struct stun_writer *w, enum stun_field f, uint32_t v);
void stun_put_addr(struct stun_writer *w, enum stun_field f,
		   const struct addr *a);
/* The head of a field and room for its value, which the caller fills (or has
 * there already: the bytes are not touched); NULL when failed. */
uint8_t *stun_put_room(struct stun_writer *w, enum stun_field f, size_t len);
/* code 300..699; no reason phrase for strangers (TURN-04). */
void stun_put_error(struct stun_writer *w, int code, struct slice reason);
/* UNKNOWN-ATTRIBUTES from the request. */
void stun_put_unknown(struct stun_writer *w, const struct stun_msg *request);
/* PASSWORD-ALGORITHMS: SHA-256, then MD5. */
void stun_put_algorithms(struct stun_writer *w);
/* The integrity field with_sha256 names, over what stands before. */
void stun_put_integrity(struct stun_writer *w, struct slice key,
			bool with_sha256);
void stun_put_fingerprint(struct stun_writer *w); /* last */
/* The whole message, or the empty slice when anything failed. */
struct slice stun_end(struct stun_writer *w);

/* Bytes in front of the value of a Data indication whose only other field is
 * PEER of this family: where to receive so that nothing is copied. */
size_t stun_data_room(const struct stun_dialect *d, sa_family_t family);
