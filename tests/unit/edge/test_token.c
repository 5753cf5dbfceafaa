/* SPDX-License-Identifier: Apache-2.0 */
/* What we put into messages for ourselves comes back as ours, or not at all. */
#include "edge/token.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

static struct sealer *sealer_with(uint8_t id)
{
	struct sealer *s = NULL;
	uint8_t key[SEAL_KEY_BYTES];
	memset(key, id, sizeof(key));
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(key[i] + i);
	assert_int_equal(sealer_create(&s), 0);
	assert_int_equal(sealer_add(s, id, key), 0);
	return s;
}

static const struct branch_ref branch = { 2, 0xdeadbeef, 77, 3 };
static const struct flow_ref flow = { 1, 0x01020304, 99, 443, true };

static void test_round_trip(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	struct branch_seals seals = { 0 };
	struct buf b;
	struct branch_ref got;
	struct flow_ref got_flow;
	buf_init(&b, 0);
	buf_str(&b, "z9hG4bK");
	assert_int_equal(token_branch_write(&seals, s, &branch, &b), 0);
	assert_int_equal(token_branch_read(&seals, s, buf_slice(&b), &got), 0);
	assert_int_equal(got.slot, branch.slot);
	assert_int_equal(got.incarnation, branch.incarnation);
	assert_int_equal(got.txn, branch.txn);
	assert_int_equal(got.branch, branch.branch);
	buf_reset(&b);
	assert_int_equal(token_flow_write(s, &flow, &b), 0);
	assert_int_equal(token_flow_read(s, buf_slice(&b), &got_flow), 0);
	assert_int_equal(got_flow.slot, flow.slot);
	assert_int_equal(got_flow.incarnation, flow.incarnation);
	assert_int_equal(got_flow.flow, flow.flow);
	assert_int_equal(got_flow.port, flow.port);
	assert_true(got_flow.ws);
	buf_free(&b);
	sealer_free(s);
}

static void test_same_token_each_time(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	struct buf a, b;
	buf_init(&a, 0);
	buf_init(&b, 0);
	token_flow_write(s, &flow, &a);
	token_flow_write(s, &flow, &b);
	assert_true(slice_eq(buf_slice(&a), buf_slice(&b)));
	buf_free(&a);
	buf_free(&b);
	sealer_free(s);
}

static void test_every_changed_byte_is_seen(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	struct flow_ref got;
	struct buf b;
	buf_init(&b, 0);
	token_flow_write(s, &flow, &b);
	for (size_t i = 0; i < b.len; i++) {
		uint8_t kept = b.ptr[i];
		b.ptr[i] = kept == 'a' ? 'b' : 'a';
		assert_true(token_flow_read(s, buf_slice(&b), &got) < 0);
		b.ptr[i] = kept;
	}
	for (size_t cut = 0; cut < b.len; cut++)
		assert_true(token_flow_read(s, slice_head(buf_slice(&b), cut),
					    &got) < 0);
	buf_free(&b);
	sealer_free(s);
}

/* A flow token is no branch and the other way round; another's key is none. */
static void test_purposes_and_keys_stay_apart(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1), *other = sealer_with(2);
	struct branch_seals seals = { 0 };
	struct branch_ref got;
	struct flow_ref got_flow;
	struct buf b;
	buf_init(&b, 0);
	buf_str(&b, "z9hG4bK");
	token_flow_write(s, &flow, &b);
	assert_true(token_branch_read(&seals, s, buf_slice(&b), &got) < 0);
	buf_reset(&b);
	token_flow_write(s, &flow, &b);
	assert_int_equal(token_flow_read(other, buf_slice(&b), &got_flow),
			 -ENOKEY);
	buf_free(&b);
	sealer_free(s);
	sealer_free(other);
}

/* Names of partners and of servers inside are told apart, and sealed apart. */
static void test_names(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	const struct slice name = SLICE_LIT("pool.contoso.internal");
	char out[TOKEN_NAME_MAX];
	struct buf inside, partner, mixed;
	buf_init(&inside, 0);
	buf_init(&partner, 0);
	buf_init(&mixed, 0);
	assert_int_equal(token_inside_write(s, name, &inside), 0);
	assert_int_equal(token_partner_write(s, name, &partner), 0);
	assert_true(token_is_inside(buf_slice(&inside)));
	assert_false(token_is_inside(buf_slice(&partner)));
	assert_false(token_is_partner(buf_slice(&inside)));
	assert_int_equal(token_inside_read(s, buf_slice(&inside), out), 0);
	assert_true(slice_eq(slice_str(out), name));
	assert_true(token_inside_read(s, buf_slice(&partner), out) < 0);
	assert_true(token_partner_read(s, buf_slice(&inside), out) < 0);
	/* another kind's seal under this kind's mark */
	buf_str(&mixed, "i-");
	buf_put(&mixed, slice_from(buf_slice(&partner), 2));
	assert_true(token_inside_read(s, buf_slice(&mixed), out) < 0);
	buf_free(&inside);
	buf_free(&partner);
	buf_free(&mixed);
	sealer_free(s);
}

