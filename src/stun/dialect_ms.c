/* SPDX-License-Identifier: Apache-2.0 */
/* The dialects of Microsoft: MS-TURN and its older Messenger form. */
#include "stun/dialect.h"

#include "stun/msturn.h"

/* Where the client's own address stands. */
#define MS_REFLEXIVE(X) X(0x8020, REFLEXIVE, XOR_ADDRESS, 8, 20, ALLOC, OK)
#define MESSENGER_REFLEXIVE(X) X(0x8000, REFLEXIVE, ADDRESS, 8, 20, ALLOC, OK)

enum { MAGIC_COOKIE_TYPE = 0x000F, MAC_BLOCK = 64 };

enum ms_row {
#define REQUIRED NAME
#define SECOND NAME
#define OPTIONAL NAME
#include "stun/ms.tbl"
#undef REQUIRED
#undef SECOND
#undef OPTIONAL
	MS_REFLEXIVE(NAME)
	/* the same place in the other table */
	ROW_0x8000 = ROW_0x8020
};

static const struct stun_row ms_rows[] = {
#define REQUIRED ROW
#define SECOND ROW
#define OPTIONAL ROW
#include "stun/ms.tbl"
	MS_REFLEXIVE(ROW)
};

/* All the same but the last row. */
static const struct stun_row messenger_rows[] = {
#include "stun/ms.tbl"
#undef REQUIRED
#undef SECOND
#undef OPTIONAL
	MESSENGER_REFLEXIVE(ROW)
};

static const uint8_t ms_required[STUN_REQUIRED] = {
#define REQUIRED INDEX
#define SECOND INDEX
#define OPTIONAL NOTHING
#include "stun/ms.tbl"
#undef REQUIRED
#undef SECOND
#undef OPTIONAL
};

static const uint8_t ms_optional[STUN_OPTIONAL] = {
#define REQUIRED NOTHING
#define SECOND NOTHING
#define OPTIONAL INDEX
#include "stun/ms.tbl"
	MS_REFLEXIVE(INDEX)
};

static const uint8_t messenger_optional[STUN_OPTIONAL] = {
#include "stun/ms.tbl"
#undef REQUIRED
#undef SECOND
#undef OPTIONAL
	MESSENGER_REFLEXIVE(INDEX)
};

static const uint8_t ms_fields[STUN_F_COUNT] = {
#define REQUIRED FIELD
#define SECOND NOTHING
#define OPTIONAL FIELD
#include "stun/ms.tbl"
#undef REQUIRED
#undef SECOND
#undef OPTIONAL
	MS_REFLEXIVE(FIELD)
};

/* MS-TURN 2.2.1: Send has no answer, and Data Indication looks like an error
 * response by the bits of RFC 8489. */
#define MS_TYPES(X)                      \
	WITH_ANSWERS(X, 0x003, ALLOCATE) \
	X(0x004, SEND, REQUEST)          \
	X(0x115, DATA, INDICATION)       \
	WITH_ANSWERS(X, 0x006, SET_ACTIVE)

static const uint8_t ms_types[STUN_TYPES] = { MS_TYPES(TYPE) };
static const uint16_t ms_numbers[STUN_NUMBERS] = { MS_TYPES(NUMBER) };

const struct stun_dialect stun_ms = {
	.types = ms_types,
	.numbers = ms_numbers,
	.required = ms_required,
	.optional = ms_optional,
	.fields = ms_fields,
	.rows = ms_rows,
	.row_count = sizeof(ms_rows) / sizeof(ms_rows[0]),
	.first_type = MAGIC_COOKIE_TYPE,
	.first = MSTURN_COOKIE,
	.either = true,
	.strips = true,
	.mac_block = MAC_BLOCK,
};

const struct stun_dialect stun_messenger = {
	.types = ms_types,
	.numbers = ms_numbers,
	.required = ms_required,
	.optional = messenger_optional,
	.fields = ms_fields,
	.rows = messenger_rows,
	.row_count = sizeof(messenger_rows) / sizeof(messenger_rows[0]),
	.first_type = MAGIC_COOKIE_TYPE,
	.first = MSTURN_COOKIE,
	.aligned = true,
	.either = true,
	.plain_key = true,
	.mac_block = MAC_BLOCK,
};
