/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines by rows: what is understood, what is refused and how. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/cli/capture.h"

struct row {
	const char *argv[12];
	const char *verb;  /* NULL: refused */
	const char *holds; /* in the complaint */
};

static const struct row rows[] = {
	{ { "status" }, "status", NULL },
	{ { "--json", "status" }, "status", NULL },
	{ { "status", "--json" }, "status", NULL },
	{ { "-s", "/x", "user", "add", "a@b" }, "user add", NULL },
	{ { "-s/x", "user", "list" }, "user list", NULL },
	{ { "user", "--password-file=-", "add", "a@b" }, "user add", NULL },
	{ { "user", "remove", "a@b" }, "user remove", NULL },
	{ { "log-level", "debug" }, "log-level", NULL },
	{ { "message", "--as", "a@b", "hi", "--to", "c@d" }, "message", NULL },
	{ { "message", "--as=a@b", "--to=c@d", "--", "--hi" },
	  "message",
	  NULL },
	{ { "receive", "--as", "a@b", "--count", "1", "--timeout", "20" },
	  "receive",
	  NULL },
	{ { "help", "user", "add" }, "help", NULL },
	{ { "message", "--help" }, "message", NULL },
	{ { "message", "-h" }, "message", NULL },
	{ { NULL }, NULL, "a verb is missing" },
	{ { "statu" }, NULL, "no verb \"statu\"" },
	{ { "user" }, NULL, "no verb \"user\"" },
	{ { "user", "frob" }, NULL, "no verb \"user frob\"" },
	{ { "status", "now" }, NULL, "\"now\" is too much" },
	{ { "user", "add" }, NULL, "needs USER@DOMAIN" },
	{ { "user", "add", "alice" }, NULL, "not \"alice\"" },
	{ { "user", "add", "a@b@c" }, NULL, "not \"a@b@c\"" },
	{ { "user", "add", "@b" }, NULL, "not \"@b\"" },
	{ { "user", "add", "a@" }, NULL, "not \"a@\"" },
	{ { "user", "add", "a b@c" }, NULL, "not \"a b@c\"" },
	{ { "user", "add", "a@b", "secret" }, NULL, "\"secret\" is too much" },
	{ { "user", "list", "--password-file", "x" }, NULL, "has no option" },
	{ { "status", "--frob" }, NULL, "no option --frob" },
	{ { "status", "--json=yes" }, NULL, "no option --json=yes" },
	{ { "status", "-s" }, NULL, "-s needs a value: SOCKET" },
	{ { "status", "-s", "" }, NULL, "-s is empty" },
	{ { "status", "-s", "a", "-s", "b" }, NULL, "twice" },
	{ { "message", "--as", "a@b", "hi" }, NULL, "needs --to" },
	{ { "message", "--to", "a@b", "hi" }, NULL, "needs --as" },
	{ { "message", "--as", "a@b", "--to", "c@d" }, NULL, "needs TEXT" },
	{ { "message", "--as", "a@b", "--to", "c@d", "x", "y" },
	  NULL,
	  "quotes" },
	{ { "receive", "--as", "a@b", "--count", "0" }, NULL, "from 1 to" },
	{ { "receive", "--as", "a@b", "--count", "-1" }, NULL, "from 1 to" },
	{ { "receive", "--as", "a@b", "--timeout", "1000001" },
	  NULL,
	  "from 1 to" },
	{ { "a", "b", "c", "d", "e", "f", "g", "h", "i" },
	  NULL,
	  "too many words" },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char *argv[12];
		struct cli_args a;
		char error[CLI_ERROR_MAX] = "";
		int argc = 0;
		for (; rows[i].argv[argc]; argc++)
			argv[argc] = (char *)(uintptr_t)rows[i].argv[argc];
		int err = cli_args_parse(&a, argc, argv, error);
		if ((err == 0) != (rows[i].verb != NULL))
			fail_msg("row %zu: %d %s", i, err, error);
		if (rows[i].verb)
			assert_string_equal(a.verb->words, rows[i].verb);
		else if (!strstr(error, rows[i].holds))
			fail_msg("row %zu: %s", i, error);
	}
}

static void test_values(void **state)
{
	char *argv[] = { (char *)(uintptr_t) "receive",
			 (char *)(uintptr_t) "--as=a@b",
			 (char *)(uintptr_t) "--count", (char *)(uintptr_t) "7",
			 (char *)(uintptr_t) "-s=x" };
	char error[CLI_ERROR_MAX];
	struct cli_args a;

	(void)state;
	assert_int_equal(cli_args_parse(&a, 5, argv, error), 0);
	assert_string_equal(a.opt[OPT_AS], "a@b");
	assert_string_equal(a.opt[OPT_SOCKET], "=x");
	assert_int_equal(cli_number(&a, OPT_COUNT, 0), 7);
	assert_int_equal(cli_number(&a, OPT_TIMEOUT, 9), 9);
	assert_null(a.opt[OPT_JSON]);
}

static void run(const char *const *argv, int status, const char *out,
		const char *err)
{
	struct capture c;

	capture_open(&c);
	assert_int_equal(capture_run(&c, argv), status);
	if (!strstr(c.out, out) || !strstr(c.err, err))
		fail_msg("%s: out %s, err %s", argv[0], c.out, c.err);
	if (!*out)
		assert_string_equal(c.out, "");
	if (!*err)
		assert_string_equal(c.err, "");
	capture_close(&c);
}

#define RUN(status, out, err, ...) \
	run((const char *const[]){ __VA_ARGS__, NULL }, status, out, err)

static void test_front_end(void **state)
{
	(void)state;
	RUN(CLI_DONE, "Verbs:", "", "help");
	RUN(CLI_DONE, "Verbs:", "", "--help");
	RUN(CLI_DONE, "usage: sallyport [-s SOCKET] [--json] user add", "",
	    "help", "user", "add");
	RUN(CLI_DONE, "user passwd", "", "help", "user");
	RUN(CLI_DONE, "user passwd", "", "user", "--help");
	RUN(CLI_DONE, "--to USER@DOMAIN", "", "message", "--help");
	RUN(CLI_USAGE, "", "no verb \"frob\"", "help", "frob");
	RUN(CLI_USAGE, "", "usage: sallyport", "user", "add");
	RUN(CLI_USAGE, "", "user remove", "user", "frob");
	RUN(CLI_USAGE, "", "lists the verbs", "frob");
	RUN(CLI_USAGE, "", "LEVEL is error, warn", "log-level", "loud");
	RUN(CLI_DONE, "sallyport " SALLYPORT_VERSION "\n", "", "version");
	RUN(CLI_DONE, "{\"version\":\"" SALLYPORT_VERSION "\"}\n", "", "--json",
	    "version");
	RUN(CLI_DONE, "{\"verb\":\"user add\"", "", "help", "--json");
	RUN(CLI_USAGE, "", "no verb \"\\x1b[2J\"", "\033[2J");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_front_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
