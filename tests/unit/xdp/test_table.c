/* SPDX-License-Identifier: Apache-2.0 */
/* Bindings in shared memory: room, reuse, and what a process leaves behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>

#include "support/oom.h"
#include "unit/xdp/emulate.h"
#include "unit/xdp/world.h"

static int open_emu(void **state)
{
	(void)state;
	emu_open();
	return 0;
}

static int close_emu(void **state)
{
	(void)state;
	emu_close();
	return 0;
}

static struct table_binding numbered(uint32_t i)
{
	struct table_binding b = { .channel = htons(CHANNEL),
				   .purse = PLANE_NONE,
				   .hop = { PLANE_NONE, PLANE_NONE } };
	memcpy(b.client.ip, &i, 4);
	b.client.port = htons(40000);
	b.local.port = htons(3478);
	b.peer.port = htons(41000);
	b.relay.port = htons((uint16_t)(50000 + i % 10000));
	b.relay.ip[0] = (uint8_t)(i / 10000 + 1);
	return b;
}

static size_t words_used(void)
{
	size_t used = 0;
	for (uint32_t i = 0; i < PLANE_BUCKETS * PLANE_WAYS; i++)
		used += hook_bucket(i / PLANE_WAYS)->word[i % PLANE_WAYS] != 0;
	return used;
}

/* All slots of a process can be had; they come back after a while. */
static void test_full(void **state)
{
	struct table *t;
	uint32_t each = hook_control()->slots_each, slot;
	uint32_t *all = calloc(each, sizeof(*all));
	(void)state;
	assert_int_equal(table_create(&t, &emu.r, 1), 0);
	for (uint32_t i = 0; i < each; i++) {
		struct table_binding b = numbered(i);
		assert_int_equal(table_add(t, &b, 0, &all[i]), 0);
		assert_in_range(all[i], each, 2 * each - 1);
	}
	struct table_binding one = numbered(each);
	assert_int_equal(table_add(t, &one, 0, &slot), -ENOSPC);
	assert_int_equal(table_count(t), each);
	table_remove(t, all[5], 100);
	assert_int_equal(table_add(t, &one, 1100, &slot), -ENOSPC);
	assert_int_equal(table_add(t, &one, 2100, &slot), 0);
	assert_int_equal(slot, all[5]);
	assert_int_equal(words_used(), 2 * (size_t)each);
	for (uint32_t i = 0; i < each; i++)
		table_remove(t, all[i], 3000);
	assert_int_equal(table_count(t), 0);
	assert_int_equal(words_used(), 0);
	table_free(t);
	free(all);
}

/* A process that died left bindings; its successor wipes them, and nobody
 * else's. */
static void test_successor(void **state)
{
	struct table *dead, *other, *next;
	struct table_binding a = numbered(1), b = numbered(2);
	uint32_t x, y;
	(void)state;
	assert_int_equal(table_create(&dead, &emu.r, 0), 0);
	assert_int_equal(table_create(&other, &emu.r, 3), 0);
	table_beat(dead, 5000);
	table_beat(other, 5000);
	assert_int_equal(table_add(dead, &a, 0, &x), 0);
	assert_int_equal(table_add(other, &b, 0, &y), 0);
	assert_int_equal(table_create(&next, &emu.r, 0), 0);
	assert_int_equal(hook_slot(x)->state, PLANE_FREE);
	assert_int_equal(hook_slot(y)->state, PLANE_LIVE);
	assert_int_equal(words_used(), 2);
	assert_int_equal(hook_beat(0)->until_ms, 0);
	assert_int_equal(hook_beat(3)->until_ms, 5000);
	table_free(next);
	table_free(other);
	assert_int_equal(words_used(), 0);
	assert_int_equal(hook_beat(3)->until_ms, 0);
	table_free(dead);
	assert_int_equal(table_create(&next, &emu.r, 4), -EINVAL);
	table_free(NULL);
}

/* Two bindings with one key cannot be: but where a hash is crowded, the
 * binding stays in user space, and nothing is left of it. */
static void test_crowded(void **state)
{
	struct table *t;
	struct table_binding a = numbered(7);
	uint32_t slot[2 * PLANE_WAYS + 1], n = 0;
	(void)state;
	assert_int_equal(table_create(&t, &emu.r, 0), 0);
	while (table_add(t, &a, 0, &slot[n]) == 0)
		n++;
	assert_in_range(n, PLANE_WAYS, 2 * PLANE_WAYS);
	assert_int_equal(table_count(t), n);
	assert_int_equal(words_used(), 2 * (size_t)n);
	while (n)
		table_remove(t, slot[--n], 0);
	assert_int_equal(words_used(), 0);
	table_free(t);
}

static void test_rows(void **state)
{
	const struct table_caps caps = { .port_kbit = 8,
					 .shared[0] = { 0, 3 } };
	struct table *t;
	uint32_t row, first, n = 0, purse;
	(void)state;
	assert_int_equal(table_create(&t, &emu.r, 2), 0);
	assert_int_equal(table_hop(t, &first), 0);
	while (table_hop(t, &row) == 0)
		n++;
	assert_int_equal(n, PLANE_HOPS / 4 - 1);
	table_hop_free(t, first);
	assert_int_equal(table_hop(t, &row), 0);
	assert_int_equal(row, first);
	table_hop_free(t, PLANE_NONE);
	assert_int_equal(table_purse(t, &caps, &purse), 0);
	assert_int_equal(hook_purse(purse)->port_scale, 1000000ull << 20);
	assert_int_equal(hook_purse(purse)->shared_scale[0], 0);
	table_purse_tat(t, purse)[1] = 77;
	table_purse_free(t, purse);
	table_purse_free(t, PLANE_NONE);
	assert_int_equal(table_purse(t, &caps, &row), 0);
	assert_int_equal(row, purse);
	assert_int_equal(table_purse_tat(t, purse)[1], 0);
	table_free(t);
}

static void test_devices(void **state)
{
	struct table *t;
	(void)state;
	hook_control()->devices = 2;
	hook_control()->device[1] = 12;
	assert_int_equal(table_create(&t, &emu.r, 0), 0);
	assert_true(table_has_device(t, 12));
	assert_false(table_has_device(t, 13));
	table_free(t);
}

static int scenario(void *arg)
{
	struct table *t = NULL;
	(void)arg;
	int err = table_create(&t, &emu.r, 1);
	table_free(t);
	return err;
}

static void test_survives_oom(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_emu, close_emu)
	const struct CMUnitTest tests[] = {
		T(test_full), T(test_successor), T(test_crowded),
		T(test_rows), T(test_devices),   T(test_survives_oom),
	};
	return cmocka_run_group_tests_name("xdp/table", tests, NULL, NULL);
}
