/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verbs against a control socket served by a child: what they ask, how
 * they tell the answer, and answers that no daemon gives.
 */
#include "cli/ctl.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "admin/ctl_proto.h"
#include "unit/cli/capture.h"
#include "unit/cli/ctl_server.h"

struct row {
	const char *argv[6]; /* FILE is the password's, COPY a new one */
	const char *reply;
	size_t times;
	int status;
	const char *asked;     /* whole line without id, or NULL */
	const char *out, *err; /* in it; "" nothing at all */
};

#define STATUS                                                                 \
	OK("{\"version\":\"0.1.0\",\"generation\":2,\"processes\":["           \
	   "{\"role\":\"edge\",\"slot\":0,\"pid\":12345,\"state\":\"up\"},"    \
	   "{\"role\":\"home\",\"slot\":1,\"pid\":7,\"state\":\"\\u001b[2J\"}" \
	   "],"                                                                \
	   "\"silent\":[\"store\"],\"tables\":{\"workers\":["                  \
	   "{\"slot\":\"0\"},{\"slot\":\"1\",\"connections\":\"17\"}],"        \
	   "\"partners\":[]},\"counters\":{\"quiet_total\":0,"                 \
	   "\"busy_total\":42}}")

#define BACKED(running, done)                                         \
	OK("{\"number\":\"7\",\"running\":" running ",\"done\":" done \
	   ",\"total\":2048}")

#define STEP(state, why)                                          \
	"{\"id\":1,\"step\":{\"step\":\"tcp\",\"state\":\"" state \
	"\",\"ms\":7,\"diagnostics\":0,\"why\":\"" why            \
	"\",\"text\":\"to \\u001b there\"}}\n"
#define TRIED(failed) OK("{\"failed\":" failed ",\"steps\":[]}")

static const struct row rows[] = {
	{ { "partner", "test", "b.test" },
	  STEP("pass", "") STEP("fail", "partner_down") TRIED("true"),
	  1,
	  1,
	  ASK("partner.test", "{\"domain\":\"b.test\"}"),
	  "pass  tcp           to \\x1b there (7 ms)\n"
	  "fail  tcp           to \\x1b there (7 ms)\n"
	  "                    why=partner_down\n",
	  "" },
	{ { "--json", "partner", "test", "b.test" },
	  STEP("warn", "") TRIED("false"),
	  1,
	  0,
	  NULL,
	  "{\"failed\":false,\"steps\":[]}\n",
	  "" },
	{ { "partner", "test", "b.test" },
	  STEP("pass", ""),
	  1,
	  3,
	  NULL,
	  "(7 ms)",
	  "ended before it was complete" },
	{ { "backup", "COPY" },
	  BACKED("false", "2048"),
	  1,
	  0,
	  ASK("backup", "{}"),
	  "2 KiB\n",
	  "" },
	{ { "--json", "backup", "COPY" },
	  BACKED("false", "2048"),
	  1,
	  0,
	  NULL,
	  "/copy\",\"bytes\":2048}\n",
	  "" },
	{ { "backup", "COPY" },
	  "{\"id\":1,\"ok\":false,\"error\":\"the disk of the backup is "
	  "full\"}\n",
	  1,
	  1,
	  NULL,
	  "",
	  "disk of the backup is full" },
	{ { "reload" },
	  OK("{\"generation\":3}"),
	  1,
	  0,
	  ASK("reload", "{}"),
	  "generation 3 of",
	  "" },
	{ { "--json", "reload" },
	  OK("{\"generation\":3}"),
	  1,
	  0,
	  ASK("reload", "{}"),
	  "{\"generation\":3}\n",
	  "" },
	{ { "reload" },
	  "{\"id\":1,\"ok\":false,\"error\":\"a.yaml:3: \\u001b no\"}\n",
	  1,
	  1,
	  NULL,
	  "",
	  "a.yaml:3: \\x1b no" },
	{ { "drain" }, OK("{}"), 1, 0, ASK("drain", "{}"), "draining", "" },
	{ { "drain", "--json" }, OK("{}"), 1, 0, NULL, "{}\n", "" },
	{ { "log-level", "debug" },
	  OK("{}"),
	  1,
	  0,
	  ASK("log.level", "{\"level\":\"debug\"}"),
	  "is debug now",
	  "" },
	{ { "metrics" },
	  OK("{\"text\":\"a 1\\nb 2\\n# EOF\\n\"}"),
	  1,
	  0,
	  ASK("metrics", "{}"),
	  "a 1\nb 2\n# EOF\n",
	  "" },
	{ { "user", "add", "a@b", "--password-file", "FILE" },
	  OK("{}"),
	  1,
	  0,
	  ASK("user.add", "{\"aor\":\"a@b\",\"password\":\"se\\\"cret\"}"),
	  "a@b is added\n",
	  "" },
	{ { "user", "passwd", "a@b", "--password-file", "FILE" },
	  OK("{}"),
	  1,
	  0,
	  ASK("user.passwd", "{\"aor\":\"a@b\",\"password\":\"se\\\"cret\"}"),
	  "a@b has the new password\n",
	  "" },
	{ { "user", "remove", "a@b" },
	  OK("{}"),
	  1,
	  0,
	  ASK("user.remove", "{\"aor\":\"a@b\"}"),
	  "a@b is removed\n",
	  "" },
	{ { "user", "remove", "a@b" },
	  "{\"id\":1,\"ok\":false,\"error\":\"no such user\"}\n",
	  1,
	  1,
	  NULL,
	  "",
	  "sallyport: no such user\n" },
	{ { "user", "list" },
	  OK("{\"users\":[{\"aor\":\"alice@contoso.test\",\"disabled\":false,"
	     "\"created\":1000000000},{\"aor\":\"b@c\",\"disabled\":true}]}"),
	  1,
	  0,
	  ASK("user.list", "{}"),
	  "ACCOUNT             STATE     CREATED\n"
	  "alice@contoso.test  enabled   2001-09-09 01:46:40 UTC\n"
	  "b@c                 disabled  -\n",
	  "" },
	{ { "user", "list" },
	  OK("{\"users\":[]}"),
	  1,
	  0,
	  NULL,
	  "there are no accounts",
	  "" },
	{ { "user", "list" },
	  OK("{\"users\":7}"),
	  1,
	  0,
	  NULL,
	  "there are no accounts",
	  "" },
	{ { "status" },
	  STATUS,
	  1,
	  0,
	  ASK("status", "{}"),
	  "sallyportd 0.1.0, configuration generation 2\n"
	  "store did not answer in time\n\nProcesses\n"
	  "ROLE  SLOT    PID  STATE\n"
	  "edge     0  12345  up\n"
	  "home     1      7  \\x1b[2J\n\nWorkers\n"
	  "SLOT  CONNECTIONS\n"
	  "   0  -\n"
	  "   1  17\n\nCounters that are not zero\n"
	  "VALUE  COUNTER\n   42  busy_total\n",
	  "" },
	{ { "status", "--json" },
	  OK("{\"x\":\"\\u007f\\u001b\\u00e9\"}"),
	  1,
	  0,
	  NULL,
	  "{\"x\":\"\\u007f\\u001B\\u00E9\"}\n",
	  "" },
	{ { "status" }, OK("{}"), 1, 0, NULL, "sallyportd ?", "" },
	{ { "status" },
	  OK("{\"processes\":[1,null],\"tables\":[],"
	     "\"counters\":3,\"silent\":[{}]}"),
	  1,
	  0,
	  NULL,
	  "? did not answer",
	  "" },
	{ { "status" }, "", 1, 3, NULL, "", "ended before it was complete" },
	{ { "status" },
	  "{\"id\":1,\"ok\":tr",
	  1,
	  3,
	  NULL,
	  "",
	  "ended before it was complete" },
	{ { "status" },
	  "HTTP/1.1 400 Bad Request\r\n",
	  1,
	  3,
	  NULL,
	  "",
	  "is no JSON" },
	{ { "status" }, "\n", 1, 3, NULL, "", "is no JSON" },
	{ { "status" }, "[1]\n", 1, 3, NULL, "", "is none to this question" },
	{ { "status" },
	  "{\"id\":2,\"ok\":true,\"result\":{}}\n",
	  1,
	  3,
	  NULL,
	  "",
	  "is none to this question" },
	{ { "status" },
	  "{\"id\":1,\"ok\":true,\"result\":7}\n",
	  1,
	  3,
	  NULL,
	  "",
	  "is none to this question" },
	{ { "status" },
	  "{\"id\":1,\"ok\":false}\n",
	  1,
	  3,
	  NULL,
	  "",
	  "is none to this question" },
	{ { "status" },
	  "0123456789abcdef",
	  CTL_REPLY_MAX / 16 + 4096,
	  3,
	  NULL,
	  "",
	  "is too long" },
};

