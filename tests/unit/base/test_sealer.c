/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed tokens. RFC 5297 prints vectors for the 256-bit key only; ours has
 * 512. So the mode is written out here a second time from RFC 5297 2.4 and
 * 2.6, checked against the vector of A.1, and the sealer against it.
 */
#include "base/crypto.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/text.h"
#include "support/oom.h"

static void cmac(const char *cipher, const uint8_t *key, size_t key_len,
		 struct slice in, uint8_t out[static 16])
{
	char name[32];
	size_t n = 16;
	snprintf(name, sizeof(name), "%s", cipher);
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name,
						 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	assert_int_equal(EVP_MAC_init(ctx, key, key_len, params), 1);
	assert_int_equal(EVP_MAC_update(ctx, in.ptr, in.len), 1);
	assert_int_equal(EVP_MAC_final(ctx, out, &n, 16), 1);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
}

/* RFC 5297 2.4 for one associated data and a plain text of 16 bytes or more,
 * or fewer: both cases of its last step. */
static void s2v(const char *cipher, const uint8_t *key, size_t key_len,
		struct slice ad, struct slice plain, uint8_t out[static 16])
{
	static const uint8_t zero[16];
	uint8_t d[16], m[16], last[256] = { 0 };
	cmac(cipher, key, key_len, slice_of(zero, 16), d);
	for (int step = 0; step < 2; step++) {
		uint8_t carry = d[0] >> 7 ? 0x87 : 0;
		if (step == 1 && plain.len >= 16)
			break;
		for (int i = 0; i < 16; i++)
			d[i] = (uint8_t)(d[i] << 1 |
					 (i < 15 ? d[i + 1] >> 7 : 0));
		d[15] ^= carry;
		if (step == 1)
			break;
		cmac(cipher, key, key_len, ad, m);
		for (int i = 0; i < 16; i++)
			d[i] ^= m[i];
	}
	memcpy(last, plain.ptr, plain.len);
	size_t at = plain.len >= 16 ? plain.len - 16 : 0;
	if (plain.len < 16)
		last[plain.len] = 0x80;
	for (size_t i = 0; i < 16; i++)
		last[at + i] ^= d[i];
	cmac(cipher, key, key_len,
	     slice_of(last, plain.len < 16 ? 16 : plain.len), out);
}

static void ctr(const char *cipher, const uint8_t *key, const uint8_t *tag,
		struct slice plain, uint8_t *out)
{
	uint8_t iv[16];
	int n;
	memcpy(iv, tag, 16);
	iv[8] &= 0x7f;
	iv[12] &= 0x7f;
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, cipher, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_EncryptInit_ex2(ctx, c, key, iv, NULL), 1);
	assert_int_equal(
		EVP_EncryptUpdate(ctx, out, &n, plain.ptr, (int)plain.len), 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(c);
}

static size_t unhex(const char *hex, uint8_t *out)
{
	int n = text_unhex(slice_str(hex), out, 256);
	assert_true(n > 0);
	return (size_t)n;
}

static void test_rfc5297(void **state)
{
	uint8_t key[32], ad[64], plain[64], want[64], tag[16], out[64];
	(void)state;
	unhex("fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0"
	      "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
	      key);
	size_t ad_len = unhex("101112131415161718191a1b1c1d1e1f"
			      "2021222324252627",
			      ad);
	size_t len = unhex("112233445566778899aabbccddee", plain);
	s2v("AES-128-CBC", key, 16, slice_of(ad, ad_len), slice_of(plain, len),
	    tag);
	unhex("85632d07c6e8f37f950acd320a2ecc93", want);
	assert_memory_equal(tag, want, 16);
	ctr("AES-128-CTR", key + 16, tag, slice_of(plain, len), out);
	unhex("40c02b9690c4dc04daef7f6afe5c", want);
	assert_memory_equal(out, want, len);
}

static struct sealer *sealer_with(uint8_t id, uint8_t fill)
{
	struct sealer *s = NULL;
	uint8_t key[SEAL_KEY_BYTES];
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(fill + i);
	assert_int_equal(sealer_create(&s), 0);
	assert_int_equal(sealer_add(s, id, key), 0);
	return s;
}

static void test_same_as_rfc(void **state)
{
	struct sealer *s = sealer_with(9, 1);
	uint8_t key[SEAL_KEY_BYTES], plain[100], want[16 + 100], raw[200];
	(void)state;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(1 + i);
	for (size_t len = 1; len <= sizeof(plain); len += 3) {
		struct slice ad = SLICE_LIT("contact");
		struct buf b;
		memset(plain, (int)len, len);
		buf_init(&b, 0);
		assert_int_equal(sealer_seal(s, ad, slice_of(plain, len), &b),
				 0);
		int n = text_unbase32(buf_slice(&b), raw, sizeof(raw));
		assert_int_equal(n, 17 + len);
		assert_int_equal(raw[0], 9);
		s2v("AES-256-CBC", key, 32, ad, slice_of(plain, len), want);
		ctr("AES-256-CTR", key + 32, want, slice_of(plain, len),
		    want + 16);
		assert_memory_equal(raw + 1, want, 16 + len);
		buf_free(&b);
	}
	sealer_free(s);
	sealer_free(NULL);
}

