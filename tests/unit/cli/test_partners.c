/* SPDX-License-Identifier: Apache-2.0 */
/* `partner` and `ban`: what they ask of the daemon, and how they tell what it
 * says of those outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/cli/capture.h"
#include "unit/cli/ctl_server.h"

/* Three partners: one as it should be, one held, one that shows nothing. */
#define PARTNERS                                                               \
	OK("{\"partners\":["                                                   \
	   "{\"domain\":\"fabrikam.test\",\"partner\":\"edge.fabrikam.test\"," \
	   "\"class\":\"direct\",\"state\":\"up\",\"ruling\":\"none\","        \
	   "\"limited\":\"\",\"last_refusal\":\"\",\"rate\":3},"               \
	   "{\"domain\":\"found.test\",\"partner\":\"srv:found.test\","        \
	   "\"ruling\":\"none\",\"limited\":\"rate\","                         \
	   "\"last_refusal\":\"limit_rate\"},"                                 \
	   "{\"domain\":\"bad\\u001b[2J.test\",\"partner\":\"x\","             \
	   "\"ruling\":\"block\",\"limited\":\"rate\"}],"                      \
	   "\"peer_certificates\":["                                           \
	   "{\"peer\":\"peer:edge.fabrikam.test\",\"until\":\"2999-01-01T00:"  \
	   "00Z\"},"                                                           \
	   "{\"peer\":\"peer:edge.fabrikam.test\",\"until\":\"2001-01-01T00:"  \
	   "00Z\"},"                                                           \
	   "{\"peer\":\"peer:edge.fabrikam.test\",\"until\":\"some day\"},"    \
	   "{\"peer\":\"inside:srv:found.test\",\"until\":\"2999-01-01T00:"    \
	   "00Z\"}]}")

static const struct {
	const char *argv[6];
	const char *reply;
	int status;
	const char *asked;     /* the whole line, or NULL */
	const char *said[4];   /* parts of the output */
	const char *not_said;  /* or NULL */
	const char *complaint; /* part of it, or NULL */
} rows[] = {
	/* the certificate that ends first counts, and is over */
	{ { "partner", "list" },
	  PARTNERS,
	  0,
	  ASK("partner.list", "{}"),
	  { "CERT DAYS",
	    "fabrikam.test    direct  up     -      3     -          0  ",
	    "watch", "limit_rate" },
	  "\x1b",
	  NULL },
	{ { "partner", "show", "FABRIKAM.test" },
	  PARTNERS,
	  0,
	  ASK("partner.list", "{}"),
	  { "certificate_days  0\n", "held              -\n" },
	  "found.test",
	  NULL },
	/* what the operator says is before what the limits do */
	{ { "--json", "partner", "list" },
	  PARTNERS,
	  0,
	  NULL,
	  { "\"held\":\"block\"", "\"held\":\"watch\"", "\"held\":null" },
	  NULL,
	  NULL },
	{ { "partner", "show", "found.test" },
	  PARTNERS,
	  0,
	  NULL,
	  { "held              watch\n" },
	  "certificate_days",
	  NULL },
	{ { "partner", "show", "none.test" },
	  PARTNERS,
	  1,
	  NULL,
	  { NULL },
	  NULL,
	  "none.test is no partner that is known" },
	{ { "partner", "list" },
	  OK("{}"),
	  0,
	  NULL,
	  { "there are no partners\n" },
	  "DOMAIN",
	  NULL },
	{ { "partner", "block", "bad.test" },
	  OK("{}"),
	  0,
	  ASK("partner.rule", "{\"domain\":\"bad.test\",\"ruling\":\"block\"}"),
	  { "bad.test is blocked\n" },
	  NULL,
	  NULL },
	{ { "partner", "allow", "a.test" },
	  OK("{}"),
	  0,
	  ASK("partner.rule", "{\"domain\":\"a.test\",\"ruling\":\"allow\"}"),
	  { "a.test is allowed\n" },
	  NULL,
	  NULL },
	{ { "partner", "watch", "a.test" },
	  OK("{}"),
	  0,
	  ASK("partner.rule", "{\"domain\":\"a.test\",\"ruling\":\"watch\"}"),
	  { "a.test is watched\n" },
	  NULL,
	  NULL },
	{ { "partner", "clear", "a.test" },
	  OK("{}"),
	  0,
	  ASK("partner.rule", "{\"domain\":\"a.test\",\"ruling\":\"clear\"}"),
	  { "a.test is what the configuration says\n" },
	  NULL,
	  NULL },
	{ { "ban", "192.0.2.7" },
	  OK("{}"),
	  0,
	  ASK("ban", "{\"address\":\"192.0.2.7\",\"seconds\":\"86400\"}"),
	  { "banned\n" },
	  NULL,
	  NULL },
	{ { "bans" },
	  OK("{\"bans\":[]}"),
	  0,
	  ASK("bans", "{}"),
	  { "no address is banned\n" },
	  NULL,
	  NULL },
};

static void check(size_t i)
{
	struct server s;
	struct capture c;
	char asked[ASKED_MAX];
	const char *argv[10] = { "-s", s.path };
	start(&s, rows[i].reply, 1);
	for (size_t k = 0; k < 6 && rows[i].argv[k]; k++)
		argv[2 + k] = rows[i].argv[k];
	capture_open(&c);
	int status = capture_run(&c, argv);
	fflush(c.cli.out);
	stop(&s, asked);
	if (status != rows[i].status)
		fail_msg("row %zu: %d: %s", i, status, c.err);
	if (rows[i].asked && strcmp(asked, rows[i].asked) != 0)
		fail_msg("row %zu asks %s", i, asked);
	for (size_t k = 0; k < 4 && rows[i].said[k]; k++)
		if (!strstr(c.out, rows[i].said[k]))
			fail_msg("row %zu says %s", i, c.out);
	if (rows[i].not_said)
		assert_null(strstr(c.out, rows[i].not_said));
	if (rows[i].complaint)
		assert_non_null(strstr(c.err, rows[i].complaint));
	capture_close(&c);
}

static void test_verbs(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verbs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
