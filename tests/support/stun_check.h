/* SPDX-License-Identifier: Apache-2.0 */
/* What every test of STUN needs: bytes out of text, a hasher, the MS-TURN
 * vectors' user. Include after cmocka. */
#pragma once

#include "base/hasher.h"
#include "base/text.h"
#include "stun/stun.h"
#include "support/stun_vectors.h"

/* `hex` as bytes in buf. */
static inline struct slice unhex(const char *hex, uint8_t *buf, size_t size)
{
	int len = text_unhex(slice_str(hex), buf, size);
	assert_true(len >= 0);
	return slice_of(buf, (size_t)len);
}

/* A parsed message over bytes that it owns. */
struct parsed {
	uint8_t bytes[2048];
	struct stun_msg m;
	int err;
};

static inline void parse_hex(struct parsed *p, const struct stun_dialect *d,
			     const char *hex)
{
	p->err = stun_parse(&p->m, d, unhex(hex, p->bytes, sizeof(p->bytes)));
}

static inline void assert_bytes(struct slice got, struct slice want)
{
	assert_int_equal(got.len, want.len);
	if (want.len)
		assert_memory_equal(got.ptr, want.ptr, want.len);
}

static inline void assert_addr(const struct addr *a, const char *text)
{
	char got[ADDR_TEXT_MAX];
	assert_string_equal(addr_text(a, got), text);
}

static inline int hasher_setup(void **state)
{
	return hasher_create((struct hasher **)state);
}

static inline int hasher_teardown(void **state)
{
	hasher_free(*state);
	return 0;
}

#define MS_USERNAME                                                          \
	SLICE_LIT("\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d" \
		  "\x1e\x1f\x20\x21\x22\x23")
#define MS_PASSWORD                                                          \
	SLICE_LIT("\x40\x41\x42\x43\x44\x45\x46\x47\x48\x49\x4a\x4b\x4c\x4d" \
		  "\x4e\x4f")
#define MS_REALM SLICE_LIT("edge.example.net")
#define MS_NONCE SLICE_LIT("0123456789abcdef0123456789abcdef")
