/* SPDX-License-Identifier: Apache-2.0 */
/* One source cannot take all streams; others are not its victims. */
#include "relay/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct relay_addr source(unsigned n)
{
	struct relay_addr a = { .family = 4, .port = (uint16_t)(n * 7) };
	a.ip[0] = 192;
	a.ip[2] = (uint8_t)(n >> 8);
	a.ip[3] = (uint8_t)n;
	return a;
}

static void test_bounded(void **state)
{
	static struct crowd c;
	(void)state;
	assert_int_equal(crowd_init(&c), 0);
	struct relay_addr one = source(1);
	for (unsigned i = 0; i < CROWD_MAX; i++) {
		one.port = (uint16_t)i; /* the port does not matter */
		assert_true(crowd_enter(&c, &one));
	}
	assert_false(crowd_enter(&c, &one));
	crowd_leave(&c, &one);
	assert_true(crowd_enter(&c, &one));
	/* two cells both full of the same stranger: not by chance */
	unsigned victims = 0;
	for (unsigned n = 2; n < 1000; n++) {
		struct relay_addr other = source(n);
		victims += !crowd_enter(&c, &other);
	}
	assert_int_equal(victims, 0);
}

static void test_a_prefix_is_one_source(void **state)
{
	static struct crowd c;
	(void)state;
	assert_int_equal(crowd_init(&c), 0);
	struct relay_addr six = { .family = 6, .ip = { 0x2a } };
	for (unsigned i = 0; i < CROWD_MAX; i++) {
		six.ip[15] = (uint8_t)i;
		assert_true(crowd_enter(&c, &six));
	}
	assert_false(crowd_enter(&c, &six));
	six.ip[7] = 1;
	assert_true(crowd_enter(&c, &six));
}

static void test_all_is_given_back(void **state)
{
	static struct crowd c;
	(void)state;
	assert_int_equal(crowd_init(&c), 0);
	for (int round = 0; round < 100; round++) {
		struct relay_addr a = source(3);
		for (unsigned i = 0; i < CROWD_MAX; i++)
			assert_true(crowd_enter(&c, &a));
		for (unsigned i = 0; i < CROWD_MAX; i++)
			crowd_leave(&c, &a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_a_prefix_is_one_source),
		cmocka_unit_test(test_all_is_given_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
