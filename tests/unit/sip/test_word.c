/* SPDX-License-Identifier: Apache-2.0 */
/* Going by words says the same as going byte by byte, for every byte at every
 * place. */
#include "sip/word.h"
#include "stream.h"

enum { LONGEST = 20 };

/* Exact copies, so that a read beyond the end is seen by the sanitizer. */
static struct slice copy_of(const void *text, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len)
		memcpy(copy, text, len);
	return slice_of(copy, len);
}

static void assert_same_answer(struct slice text, size_t at)
{
	struct slice other = copy_of(text.ptr, text.len);
	uint8_t *byte = (uint8_t *)(uintptr_t)other.ptr + at;

	for (int b = 0; b < 256; b++) {
		*byte = (uint8_t)b;
		if (scan_ieq(text, other) != slice_ieq(text, other))
			fail_msg("%02x for %02x at %zu of %zu", (unsigned)b,
				 text.ptr[at], at, text.len);
	}
	free((void *)(uintptr_t)other.ptr);
}

static void test_equal_without_case(void **state)
{
	static const char text[LONGEST + 1] = "aZ@[`{_\x7f-\xc1zA Mm\r\x80.k0";

	(void)state;
	assert_true(scan_ieq(SLICE_NONE, SLICE_LIT("")));
	assert_false(scan_ieq(SLICE_LIT("a"), SLICE_LIT("ab")));
	for (size_t len = 1; len <= LONGEST; len++) {
		struct slice s = copy_of(text, len);
		for (size_t at = 0; at < len; at++)
			assert_same_answer(s, at);
		free((void *)(uintptr_t)s.ptr);
	}
}

static void test_plain(void **state)
{
	uint8_t text[LONGEST];

	(void)state;
	assert_true(scan_is_plain(SLICE_NONE));
	memset(text, 'a', sizeof(text));
	for (size_t len = 1; len <= LONGEST; len++) {
		struct slice s = copy_of(text, len);
		for (size_t i = 0; i < len * 256; i++) {
			uint8_t *byte = (uint8_t *)(uintptr_t)s.ptr + i / 256;
			*byte = (uint8_t)i;
			if (scan_is_plain(s) !=
			    (*byte >= 0x20 && *byte <= 0x7e))
				fail_msg("%02x at %zu of %zu", *byte, i / 256,
					 len);
			*byte = 'a';
		}
		free((void *)(uintptr_t)s.ptr);
	}
}

/* Letters in either case, nothing else: not what an or with 20 would make of
 * other bytes. */
static void test_word_of_letters(void **state)
{
	static const char text[] = "rEcEiVed";

	(void)state;
	for (size_t at = 0; at + 1 < sizeof(text); at++) {
		char other[sizeof(text)];
		memcpy(other, text, sizeof(text));
		for (int b = 0; b < 256; b++) {
			other[at] = (char)b;
			struct slice s = slice_of(other, sizeof(other) - 1);
			assert_int_equal(scan_is_word(s, SLICE_LIT("received")),
					 slice_ieq(s, SLICE_LIT("received")));
		}
	}
	assert_false(scan_is_word(SLICE_LIT("ta"), SLICE_LIT("tag")));
	assert_false(scan_is_word(SLICE_NONE, SLICE_LIT("tag")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_without_case),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_word_of_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
