/* SPDX-License-Identifier: Apache-2.0 */
/* SIP-27: the limits of one discovered partner, in virtual time. */
#include "edge/tally.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/oom.h"

static const struct tally_conf usual = { .rate = 20, .addresses = 1000 };

static enum access_limit ask(struct tally *t, const struct tally_conf *c,
			     const char *address, uint64_t now)
{
	uint32_t wait = 0;
	enum access_limit l =
		tally_request(t, c, slice_str(address), now, &wait);
	assert_true((l == ACCESS_OVER_RATE) == (wait > 0));
	return l;
}

/* How many of one request a millisecond pass. */
static unsigned pass(struct tally *t, const struct tally_conf *c, uint64_t from,
		     unsigned ms)
{
	unsigned n = 0;
	for (unsigned i = 0; i < ms; i++)
		n += ask(t, c, "", from + i) == ACCESS_WITHIN_LIMITS;
	return n;
}

static void test_rate(void **state)
{
	struct tally t = { 0 };
	uint32_t wait = 0;
	(void)state;
	/* 19, 20 and 21 at once */
	for (int i = 0; i < 20; i++)
		assert_int_equal(ask(&t, &usual, "", 5000),
				 ACCESS_WITHIN_LIMITS);
	assert_int_equal(tally_request(&t, &usual, SLICE_NONE, 5000, &wait),
			 ACCESS_OVER_RATE);
	assert_int_equal(wait, 50);
	assert_int_equal(ask(&t, &usual, "", 5049), ACCESS_OVER_RATE);
	assert_int_equal(ask(&t, &usual, "", 5050), ACCESS_WITHIN_LIMITS);
	assert_int_equal(pass(&t, &usual, 6000, 10000), 199 + 19);
	assert_int_equal(tally_rate(&t, 15999), 1000);
	assert_int_equal(tally_rate(&t, 99000), 0);
	tally_free(&t);
}

static void test_addresses(void **state)
{
	struct tally t = { 0 };
	const struct tally_conf fast = { .rate = 10000, .addresses = 1000 };
	char a[32];
	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(a, sizeof(a), "user%d@contoso.test", i);
		assert_int_equal(ask(&t, &fast, a, 1000 + (uint64_t)i),
				 ACCESS_WITHIN_LIMITS);
	}
	assert_int_equal(t.state, 0);
	assert_int_equal(ask(&t, &fast, "user1000@contoso.test", 3000),
			 ACCESS_OVER_ADDRESSES);
	assert_int_equal(t.state, TALLY_FULL);
	assert_int_equal(ask(&t, &fast, "user999@contoso.test", 3000),
			 ACCESS_WITHIN_LIMITS);
	assert_int_equal(ask(&t, &fast, "", 3000), ACCESS_WITHIN_LIMITS);
	assert_int_equal(t.count, 1000);
	tally_free(&t);
}

static void replies(struct tally *t, unsigned good, unsigned bad)
{
	while (good--)
		tally_reply(t, 200);
	while (bad--)
		tally_reply(t, 404);
}

static void test_suspicious(void **state)
{
	struct tally t = { 0 };
	(void)state;
	replies(&t, 0, 99);
	assert_int_equal(t.state, 0);
	replies(&t, 0, 1);
	assert_int_equal(t.state, TALLY_SUSPICIOUS);
	assert_int_equal(pass(&t, &usual, 10000, 10000), 10);
	/* 10 good of 100 are enough, 9 are not */
	replies(&t, 9, 91);
	assert_int_equal(t.state, TALLY_SUSPICIOUS);
	replies(&t, 10, 90);
	assert_int_equal(t.state, 0);
	/* what says nothing of it */
	for (int i = 0; i < 500; i++) {
		tally_reply(&t, 503);
		tally_reply(&t, 401);
		tally_reply(&t, 407);
		tally_reply(&t, 487);
		tally_reply(&t, 180);
		tally_reply(&t, 0);
	}
	assert_int_equal(t.state, 0);
	tally_free(&t);
}

static void test_watched(void **state)
{
	struct tally t = { 0 };
	const struct tally_conf watched = { 20, 1000, true };
	(void)state;
	assert_int_equal(ask(&t, &usual, "a@x", 1000), ACCESS_WITHIN_LIMITS);
	assert_int_equal(ask(&t, &watched, "b@x", 5000), ACCESS_OVER_ADDRESSES);
	assert_int_equal(ask(&t, &watched, "a@x", 6000), ACCESS_WITHIN_LIMITS);
	assert_int_equal(ask(&t, &watched, "a@x", 6500), ACCESS_OVER_RATE);
	assert_int_equal(t.state, 0);
	tally_free(&t);
}

static void test_kept(void **state)
{
	struct tally t = { 0 }, back = { 0 };
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	for (int i = 0; i < 20; i++) {
		char a[16];
		snprintf(a, sizeof(a), "%d@x", i);
		assert_int_equal(ask(&t, &usual, a, 1000),
				 ACCESS_WITHIN_LIMITS);
	}
	tally_encode(&t, &b);
	assert_int_equal(tally_decode(&back, TALLY_FULL | 0x80, buf_slice(&b)),
			 0);
	assert_int_equal(back.state, TALLY_FULL);
	assert_int_equal(back.count, 20);
	const struct tally_conf watched = { 20, 1000, true };
	assert_int_equal(ask(&back, &watched, "7@x", 1000),
			 ACCESS_WITHIN_LIMITS);
	assert_int_equal(ask(&back, &watched, "20@x", 9000),
			 ACCESS_OVER_ADDRESSES);
	tally_free(&back);
	/* twice the same, and no number at all, are no more addresses */
	buf_u64(&b, 0);
	buf_put(&b, slice_head(buf_slice(&b), 8));
	assert_int_equal(tally_decode(&back, 0, buf_slice(&b)), 0);
	assert_int_equal(back.count, 20);
	tally_free(&back);
	buf_u8(&b, 1);
	assert_int_equal(tally_decode(&back, 0, buf_slice(&b)), -EBADMSG);
	tally_free(&back);
	tally_free(&t);
	buf_free(&b);
}

/* Without memory an address is refused, never let pass uncounted. */
static int without_memory(void *arg)
{
	struct tally t = { 0 };
	uint32_t wait;
	(void)arg;
	bool ok = tally_request(&t, &usual, SLICE_LIT("a@x"), 1000, &wait) ==
		  ACCESS_WITHIN_LIMITS;
	assert_int_equal(ok, t.count == 1);
	tally_free(&t);
	return ok ? 0 : -ENOMEM;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(without_memory, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_suspicious),
		cmocka_unit_test(test_watched),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
