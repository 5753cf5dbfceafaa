/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 4648 vectors (10), each byte string having exactly one text, UTF-8. */
#include "base/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
	const char *plain, *base32, *base64;
} vectors[] = {
	{ "", "", "" },
	{ "f", "my", "Zg==" },
	{ "fo", "mzxq", "Zm8=" },
	{ "foo", "mzxw6", "Zm9v" },
	{ "foob", "mzxw6yq", "Zm9vYg==" },
	{ "fooba", "mzxw6ytb", "Zm9vYmE=" },
	{ "foobar", "mzxw6ytboi", "Zm9vYmFy" },
};

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct slice plain = slice_str(vectors[i].plain);
		struct buf b;
		uint8_t out[16];
		buf_init(&b, 0);
		text_base32(&b, plain);
		assert_true(
			slice_eq(buf_slice(&b), slice_str(vectors[i].base32)));
		int n = text_unbase32(buf_slice(&b), out, sizeof(out));
		assert_int_equal(n, plain.len);
		assert_true(slice_eq(slice_of(out, (size_t)n), plain));
		buf_reset(&b);
		text_base64(&b, plain);
		assert_true(
			slice_eq(buf_slice(&b), slice_str(vectors[i].base64)));
		n = text_unbase64(buf_slice(&b), out, sizeof(out));
		assert_int_equal(n, plain.len);
		assert_true(slice_eq(slice_of(out, (size_t)n), plain));
		buf_free(&b);
	}
}

static void test_refused(void **state)
{
	static const char *const base32[] = {
		"m",      /* no length of any byte string */
		"mzx",    /* the same */
		"mzxw6y", /* the same */
		"mz",     /* stray bits */
		"my======", "m1", "m8", "m y", "m\xc3\xa4",
	};
	static const char *const base64[] = {
		"Zg",   "Zg=",      "Zh==", "Zm9=",   "Z===",
		"====", "Zg==Zg==", "Zm-_", "Zm9v\n", "Zm 9",
	};
	uint8_t out[16];
	(void)state;
	for (size_t i = 0; i < sizeof(base32) / sizeof(*base32); i++)
		assert_int_equal(
			text_unbase32(slice_str(base32[i]), out, sizeof(out)),
			-EINVAL);
	for (size_t i = 0; i < sizeof(base64) / sizeof(*base64); i++)
		assert_int_equal(
			text_unbase64(slice_str(base64[i]), out, sizeof(out)),
			-EINVAL);
	assert_int_equal(text_unbase32(SLICE_LIT("mzxw6ytboi"), out, 5),
			 -ENOSPC);
	assert_int_equal(text_unbase64(SLICE_LIT("Zm9vYmFy"), out, 5), -ENOSPC);
	assert_int_equal(text_unbase32(SLICE_LIT("MZXW6YTBOI"), out, 6), 6);
}

static void test_round_trip(void **state)
{
	uint8_t in[64], out[64];
	(void)state;
	for (size_t len = 0; len <= sizeof(in); len++) {
		struct buf b;
		for (size_t i = 0; i < len; i++)
			in[i] = (uint8_t)(i * 37 + len * 11);
		buf_init(&b, 0);
		text_base32(&b, slice_of(in, len));
		assert_int_equal(text_unbase32(buf_slice(&b), out, len), len);
		assert_memory_equal(in, out, len);
		buf_reset(&b);
		text_base64(&b, slice_of(in, len));
		assert_int_equal(text_unbase64(buf_slice(&b), out, len), len);
		assert_memory_equal(in, out, len);
		buf_free(&b);
	}
}

static void test_hex(void **state)
{
	char text[8];
	uint8_t out[4];
	(void)state;
	text_hex(SLICE_LIT("\x00\x7f\xa9\xff"), text);
	assert_memory_equal(text, "007fa9ff", 8);
	assert_int_equal(text_unhex(SLICE_LIT("007FA9ff"), out, 4), 4);
	assert_memory_equal(out, "\x00\x7f\xa9\xff", 4);
	assert_int_equal(text_unhex(SLICE_LIT("007"), out, 4), -EINVAL);
	assert_int_equal(text_unhex(SLICE_LIT("0g"), out, 4), -EINVAL);
	assert_int_equal(text_unhex(SLICE_LIT("0011223344"), out, 4), -ENOSPC);
	char mixed[] = "SIP:[Z@";
	text_lower(mixed, 7);
	assert_string_equal(mixed, "sip:[z@");
}

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} rows[] = {
		{ "", true },
		{ "plain", true },
		{ "\xc2\x80", true },
		{ "\xdf\xbf", true },
		{ "\xe0\xa0\x80", true },
		{ "\xed\x9f\xbf", true },
		{ "\xef\xbf\xbf", true },
		{ "\xf0\x90\x80\x80", true },
		{ "\xf4\x8f\xbf\xbf", true },
		{ "\x80", false },             /* continuation alone */
		{ "\xc3", false },             /* cut */
		{ "\xc3(", false },            /* no continuation */
		{ "\xe2\x82", false },         /* cut */
		{ "\xc0\x80", false },         /* overlong */
		{ "\xc1\xbf", false },         /* overlong */
		{ "\xe0\x9f\xbf", false },     /* overlong */
		{ "\xf0\x8f\xbf\xbf", false }, /* overlong */
		{ "\xed\xa0\x80", false },     /* surrogate */
		{ "\xf4\x90\x80\x80", false }, /* over U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", false },
		{ "\xff", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(text_utf8(slice_str(rows[i].text)),
				 rows[i].valid);
	assert_true(text_utf8(SLICE_LIT("a\0b")));
	uint32_t code = 0;
	assert_int_equal(text_utf8_next(SLICE_LIT("\xf0\x9f\x9a\xaax"), &code),
			 4);
	assert_int_equal(code, 0x1f6aa);
}

static void test_decimal(void **state)
{
	static const struct {
		uint64_t v;
		const char *text;
	} rows[] = { { 0, "0" },
		     { 9, "9" },
		     { 10, "10" },
		     { 70, "70" },
		     { UINT64_MAX, "18446744073709551615" } };
	char digits[TEXT_DEC_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_true(slice_eq(text_dec(rows[i].v, digits),
				     slice_str(rows[i].text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_decimal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
