/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and integrity: the published vectors, and nothing near them
 * (TURN-01, TURN-03). */
#include "stun/key.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/stun_check.h"

/* One vector: right with its key, wrong with any bit of it or of the key
 * changed. */
static void assert_only_this(struct hasher *h, const struct stun_dialect *d,
			     const char *hex, struct slice key)
{
	struct parsed p;
	uint8_t other[64];
	parse_hex(&p, d, hex);
	assert_int_equal(p.err, 0);
	assert_int_equal(stun_integrity_check(h, &p.m, key), 0);
	/* what the integrity covers; the fingerprint behind it is not */
	for (size_t i = 0; i < p.m.end + 4; i++) {
		p.bytes[i] ^= 1 << i % 8;
		if (!stun_parse(&p.m, d, p.m.raw))
			assert_int_not_equal(stun_integrity_check(h, &p.m, key),
					     0);
		p.bytes[i] ^= 1 << i % 8;
	}
	assert_int_equal(stun_parse(&p.m, d, p.m.raw), 0);
	memcpy(other, key.ptr, key.len);
	other[key.len - 1] ^= 1;
	assert_int_equal(
		stun_integrity_check(h, &p.m, slice_of(other, key.len)),
		-EACCES);
	assert_int_equal(stun_integrity_check(h, &p.m, SLICE_NONE), -EACCES);
}

static void long_term(struct hasher *h, enum stun_algorithm algorithm,
		      struct stun_key *out)
{
	const struct stun_secret secret = {
		.username = slice_str(RFC5769_USER),
		.realm = SLICE_LIT("example.org"),
		.password = SLICE_LIT("TheMatrIX"),
	};
	assert_int_equal(stun_key_make(h, &stun_rfc, algorithm, &secret, out),
			 0);
}

static void test_rfc5769(void **state)
{
	struct slice password = slice_str(RFC5769_PASSWORD);
	struct stun_key key;
	assert_only_this(*state, &stun_rfc, RFC5769_REQUEST, password);
	assert_only_this(*state, &stun_rfc, RFC5769_IPV4, password);
	assert_only_this(*state, &stun_rfc, RFC5769_IPV6, password);
	long_term(*state, STUN_MD5, &key);
	assert_only_this(*state, &stun_rfc, RFC5769_LONG_TERM,
			 stun_key_bytes(&key));
}

static void test_rfc8489_b1(void **state)
{
	struct stun_key key;
	struct parsed p;
	uint8_t hash[SHA256_BYTES];
	long_term(*state, STUN_SHA256, &key);
	assert_only_this(*state, &stun_rfc, RFC8489_MENDED,
			 stun_key_bytes(&key));
	/* what was printed first had a wrong length (erratum 6268) */
	parse_hex(&p, &stun_rfc, RFC8489_MENDED);
	assert_int_equal(p.err, 0);
	assert_int_equal(stun_u16(&p.m, STUN_F_ALGORITHM), STUN_SHA256);
	assert_int_equal(stun_userhash(*state, slice_str(RFC5769_USER),
				       SLICE_LIT("example.org"), hash),
			 0);
	assert_bytes(stun_value(&p.m, STUN_F_USERHASH),
		     slice_of(hash, sizeof(hash)));
}

static void test_ms(void **state)
{
	const struct stun_secret secret = { MS_USERNAME, MS_REALM,
					    MS_PASSWORD };
	const struct stun_secret quoted = {
		SLICE_LIT("\"\"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b"
			  "\x1c\x1d\x1e\x1f\x20\x21\x22\x23\"\0\""),
		SLICE_LIT("\"edge.example.net\0\0\0"),
		MS_PASSWORD,
	};
	const char *const vectors[] = { MS_ALLOCATE, MS_SUCCESS, MS_SEND,
					MS_ALLOCATE_LIBNICE };
	struct stun_key key, same;
	uint8_t want[16];
	assert_int_equal(
		stun_key_make(*state, &stun_ms, STUN_MD5, &secret, &key), 0);
	assert_bytes(stun_key_bytes(&key), unhex(MS_KEY, want, sizeof(want)));
	assert_int_equal(
		stun_key_make(*state, &stun_ms, STUN_MD5, &quoted, &same), 0);
	assert_bytes(stun_key_bytes(&key), stun_key_bytes(&same));
	for (size_t i = 0; i < 4; i++)
		assert_only_this(*state, &stun_ms, vectors[i],
				 stun_key_bytes(&key));
	/* no SHA-256 there: its key derivation was never published */
	assert_int_equal(
		stun_key_make(*state, &stun_ms, STUN_SHA256, &secret, &key),
		-EINVAL);
}

static void test_messenger(void **state)
{
	static const uint8_t longer[33] = { 1 };
	struct stun_secret secret = { MS_USERNAME, SLICE_NONE, MS_PASSWORD };
	struct stun_key key;
	assert_int_equal(
		stun_key_make(*state, &stun_messenger, STUN_MD5, &secret, &key),
		0);
	assert_bytes(stun_key_bytes(&key), MS_PASSWORD);
	assert_only_this(*state, &stun_messenger, MESSENGER_ALLOCATE,
			 stun_key_bytes(&key));
	secret.password = slice_of(longer, sizeof(longer));
	assert_int_equal(
		stun_key_make(*state, &stun_messenger, STUN_MD5, &secret, &key),
		-EINVAL);
	secret.password = SLICE_NONE;
	assert_int_equal(
		stun_key_make(*state, &stun_messenger, STUN_MD5, &secret, &key),
		-EINVAL);
}

/* The padding of the HMAC's input, by a vector that Microsoft published. Its
 * length counts a fingerprint behind the integrity. */
static void test_ms_ice2(void **state)
{
	uint8_t input[128] = { 0 };
	uint8_t want[20];
	uint8_t got[20];
	struct slice in = unhex(MS_ICE2_INPUT, input, sizeof(input));
	struct slice padded = slice_of(input, (in.len + 63) / 64 * 64);
	assert_int_equal(in.len, 72);
	assert_int_equal(hasher_hmac_sha1(*state, slice_str(MS_ICE2_PASSWORD),
					  &padded, 1, got),
			 0);
	assert_bytes(slice_of(got, 20),
		     unhex(MS_ICE2_INTEGRITY, want, sizeof(want)));
}

static void test_none(void **state)
{
	struct parsed p;
	parse_hex(&p, &stun_rfc, "000100002112a442000000000000000000000000");
	assert_int_equal(p.err, 0);
	assert_int_equal(
		stun_integrity_check(*state, &p.m, SLICE_LIT("secret")),
		-ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc5769),
		cmocka_unit_test(test_rfc8489_b1),
		cmocka_unit_test(test_ms),
		cmocka_unit_test(test_messenger),
		cmocka_unit_test(test_ms_ice2),
		cmocka_unit_test(test_none),
	};
	return cmocka_run_group_tests(tests, hasher_setup, hasher_teardown);
}