static void test_round_trip(void **state)
{
	struct sealer *s = sealer_with(1, 7);
	struct buf a, b;
	uint8_t out[64];
	(void)state;
	buf_init(&a, 0);
	buf_init(&b, 0);
	for (int i = 0; i < 3; i++) {
		struct slice plain = SLICE_LIT("slot 1, incarnation 77");
		buf_reset(&a);
		buf_reset(&b);
		assert_int_equal(sealer_seal(s, SLICE_LIT("rr"), plain, &a), 0);
		assert_int_equal(sealer_seal(s, SLICE_LIT("rr"), plain, &b), 0);
		/* deterministic */
		assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
		int n = sealer_open(s, SLICE_LIT("rr"), buf_slice(&a), out,
				    sizeof(out));
		assert_int_equal(n, plain.len);
		assert_memory_equal(out, plain.ptr, plain.len);
	}
	/* case is folded on the way */
	for (size_t i = 0; i < a.len; i++)
		a.ptr[i] =
			(uint8_t)(a.ptr[i] >= 'a' ? a.ptr[i] - 32 : a.ptr[i]);
	assert_true(sealer_open(s, SLICE_LIT("rr"), buf_slice(&a), out,
				sizeof(out)) > 0);
	assert_int_equal(sealer_open(s, SLICE_LIT("rr"), buf_slice(&a), out, 5),
			 -ENOSPC);
	buf_free(&a);
	buf_free(&b);
	sealer_free(s);
}

static void test_refused(void **state)
{
	struct sealer *s = sealer_with(1, 7);
	struct sealer *other = sealer_with(1, 8);
	struct slice plain = SLICE_LIT("secret");
	struct buf b;
	uint8_t out[64];
	(void)state;
	buf_init(&b, 0);
	assert_int_equal(sealer_seal(s, SLICE_LIT("rr"), plain, &b), 0);
	struct slice token = buf_slice(&b);
	/* another purpose, another key, other bytes */
	assert_int_equal(sealer_open(s, SLICE_LIT("gruu"), token, out, 64),
			 -EINVAL);
	assert_int_equal(sealer_open(other, SLICE_LIT("rr"), token, out, 64),
			 -EINVAL);
	for (size_t len = 0; len < token.len; len++)
		assert_true(sealer_open(s, SLICE_LIT("rr"),
					slice_head(token, len), out, 64) < 0);
	for (size_t i = 0; i < token.len; i++) {
		uint8_t was = b.ptr[i];
		b.ptr[i] = was == 'a' ? 'b' : 'a';
		memset(out, 0x5a, sizeof(out));
		int err = sealer_open(s, SLICE_LIT("rr"), token, out, 64);
		assert_true(err == -EINVAL || err == -ENOKEY);
		/* and no plain text is left behind */
		for (size_t j = 0; j < sizeof(out); j++)
			assert_true(out[j] == 0x5a || out[j] == 0);
		b.ptr[i] = was;
	}
	assert_int_equal(sealer_seal(s, SLICE_NONE, plain, &b), -EINVAL);
	assert_int_equal(sealer_seal(s, SLICE_LIT("rr"), SLICE_NONE, &b),
			 -EINVAL);
	buf_free(&b);
	sealer_free(s);
	sealer_free(other);
}

static void test_keys(void **state)
{
	struct sealer *s = NULL;
	struct slice plain = SLICE_LIT("x");
	uint8_t key[SEAL_KEY_BYTES] = { 1 };
	uint8_t out[8];
	struct buf old, new;
	(void)state;
	buf_init(&old, 0);
	buf_init(&new, 0);
	assert_int_equal(sealer_create(&s), 0);
	assert_int_equal(sealer_seal(s, SLICE_LIT("p"), plain, &old), -ENOKEY);
	assert_int_equal(sealer_add(s, 255, key), 0);
	assert_int_equal(sealer_add(s, 255, key), -EEXIST);
	assert_int_equal(sealer_seal(s, SLICE_LIT("p"), plain, &old), 0);
	key[0] = 2;
	assert_int_equal(sealer_add(s, 0, key), 0);
	assert_int_equal(sealer_seal(s, SLICE_LIT("p"), plain, &new), 0);
	assert_false(slice_eq(buf_slice(&old), buf_slice(&new)));
	/* the newest seals, all open */
	assert_int_equal(
		sealer_open(s, SLICE_LIT("p"), buf_slice(&old), out, 8), 1);
	assert_int_equal(
		sealer_open(s, SLICE_LIT("p"), buf_slice(&new), out, 8), 1);
	struct sealer *without = sealer_with(3, 3);
	assert_int_equal(
		sealer_open(without, SLICE_LIT("p"), buf_slice(&old), out, 8),
		-ENOKEY);
	sealer_free(without);
	sealer_free(s);
	buf_free(&old);
	buf_free(&new);
}

static int scenario(void *arg)
{
	struct sealer *s = NULL;
	uint8_t key[SEAL_KEY_BYTES] = { 1 };
	struct buf b;
	(void)arg;
	buf_init(&b, 0);
	int err = sealer_create(&s);
	if (!err)
		err = sealer_add(s, 1, key);
	if (!err)
		err = sealer_seal(s, SLICE_LIT("p"), SLICE_LIT("x"), &b);
	buf_free(&b);
	sealer_free(s);
	return err;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc5297),
		cmocka_unit_test(test_same_as_rfc),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
