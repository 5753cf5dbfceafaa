/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that the attribute tables are written with; only the dialect files
 * include this. Private to stun/.
 */
#pragma once

#include "stun/stun_int.h"

enum {
	BIND = 1 << STUN_BINDING,
	ALLOC = 1 << STUN_ALLOCATE,
	FRESH = 1 << STUN_REFRESH,
	SENDS = 1 << STUN_SEND,
	DATAS = 1 << STUN_DATA,
	PERM = 1 << STUN_CREATE_PERMISSION,
	CHAN = 1 << STUN_CHANNEL_BIND,
	CONN = 1 << STUN_CONNECT,
	CBIND = 1 << STUN_CONNECTION_BIND,
	CTRY = 1 << STUN_CONNECTION_ATTEMPT,
	ACTIVE = 1 << STUN_SET_ACTIVE,
	PEERS = SENDS | DATAS | PERM | CHAN | CONN | CTRY,
	ALL = (1 << STUN_METHOD_COUNT) - 1,

	REQ = 1 << STUN_REQUEST,
	IND = 1 << STUN_INDICATION,
	OK = 1 << STUN_SUCCESS,
	ERR = 1 << STUN_ERROR,
	ANY = REQ | IND | OK | ERR,
};

/* One line of a table as a row. */
#define ROW(t, f, k, lo, hi, where, when) \
	{ .type = (t),                    \
	  .min = (lo),                    \
	  .max = (hi),                    \
	  .methods = (uint16_t)(where),   \
	  .classes = (uint8_t)(when),     \
	  .field = STUN_F_##f,            \
	  .kind = STUN_##k },
/* Its number in that table. */
#define NAME(t, f, k, lo, hi, where, when) ROW_##t,
/* Where its number is found again. */
#define INDEX(t, f, k, lo, hi, where, when) [(t)&0x7FFF] = ROW_##t + 1,
#define NOTHING(t, f, k, lo, hi, where, when)

/* Its number by the field that it is the only, or the usual, place of. */
#define FIELD(t, f, k, lo, hi, where, when) [STUN_F_##f] = ROW_##t + 1,

/* A message number as the parser, and as the writer, looks it up. */
#define TYPE(number, method, cls) \
	[(number)] = STUN_CODE(STUN_##method, STUN_##cls),
#define NUMBER(number, method, cls) \
	[STUN_NUMBER(STUN_##method, STUN_##cls)] = (number),
#define WITH_ANSWERS(X, number, method)      \
	X(number, method, REQUEST)           \
	X((number) | 0x100, method, SUCCESS) \
	X((number) | 0x110, method, ERROR)
