/* SPDX-License-Identifier: Apache-2.0 */
/* The map, and SipHash-1-3 against vectors of other programs. */
#include "base/map.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/list.h"
#include "support/oom.h"

struct item {
	struct map_node node;
	uint64_t key;
	int visits;
};

static void test_siphash(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{ 0, 0xabac0158050fc4dc },
		{ 1, 0xc9f49bf37d57ca93 },
		{ 8, 0x369095118d299a8e },
		{ 15, 0xd320d86d2a519956 },
	};
	const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t in[16];
	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(hash_keyed(key, slice_of(in, rows[i].len)),
				 rows[i].hash);
}

static void test_keys(void **state)
{
	struct map m;
	struct item a, b, c;
	(void)state;
	assert_int_equal(map_init(&m), 0);
	assert_null(map_find(&m, SLICE_LIT("a")));
	assert_int_equal(map_insert(&m, &a.node, SLICE_LIT("a")), 0);
	assert_int_equal(map_insert(&m, &b.node, SLICE_LIT("")), 0);
	assert_int_equal(map_insert(&m, &c.node, SLICE_LIT("a")), -EEXIST);
	assert_int_equal(m.count, 2);
	assert_ptr_equal(map_find(&m, SLICE_LIT("a")), &a.node);
	assert_ptr_equal(map_find(&m, SLICE_NONE), &b.node);
	assert_null(map_find(&m, SLICE_LIT("A")));
	map_remove(&m, &a.node);
	assert_null(map_find(&m, SLICE_LIT("a")));
	assert_int_equal(m.count, 1);
	/* one that is not in it */
	map_remove(&m, &a.node);
	assert_int_equal(m.count, 1);
	map_free(&m);
	assert_null(map_find(&m, SLICE_LIT("")));
	assert_int_equal(map_insert(&m, &a.node, SLICE_LIT("a")), -ENOMEM);
}

static void test_seeds_differ(void **state)
{
	struct map m, n;
	(void)state;
	assert_int_equal(map_init(&m), 0);
	assert_int_equal(map_init(&n), 0);
	assert_memory_not_equal(m.seed, n.seed, sizeof(m.seed));
	map_free(&m);
	map_free(&n);
}

static void visit(struct map_node *node, void *arg)
{
	struct item *it = container_of(node, struct item, node);
	struct map *m = arg;
	it->visits++;
	if (it->key % 3 == 0)
		map_remove(m, node);
}

static void test_many(void **state)
{
	enum { COUNT = 10000 };
	struct item *items = calloc(COUNT, sizeof(*items));
	struct map m;
	(void)state;
	assert_non_null(items);
	assert_int_equal(map_init(&m), 0);
	for (uint64_t i = 0; i < COUNT; i++) {
		items[i].key = i;
		assert_int_equal(map_insert(&m, &items[i].node,
					    map_key_u64(&items[i].key)),
				 0);
	}
	assert_true(m.mask >= COUNT / 2);
	/* removing while walking: each is seen exactly once */
	map_each(&m, visit, &m);
	for (uint64_t i = 0; i < COUNT; i++) {
		assert_int_equal(items[i].visits, 1);
		struct map_node *n = map_find(&m, map_key_u64(&i));
		assert_ptr_equal(n, i % 3 ? &items[i].node : NULL);
	}
	assert_int_equal(m.count, COUNT - COUNT / 3 - 1);
	map_free(&m);
	free(items);
}

static int fill(void *arg)
{
	struct item *items = arg;
	struct map m;
	int err = map_init(&m);
	size_t in = 0;
	for (; !err && in < 100; in++) {
		items[in].key = in;
		err = map_insert(&m, &items[in].node,
				 map_key_u64(&items[in].key));
	}
	/* what was in it before the failure still is */
	for (size_t i = 0; i + 1 < in; i++)
		assert_non_null(map_find(&m, map_key_u64(&items[i].key)));
	map_free(&m);
	return err;
}

static void test_oom(void **state)
{
	static struct item items[100];
	(void)state;
	oom_walk(fill, items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_seeds_differ),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
