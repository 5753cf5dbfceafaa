/* SPDX-License-Identifier: Apache-2.0 */
/* User records: create, replace, read, delete. */
#include "folder.h"

#include <errno.h>

struct seen {
	char ha1[16];
	uint64_t created_s;
	bool disabled;
	unsigned calls;
};

static void see(void *arg, const struct store_user *u)
{
	struct seen *s = arg;
	s->calls++;
	s->created_s = u->created_s;
	s->disabled = u->disabled;
	slice_cstr(u->ha1_sha256, s->ha1, sizeof(s->ha1));
}

static void create_is_for_new_users_only(void **state)
{
	struct folder *f = *state;
	struct store_user u = folder_user("a@x");
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &u, true), -ENOENT);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	assert_int_equal(store_user_put(f->s, &u, false), -EEXIST);
	/* the failed ones take nothing else with them */
	assert_int_equal(store_commit(f->s), 0);
	folder_expect_users(f, "a@x ");
}

static void replace_keeps_the_creation_time(void **state)
{
	struct folder *f = *state;
	struct store_user u = folder_user("a@x");
	struct seen seen = { .calls = 0 };
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	u.ha1_sha256 = SLICE_LIT("new");
	u.disabled = true;
	u.created_s = 7;
	assert_int_equal(store_user_put(f->s, &u, true), 0);
	assert_int_equal(store_user_get(f->s, u.aor, see, &seen), 0);
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.ha1, "new");
	assert_true(seen.disabled);
	assert_int_equal(seen.created_s, 1000);
}

static void names_are_bound_never_pasted(void **state)
{
	struct folder *f = *state;
	struct store_user u = folder_user("a'; DROP TABLE users; --@x");
	struct seen seen = { .calls = 0 };
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	assert_int_equal(store_user_get(f->s, u.aor, see, &seen), 0);
	assert_int_equal(
		store_user_get(f->s, SLICE_LIT("a' OR '1'='1"), see, &seen),
		-ENOENT);
	assert_int_equal(store_user_get(f->s, SLICE_NONE, see, &seen), -ENOENT);
	assert_int_equal(seen.calls, 1);
}

static void they_come_in_order(void **state)
{
	struct folder *f = *state;
	const char *names[] = { "c@x", "a@x", "b@x" };
	folder_open(f);
	for (size_t i = 0; i < 3; i++) {
		struct store_user u = folder_user(names[i]);
		u.disabled = i == 1;
		assert_int_equal(store_user_put(f->s, &u, false), 0);
	}
	folder_expect_users(f, "a@x! b@x c@x ");
}

static void delete_takes_the_bindings_along(void **state)
{
	struct folder *f = *state;
	struct store_user a = folder_user("a@x"), b = folder_user("b@x");
	struct store_binding of_a = folder_binding("a@x", "sip:a@1", 500);
	struct store_binding of_b = folder_binding("b@x", "sip:b@1", 500);
	folder_open(f);
	assert_int_equal(store_user_delete(f->s, a.aor), -ENOENT);
	assert_int_equal(store_user_put(f->s, &a, false), 0);
	assert_int_equal(store_user_put(f->s, &b, false), 0);
	assert_int_equal(store_binding_put(f->s, &of_a), 0);
	assert_int_equal(store_binding_put(f->s, &of_b), 0);
	assert_int_equal(store_user_delete(f->s, a.aor), 0);
	assert_int_equal(store_commit(f->s), 0);
	folder_expect_users(f, "b@x ");
	folder_expect_bindings(f, "", 0, "b@x>sip:b@1@500 ");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(create_is_for_new_users_only),
		TEST(replace_keeps_the_creation_time),
		TEST(names_are_bound_never_pasted),
		TEST(they_come_in_order),
		TEST(delete_takes_the_bindings_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
