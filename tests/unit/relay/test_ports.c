/* SPDX-License-Identifier: Apache-2.0 */
/* Each port of a range once, in an order that nobody can foretell (TURN-15). */
#include "relay/ports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_each_once(void **state)
{
	static const uint16_t ranges[][2] = {
		{ 50000, 59999 }, { 50000, 50000 }, { 1024, 65535 },
		{ 65534, 65535 }, { 50001, 50007 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		static struct ports none;
		static uint8_t seen[65536];
		struct ports_walk w;
		unsigned n = 0;
		memset(seen, 0, sizeof(seen));
		assert_int_equal(ports_walk_begin(&w, &none, ranges[i][0],
						  ranges[i][1], false),
				 0);
		for (uint16_t p; (p = ports_walk_next(&w)); n++) {
			assert_in_range(p, ranges[i][0], ranges[i][1]);
			assert_false(seen[p]);
			seen[p] = 1;
		}
		assert_int_equal(n, ranges[i][1] - ranges[i][0] + 1);
	}
}

static void test_even_and_free(void **state)
{
	static struct ports held;
	struct ports_walk w;
	unsigned n = 0;
	(void)state;
	ports_take(&held, 50000);
	ports_take(&held, 50000);
	assert_int_equal(held.count, 1);
	assert_int_equal(ports_walk_begin(&w, &held, 50000, 50009, true), 0);
	for (uint16_t p; (p = ports_walk_next(&w)); n++) {
		assert_int_equal(p % 2, 0);
		assert_int_not_equal(p, 50000);
	}
	assert_int_equal(n, 4);
	ports_give(&held, 50000);
	ports_give(&held, 50000);
	assert_int_equal(held.count, 0);
	assert_false(ports_taken(&held, 50000));
}

static void test_random(void **state)
{
	static struct ports none;
	static unsigned first[10];
	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct ports_walk w;
		assert_int_equal(
			ports_walk_begin(&w, &none, 50000, 59999, false), 0);
		first[(ports_walk_next(&w) - 50000) / 1000]++;
	}
	for (int i = 0; i < 10; i++) /* five deviations are 150 */
		assert_in_range(first[i], 850, 1150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_even_and_free),
		cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
