/* SPDX-License-Identifier: Apache-2.0 */
/* Request heads: what is read, and each thing that is refused (ADM-05). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/http.h"
#include "http/reject.h"

#define HOST "Host: edge.test\r\n"

static enum http_result read_text(const char *text, struct http_request *r,
				  const struct reject **reject)
{
	size_t len = 0;
	enum http_result result = http_read(slice_str(text), r, &len, reject);
	assert_true(len <= strlen(text));
	if (result == HTTP_DONE)
		assert_true(len > 0);
	return result;
}

static void assert_slice(struct slice s, const char *text)
{
	assert_int_equal(s.len, strlen(text));
	assert_memory_equal(s.ptr, text, s.len);
}

static void test_reads(void **state)
{
	struct http_request r;
	const struct reject *reject;
	(void)state;
	assert_int_equal(read_text("GET /ws?x=1 HTTP/1.1\r\n" HOST
				   "Connection: keep-alive, Upgrade\r\n"
				   "X-Empty:\r\n\r\nmore",
				   &r, &reject),
			 HTTP_DONE);
	assert_slice(r.method, "GET");
	assert_slice(r.path, "/ws");
	assert_slice(r.query, "x=1");
	assert_slice(r.host, "edge.test");
	assert_false(r.old);
	assert_int_equal(r.fields, 3);
	assert_true(http_has_token(&r, "connection", "upgrade"));
	assert_false(http_has_token(&r, "connection", "keep"));
	assert_slice(http_field(&r, "x-empty"), "");
	assert_int_equal(read_text("HEAD / HTTP/1.0\r\n\r\n", &r, &reject),
			 HTTP_DONE);
	assert_true(r.old);
	assert_int_equal(r.host.len, 0);
}

static void test_refuses(void **state)
{
	static const struct {
		const char *text;
		const struct reject *want;
	} rows[] = {
		{ "GET / HTTP/1.1\r\n\r\n", &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", &http_reject_syntax },
		{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", &http_reject_syntax },
		{ "GET / HTTP/1.1\r\nHost:\r\n\r\n", &http_reject_syntax },
		{ "GET / HTTP/2.0\r\n" HOST "\r\n", &http_reject_version },
		{ "GET / SIP/2.0\r\n" HOST "\r\n", &http_reject_syntax },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", &http_reject_syntax },
		{ "GET http://x/ HTTP/1.1\r\n" HOST "\r\n",
		  &http_reject_syntax },
		{ "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\n" HOST "\r\n", &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST "X: \x7f\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 0, 0\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST
		  "Content-Length: 99999999999999999999\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n"
		  "Content-Length: 0\r\n\r\n",
		  &http_reject_syntax },
		{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n",
		  &http_reject_body },
		{ "GET / HTTP/1.1\r\n" HOST
		  "Transfer-Encoding: chunked\r\n\r\n",
		  &http_reject_encoding },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_request r;
		const struct reject *got;
		assert_int_equal(read_text(rows[i].text, &r, &got),
				 HTTP_REFUSED);
		if (got != rows[i].want)
			fail_msg("row %zu: %s", i, got->why);
	}
}

static void test_sizes(void **state)
{
	struct http_request r;
	const struct reject *reject;
	struct buf b;
	size_t len;
	(void)state;
	buf_init(&b, 0);
	buf_str(&b, "GET / HTTP/1.1\r\n" HOST);
	while (b.len < HTTP_HEAD_MAX - 1)
		buf_str(&b, "a");
	assert_int_equal(http_read(buf_slice(&b), &r, &len, &reject),
			 HTTP_MORE);
	buf_str(&b, "aa");
	assert_int_equal(http_read(buf_slice(&b), &r, &len, &reject),
			 HTTP_REFUSED);
	assert_ptr_equal(reject, &http_reject_head_too_large);
	buf_reset(&b);
	buf_str(&b, "GET / HTTP/1.1\r\n" HOST);
	for (int i = 1; i < HTTP_FIELDS_MAX; i++)
		buf_str(&b, "a: b\r\n");
	buf_str(&b, "\r\n");
	assert_int_equal(http_read(buf_slice(&b), &r, &len, &reject),
			 HTTP_DONE);
	b.len -= 2;
	buf_str(&b, "a: b\r\n\r\n");
	assert_int_equal(http_read(buf_slice(&b), &r, &len, &reject),
			 HTTP_REFUSED);
	assert_ptr_equal(reject, &http_reject_head_too_large);
	buf_free(&b);
}

/* However it is cut, nothing is decided before the head is whole. */
static void test_in_pieces(void **state)
{
	static const char text[] = "GET /ws HTTP/1.1\r\n" HOST "A: b\r\n\r\n";
	struct http_request r;
	const struct reject *reject;
	size_t len;
	(void)state;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		assert_int_equal(
			http_read(slice_of(text, i), &r, &len, &reject),
			HTTP_MORE);
	assert_int_equal(read_text(text, &r, &reject), HTTP_DONE);
}

static void test_begins(void **state)
{
	static const struct {
		const char *text;
		enum http_result want;
	} rows[] = {
		{ "", HTTP_MORE },
		{ "GE", HTTP_MORE },
		{ "GET", HTTP_MORE },
		{ "GET ", HTTP_MORE },
		{ "GET /", HTTP_DONE },
		{ "OPTIONS /", HTTP_DONE },
		{ "OPTIONS sip:x", HTTP_REFUSED },
		{ "SIP/2.0 200 OK", HTTP_REFUSED },
		{ "get /", HTTP_REFUSED },
		{ "\r\n", HTTP_REFUSED },
		{ " /", HTTP_REFUSED },
		{ "ABCDEFGHIJKLMNOPQ /", HTTP_REFUSED },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(http_begins(slice_str(rows[i].text)),
				 rows[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),  cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_sizes),  cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_begins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
