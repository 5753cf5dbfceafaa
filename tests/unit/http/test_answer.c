/* SPDX-License-Identifier: Apache-2.0 */
/* The handshake of WebSocket, origins, and answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/http.h"
#include "http/reject.h"
#include "support/oom.h"

#define START "GET /ws HTTP/1.1\r\nHost: edge.test\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
/* the example of RFC 6455 1.3 */
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define SIP "Sec-WebSocket-Protocol: chat, sip\r\n"

static const struct reject *shake(const char *text, struct buf *out)
{
	struct http_request r;
	const struct reject *reject;
	size_t len;
	assert_int_equal(http_read(slice_str(text), &r, &len, &reject),
			 HTTP_DONE);
	return http_websocket(&r, "sip", out);
}

static bool holds(const struct buf *b, const char *text)
{
	return memmem(b->ptr, b->len, text, strlen(text)) != NULL;
}

static void test_handshake(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	assert_null(shake(START UPGRADE KEY VERSION SIP "\r\n", &out));
	assert_true(slice_starts(buf_slice(&out), SLICE_LIT("HTTP/1.1 101 ")));
	assert_true(holds(&out, "Sec-WebSocket-Accept: "
				"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
	assert_true(holds(&out, "Sec-WebSocket-Protocol: sip\r\n"));
	assert_true(slice_ends(buf_slice(&out), SLICE_LIT("\r\n\r\n")));
	buf_free(&out);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const struct reject *want;
	} rows[] = {
		{ START "\r\n", &http_reject_upgrade },
		{ START UPGRADE KEY SIP "\r\n", &http_reject_upgrade },
		{ START UPGRADE KEY SIP "Sec-WebSocket-Version: 8\r\n\r\n",
		  &http_reject_upgrade },
		{ START UPGRADE VERSION SIP "\r\n", &http_reject_handshake },
		{ START UPGRADE VERSION SIP
		  "Sec-WebSocket-Key: c2hvcnQ=\r\n\r\n",
		  &http_reject_handshake },
		{ START UPGRADE VERSION SIP KEY KEY "\r\n",
		  &http_reject_handshake },
		{ START "Upgrade: websocket\r\n" VERSION SIP KEY "\r\n",
		  &http_reject_handshake },
		{ START UPGRADE VERSION KEY "\r\n", &http_reject_protocol },
		{ START UPGRADE VERSION KEY
		  "Sec-WebSocket-Protocol: sips\r\n\r\n",
		  &http_reject_protocol },
		{ "POST /ws HTTP/1.1\r\nHost: x\r\n" UPGRADE KEY VERSION SIP
		  "\r\n",
		  &http_reject_method },
		{ "GET /ws HTTP/1.0\r\nHost: x\r\n" UPGRADE KEY VERSION SIP
		  "\r\n",
		  &http_reject_handshake },
	};
	struct buf out;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_init(&out, 0);
		const struct reject *got = shake(rows[i].text, &out);
		if (got != rows[i].want)
			fail_msg("row %zu: %s", i, got ? got->text : "taken");
		buf_free(&out);
	}
}

static void test_origins(void **state)
{
	static const struct {
		const char *origin;
		bool want;
	} rows[] = {
		{ "", true },
		{ "Origin: https://edge.test\r\n", true },
		{ "Origin: https://EDGE.test\r\n", true },
		{ "Origin: http://edge.test\r\n", false },
		{ "Origin: https://edge.test:8443\r\n", false },
		{ "Origin: https://chat.test\r\n", true },
		{ "Origin: https://chat.test:8443\r\n", true },
		{ "Origin: https://chat.test.evil.test\r\n", false },
		{ "Origin: null\r\n", false },
		{ "Origin: https://chat.test\r\n"
		  "Origin: https://edge.test\r\n",
		  false },
		{ "Origin:\r\n", false },
	};
	const struct slice host[] = { SLICE_LIT("chat.test") };
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct http_request r;
		const struct reject *reject;
		char text[512];
		size_t len;
		snprintf(text, sizeof(text), START "%s\r\n", rows[i].origin);
		assert_int_equal(http_read(slice_str(text), &r, &len, &reject),
				 HTTP_DONE);
		if (http_origin_ok(&r, host, 1) != rows[i].want)
			fail_msg("row %zu: %s", i, rows[i].origin);
	}
}