static void check_text(size_t i, const char *got, const char *want)
{
	bool fine = *want ? strstr(got, want) != NULL : !*got;

	if (!fine)
		fail_msg("row %zu: got\n%s\nwant\n%s", i, got, want);
}

static const char *named(const struct server *s, const char *word)
{
	if (!strcmp(word, "FILE"))
		return s->password;
	return strcmp(word, "COPY") ? word : s->copy;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *r = &rows[i];
		const char *argv[10] = { "-s" };
		char asked[ASKED_MAX];
		struct capture c;
		struct server s;
		start(&s, r->reply, r->times);
		argv[1] = s.path;
		for (size_t n = 0; n < 6 && r->argv[n]; n++)
			argv[2 + n] = named(&s, r->argv[n]);
		capture_open(&c);
		int status = capture_run(&c, argv);
		stop(&s, asked);
		if (status != r->status)
			fail_msg("row %zu: status %d: %s", i, status, c.err);
		check_text(i, c.out, r->out);
		check_text(i, c.err, r->err);
		if (r->asked)
			assert_string_equal(asked, r->asked);
		capture_close(&c);
	}
}

static void test_unreached(void **state)
{
	static const char *const none[] = { "-s", "/nonexistent/control",
					    "status", NULL };
	char path[64] = "/tmp/sallyport-test-XXXXXX", deep[200];
	const char *dead[] = { "-s", path, "status", NULL };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct capture c;

	(void)state;
	capture_open(&c);
	assert_int_equal(capture_run(&c, none), CLI_UNREACHED);
	check_text(0, c.err, "/nonexistent/control: No such file");
	check_text(0, c.err, "is sallyportd running?");
	capture_close(&c);

	assert_non_null(mkdtemp(path));
	strcat(path, "/control");
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	capture_open(&c);
	assert_int_equal(capture_run(&c, dead), CLI_UNREACHED);
	check_text(1, c.err, "nobody listens there");
	capture_close(&c);
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);

	memset(deep, 'x', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	dead[1] = deep;
	capture_open(&c);
	assert_int_equal(capture_run(&c, dead), CLI_UNREACHED);
	check_text(2, c.err, "too long");
	capture_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_unreached),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
