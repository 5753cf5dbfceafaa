/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD                                               \
	"From: <sip:a@a.test>;tag=1\r\nTo: <sip:b@b.test>" \
	"\r\nCall-ID: c\r\nCSeq: 1 MESSAGE\r\n"

static void assert_changes(const char *before, const char *after,
			   const char *want)
{
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m[2] = { 0 };
	struct buf b;
	buf_init(&b, 0);
	(void)sip_parse(a, slice_str(before), &sip_limits_default, &m[0]);
	(void)sip_parse(a, slice_str(after), &sip_limits_default, &m[1]);
	changes_list(&b, &m[0], &m[1]);
	buf_u8(&b, 0);
	assert_string_equal((const char *)b.ptr, want);
	buf_free(&b);
	arena_free(a);
}

#define REQUEST(uri, more) "MESSAGE " uri " SIP/2.0\r\n" HEAD more "\r\n"

static void test_changes(void **state)
{
	(void)state;
	assert_changes(REQUEST("sip:b@b.test", "Max-Forwards: 70\r\n"),
		       REQUEST("sip:b@b.test", "Max-Forwards: 69\r\n"), "");
	assert_changes(
		REQUEST("sip:b@b.test", "v: SIP/2.0/TLS x;branch=z9hG4bKx\r\n"
					"Via: SIP/2.0/TLS y\r\nX-In: 1\r\n"
					"m: <sip:a@192.0.2.1>\r\n"),
		REQUEST("sip:c@b.test", "Via: SIP/2.0/TLS e;branch=z9hG4bKe\r\n"
					"Record-Route: <sip:e>\r\n"
					"Record-Route: <sip:f>\r\nX-Out: 1\r\n"
					"Contact: <sip:a@a.test>\r\n"),
		"removed X-In, added Record-Route, X-Out, "
		"changed Request-URI, Via, Contact");
	/* the same in another case, and in another place */
	assert_changes(REQUEST("sip:b@b.test", "x-a: 1\r\nX-B: 2\r\n"),
		       REQUEST("sip:b@b.test", "X-B: 2\r\nX-A: 1\r\n"), "");
	/* one value less */
	assert_changes(REQUEST("sip:b@b.test", "Route: <sip:x>\r\nRoute: "
					       "<sip:y>\r\n"),
		       REQUEST("sip:b@b.test", "Route: <sip:x>\r\n"),
		       "changed Route");
	assert_changes("SIP/2.0 200 OK\r\n" HEAD "Server: x\r\n\r\n",
		       "SIP/2.0 200 Fine\r\n" HEAD "\r\n", "removed Server");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