/* The worker is sealed once; each branch of it is opened without, by another
 * worker too, and none of a worker that a seal does not name. */
static void test_branches_of_many_workers(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	struct branch_seals writer = { 0 }, reader = { 0 };
	struct branch_ref got, ref = { 0 };
	struct buf b;
	buf_init(&b, 0);
	for (uint64_t i = 0; i < 200; i++) {
		ref = (struct branch_ref){ (uint16_t)(i % 20),
					   (uint32_t)(i / 50 + 1), i << 50 | i,
					   (uint16_t)(i % 10) };
		buf_reset(&b);
		buf_str(&b, "z9hG4bK");
		assert_int_equal(token_branch_write(&writer, s, &ref, &b), 0);
		memset(&got, 0xff, sizeof(got));
		assert_int_equal(
			token_branch_read(&reader, s, buf_slice(&b), &got), 0);
		assert_int_equal(got.slot, ref.slot);
		assert_int_equal(got.incarnation, ref.incarnation);
		assert_int_equal(got.txn, ref.txn);
		assert_int_equal(got.branch, ref.branch);
	}
	/* every byte of the sealed part counts, known or not */
	ptrdiff_t dot = slice_chr(buf_slice(&b), '.');
	for (ptrdiff_t i = 7; i < dot; i++) {
		uint8_t kept = b.ptr[i];
		b.ptr[i] = kept == 'a' ? 'b' : 'a';
		assert_true(token_branch_read(&reader, s, buf_slice(&b), &got) <
			    0);
		b.ptr[i] = kept;
	}
	buf_free(&b);
	sealer_free(s);
}

/* After a new key the old seal still opens, and what is written has the new
 * one, once the old was forgotten. */
static void test_a_new_key_seals_branches(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	uint8_t key[SEAL_KEY_BYTES] = { 9 };
	struct branch_seals seals = { 0 };
	struct branch_ref got;
	struct buf a, b;
	buf_init(&a, 0);
	buf_init(&b, 0);
	buf_str(&a, "z9hG4bK");
	buf_str(&b, "z9hG4bK");
	assert_int_equal(token_branch_write(&seals, s, &branch, &a), 0);
	assert_int_equal(sealer_add(s, 2, key), 0);
	branch_seals_forget(&seals);
	assert_int_equal(token_branch_write(&seals, s, &branch, &b), 0);
	assert_false(slice_eq(buf_slice(&a), buf_slice(&b)));
	assert_int_equal(token_branch_read(&seals, s, buf_slice(&a), &got), 0);
	assert_int_equal(got.txn, branch.txn);
	assert_int_equal(token_branch_read(&seals, s, buf_slice(&b), &got), 0);
	assert_int_equal(got.txn, branch.txn);
	buf_free(&a);
	buf_free(&b);
	sealer_free(s);
}

static void test_foreign_branches(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	struct branch_seals seals = { 0 };
	struct branch_ref got;
	static const char *const texts[] = {
		"",
		"z9hG4bK",
		"z9hG4bK776asdhds",
		"1",
		"z9hG4bK.x-y",
		"Z9HG4BKaaaa",
		"z9hG4bK.aaaaaaaaaaaaaaaa",
		"z9hG4bKx.aaaaaaaaaaaaaaaa",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_true(token_branch_read(&seals, s, slice_str(texts[i]),
					      &got) < 0);
	sealer_free(s);
}

static int write_both(void *arg)
{
	struct sealer *s = arg;
	struct branch_seals seals = { 0 };
	struct buf b;
	buf_init(&b, 0);
	int err = token_flow_write(s, &flow, &b);
	if (!err)
		err = token_branch_write(&seals, s, &branch, &b);
	if (!err && buf_failed(&b))
		err = -ENOMEM;
	buf_free(&b);
	return err;
}

static void test_out_of_memory(void **state)
{
	(void)state;
	struct sealer *s = sealer_with(1);
	oom_walk(write_both, s);
	sealer_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_same_token_each_time),
		cmocka_unit_test(test_every_changed_byte_is_seen),
		cmocka_unit_test(test_purposes_and_keys_stay_apart),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_branches_of_many_workers),
		cmocka_unit_test(test_a_new_key_seals_branches),
		cmocka_unit_test(test_foreign_branches),
		cmocka_unit_test(test_out_of_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
