/* SPDX-License-Identifier: Apache-2.0 */
/* Nonces by rows: scope, life, replay, a full table (SIP-23). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "home/nonce.h"

static void only_its_scope_and_time(void **state)
{
	struct nonces n = { .key_count = 0 };
	char text[NONCE_TEXT_MAX];
	(void)state;
	assert_int_equal(nonces_init(&n), 0);
	struct nonce_scope s = { 42, SLICE_LIT("x"), 1000 };
	assert_int_equal(nonce_make(&n, &s, text), 0);
	static const struct {
		uint64_t source, now_s;
		const char *realm;
		uint32_t nc;
		bool good;
	} rows[] = {
		{ 42, 1000, "x", 1, true },  { 42, 1599, "x", 1, true },
		{ 42, 1600, "x", 1, false }, { 42, 400, "x", 1, true },
		{ 42, 399, "x", 1, false },  { 43, 1000, "x", 1, false },
		{ 42, 1000, "y", 1, false }, { 42, 1000, "x", 0, false },
		{ 42, 1000, "", 1, false },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nonce_scope r = { rows[i].source,
					 slice_str(rows[i].realm),
					 rows[i].now_s };
		if (nonce_good(&n, &r, slice_str(text), rows[i].nc) !=
		    rows[i].good)
			fail_msg("row %zu", i);
	}
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		char changed[NONCE_TEXT_MAX];
		memcpy(changed, text, sizeof(changed));
		changed[i] = changed[i] == '0' ? '1' : '0';
		assert_false(nonce_good(&n, &s, slice_str(changed), 1));
		assert_false(nonce_good(&n, &s, slice_of(text, i), 1));
	}
	nonces_free(&n);
}

static void counts_only_rise(void **state)
{
	struct nonces n = { .key_count = 0 };
	struct nonce_scope s = { 1, SLICE_LIT("x"), 1000 };
	char text[NONCE_TEXT_MAX];
	(void)state;
	assert_int_equal(nonces_init(&n), 0);
	assert_int_equal(nonce_make(&n, &s, text), 0);
	assert_int_equal(nonce_use(&n, slice_str(text), 7), 0);
	assert_false(nonce_good(&n, &s, slice_str(text), 7));
	assert_true(nonce_good(&n, &s, slice_str(text), 8));
	/* the same nonce in capitals is the same nonce */
	for (char *c = text; *c; c++)
		*c = *c >= 'a' && *c <= 'f' ? (char)(*c - 32) : *c;
	assert_false(nonce_good(&n, &s, slice_str(text), 7));
	nonces_free(&n);
}

static void forgetting_lets_no_replay_in(void **state)
{
	struct nonces n = { .key_count = 0 };
	struct nonce_scope s = { 1, SLICE_LIT("x"), 1000 };
	char first[NONCE_TEXT_MAX], text[NONCE_TEXT_MAX];
	(void)state;
	assert_int_equal(nonces_init(&n), 0);
	assert_int_equal(nonce_make(&n, &s, first), 0);
	assert_int_equal(nonce_use(&n, slice_str(first), 1), 0);
	s.now_s = 1001;
	for (unsigned i = 0; i < NONCE_USED_MAX; i++) {
		assert_int_equal(nonce_make(&n, &s, text), 0);
		assert_int_equal(nonce_use(&n, slice_str(text), 1), 0);
	}
	assert_int_equal(n.used.count, NONCE_USED_MAX);
	assert_false(nonce_good(&n, &s, slice_str(first), 1));
	assert_false(nonce_good(&n, &s, slice_str(first), 2));
	assert_int_equal(nonce_make(&n, &s, text), 0);
	assert_true(nonce_good(&n, &s, slice_str(text), 1));
	nonces_free(&n);
}

static void keys_rotate_and_bad_rings_change_nothing(void **state)
{
	struct nonces n = { .key_count = 0 };
	struct nonce_scope s = { 1, SLICE_LIT("x"), 1000 };
	char text[NONCE_TEXT_MAX];
	uint8_t ring[20 * (1 + SEAL_KEY_BYTES)] = { 0 };
	const size_t row = 1 + SEAL_KEY_BYTES;
	(void)state;
	assert_int_equal(nonces_init(&n), 0);
	for (uint8_t i = 0; i < 20; i++)
		ring[i * row] = i;
	assert_int_equal(nonces_keys(&n, slice_of(ring, row)), 0);
	assert_int_equal(nonce_make(&n, &s, text), 0);
	assert_int_equal(nonces_keys(&n, slice_of(ring, 2 * row)), 0);
	assert_true(nonce_good(&n, &s, slice_str(text), 1));
	assert_int_equal(nonces_keys(&n, SLICE_NONE), -EINVAL);
	assert_int_equal(nonces_keys(&n, slice_of(ring, row - 1)), -EINVAL);
	assert_true(nonce_good(&n, &s, slice_str(text), 1));
	/* more keys than there is room for: the oldest goes */
	assert_int_equal(nonces_keys(&n, slice_of(ring, sizeof(ring))), 0);
	assert_false(nonce_good(&n, &s, slice_str(text), 1));
	nonces_free(&n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_its_scope_and_time),
		cmocka_unit_test(counts_only_rise),
		cmocka_unit_test(forgetting_lets_no_replay_in),
		cmocka_unit_test(keys_rotate_and_bad_rings_change_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
