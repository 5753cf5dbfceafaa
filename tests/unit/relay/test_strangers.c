/* SPDX-License-Identifier: Apache-2.0 */
/* Ten answers a second a source, and a cap in all (TURN-04). */
#include "relay/strangers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct relay_addr source(unsigned n)
{
	struct relay_addr a = { .family = 4, .port = 1 };
	a.ip[0] = 8;
	a.ip[1] = (uint8_t)(n >> 16);
	a.ip[2] = (uint8_t)(n >> 8);
	a.ip[3] = (uint8_t)n;
	return a;
}

static unsigned answers(struct strangers *s, unsigned n, uint64_t now)
{
	unsigned passed = 0;
	for (int i = 0; i < 100; i++) {
		struct relay_addr a = source(n);
		a.port = (uint16_t)i; /* by address, not by port */
		passed += strangers_pass(s, &a, now);
	}
	return passed;
}

static void test_a_source(void **state)
{
	struct strangers *s = malloc(sizeof(*s));
	(void)state;
	assert_non_null(s);
	assert_int_equal(strangers_init(s, 1000), 0);
	assert_int_equal(answers(s, 1, 1000), 10);
	assert_int_equal(answers(s, 2, 1000), 10);
	assert_int_equal(answers(s, 1, 1500), 5);
	assert_int_equal(answers(s, 1, 100000), 10);
	/* the counters wrap after 49 days; idle cells block nobody */
	for (uint64_t day = 1; day < 120; day++)
		assert_int_equal(answers(s, 1, day * 86400000), 10);
	free(s);
}

/* One network of IPv6 is one source. */
static void test_ipv6(void **state)
{
	struct strangers *s = malloc(sizeof(*s));
	unsigned passed = 0;
	(void)state;
	assert_non_null(s);
	assert_int_equal(strangers_init(s, 0), 0);
	for (unsigned i = 0; i < 100; i++) {
		struct relay_addr a = { .family = 6, .ip = { 0x2a, 1 } };
		a.ip[15] = (uint8_t)i;
		passed += strangers_pass(s, &a, 0);
	}
	assert_int_equal(passed, 10);
	free(s);
}

static void test_all(void **state)
{
	struct strangers *s = malloc(sizeof(*s));
	unsigned passed = 0;
	(void)state;
	assert_non_null(s);
	assert_int_equal(strangers_init(s, 0), 0);
	for (unsigned n = 0; n < 100000; n++) {
		struct relay_addr a = source(n);
		passed += strangers_pass(s, &a, n / 100);
	}
	/* a second, with the burst */
	assert_in_range(passed, STRANGERS_TOTAL_PER_SECOND,
			STRANGERS_TOTAL_PER_SECOND * 11 / 10 + 1);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_source),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
