/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as texts: every key that has a value, and no secret. */
#include "conf/show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_files.h"

static const char TEXT[] =
	"edge: {name: edge.contoso.test, domains: [contoso.test, b.test]}\n"
	"tls: {certificate: /t/edge.pem, key: /t/edge.key}\n"
	"access:\n"
	"  federation: {listen: [\"[::]:5061\", \"192.0.2.1:5062\"]}\n"
	"  clients: {listen: [\"[::]:443\"]}\n"
	"partners:\n"
	" - { domain: one.test }\n"
	" - { domain: two.test, edge: sip.two.test }\n"
	"relay:\n"
	"  listen: [\"192.0.2.1:3478\"]\n"
	"  range: 50000-50999\n"
	"  users: [{name: device, password: marker-of-a-secret}]\n"
	"admin: {listen: [\"127.0.0.1:9061\"]}\n";

static void see(void *arg, const char *path, struct slice value)
{
	char *all = arg;
	sprintf(all + strlen(all), "%s=%.*s\n", path, SLICE_FMT(value));
}

static void test_values(void **state)
{
	static const char *const lines[] = {
		"edge.name=edge.contoso.test\n",
		"edge.domains=contoso.test, b.test\n",
		"tls.key=/t/edge.key\n",
		"access.federation.listen=[::]:5061, 192.0.2.1:5062\n",
		"access.federation.discovery=off\n",
		"partners[2].domain=two.test\n",
		"partners[2].edge=sip.two.test\n",
		"relay.range=50000-50999\n",
		"relay.users[1].password=(hidden)\n",
		"admin.listen=127.0.0.1:9061\n",
		"log.level=info\n",
	};
	static char all[65536];
	char error[CONF_ERROR_MAX] = "";
	const struct conf *c = NULL;
	struct arena *a = arena_create(4096, 1 << 24);
	(void)state;
	if (fake_load(a, TEXT, &c, error, NULL))
		fail_msg("%s", error);
	assert_int_equal(conf_show(c, see, all), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (!strstr(all, lines[i]))
			fail_msg("%s is not in\n%s", lines[i], all);
	assert_null(strstr(all, "marker-of-a-secret"));
	assert_null(strstr(all, "partners[1].edge="));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_values) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
