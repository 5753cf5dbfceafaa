/* SPDX-License-Identifier: Apache-2.0 */
/* Digests and MACs by the packet, against published vectors. */
#include "base/hasher.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/oom.h"

static void assert_hex(const uint8_t *got, size_t len, const char *hex)
{
	uint8_t want[64];
	assert_int_equal(text_unhex(slice_str(hex), want, sizeof(want)), len);
	assert_memory_equal(got, want, len);
}

static int setup(void **state)
{
	return hasher_create((struct hasher **)state);
}

static int teardown(void **state)
{
	hasher_free(*state);
	return 0;
}

static void test_digests(void **state)
{
	const struct slice abc[] = { SLICE_LIT("a"), SLICE_NONE,
				     SLICE_LIT("bc") };
	uint8_t out[SHA256_BYTES];
	/* FIPS 180-4 and RFC 1321 A.5; twice, for the contexts are kept */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hasher_sha256(*state, abc, 3, out), 0);
		assert_hex(out, 32,
			   "ba7816bf8f01cfea414140de5dae2223"
			   "b00361a396177a9cb410ff61f20015ad");
		assert_int_equal(hasher_md5(*state, abc, 3, out), 0);
		assert_hex(out, 16, "900150983cd24fb0d6963f7d28e17f72");
	}
}

static void test_hmac_sha1(void **state)
{
	/* RFC 2202 section 3, cases 2 and 6 */
	const struct slice jefe[] = { SLICE_LIT("what do ya want "),
				      SLICE_LIT("for nothing?") };
	const struct slice larger = SLICE_LIT("Test Using Larger Than "
					      "Block-Size Key - Hash Key "
					      "First");
	uint8_t key[80];
	uint8_t out[SHA1_BYTES];
	memset(key, 0xaa, sizeof(key));
	assert_int_equal(
		hasher_hmac_sha1(*state, SLICE_LIT("Jefe"), jefe, 2, out), 0);
	assert_hex(out, 20, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	assert_int_equal(hasher_hmac_sha1(*state, slice_of(key, sizeof(key)),
					  &larger, 1, out),
			 0);
	assert_hex(out, 20, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

static void test_hmac_sha256(void **state)
{
	/* RFC 4231 4.3 and 4.7, and agreement with the other spelling */
	const struct slice jefe = SLICE_LIT("what do ya want for nothing?");
	const struct slice larger = SLICE_LIT("Test Using Larger Than "
					      "Block-Size Key - Hash Key "
					      "First");
	uint8_t key[131];
	uint8_t out[SHA256_BYTES];
	uint8_t other[SHA256_BYTES];
	memset(key, 0xaa, sizeof(key));
	assert_int_equal(
		hasher_hmac_sha256(*state, SLICE_LIT("Jefe"), &jefe, 1, out),
		0);
	assert_hex(out, 32,
		   "5bdcc146bf60754e6a042426089575c7"
		   "5a003f089d2739839dec58b964ec3843");
	assert_int_equal(hasher_hmac_sha256(*state, slice_of(key, sizeof(key)),
					    &larger, 1, out),
			 0);
	assert_hex(out, 32,
		   "60e431591ee0b67f0d8a26aacbf5b77f"
		   "8e0bc6213728c5140546040f0ee37f54");
	assert_int_equal(crypto_hmac_sha256(slice_of(key, sizeof(key)), &larger,
					    1, other),
			 0);
	assert_memory_equal(out, other, sizeof(out));
}

static int create_once(void *arg)
{
	struct hasher *h;
	int err = hasher_create(&h);
	(void)arg;
	if (!err)
		hasher_free(h);
	return err;
}

static void test_no_memory(void **state)
{
	(void)state;
	oom_walk(create_once, NULL);
	hasher_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_digests, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hmac_sha1, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_hmac_sha256, setup,
						teardown),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
