/* SPDX-License-Identifier: Apache-2.0 */
/* Administrators' accounts: made once, changed, removed, listed. */
#include "folder.h"

#include <errno.h>

#include "store/admins.h"

static void see(void *arg, const struct store_admin *a)
{
	char *out = arg;
	sprintf(out + strlen(out), "%.*s=%.*s/%u@%u ", SLICE_FMT(a->name),
		SLICE_FMT(a->secret), (unsigned)a->role,
		(unsigned)a->created_s);
}

static const char *all(struct folder *f, const char *name)
{
	static char out[256];
	out[0] = '\0';
	int err = store_admin_each(f->s, slice_str(name), see, out);
	if (err)
		sprintf(out, "%d", err);
	return out;
}

static void test_accounts(void **state)
{
	struct folder *f = *state;
	struct store_admin a = { .name = SLICE_LIT("zoe"),
				 .secret = SLICE_LIT("s1"),
				 .role = 2,
				 .created_s = 10 };
	folder_open(f);
	assert_string_equal(all(f, ""), "");
	assert_int_equal(store_admin_put(f->s, &a, true), -ENOENT);
	assert_int_equal(store_admin_put(f->s, &a, false), 0);
	assert_int_equal(store_admin_put(f->s, &a, false), -EEXIST);
	a.name = SLICE_LIT("adam");
	a.role = 0;
	assert_int_equal(store_admin_put(f->s, &a, false), 0);
	/* another password is no other role, and no other day */
	a.secret = SLICE_LIT("s2");
	a.role = 2;
	a.created_s = 99;
	assert_int_equal(store_admin_put(f->s, &a, true), 0);
	assert_int_equal(store_commit(f->s), 0);
	assert_string_equal(all(f, ""), "adam=s2/0@10 zoe=s1/2@10 ");
	assert_string_equal(all(f, "zoe"), "zoe=s1/2@10 ");
	char gone[16];
	sprintf(gone, "%d", -ENOENT);
	assert_string_equal(all(f, "zo' OR ''='"), gone);
	assert_int_equal(store_admin_delete(f->s, SLICE_LIT("zoe")), 0);
	assert_int_equal(store_admin_delete(f->s, SLICE_LIT("zoe")), -ENOENT);
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	folder_open(f);
	assert_string_equal(all(f, ""), "adam=s2/0@10 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_accounts, folder_make,
						folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
