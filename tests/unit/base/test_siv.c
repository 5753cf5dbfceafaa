/* SPDX-License-Identifier: Apache-2.0 */
/* AES-256-SIV against the library's own, byte by byte, and what it refuses. */
#include "base/siv.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>

static struct siv_room room;

/* The library's, by the same arguments. */
static void expected(const uint8_t *key, struct slice ad, struct slice from,
		     uint8_t *to, uint8_t *tag)
{
	int n;
	EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, "AES-256-SIV", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	assert_int_equal(EVP_EncryptInit_ex2(ctx, c, key, NULL, NULL), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, ad.ptr, (int)ad.len),
			 1);
	assert_int_equal(
		EVP_EncryptUpdate(ctx, to, &n, from.ptr, (int)from.len), 1);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, to + n, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
					     SEAL_TAG_BYTES, tag),
			 1);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(c);
}

static void fill(uint8_t *to, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245u + 12345u;
		to[i] = (uint8_t)(seed >> 16);
	}
}

static void one(const uint8_t *key, size_t ad_len, size_t len)
{
	static uint8_t ad[SIV_MAX], text[SIV_MAX], got[SIV_MAX], want[SIV_MAX],
		back[SIV_MAX];
	uint8_t tag[SEAL_TAG_BYTES], want_tag[SEAL_TAG_BYTES];
	struct siv *s;
	struct slice a = slice_of(ad, ad_len), t = slice_of(text, len);
	fill(ad, ad_len, (unsigned)ad_len);
	fill(text, len, (unsigned)len + 77);
	assert_int_equal(siv_create(&s, key, &room), 0);
	expected(key, a, t, want, want_tag);
	/* twice: the contexts stay as they are */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(siv_seal(s, a, t, got, tag), 0);
		assert_memory_equal(tag, want_tag, sizeof(tag));
		assert_memory_equal(got, want, len);
		assert_int_equal(siv_open(s, a, slice_of(got, len), back, tag),
				 0);
		assert_memory_equal(back, text, len);
	}
	siv_free(s);
}

static void the_same_as_the_library(void **state)
{
	static const size_t ads[] = { 1, 7, 15, 16, 17, 32, 100, SIV_MAX };
	static const size_t lens[] = { 1000, SIV_MAX - 1, SIV_MAX };
	uint8_t key[SEAL_KEY_BYTES];
	(void)state;
	for (unsigned n = 0; n < 8; n++) {
		fill(key, sizeof(key), n);
		for (size_t len = 1; len <= 100; len++)
			one(key, ads[n], len);
		for (size_t i = 0; i < 3; i++)
			one(key, ads[n], lens[i]);
	}
}

/* Any bit that is not as it was sealed; nothing is left then. */
static void what_was_changed_does_not_open(void **state)
{
	uint8_t key[SEAL_KEY_BYTES] = { 1 }, text[33], sealed[33], back[33];
	uint8_t tag[SEAL_TAG_BYTES];
	static const uint8_t none[33];
	struct siv *s;
	(void)state;
	fill(text, sizeof(text), 5);
	assert_int_equal(siv_create(&s, key, &room), 0);
	struct slice ad = SLICE_LIT("route");
	assert_int_equal(siv_seal(s, ad, slice_of(text, 33), sealed, tag), 0);
	for (size_t bit = 0; bit < 8 * (33 + SEAL_TAG_BYTES); bit++) {
		uint8_t *at =
			bit < 8 * 33u ? &sealed[bit / 8] : &tag[bit / 8 - 33];
		*at ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(
			siv_open(s, ad, slice_of(sealed, 33), back, tag),
			-EINVAL);
		assert_memory_equal(back, none, 33);
		*at ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(siv_open(s, SLICE_LIT("routf"), slice_of(sealed, 33),
				  back, tag),
			 -EINVAL);
	assert_int_equal(siv_open(s, ad, slice_of(sealed, 32), back, tag),
			 -EINVAL);
	assert_int_equal(siv_open(s, ad, SLICE_NONE, back, tag), -EINVAL);
	assert_int_equal(
		siv_open(s, SLICE_NONE, slice_of(sealed, 33), back, tag),
		-EINVAL);
	assert_int_equal(siv_open(s, ad, slice_of(sealed, 33), back, tag), 0);
	siv_free(s);
	siv_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_as_the_library),
		cmocka_unit_test(what_was_changed_does_not_open),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
