/* SPDX-License-Identifier: Apache-2.0 */
/* ADM-03, ADM-04: files for browsers: which, in which form, with which policy.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/page.h"
#include "http/reject.h"
#include "support/oom.h"

#define START "GET /app.js HTTP/1.1\r\nHost: edge.test\r\n"

static const unsigned char plain[] = { 'p', 'l', 'a', 'i', 'n' };
static const unsigned char gzip[] = { 0x1f, 0x8b, 'z' };
static const struct http_file files[] = {
	{ "/", "text/html", "t0", plain, sizeof(plain), gzip, sizeof(gzip) },
	{ "/app.js", "text/javascript", "t1", plain, sizeof(plain), gzip,
	  sizeof(gzip) },
	{ .path = NULL },
};

static const struct reject *ask(const char *text, struct buf *out)
{
	struct http_request r;
	const struct reject *reject;
	size_t len;
	assert_int_equal(http_read(slice_str(text), &r, &len, &reject),
			 HTTP_DONE);
	const struct http_file *f = http_file_find(files, r.path);
	assert_non_null(f);
	return http_file_answer(f, &r, out);
}

static bool holds(const struct buf *b, const char *text)
{
	return memmem(b->ptr, b->len, text, strlen(text)) != NULL;
}

static void exact_paths(void **state)
{
	static const char *const no[] = { "",         "//",       "/app.js/",
					  "/APP.JS",  "/app.jsx", "/%61pp.js",
					  "/./app.js" };
	(void)state;
	assert_ptr_equal(http_file_find(files, SLICE_LIT("/")), &files[0]);
	assert_ptr_equal(http_file_find(files, SLICE_LIT("/app.js")),
			 &files[1]);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_null(http_file_find(files, slice_str(no[i])));
	assert_null(http_file_find(files + 2, SLICE_LIT("/")));
}

static void forms(void **state)
{
	static const struct {
		const char *text, *body;
	} rows[] = {
		{ START "\r\n", "Content-Length: 5\r\n\r\nplain" },
		{ START "Accept-Encoding: br, gzip\r\n\r\n",
		  "Content-Encoding: gzip\r\nContent-Length: "
		  "3\r\n\r\n\x1f\x8bz" },
		{ START "Accept-Encoding: gzip;q=0\r\n\r\n", "\r\n\r\nplain" },
		{ START "If-None-Match: \"t0\"\r\n\r\n", "\r\n\r\nplain" },
		{ START "If-None-Match: t1\r\n\r\n", "\r\n\r\nplain" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf out;
		buf_init(&out, 0);
		assert_null(ask(rows[i].text, &out));
		assert_true(slice_starts(buf_slice(&out),
					 SLICE_LIT("HTTP/1.1 200 OK\r\n")));
		assert_true(
			slice_ends(buf_slice(&out), slice_str(rows[i].body)));
		assert_true(holds(&out, "Content-Type: text/javascript\r\n"));
		assert_true(holds(&out, "ETag: \"t1\"\r\n"));
		buf_free(&out);
	}
}

/* Nothing inline, nothing from elsewhere, in nobody's frame. */
static void policy(void **state)
{
	static const char *const has[] = {
		"Content-Security-Policy: default-src 'none'; ",
		"script-src 'self'; style-src 'self'; ",
		"connect-src 'self'; ",
		"frame-ancestors 'none'; ",
		"require-trusted-types-for 'script'",
		"X-Content-Type-Options: nosniff\r\n",
		"Referrer-Policy: no-referrer\r\n",
	};
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	assert_null(ask(START "\r\n", &out));
	for (size_t i = 0; i < sizeof(has) / sizeof(*has); i++)
		assert_true(holds(&out, has[i]));
	assert_false(holds(&out, "unsafe-"));
	assert_false(holds(&out, "http:"));
	assert_false(holds(&out, "*"));
	buf_free(&out);
}

static void known_already(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	assert_null(ask(START "If-None-Match: \"t1\"\r\n\r\n", &out));
	assert_true(slice_starts(buf_slice(&out),
				 SLICE_LIT("HTTP/1.1 304 Not Modified\r\n")));
	assert_true(slice_ends(buf_slice(&out), SLICE_LIT("\r\n\r\n")));
	assert_false(holds(&out, "plain"));
	buf_free(&out);
}

/* With the tag that it has, and with no other. */
static void kept_for_ever(void **state)
{
	static const struct {
		const char *target;
		bool kept;
	} rows[] = { { "/app.js?t1", true },
		     { "/app.js?t0", false },
		     { "/app.js?t1&t1", false },
		     { "/app.js", false } };
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[128];
		struct buf out;
		buf_init(&out, 0);
		snprintf(text, sizeof(text),
			 "GET %s HTTP/1.1\r\nHost: edge.test\r\n\r\n",
			 rows[i].target);
		assert_null(ask(text, &out));
		assert_int_equal(holds(&out, "immutable"), rows[i].kept);
		assert_int_equal(holds(&out, "no-cache"), !rows[i].kept);
		buf_free(&out);
	}
}

static void only_get(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, 0);
	assert_ptr_equal(ask("POST / HTTP/1.1\r\nHost: x\r\n\r\n", &out),
			 &http_reject_method);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static int scenario(void *arg)
{
	struct buf out;
	(void)arg;
	buf_init(&out, 0);
	const struct reject *reject = ask(START "\r\n", &out);
	assert_true(!reject || reject == &http_reject_memory);
	buf_free(&out);
	return 0;
}

static void survives_oom(void **state)
{
	(void)state;
	oom_walk(scenario, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_paths),  cmocka_unit_test(forms),
		cmocka_unit_test(policy),       cmocka_unit_test(known_already),
		cmocka_unit_test(only_get),     cmocka_unit_test(kept_for_ever),
		cmocka_unit_test(survives_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
