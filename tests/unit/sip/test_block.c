/* SPDX-License-Identifier: Apache-2.0 */
/* Sixteen bytes at a time say the same as one by one, for every byte at every
 * place. */
#include "sip/block.h"

#include "sip/scan.h"
#include "stream.h"

enum { LONGEST = 2 * BLOCK + 3 };

static void test_masks(void **state)
{
	uint8_t text[BLOCK];

	(void)state;
	for (unsigned at = 0; at < BLOCK; at++) {
		memset(text, 'a', sizeof(text));
		for (int b = 0; b < 256; b++) {
			bool odd = b < 0x20 || b > 0x7e;
			text[at] = (uint8_t)b;
			unsigned same = 0;
			for (unsigned i = 0; i < BLOCK; i++)
				same |= (unsigned)(text[i] == b) << i;
			assert_int_equal(block_odd(text), odd ? 1U << at : 0);
			assert_int_equal(block_odd_plain(text),
					 odd ? 1U << at : 0);
			assert_int_equal(block_eq(text, (uint8_t)b), same);
			assert_int_equal(block_eq_plain(text, (uint8_t)b),
					 same);
			assert_int_equal(block_first(1U << at), at);
		}
	}
}

/* An exact copy, so that a read beyond the end is seen by the sanitizer. */
static void test_past_ascii(void **state)
{
	(void)state;
	for (size_t len = 0; len <= LONGEST; len++) {
		uint8_t *text = malloc(len ? len : 1);
		assert_non_null(text);
		memset(text, '~', len ? len : 1);
		assert_ptr_equal(scan_past_ascii(text, text + len), text + len);
		for (size_t i = 0; i < len * 256; i++) {
			uint8_t b = (uint8_t)i;
			text[i / 256] = b;
			bool odd = b < 0x20 || b > 0x7e;
			assert_ptr_equal(scan_past_ascii(text, text + len),
					 odd ? text + i / 256 : text + len);
			text[i / 256] = ' ';
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_past_ascii),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
