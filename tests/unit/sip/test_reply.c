/* SPDX-License-Identifier: Apache-2.0 */
/* Responses: RFC 3261 8.2.6, also to requests that were refused. */
#include <errno.h>

#include "stream.h"

#define REQUEST(to)                                   \
	"INVITE sip:b@b.test SIP/2.0\r\n"             \
	"v: SIP/2.0/TLS a.test;branch=z9hG4bKx\r\n"   \
	"Via: SIP/2.0/TLS c.test;branch=z9hG4bKy\r\n" \
	"f: <sip:a@a.test>;tag=f\r\n"                 \
	"t : " to "\r\n"                              \
	"i: c@a\r\nCSeq: 1\r\n INVITE\r\nl: 0\r\n\r\n"

static void assert_reply(const char *request, const struct sip_reply *reply,
			 const char *want)
{
	struct arena *a = arena_create(1024, 1 << 20);
	struct sip_msg m;
	struct buf out;

	buf_init(&out, 0);
	sip_parse(a, slice_str(request), &sip_limits_default, &m);
	assert_true(sip_answerable(&m));
	assert_int_equal(sip_encode_reply(&out, &m, reply), 0);
	assert_slice(buf_slice(&out), slice_str(want));
	buf_free(&out);
	arena_free(a);
}

#define VIAS                                          \
	"Via: SIP/2.0/TLS a.test;branch=z9hG4bKx\r\n" \
	"Via: SIP/2.0/TLS c.test;branch=z9hG4bKy\r\n" \
	"From: <sip:a@a.test>;tag=f\r\n"
#define REST "Call-ID: c@a\r\nCSeq: 1 INVITE\r\n"

static void test_replies(void **state)
{
	struct sip_reply reply = { .status = 404, .to_tag = SLICE_LIT("t") };

	(void)state;
	assert_reply(REQUEST("<sip:b@b.test>"), &reply,
		     "SIP/2.0 404 Not Found\r\n" VIAS
		     "To: <sip:b@b.test>;tag=t\r\n" REST
		     "Content-Length: 0\r\n\r\n");
	assert_reply(REQUEST("<sip:b@b.test>;tag=u"), &reply,
		     "SIP/2.0 404 Not Found\r\n" VIAS
		     "To: <sip:b@b.test>;tag=u\r\n" REST
		     "Content-Length: 0\r\n\r\n");
	reply.status = 100;
	assert_reply(REQUEST("<sip:b@b.test>"), &reply,
		     "SIP/2.0 100 Trying\r\n" VIAS "To: <sip:b@b.test>\r\n" REST
		     "Content-Length: 0\r\n\r\n");
}

static void test_extra(void **state)
{
	struct sip_reply reply = { .status = 200, .reason = "Fine" };
	struct sip_edits extra;

	(void)state;
	sip_edits_init(&extra);
	sip_edit_bottom(&extra, SIP_H_SERVER, SLICE_LIT("x"));
	sip_edit_top(&extra, SIP_H_CONTACT, SLICE_LIT("<sip:b>"));
	reply.extra = &extra;
	reply.body = SLICE_LIT("body");
	assert_reply(REQUEST("<sip:b@b.test>"), &reply,
		     "SIP/2.0 200 Fine\r\n" VIAS "To: <sip:b@b.test>\r\n" REST
		     "Contact: <sip:b>\r\nServer: x\r\n"
		     "Content-Length: 4\r\n\r\nbody");
}

/* An unreadable To is repeated without a tag in the middle of its quote. */
static void test_refused_request(void **state)
{
	struct sip_reply reply = { .status = 400, .to_tag = SLICE_LIT("t") };

	(void)state;
	assert_reply(REQUEST("\"open <sip:b@b.test>"), &reply,
		     "SIP/2.0 400 Bad Request\r\n" VIAS
		     "To: \"open <sip:b@b.test>\r\n" REST
		     "Content-Length: 0\r\n\r\n");
	/* a header with bytes that may not stand there is not repeated */
	assert_reply(REQUEST("\x01<sip:b@b.test>"), &reply,
		     "SIP/2.0 400 Bad Request\r\n" VIAS REST
		     "Content-Length: 0\r\n\r\n");
	assert_reply(REQUEST("<sip:b@b.test>\r\nTo: <sip:c@b.test>"), &reply,
		     "SIP/2.0 400 Bad Request\r\n" VIAS
		     "To: <sip:b@b.test>;tag=t\r\n" REST
		     "Content-Length: 0\r\n\r\n");
}

static void test_bad_replies(void **state)
{
	struct arena *a = arena_create(1024, 1 << 20);
	struct sip_reply reply = { .status = 700 };
	struct sip_msg m;
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	sip_parse(a, SLICE_LIT(REQUEST("<sip:b@b.test>")), &sip_limits_default,
		  &m);
	assert_int_equal(sip_encode_reply(&out, &m, &reply), -EINVAL);
	reply.status = 200;
	reply.to_tag = SLICE_LIT("a b");
	assert_int_equal(sip_encode_reply(&out, &m, &reply), -EINVAL);
	reply.to_tag = SLICE_NONE;
	reply.reason = "a\r\nb: c";
	assert_int_equal(sip_encode_reply(&out, &m, &reply), -EINVAL);
	assert_int_equal(out.len, 0);
	buf_free(&out);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies),
		cmocka_unit_test(test_extra),
		cmocka_unit_test(test_refused_request),
		cmocka_unit_test(test_bad_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
