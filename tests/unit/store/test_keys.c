/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing keys: made once, rotated in time, kept while tokens may come back. */
#include "folder.h"

#include <errno.h>

enum { DAY = 86400, KEEP = 30 * DAY };

struct ring {
	struct store_key key[300];
	size_t count;
};

static void add(void *arg, const struct store_key *k)
{
	struct ring *r = arg;
	r->key[r->count++] = *k;
}

static void get(struct folder *f, struct ring *r, uint64_t now_s)
{
	r->count = 0;
	assert_int_equal(store_keys(f->s, now_s, DAY, KEEP, add, r), 0);
	assert_true(r->count > 0);
}

static void the_first_call_makes_a_durable_key(void **state)
{
	struct folder *f = *state;
	struct ring one, two;
	folder_open(f);
	get(f, &one, 1000);
	assert_int_equal(one.count, 1);
	assert_int_equal(one.key[0].created_s, 1000);
	assert_false(store_dirty(f->s));
	folder_close(f);
	folder_open(f);
	get(f, &two, 1000 + DAY);
	assert_int_equal(two.count, 1);
	assert_memory_equal(one.key[0].key, two.key[0].key, SEAL_KEY_BYTES);
}

static void a_key_is_added_after_the_time_and_not_before(void **state)
{
	struct folder *f = *state;
	struct ring r;
	folder_open(f);
	get(f, &r, 1000);
	get(f, &r, 1000 + DAY);
	assert_int_equal(r.count, 1);
	get(f, &r, 1000 + DAY + 1);
	assert_int_equal(r.count, 2);
	assert_int_equal(r.key[0].created_s, 1000);
	assert_int_not_equal(r.key[0].id, r.key[1].id);
	assert_memory_not_equal(r.key[0].key, r.key[1].key, SEAL_KEY_BYTES);
	get(f, &r, 1000); /* the clock went back */
	assert_int_equal(r.count, 2);
}

static void old_keys_go_but_never_the_newest(void **state)
{
	struct folder *f = *state;
	struct ring r;
	folder_open(f);
	get(f, &r, 1000);
	get(f, &r, 1000 + 2 * DAY);
	get(f, &r, 1000 + KEEP);
	assert_int_equal(r.count, 3);
	get(f, &r, 1000 + KEEP + 1);
	assert_int_equal(r.count, 2);
	get(f, &r, 1000 + 100ull * KEEP);
	assert_int_equal(r.count, 1);
	assert_int_equal(r.key[0].created_s, 1000 + 100ull * KEEP);
}

static void ids_come_round(void **state)
{
	struct folder *f = *state;
	static struct ring r;
	folder_open(f);
	for (uint64_t day = 0; day < 300; day++) {
		get(f, &r, 1000 + 2 * day * DAY);
		for (size_t i = 1; i < r.count; i++) {
			assert_int_not_equal(r.key[i].id, r.key[i - 1].id);
			assert_true(r.key[i].created_s >
				    r.key[i - 1].created_s);
		}
	}
	assert_int_equal(r.count, 16);
}

static void when_all_ids_are_taken_it_is_an_error(void **state)
{
	struct folder *f = *state;
	static struct ring r;
	int err = 0;
	folder_open(f);
	for (uint64_t i = 0; i < 256 && !err; i++) {
		r.count = 0;
		err = store_keys(f->s, 2 * i, 1, KEEP, add, &r);
	}
	assert_int_equal(err, 0);
	assert_int_equal(r.count, 256);
	assert_int_equal(store_keys(f->s, 600, 1, KEEP, add, &r), -ENOSPC);
}

static void staged_writes_go_with_the_key(void **state)
{
	struct folder *f = *state;
	struct ring r;
	struct store_user u = folder_user("a@x");
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	get(f, &r, 1000);
	folder_close(f);
	folder_open(f);
	folder_expect_users(f, "a@x ");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(the_first_call_makes_a_durable_key),
		TEST(a_key_is_added_after_the_time_and_not_before),
		TEST(old_keys_go_but_never_the_newest),
		TEST(ids_come_round),
		TEST(when_all_ids_are_taken_it_is_an_error),
		TEST(staged_writes_go_with_the_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
