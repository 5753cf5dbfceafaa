/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting streams: the same frames whatever the cuts, and no waiting for an
 * impossible length (TURN-10). */
#include "stun/frame.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "stun/channel.h"
#include "support/stun_check.h"

typedef int next_fn(struct frame *out, struct slice stream, size_t max);

/* Feeds the stream cut at every offset in two; the frames that come out have
 * to be `kinds`, and their bodies joined `bodies`. */
static void assert_frames(next_fn *next, struct slice stream, const char *kinds,
			  struct slice bodies)
{
	for (size_t cut = 0; cut <= stream.len; cut++) {
		uint8_t joined[512];
		char seen[16] = "";
		size_t len = 0, count = 0, at = 0, have = cut;
		while (at < stream.len) {
			struct frame f;
			struct slice in = slice_of(stream.ptr + at, have - at);
			assert_int_equal(next(&f, in, FRAME_MAX), 0);
			if (f.kind == FRAME_MORE) {
				assert_true(f.consumed > in.len);
				assert_int_not_equal(have, stream.len);
				have = stream.len;
				continue;
			}
			assert_true(f.consumed <= in.len);
			memcpy(joined + len, f.body.ptr, f.body.len);
			len += f.body.len;
			seen[count++] = (char)('0' + f.kind);
			at += f.consumed;
		}
		assert_string_equal(seen, kinds);
		assert_bytes(slice_of(joined, len), bodies);
	}
}

static void test_rfc(void **state)
{
	uint8_t stream[256];
	uint8_t bodies[256];
	struct slice a = unhex(RFC5769_LONG_TERM, stream, sizeof(stream));
	size_t len = a.len, body = a.len;
	(void)state;
	memcpy(bodies, stream, len);
	for (uint16_t n = 0; n <= 5; n++) {
		stun_channel_head(stream + len, 0x4000 + n, n);
		memcpy(stream + len + 4, "abcdefgh", 8);
		memcpy(bodies + body, stream + len, 4u + n);
		body += 4u + n;
		len += 4u + n + stun_channel_padding(n);
	}
	assert_frames(frame_next_rfc, slice_of(stream, len), "1222222",
		      slice_of(bodies, body));
}

static void test_ms(void **state)
{
	static const uint8_t stream[] = { 2, 0, 0,   3,   'a', 'b', 'c', 3, 0,
					  0, 2, 'd', 'e', 3,   0,   0,   0 };
	(void)state;
	assert_frames(frame_next_ms, slice_of(stream, sizeof(stream)), "344",
		      SLICE_LIT("abcde"));
}

/* Refused at the byte that shows it, not later. */
static void test_refused(void **state)
{
	static const struct {
		next_fn *next;
		size_t at; /* bytes that are still fine */
		const char *hex;
	} rows[] = {
		{ frame_next_rfc, 0, "02" }, /* MS-TURN, or a type too high */
		{ frame_next_rfc, 0, "16030100" }, /* TLS */
		{ frame_next_rfc, 0, "80c80000" }, /* RTCP */
		{ frame_next_rfc, 3, "00010001" }, /* length 1 */
		{ frame_next_rfc, 3, "0001fffe" },
		{ frame_next_rfc, 7, "000100002112a443" },
		{ frame_next_ms, 0, "00" },
		{ frame_next_ms, 0, "01" },
		{ frame_next_ms, 0, "04" },
		{ frame_next_ms, 0, "ff10" }, /* multiplexed */
		{ frame_next_ms, 0, "1603" },
		{ frame_next_ms, 1, "0201" },
		{ frame_next_ms, 1, "03ff" },
	};
	uint8_t bytes[16];
	struct frame f;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice in = unhex(rows[i].hex, bytes, sizeof(bytes));
		for (size_t len = 0; len <= rows[i].at; len++) {
			assert_int_equal(rows[i].next(&f, slice_head(in, len),
						      FRAME_MAX),
					 0);
			assert_int_equal(f.kind, FRAME_MORE);
		}
		assert_int_equal(rows[i].next(&f, in, FRAME_MAX), -EBADMSG);
	}
}

static void test_max(void **state)
{
	static const struct {
		next_fn *next;
		const char *hex;
		size_t whole;
	} rows[] = {
		{ frame_next_rfc, "00010400", 1044 },
		{ frame_next_rfc, "0016fffc", 65552 },
		{ frame_next_rfc, "40000401", 1032 },
		{ frame_next_rfc, "4fffffff", 65540 },
		{ frame_next_ms, "02000400", 1028 },
		{ frame_next_ms, "0300ffff", 65539 },
	};
	uint8_t bytes[4];
	struct frame f;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice in = unhex(rows[i].hex, bytes, sizeof(bytes));
		assert_true(rows[i].whole <= FRAME_MAX);
		assert_int_equal(rows[i].next(&f, in, rows[i].whole), 0);
		assert_int_equal(f.kind, FRAME_MORE);
		assert_int_equal(f.consumed, rows[i].whole);
		assert_int_equal(rows[i].next(&f, in, rows[i].whole - 1),
				 -EBADMSG);
	}
}

static void test_ms_head(void **state)
{
	uint8_t out[FRAME_MS_HEADER_BYTES];
	(void)state;
	frame_ms_head(out, true, 0x1234);
	assert_memory_equal(out, "\x02\x00\x12\x34", 4);
	frame_ms_head(out, false, 65535);
	assert_memory_equal(out, "\x03\x00\xff\xff", 4);
}

static void test_rtp(void **state)
{
	static const uint8_t two[] = { 0, 3, 'a', 'b', 'c', 0, 0, 0, 1 };
	(void)state;
	for (size_t len = 0; len <= 9; len++)
		assert_int_equal(frame_rtp_whole(slice_of(two, len)),
				 len < 5 ? 0 : 5);
	/* an empty packet is one, and half a head is none */
	assert_int_equal(frame_rtp_whole(slice_of(two + 5, 4)), 2);
	assert_int_equal(frame_rtp_whole(slice_of(two + 7, 1)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc),     cmocka_unit_test(test_ms),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_max),
		cmocka_unit_test(test_ms_head), cmocka_unit_test(test_rtp),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
