/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dialect, as the parser and the writer see it: rows of a table and a few
 * properties. Nobody outside asks which dialect it is.
 */
#pragma once

#include "stun/key.h"
#include "stun/write.h"

enum stun_kind { STUN_BYTES, STUN_ADDRESS, STUN_XOR_ADDRESS };

/* One attribute: where it may occur and how long its value may be. */
struct stun_row {
	uint16_t type; /* wire */
	uint16_t min, max;
	uint16_t methods; /* bit of each enum stun_method */
	uint8_t classes;  /* bit of each enum stun_class */
	uint8_t field;
	uint8_t kind;
};

enum {
	STUN_TYPES = 0x180,    /* wire numbers of messages, from 0 */
	STUN_REQUIRED = 0x40,  /* of attributes, from 0 */
	STUN_OPTIONAL = 0x100, /* from 0x8000 */
	STUN_ALIGN = 4,
	STUN_NUMBERS = STUN_METHOD_COUNT << 2,
};

/* Message numbers: method and class in one byte, 0 is nothing. */
#define STUN_CODE(method, cls) (uint8_t)(0x80 | (method) << 2 | (cls))
/* Where the wire number of a method and class stands. */
#define STUN_NUMBER(method, cls) ((method) << 2 | (cls))

struct stun_dialect {
	const uint8_t *types;    /* STUN_TYPES of STUN_CODE */
	const uint16_t *numbers; /* wire, by STUN_NUMBER */
	const uint8_t *required; /* row number + 1, by type */
	const uint8_t *optional; /* the same from 0x8000 */
	const uint8_t *fields;   /* the same by field */
	const struct stun_row *rows;
	size_t row_count;
	uint32_t cookie;     /* at offset 4, 0: none (RFC 8489 5) */
	uint32_t first;      /* value of an attribute that comes first */
	uint16_t first_type; /* and its number; 0: none */
	bool aligned;        /* written with padding to STUN_ALIGN */
	bool either;         /* read without padding, or else with it */
	bool plain_key;      /* the password is the key */
	bool strips;         /* quotes and NULs do not count in keys */
	bool sha256;         /* has the second algorithm */
	uint8_t mac_block;   /* HMAC input is zero-padded to this; 0: not */
};

const struct stun_row *stun_row_of_type(const struct stun_dialect *d,
					uint16_t type);
const struct stun_row *stun_row_of_field(const struct stun_dialect *d,
					 enum stun_field f,
					 enum stun_method method);
bool stun_row_fits(const struct stun_row *row, enum stun_method method,
		   enum stun_class cls);

/* PASSWORD-ALGORITHMS, as we always say it. */
struct slice stun_algorithms(void);

/* RFC 8489 14.7: CRC-32 of the message with the length as it will be, XORed. */
uint32_t stun_crc32(struct slice in);
enum { STUN_FINGERPRINT_XOR = 0x5354554E };

/*
 * The HMAC of a message up to `at`, where the integrity attribute begins: as
 * if the message ended with that attribute of len bytes.
 */
struct stun_maced {
	const struct stun_dialect *dialect;
	struct slice raw;
	size_t at, len;
};
int stun_mac(struct hasher *h, const struct stun_maced *m, struct slice key,
	     uint8_t *out);

static inline uint16_t stun_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t stun_get32(const uint8_t *p)
{
	return (uint32_t)stun_get16(p) << 16 | stun_get16(p + 2);
}

static inline void stun_set16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void stun_set32(uint8_t *p, uint32_t v)
{
	stun_set16(p, (uint16_t)(v >> 16));
	stun_set16(p + 2, (uint16_t)v);
}

static inline size_t stun_aligned(size_t len)
{
	return (len + STUN_ALIGN - 1) & ~(size_t)(STUN_ALIGN - 1);
}
