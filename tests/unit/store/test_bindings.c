/* SPDX-License-Identifier: Apache-2.0 */
/* Binding records: replaced by (aor, contact), left out when expired. */
#include "folder.h"

#include <errno.h>

static void prepare(struct folder *f)
{
	struct store_user a = folder_user("a@x"), b = folder_user("b@x");
	folder_open(f);
	assert_int_equal(store_user_put(f->s, &a, false), 0);
	assert_int_equal(store_user_put(f->s, &b, false), 0);
}

static void put(struct folder *f, const char *aor, const char *contact,
		uint64_t expires_s)
{
	struct store_binding b = folder_binding(aor, contact, expires_s);
	assert_int_equal(store_binding_put(f->s, &b), 0);
}

static void see_record(void *arg, const struct store_binding *b)
{
	*(bool *)arg = slice_eq(b->record, SLICE_LIT("\0rec"));
}

static void a_contact_is_kept_once(void **state)
{
	struct folder *f = *state;
	bool whole = false;
	prepare(f);
	put(f, "a@x", "sip:a@1", 100);
	put(f, "a@x", "sip:a@2", 100);
	put(f, "a@x", "sip:a@1", 300);
	folder_expect_bindings(f, "a@x", 0, "a@x>sip:a@1@300 a@x>sip:a@2@100 ");
	store_binding_each(f->s, SLICE_LIT("a@x"), 0, see_record, &whole);
	assert_true(whole);
}

static void one_user_or_all_but_never_expired_ones(void **state)
{
	struct folder *f = *state;
	prepare(f);
	put(f, "a@x", "sip:a@1", 100);
	put(f, "b@x", "sip:b@1", 200);
	folder_expect_bindings(f, "", 99, "a@x>sip:a@1@100 b@x>sip:b@1@200 ");
	folder_expect_bindings(f, "", 100, "b@x>sip:b@1@200 ");
	folder_expect_bindings(f, "a@x", 100, "");
	folder_expect_bindings(f, "nobody@x", 0, "");
}

static void expire_removes_what_is_over(void **state)
{
	struct folder *f = *state;
	prepare(f);
	put(f, "a@x", "sip:a@1", 100);
	put(f, "a@x", "sip:a@2", 101);
	assert_int_equal(store_binding_expire(f->s, 100), 0);
	folder_expect_bindings(f, "", 0, "a@x>sip:a@2@101 ");
}

static void deleted_ones_stay_away(void **state)
{
	struct folder *f = *state;
	prepare(f);
	put(f, "a@x", "sip:a@1", 100);
	put(f, "b@x", "sip:a@1", 100);
	assert_int_equal(store_binding_delete(f->s, SLICE_LIT("a@x"),
					      SLICE_LIT("sip:a@1")),
			 0);
	assert_int_equal(store_binding_delete(f->s, SLICE_LIT("a@x"),
					      SLICE_LIT("sip:none")),
			 0);
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	folder_open(f);
	folder_expect_bindings(f, "", 0, "b@x>sip:a@1@100 ");
}

static void nobody_has_no_bindings(void **state)
{
	struct folder *f = *state;
	struct store_binding b = folder_binding("nobody@x", "sip:n@1", 100);
	prepare(f);
	assert_int_equal(store_binding_put(f->s, &b), -ENOENT);
	assert_int_equal(store_commit(f->s), 0);
	folder_expect_users(f, "a@x b@x ");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_contact_is_kept_once),
		TEST(one_user_or_all_but_never_expired_ones),
		TEST(expire_removes_what_is_over),
		TEST(deleted_ones_stay_away),
		TEST(nobody_has_no_bindings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
