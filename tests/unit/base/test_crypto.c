/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and MACs against published vectors. */
#include "base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/text.h"

static void assert_hex(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t want[64];
	assert_int_equal(text_unhex(slice_str(hex), want, sizeof(want)), len);
	assert_memory_equal(got, want, len);
}

static void test_digests(void **state)
{
	const struct slice abc[] = { SLICE_LIT("a"), SLICE_NONE,
				     SLICE_LIT("bc") };
	uint8_t out[SHA256_BYTES];
	(void)state;
	/* FIPS 180-4 and RFC 1321 A.5; pieces are hashed as if joined */
	assert_int_equal(crypto_sha256(abc, 3, out), 0);
	assert_hex(out, 32,
		   "ba7816bf8f01cfea414140de5dae2223"
		   "b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(crypto_md5(abc, 3, out), 0);
	assert_hex(out, 16, "900150983cd24fb0d6963f7d28e17f72");
	assert_int_equal(crypto_md5(NULL, 0, out), 0);
	assert_hex(out, 16, "d41d8cd98f00b204e9800998ecf8427e");
}

static void test_digest_access(void **state)
{
	/* RFC 7616 3.9.1: what HA1 is made of */
	const struct slice a1[] = { SLICE_LIT("Mufasa:"),
				    SLICE_LIT("http-auth@example.org:"),
				    SLICE_LIT("Circle of Life") };
	uint8_t out[SHA256_BYTES];
	(void)state;
	assert_int_equal(crypto_md5(a1, 3, out), 0);
	assert_hex(out, 16, "3d78807defe7de2157e2b0b6573a855f");
	assert_int_equal(crypto_sha256(a1, 3, out), 0);
	assert_hex(out, 32,
		   "7987c64c30e25f1b74be53f966b49b90"
		   "f2808aa92faf9a00262392d7b4794232");
}

static void test_hmac(void **state)
{
	/* RFC 4231 4.2, 4.3, 4.7 */
	uint8_t key[131];
	uint8_t out[SHA256_BYTES];
	const struct slice hi = SLICE_LIT("Hi There");
	const struct slice what[] = { SLICE_LIT("what do ya want "),
				      SLICE_LIT("for nothing?") };
	const struct slice large = SLICE_LIT(
		"Test Using Larger Than Block-Size Key - Hash Key First");
	(void)state;
	memset(key, 0x0b, sizeof(key));
	assert_int_equal(crypto_hmac_sha256(slice_of(key, 20), &hi, 1, out), 0);
	assert_hex(out, 32,
		   "b0344c61d8db38535ca8afceaf0bf12b"
		   "881dc200c9833da726e9376c2e32cff7");
	assert_int_equal(crypto_hmac_sha256(SLICE_LIT("Jefe"), what, 2, out),
			 0);
	assert_hex(out, 32,
		   "5bdcc146bf60754e6a042426089575c7"
		   "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_int_equal(
		crypto_hmac_sha256(slice_of(key, sizeof(key)), &large, 1, out),
		0);
	assert_hex(out, 32,
		   "60e431591ee0b67f0d8a26aacbf5b77f"
		   "8e0bc6213728c5140546040f0ee37f54");
	assert_int_equal(crypto_hmac_sha256(SLICE_NONE, NULL, 0, out), 0);
	assert_hex(out, 32,
		   "b613679a0814d9ec772f95d778c35fc5"
		   "ff1697c493715653c6c712144292c5ad");
}

static void test_small(void **state)
{
	uint8_t a[64] = { 0 }, b[64] = { 0 };
	(void)state;
	assert_int_equal(crypto_random(a, sizeof(a)), 0);
	assert_int_equal(crypto_random(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_int_equal(crypto_random(a, 0), 0);
	assert_true(crypto_random_u64() != crypto_random_u64());
	assert_true(crypto_equal(SLICE_NONE, SLICE_LIT("")));
	assert_true(crypto_equal(SLICE_LIT("abc"), SLICE_LIT("abc")));
	assert_false(crypto_equal(SLICE_LIT("abc"), SLICE_LIT("abd")));
	assert_false(crypto_equal(SLICE_LIT("abc"), SLICE_LIT("ab")));
	crypto_wipe(a, sizeof(a));
	memset(b, 0, sizeof(b));
	assert_memory_equal(a, b, sizeof(a));
	crypto_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_digest_access),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
