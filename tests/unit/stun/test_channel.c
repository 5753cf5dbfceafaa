/* SPDX-License-Identifier: Apache-2.0 */
/* ChannelData: numbers, lengths, padding (RFC 8656 12.4, 12.5). */
#include "stun/channel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_numbers(void **state)
{
	uint8_t bytes[8] = { 0 };
	uint16_t number;
	struct slice data;
	(void)state;
	for (unsigned n = 0; n <= UINT16_MAX; n++) {
		stun_channel_head(bytes, (uint16_t)n, 4);
		int err =
			stun_channel_parse(slice_of(bytes, 8), &number, &data);
		assert_int_equal(err,
				 n >= 0x4000 && n <= 0x7FFF ? 0 : -EBADMSG);
		if (!err)
			assert_int_equal(number, n);
	}
}

static void test_lengths(void **state)
{
	uint8_t bytes[64];
	uint16_t number;
	struct slice data;
	(void)state;
	for (uint16_t len = 0; len <= 64; len++) {
		stun_channel_head(bytes, 0x4ABC, len);
		for (size_t have = 0; have <= sizeof(bytes); have++) {
			int err = stun_channel_parse(slice_of(bytes, have),
						     &number, &data);
			bool whole = have >= 4u + len;
			assert_int_equal(err, whole ? 0 : -EBADMSG);
			if (!whole)
				continue;
			/* more bytes are padding */
			assert_int_equal(data.len, len);
			if (len)
				assert_ptr_equal(data.ptr, bytes + 4);
		}
	}
	stun_channel_head(bytes, 0x4000, 65535);
	assert_int_equal(
		stun_channel_parse(slice_of(bytes, 64), &number, &data),
		-EBADMSG);
}

static void test_padding(void **state)
{
	(void)state;
	assert_int_equal(stun_channel_padding(0), 0);
	assert_int_equal(stun_channel_padding(1), 3);
	assert_int_equal(stun_channel_padding(2), 2);
	assert_int_equal(stun_channel_padding(3), 1);
	assert_int_equal(stun_channel_padding(4), 0);
	assert_int_equal(stun_channel_padding(65535), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_padding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
