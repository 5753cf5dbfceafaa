/* SPDX-License-Identifier: Apache-2.0 */
/* Where the server is, how a result reads, and a server that is not there. */
#include "cli/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <unistd.h>

#include "unit/cli/capture.h"

static void test_split(void **state)
{
	static const struct {
		const char *server, *host, *port; /* host NULL: refused */
	} rows[] = {
		{ NULL, "sip.contoso.test", "443" },
		{ "192.0.2.1:5061", "192.0.2.1", "5061" },
		{ "192.0.2.1", "192.0.2.1", "443" },
		{ "edge.contoso.test:443", "edge.contoso.test", "443" },
		{ "[2001:db8::1]:5061", "2001:db8::1", "5061" },
		{ "[2001:db8::1]", "2001:db8::1", "443" },
		{ "2001:db8::1", "2001:db8::1", "443" },
		{ "edge:", NULL, NULL },
		{ "edge:0", NULL, NULL },
		{ "edge:65536", NULL, NULL },
		{ "edge:x", NULL, NULL },
		{ ":443", NULL, NULL },
	};
	char host[SESSION_NAME_MAX], port[8];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int err = session_split(rows[i].server, "sip.contoso.test",
					host, port);
		assert_int_equal(err == 0, rows[i].host != NULL);
		if (err)
			continue;
		assert_string_equal(host, rows[i].host);
		assert_string_equal(port, rows[i].port);
	}
}

struct told {
	struct ua_result r;
	int status;
	const char *out, *json, *err;
};

static void check_told(const struct told *t, bool json)
{
	struct session s = { .server_name = "edge.x.test",
			     .server_text = "192.0.2.1:443",
			     .trust_path = "/ca.pem" };
	struct capture c;

	capture_open(&c);
	s.cli = &c.cli;
	c.cli.args.opt[OPT_JSON] = json ? "" : NULL;
	assert_int_equal(
		session_tell_result(&s, SLICE_LIT("bob@x.test"), &t->r),
		t->status);
	fflush(c.cli.out);
	fflush(c.cli.err);
	assert_string_equal(c.out, json ? t->json : t->out);
	if (!strstr(c.err, t->err) || (!*t->err && *c.err))
		fail_msg("%s", c.err);
	capture_close(&c);
}

static void test_told(void **state)
{
	const struct told rows[] = {
		{ { 200, "OK", SLICE_NONE, 12 },
		  CLI_DONE,
		  "delivered to bob@x.test in 12 ms (200 OK)\n",
		  "{\"event\":\"result\",\"done\":true,\"status\":200,"
		  "\"duration_ms\":12,\"reason\":\"OK\","
		  "\"to\":\"bob@x.test\"}\n",
		  "" },
		{ { 202, "Accepted\033", SLICE_NONE, 1 },
		  CLI_DONE,
		  "accepted for bob@x.test in 1 ms (202 Accepted\\x1b)\n",
		  "{\"event\":\"result\",\"done\":true,\"status\":202,"
		  "\"duration_ms\":1,\"reason\":\"Accepted\\u001B\","
		  "\"to\":\"bob@x.test\"}\n",
		  "" },
		{ { 404, "Not Found",
		    SLICE_LIT("1005;reason=\"no\033 partner\""), 3 },
		  CLI_NO,
		  "refused: 404 Not Found; 1005: no\\x1b partner\n",
		  "{\"event\":\"result\",\"done\":false,\"status\":404,"
		  "\"duration_ms\":3,\"reason\":\"Not Found\","
		  "\"diagnostics\":{\"id\":1005,"
		  "\"reason\":\"no\\u001B partner\"},"
		  "\"to\":\"bob@x.test\"}\n",
		  "" },
		{ { 486, "Busy Here", SLICE_NONE, 3 },
		  CLI_NO,
		  "refused: 486 Busy Here\n",
		  "{\"event\":\"result\",\"done\":false,\"status\":486,"
		  "\"duration_ms\":3,\"reason\":\"Busy Here\","
		  "\"to\":\"bob@x.test\"}\n",
		  "" },
		{ { 0, "no answer in time", SLICE_NONE, 35000 },
		  CLI_UNREACHED,
		  "",
		  "{\"event\":\"result\",\"done\":false,\"status\":0,"
		  "\"duration_ms\":35000,\"reason\":\"no answer in time\","
		  "\"to\":\"bob@x.test\"}\n",
		  "no answer from 192.0.2.1:443: no answer in time" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		check_told(&rows[i], false);
		check_told(&rows[i], true);
	}
}

static void run(const char *const *argv, int status, const char *err)
{
	struct capture c;

	capture_open(&c);
	assert_int_equal(capture_run(&c, argv), status);
	if (!strstr(c.err, err))
		fail_msg("%s", c.err);
	capture_close(&c);
}

/* A socket that is bound and does not listen refuses connections. */
static void test_nobody_there(void **state)
{
	struct addr a;
	char at[ADDR_TEXT_MAX];
	socklen_t len = sizeof(a.u);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(addr_parse(SLICE_LIT("127.0.0.1:0"), true, &a), 0);
	assert_int_equal(bind(fd, &a.u.sa, addr_len(&a)), 0);
	assert_int_equal(getsockname(fd, &a.u.sa, &len), 0);
	addr_text(&a, at);
	const char *send[] = { "message",   "--as",     "a@x.test", "--to",
			       "b@x.test",  "--server", at,         "--trust",
			       "/dev/null", "hi",       NULL };
	const char *wait[] = { "receive",  "--as", "a@x.test",
			       "--server", at,     NULL };
	setenv("SALLYPORT_PASSWORD", "secret", 1);
	run(send, CLI_UNREACHED, "/dev/null: the file is empty");
	send[8] = "/nonexistent";
	run(send, CLI_UNREACHED, "/nonexistent cannot be read");
	send[6] = "127.0.0.1:x";
	run(send, CLI_USAGE, "HOST:PORT");
	run(wait, CLI_UNREACHED, at);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_told),
		cmocka_unit_test(test_nobody_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
