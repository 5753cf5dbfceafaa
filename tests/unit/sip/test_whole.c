/* SPDX-License-Identifier: Apache-2.0 */
/* sip_frame_whole() and sip_parse_whole(): one WebSocket message is one SIP
 * message (RFC 7118 5). */
#include "stream.h"

#define HEAD                                                   \
	"MESSAGE sip:b@b.test SIP/2.0\r\n"                     \
	"Via: SIP/2.0/WSS a.test;branch=z9hG4bKx\r\n"          \
	"From: <sip:a@a.test>;tag=f\r\nTo: <sip:b@b.test>\r\n" \
	"Call-ID: c\r\nCSeq: 1 MESSAGE\r\n"
#define TYPE "Content-Type: text/plain\r\n"

static const char *verdict(struct slice data, const struct reject **row,
			   size_t *len)
{
	static const char *const words[] = {
		[SIP_FRAME_MORE] = "more",
		[SIP_FRAME_MESSAGE] = "message",
		[SIP_FRAME_PING] = "ping",
		[SIP_FRAME_SKIP] = "skip",
		[SIP_FRAME_REFUSED] = "refused",
		[SIP_FRAME_NOT_SIP] = "close",
	};

	return words[sip_frame_whole(data, &sip_limits_default, len, row)];
}

/* What is sent on carries its length, whatever its transport is. */
static void assert_gets_length(struct arena *a, const struct sip_msg *m)
{
	struct sip_msg again;
	struct buf out;

	buf_init(&out, 0);
	assert_int_equal(sip_encode(&out, m, NULL), 0);
	assert_null(sip_parse(a, buf_slice(&out), &sip_limits_default, &again));
	assert_slice(again.body, m->body);
	assert_slice(again.call_id, SLICE_LIT("c"));
	buf_free(&out);
}

static void assert_whole(const char *text, const char *want,
			 const struct reject *row)
{
	struct arena *a = arena_create(4096, 1 << 20);
	const struct reject *got;
	struct sip_msg m;
	size_t len;

	assert_string_equal(verdict(slice_str(text), &got, &len), want);
	assert_ptr_equal(got, row);
	assert_true(len <= strlen(text));
	if (strcmp(want, "message") == 0) {
		assert_int_equal(len, strlen(text));
		assert_null(sip_parse_whole(a, slice_str(text),
					    &sip_limits_default, &m));
		assert_gets_length(a, &m);
	}
	arena_free(a);
}

static void test_messages(void **state)
{
	(void)state;
	assert_whole(HEAD "\r\n", "message", NULL);
	assert_whole(HEAD TYPE "\r\nhello", "message", NULL);
	assert_whole(HEAD TYPE "Content-Length: 5\r\n\r\nhello", "message",
		     NULL);
	assert_whole(HEAD "l: 0\r\n\r\n", "message", NULL);
	assert_whole("SIP/2.0 200 OK\r\n"
		     "Via: SIP/2.0/WSS a.test;branch=z9hG4bKx\r\n"
		     "From: <sip:a@a.test>;tag=f\r\nTo: <sip:b@b.test>\r\n"
		     "Call-ID: c\r\nCSeq: 1 MESSAGE\r\n\r\n",
		     "message", NULL);
}

static void test_keep_alives(void **state)
{
	(void)state;
	assert_whole("", "skip", NULL);
	assert_whole("\r\n", "skip", NULL);
	assert_whole("\r\n\r\n", "ping", NULL);
	assert_whole("\r\n\r\n\r\n", "close", NULL);
	assert_whole("\r\n" HEAD "\r\n", "close", NULL);
	assert_whole("\n", "close", NULL);
}

static void test_refused(void **state)
{
	const struct reject *length = &sip_reject_content_length;

	(void)state;
	assert_whole(HEAD TYPE "Content-Length: 4\r\n\r\nhello", "refused",
		     length);
	assert_whole(HEAD TYPE "Content-Length: 6\r\n\r\nhello", "refused",
		     length);
	assert_whole(HEAD "Content-Length: 0\r\n\r\n" HEAD
			  "Content-Length: 0\r\n\r\n",
		     "refused", length);
	assert_whole(HEAD "Content-Length: 5\r\nl: 5\r\n\r\nhello", "refused",
		     length);
	assert_whole(HEAD "Content-Length: +5\r\n\r\nhello", "refused", length);
	assert_whole(HEAD "Content-Length:\r\n\r\n", "refused", length);
	assert_whole(HEAD, "refused", &sip_reject_framing);
	assert_whole("MESSAGE", "refused", &sip_reject_framing);
	assert_whole("MESSAGE sip:b@b.test SIP/2.0\r\nX: y\n\r\n", "refused",
		     &sip_reject_framing);
	assert_whole("GET / HTTP/1.1\r\n\r\n", "close", NULL);
}

static void test_limits(void **state)
{
	size_t max = sip_limits_default.body;
	struct buf all;

	(void)state;
	for (size_t body = max - 1; body <= max + 1; body++) {
		const struct reject *row;
		size_t len;
		buf_init(&all, 0);
		buf_str(&all, HEAD "\r\n");
		uint8_t *at = buf_reserve(&all, body);
		assert_non_null(at);
		memset(at, 'x', body);
		buf_commit(&all, body);
		const char *word = verdict(buf_slice(&all), &row, &len);
		assert_string_equal(word, body > max ? "refused" : "message");
		assert_ptr_equal(row, body > max ? &sip_reject_body_too_large
						 : NULL);
		assert_int_equal(len, body > max ? sizeof(HEAD "\r\n") - 1
						 : all.len);
		buf_free(&all);
	}
}

/* A stream says where its messages end: sip_parse() still wants it. */
static void test_stream_needs_length(void **state)
{
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m;

	(void)state;
	assert_ptr_equal(
		sip_parse(a, SLICE_LIT(HEAD "\r\n"), &sip_limits_default, &m),
		&sip_reject_content_length);
	assert_ptr_equal(sip_parse_whole(a, SLICE_LIT(HEAD "l: 1\r\n\r\n"),
					 &sip_limits_default, &m),
			 &sip_reject_content_length);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_keep_alives),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_stream_needs_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
