/* SPDX-License-Identifier: Apache-2.0 */
/* Who runs as whom; as root, never as root. */
#include "daemon/accounts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void test_a_number_gives_each_role_its_own(void **state)
{
	(void)state;
	struct accounts a;
	char error[ACCOUNTS_ERROR_MAX] = "";
	if (geteuid() != 0)
		skip();
	assert_int_equal(accounts_resolve(&a, SLICE_LIT("64800"), error), 0);
	assert_true(a.change);
	for (int r = PROC_EDGE; r < PROC_LOADER; r++) {
		assert_int_equal(a.of[r].uid, 64800 + r - PROC_EDGE);
		assert_int_equal(a.of[r].gid, a.of[r].uid);
	}
	assert_int_equal(a.of[PROC_LOADER].uid, a.of[PROC_EDGE].uid);
}

static void test_a_name_is_for_all(void **state)
{
	(void)state;
	struct accounts a;
	char error[ACCOUNTS_ERROR_MAX] = "";
	if (geteuid() != 0)
		skip();
	assert_int_equal(accounts_resolve(&a, SLICE_LIT("nobody"), error), 0);
	for (int r = PROC_EDGE; r < PROC_ROLE_COUNT; r++)
		assert_int_equal(a.of[r].uid, 65534);
}

static void test_refusals_tell_the_remedy(void **state)
{
	(void)state;
	static const struct {
		const char *user;
		int error;
		const char *says;
	} rows[] = {
		{ "0", -EINVAL, "root" },
		{ "root", -EINVAL, "root" },
		{ "no-such-account", -ENOENT, "no account no-such-account" },
		{ "99999999999", -ENOENT, "no account" },
	};
	if (geteuid() != 0)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct accounts a;
		char error[ACCOUNTS_ERROR_MAX] = "";
		assert_int_equal(
			accounts_resolve(&a, slice_str(rows[i].user), error),
			rows[i].error);
		assert_non_null(strstr(error, rows[i].says));
	}
}

static void test_nobody_is_not_root(void **state)
{
	(void)state;
	assert_int_equal(accounts_nobody().uid, 65534);
	assert_int_equal(accounts_nobody().gid, 65534);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_number_gives_each_role_its_own),
		cmocka_unit_test(test_a_name_is_for_all),
		cmocka_unit_test(test_refusals_tell_the_remedy),
		cmocka_unit_test(test_nobody_is_not_root),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
