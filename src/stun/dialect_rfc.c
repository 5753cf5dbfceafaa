/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of the IETF: RFC 8489 with RFC 8656, and RFC 3489. */
#include "stun/dialect.h"

enum rfc_row {
#define REQUIRED NAME
#define OPTIONAL NAME
#include "stun/rfc.tbl"
#undef REQUIRED
#undef OPTIONAL
};

static const struct stun_row rfc_rows[] = {
#define REQUIRED ROW
#define OPTIONAL ROW
#include "stun/rfc.tbl"
#undef REQUIRED
#undef OPTIONAL
};

static const uint8_t rfc_required[STUN_REQUIRED] = {
#define REQUIRED INDEX
#define OPTIONAL NOTHING
#include "stun/rfc.tbl"
#undef REQUIRED
#undef OPTIONAL
};

static const uint8_t rfc_optional[STUN_OPTIONAL] = {
#define REQUIRED NOTHING
#define OPTIONAL INDEX
#include "stun/rfc.tbl"
#undef REQUIRED
#undef OPTIONAL
};

static const uint8_t rfc_fields[STUN_F_COUNT] = {
#define REQUIRED FIELD
#define OPTIONAL FIELD
#include "stun/rfc.tbl"
#undef REQUIRED
#undef OPTIONAL
};

/* RFC 8489 18.2, RFC 8656 17, RFC 6062 6.1 */
#define RFC_TYPES(X)                              \
	WITH_ANSWERS(X, 0x001, BINDING)           \
	X(0x011, BINDING, INDICATION)             \
	WITH_ANSWERS(X, 0x003, ALLOCATE)          \
	WITH_ANSWERS(X, 0x004, REFRESH)           \
	X(0x016, SEND, INDICATION)                \
	X(0x017, DATA, INDICATION)                \
	WITH_ANSWERS(X, 0x008, CREATE_PERMISSION) \
	WITH_ANSWERS(X, 0x009, CHANNEL_BIND)      \
	WITH_ANSWERS(X, 0x00A, CONNECT)           \
	WITH_ANSWERS(X, 0x00B, CONNECTION_BIND)   \
	X(0x01C, CONNECTION_ATTEMPT, INDICATION)

static const uint8_t rfc_types[STUN_TYPES] = { RFC_TYPES(TYPE) };
static const uint16_t rfc_numbers[STUN_NUMBERS] = { RFC_TYPES(NUMBER) };

const struct stun_dialect stun_rfc = {
	.types = rfc_types,
	.numbers = rfc_numbers,
	.required = rfc_required,
	.optional = rfc_optional,
	.fields = rfc_fields,
	.rows = rfc_rows,
	.row_count = sizeof(rfc_rows) / sizeof(rfc_rows[0]),
	.cookie = STUN_COOKIE,
	.aligned = true,
	.sha256 = true,
};

/* RFC 3489 11.2: all that a Binding needs. */
static const struct stun_row classic_rows[] = {
	ROW(0x0001, REFLEXIVE, ADDRESS, 8, 20, BIND,
	    OK) ROW(0x0003, CHANGE_REQUEST, BYTES, 4, 4, BIND,
		    REQ) ROW(0x0004, RESPONSE_ORIGIN, ADDRESS, 8, 20, BIND, OK)
		ROW(0x0005, OTHER_ADDRESS, ADDRESS, 8, 20, BIND, OK)
			ROW(0x0009, ERROR_CODE, BYTES, 4, 767, BIND, ERR)
				ROW(0x000A, UNKNOWN, BYTES, 0, 65535, BIND, ERR)
};

static const uint8_t classic_required[STUN_REQUIRED] = {
	[0x0001] = 1, [0x0003] = 2, [0x0004] = 3,
	[0x0005] = 4, [0x0009] = 5, [0x000A] = 6,
};

static const uint8_t classic_optional[STUN_OPTIONAL] = { 0 };

static const uint8_t classic_fields[STUN_F_COUNT] = {
	[STUN_F_REFLEXIVE] = 1,       [STUN_F_CHANGE_REQUEST] = 2,
	[STUN_F_RESPONSE_ORIGIN] = 3, [STUN_F_OTHER_ADDRESS] = 4,
	[STUN_F_ERROR_CODE] = 5,      [STUN_F_UNKNOWN] = 6,
};

static const uint8_t classic_types[STUN_TYPES] = { WITH_ANSWERS(TYPE, 0x001,
								BINDING) };
static const uint16_t classic_numbers[STUN_NUMBERS] = { WITH_ANSWERS(
	NUMBER, 0x001, BINDING) };

const struct stun_dialect stun_classic = {
	.types = classic_types,
	.numbers = classic_numbers,
	.required = classic_required,
	.optional = classic_optional,
	.fields = classic_fields,
	.rows = classic_rows,
	.row_count = sizeof(classic_rows) / sizeof(classic_rows[0]),
	.aligned = true,
};