static void test_answers(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	http_write_reject(&out, &http_reject_upgrade);
	assert_true(slice_starts(buf_slice(&out),
				 SLICE_LIT("HTTP/1.1 426 Upgrade Required")));
	assert_true(holds(&out, "\r\nSec-WebSocket-Version: 13\r\n"));
	assert_true(holds(&out, "\r\nConnection: close\r\n"));
	assert_true(holds(&out, "\r\nX-Content-Type-Options: nosniff\r\n"));
	buf_reset(&out);
	http_write_reject(&out, &http_reject_method);
	assert_true(holds(&out, "\r\nAllow: GET\r\n"));
	buf_reset(&out);
	http_write_text(&out, 200, "OK", "ready");
	assert_true(holds(&out, "Content-Length: 6\r\n\r\nready\n"));
	buf_free(&out);
}

static int shake_short(void *arg)
{
	struct buf out;
	(void)arg;
	buf_init(&out, 0);
	const struct reject *r =
		shake(START UPGRADE KEY VERSION SIP "\r\n", &out);
	assert_true(!r || r == &http_reject_memory);
	buf_free(&out);
	return r ? -1 : 0;
}

static void test_memory(void **state)
{
	(void)state;
	oom_walk(shake_short, NULL);
}

static void test_json(void **state)
{
	static const struct {
		const char *text, *json;
	} rows[] = {
		{ "alice@contoso.test", "\"alice@contoso.test\"" },
		{ "a\"b\\c", "\"a\\\"b\\\\c\"" },
		{ "a\n\x7f", "\"a\\u000a\\u007f\"" },
		{ "\xc3\xa9\xff", "\"\xc3\xa9?\"" },
		{ "", "\"\"" },
	};
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		buf_reset(&out);
		http_json_text(&out, slice_str(rows[i].text));
		assert_true(slice_eq(buf_slice(&out), slice_str(rows[i].json)));
	}
	buf_reset(&out);
	http_write_json(&out, SLICE_LIT("{}"));
	assert_true(slice_starts(buf_slice(&out), SLICE_LIT("HTTP/1.1 200 ")));
	assert_true(holds(&out, "Content-Type: application/json\r\n"));
	assert_true(holds(&out, "Cache-Control: no-store\r\n"));
	assert_true(slice_ends(buf_slice(&out),
			       SLICE_LIT("Content-Length: 3\r\n\r\n{}\n")));
	assert_false(holds(&out, "Access-Control"));
	buf_reset(&out);
	http_write_challenge(&out, &http_reject_unauthorized,
			     SLICE_LIT("Digest realm=\"x\""));
	assert_true(slice_starts(buf_slice(&out), SLICE_LIT("HTTP/1.1 401 ")));
	assert_true(holds(&out, "WWW-Authenticate: Digest realm=\"x\"\r\n"));
	buf_free(&out);
}

static void test_query(void **state)
{
	static const struct {
		const char *query, *name, *value; /* NULL: none */
	} rows[] = {
		{ "", "a", NULL },           { "a=1", "a", "1" },
		{ "b=2&a=1&a=3", "a", "1" }, { "a", "a", NULL },
		{ "a=", "a", "" },           { "&&a=b=c&", "a", "b=c" },
		{ "xa=1&ax=2", "a", NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct http_request r = { .query = slice_str(
							rows[i].query) };
		struct slice value;
		bool found = http_query(&r, rows[i].name, &value);
		assert_int_equal(found, rows[i].value != NULL);
		if (found)
			assert_true(slice_eq(value, slice_str(rows[i].value)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handshake),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
