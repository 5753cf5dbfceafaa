/* SPDX-License-Identifier: Apache-2.0 */
/* MS-TURN beside the common view: sequence numbers and the pseudo-TLS. */
#include "stun/msturn.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "stun/stun_int.h"
#include "support/stun_check.h"

/* A Set Active Destination with that connection and number. */
static void numbered(struct parsed *p, uint8_t connection, uint32_t number)
{
	static const uint8_t id[STUN_ID_BYTES];
	uint8_t value[24];
	struct stun_writer w;
	memset(value, connection, 20);
	stun_set32(value + 20, number);
	stun_writer_init(&w, NULL, p->bytes, sizeof(p->bytes));
	stun_begin(&w, &stun_ms, STUN_SET_ACTIVE, STUN_REQUEST, id);
	stun_put(&w, STUN_F_MS_SEQUENCE, slice_of(value, sizeof(value)));
	assert_int_equal(stun_parse(&p->m, &stun_ms, stun_end(&w)), 0);
}

static enum msturn_order step(struct msturn_sequence *s, uint32_t number)
{
	struct parsed p;
	numbered(&p, 7, number);
	enum msturn_order order = msturn_sequence_check(s, &p.m);
	if (order == MSTURN_FRESH)
		msturn_sequence_note(s, &p.m);
	return order;
}

static void sequence_init(struct msturn_sequence *s)
{
	memset(s, 0, sizeof(*s));
	memset(s->connection, 7, sizeof(s->connection));
}

static void test_order(void **state)
{
	struct msturn_sequence s;
	(void)state;
	sequence_init(&s);
	/* any first number; then each once, in a window of 64 */
	assert_int_equal(step(&s, 1000), MSTURN_FRESH);
	assert_int_equal(step(&s, 1000), MSTURN_REPLAY);
	assert_int_equal(step(&s, 937), MSTURN_FRESH);
	assert_int_equal(step(&s, 937), MSTURN_REPLAY);
	assert_int_equal(step(&s, 936), MSTURN_REPLAY);
	assert_int_equal(step(&s, 1063), MSTURN_FRESH);
	assert_int_equal(step(&s, 1000), MSTURN_REPLAY);
	assert_int_equal(step(&s, 1001), MSTURN_FRESH);
	assert_int_equal(step(&s, 999), MSTURN_REPLAY);
	assert_int_equal(step(&s, 1127), MSTURN_FRESH);
	assert_int_equal(step(&s, 1126), MSTURN_FRESH);
	assert_int_equal(step(&s, 1063), MSTURN_REPLAY);
	assert_int_equal(step(&s, UINT32_MAX), MSTURN_FRESH);
	assert_int_equal(step(&s, UINT32_MAX), MSTURN_REPLAY);
	assert_int_equal(step(&s, 5), MSTURN_REPLAY);
}

static void test_zero_first(void **state)
{
	struct msturn_sequence s;
	(void)state;
	sequence_init(&s);
	assert_int_equal(step(&s, 0), MSTURN_FRESH);
	assert_int_equal(step(&s, 0), MSTURN_REPLAY);
	assert_int_equal(step(&s, 1), MSTURN_FRESH);
}

/* Looking changes nothing: what was not proven does not count. */
static void test_look(void **state)
{
	struct msturn_sequence s;
	struct parsed p;
	(void)state;
	sequence_init(&s);
	numbered(&p, 7, UINT32_MAX);
	for (int i = 0; i < 3; i++)
		assert_int_equal(msturn_sequence_check(&s, &p.m), MSTURN_FRESH);
	assert_int_equal(step(&s, 1), MSTURN_FRESH);
}

static void test_foreign(void **state)
{
	struct msturn_sequence s;
	struct parsed p;
	(void)state;
	sequence_init(&s);
	numbered(&p, 8, 1);
	assert_int_equal(msturn_sequence_check(&s, &p.m), MSTURN_FOREIGN);
	/* without one nothing is judged: libnice leaves it out */
	parse_hex(&p, &stun_ms, MS_ALLOCATE);
	assert_int_equal(msturn_sequence_check(&s, &p.m), MSTURN_FRESH);
	msturn_sequence_note(&s, &p.m);
	assert_false(s.begun);
}

static void test_is(void **state)
{
	uint8_t bytes[256];
	struct slice in = unhex(MS_SEND, bytes, sizeof(bytes));
	(void)state;
	assert_true(msturn_is(in));
	for (size_t len = 0; len < in.len; len++)
		assert_false(msturn_is(slice_head(in, len)));
	bytes[0] |= 0x40;
	assert_false(msturn_is(in));
	bytes[0] = 0;
	bytes[27] ^= 1;
	assert_false(msturn_is(in));
}

static void test_hello_reply(void **state)
{
	uint8_t random[64];
	uint8_t out[MSTURN_HELLO_REPLY_BYTES + 1];
	uint8_t want[MSTURN_HELLO_REPLY_BYTES];
	(void)state;
	for (uint8_t i = 0; i < 64; i++)
		random[i] = i;
	out[MSTURN_HELLO_REPLY_BYTES] = 0xA5;
	msturn_hello_reply(out, 0x65000001, random);
	assert_bytes(
		slice_of(out, MSTURN_HELLO_REPLY_BYTES),
		unhex("160301004e020000460301"
		      "65000001"
		      "0405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		      "20"
		      "202122232425262728292a2b2c2d2e2f"
		      "303132333435363738393a3b3c3d3e3f"
		      "001800"
		      "0e000000",
		      want, sizeof(want)));
	assert_int_equal(out[MSTURN_HELLO_REPLY_BYTES], 0xA5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_zero_first),
		cmocka_unit_test(test_look),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_is),
		cmocka_unit_test(test_hello_reply),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
