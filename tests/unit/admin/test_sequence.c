/* SPDX-License-Identifier: Apache-2.0 */
/* Lines come out in the order of their times, and none waits for long. */
#include "admin/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/oom.h"

struct rig {
	struct timers *timers;
	struct sequence s;
	uint64_t now;
	char out[256];
};

static void on_line(void *arg, json_t *line)
{
	struct rig *g = arg;
	size_t len = strlen(g->out);
	snprintf(g->out + len, sizeof(g->out) - len, "%lld ",
		 (long long)json_integer_value(line));
	json_decref(line);
}

static int setup(void **state)
{
	struct rig *g = calloc(1, sizeof(*g));
	assert_non_null(g);
	assert_int_equal(timers_create(&g->timers, 0), 0);
	sequence_init(&g->s, g->timers, on_line, g);
	*state = g;
	return 0;
}

static int teardown(void **state)
{
	struct rig *g = *state;
	sequence_free(&g->s);
	timers_free(g->timers);
	free(g);
	return 0;
}

static void put(struct rig *g, int at)
{
	assert_int_equal(sequence_put(&g->s, (uint64_t)at, json_integer(at), 1),
			 0);
}

static void wait(struct rig *g, uint64_t ms)
{
	g->now += ms;
	timers_advance(g->timers, g->now);
}

static void test_order(void **state)
{
	struct rig *g = *state;
	put(g, 3);
	put(g, 1);
	put(g, 2);
	put(g, 4);
	wait(g, SEQUENCE_MS - 1);
	assert_string_equal(g->out, "");
	assert_int_equal(g->s.bytes, 4);
	wait(g, 1);
	assert_string_equal(g->out, "1 2 3 4 ");
	assert_int_equal(g->s.bytes, 0);
	assert_int_equal(timers_count(g->timers), 0);
}

/* Those that came at the same time stay as they came. */
static void test_equal(void **state)
{
	struct rig *g = *state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(sequence_put(&g->s, 7, json_integer(i), 1), 0);
	sequence_flush(&g->s);
	assert_string_equal(g->out, "0 1 2 ");
	sequence_flush(&g->s);
	assert_string_equal(g->out, "0 1 2 ");
}

/* What comes late goes with the rest; what comes later still waits. */
static void test_late(void **state)
{
	struct rig *g = *state;
	put(g, 10);
	wait(g, SEQUENCE_MS - 5);
	put(g, 5);
	put(g, 20);
	wait(g, 5);
	assert_string_equal(g->out, "5 10 ");
	wait(g, SEQUENCE_MS);
	assert_string_equal(g->out, "5 10 20 ");
	put(g, 1); /* too late: it is told all the same */
	wait(g, SEQUENCE_MS);
	assert_string_equal(g->out, "5 10 20 1 ");
	put(g, 30); /* dropped with the rest */
}

static int put_some(void *arg)
{
	struct rig *g = arg;
	json_t *line = json_integer(1);
	return line ? sequence_put(&g->s, 1, line, 1) : -1;
}

static void test_no_memory(void **state)
{
	oom_walk(put_some, *state);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_order),
		TEST(test_equal),
		TEST(test_late),
		TEST(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
