/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces without memory: good for their path and time only (TURN-04,
 * TURN-13, TURN-15). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "stun/auth.h"
#include "support/stun_check.h"

static const uint64_t NOW_S = 1900000000;

static struct stun_auth auth(struct hasher *h)
{
	struct stun_auth a = { .hasher = h,
			       .realm = SLICE_LIT("edge.contoso.test"),
			       .features = STUN_FEATURE_ALGORITHMS };
	memset(a.nonce_key, 5, sizeof(a.nonce_key));
	return a;
}

static struct stun_path path(const char *client, const char *server)
{
	struct stun_path p = { .transport = 17 };
	assert_int_equal(addr_parse(slice_str(client), false, &p.client), 0);
	assert_int_equal(addr_parse(slice_str(server), false, &p.server), 0);
	return p;
}

static struct stun_path usual(void)
{
	return path("192.0.2.10:40000", "198.51.100.1:3478");
}

static void test_form(void **state)
{
	struct stun_auth a = auth(*state);
	struct stun_path p = usual();
	char nonce[STUN_NONCE_BYTES];
	assert_int_equal(stun_nonce_make(&a, &p, NOW_S, nonce), 0);
	/* RFC 8489 9.2; bits count from the right (erratum 6290) */
	assert_memory_equal(nonce, "obMatJos2AAAB", 13);
	a.features |= STUN_FEATURE_ANONYMITY;
	assert_int_equal(stun_nonce_make(&a, &p, NOW_S, nonce), 0);
	assert_memory_equal(nonce, "obMatJos2AAAD", 13);
	for (size_t i = 0; i < sizeof(nonce); i++)
		assert_true(nonce[i] > ' ' && nonce[i] < 0x7f);
	assert_int_equal(sizeof(nonce) % 4, 0);
}

static void test_life(void **state)
{
	static const struct {
		int64_t age_s;
		int err;
	} rows[] = {
		{ 0, 0 },
		{ 600, 0 },
		{ 601, -EKEYEXPIRED },
		{ 86400, -EKEYEXPIRED },
		{ -5, 0 }, /* another process's clock */
		{ -6, -EKEYEXPIRED },
		{ -86400, -EKEYEXPIRED },
	};
	struct stun_auth a = auth(*state);
	struct stun_path p = usual();
	char nonce[STUN_NONCE_BYTES];
	struct slice text = slice_of(nonce, sizeof(nonce));
	assert_int_equal(stun_nonce_make(&a, &p, NOW_S, nonce), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			stun_nonce_check(&a, &p,
					 NOW_S + (uint64_t)rows[i].age_s, text),
			rows[i].err);
	a.nonce_life_s = 30;
	assert_int_equal(stun_nonce_check(&a, &p, NOW_S + 30, text), 0);
	assert_int_equal(stun_nonce_check(&a, &p, NOW_S + 31, text),
			 -EKEYEXPIRED);
}

static void test_paths(void **state)
{
	struct stun_auth a = auth(*state);
	struct stun_path p = usual();
	struct stun_path others[] = {
		path("192.0.2.11:40000", "198.51.100.1:3478"),
		path("192.0.2.10:40001", "198.51.100.1:3478"),
		path("192.0.2.10:40000", "198.51.100.2:3478"),
		path("192.0.2.10:40000", "198.51.100.1:443"),
		path("[2001:db8::1]:40000", "198.51.100.1:3478"),
		usual(),
	};
	char nonce[STUN_NONCE_BYTES];
	struct slice text = slice_of(nonce, sizeof(nonce));
	others[5].transport = 6;
	assert_int_equal(stun_nonce_make(&a, &p, NOW_S, nonce), 0);
	assert_int_equal(stun_nonce_check(&a, &p, NOW_S, text), 0);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(stun_nonce_check(&a, &others[i], NOW_S, text),
				 -EACCES);
	/* bytes of a sockaddr that mean nothing do not count */
	p.client.u.in.sin_zero[3] = 9;
	assert_int_equal(stun_nonce_check(&a, &p, NOW_S, text), 0);
	a.nonce_key[31] ^= 1;
	assert_int_equal(stun_nonce_check(&a, &p, NOW_S, text), -EACCES);
}

static void test_changed(void **state)
{
	struct stun_auth a = auth(*state);
	struct stun_path p = usual();
	char nonce[STUN_NONCE_BYTES + 1] = { 0 };
	assert_int_equal(stun_nonce_make(&a, &p, NOW_S, nonce), 0);
	for (size_t i = 0; i < STUN_NONCE_BYTES * 8; i++) {
		struct slice text = slice_of(nonce, STUN_NONCE_BYTES);
		nonce[i / 8] ^= (char)(1 << i % 8);
		assert_int_not_equal(stun_nonce_check(&a, &p, NOW_S, text), 0);
		nonce[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t len = 0; len <= STUN_NONCE_BYTES + 1; len++)
		assert_int_equal(
			stun_nonce_check(&a, &p, NOW_S, slice_of(nonce, len)),
			len == STUN_NONCE_BYTES ? 0 : -EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_changed),
	};
	return cmocka_run_group_tests(tests, hasher_setup, hasher_teardown);
}
