/* SPDX-License-Identifier: Apache-2.0 */
/* ADM-07: what proves who somebody is never stands in what is shown. */
#include "sip/shown.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define START "REGISTER sip:contoso.test SIP/2.0\r\n"

static void assert_shown(const char *whole, bool body, const char *want)
{
	struct buf out;
	buf_init(&out, 0);
	buf_str(&out, "before ");
	sip_shown(&out, slice_str(whole), body);
	buf_u8(&out, 0);
	assert_false(buf_failed(&out));
	assert_string_equal((const char *)out.ptr + 7, want);
	buf_free(&out);
}

static void test_heads(void **state)
{
	static const struct {
		const char *header, *want;
	} rows[] = {
		{ "From: <sip:a@b.test>;tag=response",
		  "From: <sip:a@b.test>;tag=response" },
		{ "Authorization: Digest username=\"a\", realm=\"b.test\", "
		  "nonce=\"n,1\", response=\"0123\", qop=auth",
		  "Authorization: Digest username=\"a\", realm=\"b.test\", "
		  "nonce=xxxxx, response=xxxxxx, qop=xxxx" },
		/* whatever the case, with a fold, with a quote in a quote */
		{ "pROXY-aUTHORIZATION :digest  response=\"a\\\"b\",\r\n "
		  "username=\"x\"",
		  "pROXY-aUTHORIZATION :digest  response=xxxxxx,\r\n "
		  "username=\"x\"" },
		{ "Authorization: NTLM abc= def",
		  "Authorization: NTLM xxxx xxx" },
		{ "Authorization: secret", "Authorization: xxxxxx" },
		{ "Authorization:", "Authorization:" },
		{ "Authentication-Info: rspauth=\"12\", nextnonce=\"3\"",
		  "Authentication-Info: rspauth=xxxx, nextnonce=xxx" },
		/* malformed: nothing of it stays */
		{ "Authorization: Digest secret, username=\"a\"",
		  "Authorization: Digest xxxxxxx xxxxxxxxxxxx" },
		{ "Authorization: Digest response=\"no end, username=\"a\"",
		  "Authorization: Digest response=xxx xxxx xxxxxxxxxxxx" },
		{ "Authorization: Digest =secret",
		  "Authorization: Digest xxxxxxx" },
		/* tokens */
		{ "Route: <sip:abc;d@edge.test;lr>, <sip:b.test;lr>,"
		  "\r\n <SIPS:e@f;x=sip:g@h>",
		  "Route: <sip:xxxxx@edge.test;lr>, <sip:b.test;lr>,"
		  "\r\n <SIPS:x@f;x=sip:x@h>" },
		{ "record-route:<sip:abc", "record-route:<sip:abc" },
		{ "Contact: <sip:a@e.test;inside=abc.1;transport=tls>;+b",
		  "Contact: <sip:a@e.test;inside=xxxxx;transport=tls>;+b" },
		{ "Refer-To: <sip:a@e.test;INSIDE=abc?Replaces=x>",
		  "Refer-To: <sip:a@e.test;INSIDE=xxx?Replaces=x>" },
		{ "From: <sip:route@a.test>", "From: <sip:route@a.test>" },
		{ "X: ;inside=", "X: ;inside=" },
		{ "X: y\rAuthorization: NTLM abc",
		  "X: y\rAuthorization: NTLM xxx" },
	};
	char whole[512], want[512];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(whole, sizeof(whole),
			 START "%s\r\nContent-Length: 2\r\n\r\nhi",
			 rows[i].header);
		snprintf(want, sizeof(want),
			 START "%s\r\nContent-Length: 2\r\n\r\n", rows[i].want);
		assert_shown(whole, false, want);
	}
}

static void test_bodies(void **state)
{
	static const struct {
		const char *body, *want;
	} rows[] = {
		{ "hello, Authorization: NTLM x",
		  "hello, Authorization: NTLM x" },
		{ "v=0\r\na=crypto:1 AES inline:abc\r\na=ice-pwd:q\r\nm=x",
		  "v=0\r\na=crypto:x xxx xxxxxxxxxx\r\na=ice-pwd:x\r\nm=x" },
		{ "K=clear:abc", "K=xxxxxxxxx" },
		{ "aa=ice-pwd:open", "aa=ice-pwd:open" },
		{ "<r><Password>p w</password><x/>",
		  "<r><Password>x x</password><x/>" },
		{ "<password>no end", "<password>xx xxx" },
		{ "", "" },
	};
	char whole[256], want[256];
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(whole, sizeof(whole), START "\r\n%s", rows[i].body);
		snprintf(want, sizeof(want), START "\r\n%s", rows[i].want);
		assert_shown(whole, true, want);
		assert_shown(whole, false, START "\r\n");
	}
}

static void test_ends(void **state)
{
	(void)state;
	assert_int_equal(sip_shown_head(SLICE_NONE), 0);
	assert_int_equal(sip_shown_head(SLICE_LIT("A\r\n\r\nbody")), 5);
	assert_int_equal(sip_shown_head(SLICE_LIT("A\n\nbody")), 3);
	assert_int_equal(sip_shown_head(SLICE_LIT("A: no end")), 9);
	assert_shown("", true, "");
	assert_shown("Authorization: NTLM abc", true,
		     "Authorization: NTLM xxx");
}

static void test_no_room(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 4);
	sip_shown(&out, SLICE_LIT("Authorization: NTLM abc"), true);
	assert_true(buf_failed(&out));
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_bodies),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_no_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
