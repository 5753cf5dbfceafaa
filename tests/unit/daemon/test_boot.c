/* SPDX-License-Identifier: Apache-2.0 */
/* The boot record survives its text, and nothing else passes for one. */
#include "daemon/boot.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_round_trip(void **state)
{
	(void)state;
	for (int role = PROC_EDGE; role < PROC_ROLE_COUNT; role++) {
		const struct boot in = { .id = { (enum proc_role)role, 7,
						 UINT32_MAX },
					 .change_user = role % 2 == 0,
					 .uid = 64800,
					 .gid = 64801 };
		struct boot out;
		char text[BOOT_TEXT_MAX];
		boot_format(&in, text);
		assert_int_equal(boot_parse(text, "/x", &out), 0);
		assert_int_equal(out.id.role, role);
		assert_int_equal(out.id.slot, 7);
		assert_int_equal(out.id.incarnation, UINT32_MAX);
		assert_int_equal(out.change_user, in.change_user);
		assert_int_equal(out.uid, 64800);
		assert_int_equal(out.gid, 64801);
		assert_string_equal(out.path, "/x");
	}
}

static void test_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		"edge",
		"edge,0,1,0,0",
		"edge,0,1,0,0,0,0",
		"edge,0,1,0,0,2",
		"edge,0,0,0,0,0",          /* incarnation 0 */
		"edge,0,4294967296,0,0,0", /* too large */
		"edge,-1,1,0,0,0",
		"edge,,1,0,0,0",
		"supervisor,0,1,0,0,0",
		"nobody,0,1,0,0,0",
		"edge,0,1,0,0,0 ",
	};
	struct boot out;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(boot_parse(bad[i], "/x", &out), -EINVAL);
	assert_int_equal(boot_parse("edge,0,1,0,0,0", NULL, &out), -EINVAL);
	assert_int_equal(boot_parse("edge,0,1,0,0,0", "/x", &out), 0);
}

static void test_names(void **state)
{
	(void)state;
	char name[BOOT_NAME_MAX];
	const struct proc_id edge = { PROC_EDGE, 4294967295U, 1 };
	const struct proc_id home = { PROC_HOME, 0, 1 };
	boot_name(&edge, name);
	assert_string_equal(name, "edge.4294967295");
	boot_name(&home, name);
	assert_string_equal(name, "home");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
