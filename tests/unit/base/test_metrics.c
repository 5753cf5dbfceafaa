/* SPDX-License-Identifier: Apache-2.0 */
/* The registry: pages move, counters go on, gauges start anew. */
#include "base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static void test_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < METRIC_COUNT; i++) {
		const struct metric_info *a = metric_info((enum metric)i);
		assert_true(a->name[0] && a->unit[0] && a->help[0]);
		size_t len = strlen(a->name);
		bool total =
			len > 6 && strcmp(a->name + len - 6, "_total") == 0;
		assert_int_equal(total, a->kind == METRIC_COUNTER);
		for (size_t j = 0; j < i; j++) {
			const struct metric_info *b =
				metric_info((enum metric)j);
			assert_false(strcmp(a->name, b->name) == 0 &&
				     strcmp(a->labels, b->labels) == 0);
		}
	}
	assert_true(metrics_layout() != 0);
	assert_true(metrics_layout() == metrics_layout());
}

static void test_pages(void **state)
{
	static struct metrics_page first, second, other;
	(void)state;
	/* before a page is attached nothing is lost */
	metric_add(M_CONN_ACCEPTED, 2);
	metric_set(M_CONN_OPEN, 5);
	metrics_attach(&first);
	assert_int_equal(metric_read(&first, M_CONN_ACCEPTED), 2);
	assert_int_equal(metric_read(&first, M_CONN_OPEN), 5);
	assert_true(first.layout == metrics_layout());
	metric_sub(M_CONN_OPEN, 2);
	assert_int_equal(metric_get(M_CONN_OPEN), 3);
	metric_sub(M_CONN_OPEN, 9); /* never below zero */
	assert_int_equal(metric_get(M_CONN_OPEN), 0);

	/* the page of a process that went before: counters go on */
	second.layout = metrics_layout();
	second.cell[M_CONN_ACCEPTED] = 10;
	second.cell[M_CONN_OPEN] = 77;
	metrics_attach(&second);
	assert_int_equal(metric_get(M_CONN_ACCEPTED), 12);
	assert_int_equal(metric_get(M_CONN_OPEN), 0);

	/* a page of another layout is worth nothing */
	memset(&other, 0xff, sizeof(other));
	metrics_attach(&other);
	assert_int_equal(metric_get(M_CONN_ACCEPTED), 12);
	assert_int_equal(metric_get(M_SIP_REQUESTS), 0);
	metrics_attach(&other); /* twice changes nothing */
	assert_int_equal(metric_get(M_CONN_ACCEPTED), 12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
