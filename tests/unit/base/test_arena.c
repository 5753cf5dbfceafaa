/* SPDX-License-Identifier: Apache-2.0 */
/* The arena: zeroed, aligned, bounded, and gone at once. */
#include "base/arena.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "support/oom.h"

static void test_memory(void **state)
{
	struct arena *a = arena_create(32, 100000);
	(void)state;
	assert_non_null(a);
	for (size_t size = 0; size < 200; size++) {
		uint8_t *p = arena_alloc(a, size);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	assert_true(arena_used(a) >= 199 * 200 / 2);
	arena_free(a);
	arena_free(NULL);
}

static void test_limit(void **state)
{
	struct arena *a = arena_create(16, 100);
	(void)state;
	assert_null(arena_alloc(a, 101));
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_non_null(arena_alloc(a, 100));
	assert_int_equal(arena_used(a), 100);
	assert_null(arena_alloc(a, 1));
	assert_int_equal(arena_used(a), 100);
	arena_free(a);
}

static void test_copies(void **state)
{
	struct arena *a = arena_create(64, 1024);
	char text[] = "text";
	(void)state;
	struct slice s = arena_copy(a, slice_str(text));
	char *z = arena_strdup(a, slice_str(text));
	text[0] = 'X';
	assert_true(slice_eq(s, SLICE_LIT("text")));
	assert_string_equal(z, "text");
	assert_non_null(arena_copy(a, SLICE_NONE).ptr);
	assert_string_equal(arena_strdup(a, SLICE_NONE), "");
	static char large[2000];
	assert_null(arena_copy(a, slice_of(large, sizeof(large))).ptr);
	assert_null(arena_strdup(a, slice_of(large, sizeof(large))));
	arena_free(a);
}

static int many(void *arg)
{
	(void)arg;
	struct arena *a = arena_create(64, 1 << 20);
	int err = a ? 0 : -ENOMEM;
	for (int i = 0; !err && i < 100; i++) {
		if (!arena_alloc(a, 100))
			err = -ENOMEM;
	}
	arena_free(a);
	return err;
}

/* More at once than are kept; what was in one is not in the next. */
static void test_pool(void **state)
{
	struct arena_pool pool;
	struct arena *a[5];
	(void)state;
	arena_pool_init(&pool, 128, 3);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 5; i++) {
			a[i] = arena_from(&pool, 1000);
			assert_non_null(a[i]);
			char *x = arena_alloc(a[i], 300);
			assert_int_equal(x[0] | x[299], 0);
			memset(x, 'x', 300);
			assert_int_equal(arena_used(a[i]), 304);
			assert_null(arena_alloc(a[i], 1000));
		}
		for (int i = 0; i < 5; i++)
			arena_free(a[i]);
		assert_true(pool.count <= 3);
	}
	a[0] = arena_from(&pool, 10);
	assert_int_equal(arena_used(a[0]), 0);
	assert_null(arena_alloc(a[0], 11));
	arena_free(a[0]);
	arena_pool_free(&pool);
	assert_int_equal(pool.count, 0);
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(many, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory), cmocka_unit_test(test_limit),
		cmocka_unit_test(test_copies), cmocka_unit_test(test_pool),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
