/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tokens and lists of one value, which have readers of their own, and
 * how headers are counted. */
#include "stream.h"

#define MESSAGE(headers)                                                 \
	"OPTIONS sip:b@b.test SIP/2.0\r\n"                               \
	"Via: SIP/2.0/TLS a.test;branch=z9hG4bKx\r\n"                    \
	"From: <sip:a@a.test>;tag=f\r\nTo: <sip:b@b.test>\r\n"           \
	"Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n" headers \
	"\r\n"

static void assert_header(const char *line, const char *want)
{
	char text[1024];

	snprintf(text, sizeof(text), MESSAGE("%s\r\n"), line);
	assert_stream(line, slice_str(text), want);
}

static void test_token_lists(void **state)
{
	(void)state;
	assert_header("Supported: a", "ok");
	assert_header("Supported: a,b,c", "ok");
	assert_header("Supported: a \r\n\t,\r\n b", "ok");
	assert_header("Supported:", "ok");
	assert_header("Supported: ,", "400");
	assert_header("Supported: a,", "400");
	assert_header("Supported: ,a", "400");
	assert_header("Supported: a,,b", "400");
	assert_header("Supported: a b", "400");
	assert_header("Supported: \"a\"", "400");
	assert_header("Supported: a;b=c", "400");
	assert_header("Require:", "400");
}

static void test_single_values(void **state)
{
	(void)state;
	assert_header("Route: <sip:a.test;lr>", "ok");
	assert_header("Route: <sip:a.test;lr>;x=\"y\"", "ok");
	assert_header("Route: \"a, b\" <sip:a.test;lr>", "ok");
	assert_header("Route: <sip:a.test;lr>, <sip:b.test>", "ok");
	assert_header("Route: <sip:a.test;lr", "400");
	assert_header("Route: <sip:a.test;lr>;x=\"y", "400");
	assert_header("Route: <sip:a.test;lr>,", "400");
	assert_header("Route: <sip:a.test;lr> <sip:b.test>", "400");
	assert_header("Warning: 399 a.test \"b\"", "ok");
	assert_header("Warning: 399 a.test \"b", "400");
	assert_header("Warning: 399 a.test <b", "400");
	assert_header("Contact: *", "ok");
	assert_header("Contact: *, *", "400");
}

/* Around the number that is read before it is known; each header is there,
 * in order. */
static void test_many_headers(void **state)
{
	(void)state;
	for (int n = 20; n < 40; n++) {
		struct arena *a = arena_create(4096, 1 << 20);
		struct sip_msg m;
		struct buf text;
		buf_init(&text, 0);
		buf_str(&text, MESSAGE(""));
		text.len -= 2;
		for (int i = 0; i < n; i++)
			buf_printf(&text, "X-%d: %d\r\n", i, i);
		buf_str(&text, "\r\n");
		assert_null(sip_parse(a, buf_slice(&text), &sip_limits_default,
				      &m));
		assert_int_equal(m.header_count, 6 + n);
		for (int i = 0; i < n; i++) {
			char value[16];
			snprintf(value, sizeof(value), "%d", i);
			assert_slice(m.headers[6 + i].value, slice_str(value));
		}
		buf_free(&text);
		arena_free(a);
	}
}

/* Size is judged before what the headers say, whatever the limit is. */
static void test_count_first(void **state)
{
	static const char bad[] = MESSAGE("Expires: x\r\nA: b\r\n");
	struct sip_limits limits = sip_limits_default;
	struct arena *a = arena_create(4096, 1 << 20);
	struct sip_msg m;

	(void)state;
	for (limits.header_count = 0; limits.header_count <= 8;
	     limits.header_count++) {
		assert_ptr_equal(sip_parse(a, slice_str(bad), &limits, &m),
				 limits.header_count < 8 ? &sip_reject_too_large
							 : &sip_reject_syntax);
		assert_true(m.header_count <= limits.header_count);
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_token_lists),
		cmocka_unit_test(test_single_values),
		cmocka_unit_test(test_many_headers),
		cmocka_unit_test(test_count_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
