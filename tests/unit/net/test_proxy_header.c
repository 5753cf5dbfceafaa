/* SPDX-License-Identifier: Apache-2.0 */
/* The PROXY protocol: who is behind a load balancer. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/proxy_header.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define BYTES(s) slice_of((s), sizeof(s) - 1)
#define V4                                   \
	SIGNATURE "\x21\x11\0\x0c"           \
		  "\xc0\0\2\1\xc6\x33\x64\1" \
		  "\x30\x39\x01\xbb"
#define V6_HEAD SIGNATURE "\x21\x21\0\x24"
#define V6_ADDR "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"

static void assert_from(struct slice s, const char *want)
{
	struct addr from;
	char text[ADDR_TEXT_MAX];
	size_t len;
	addr_parse(SLICE_LIT("203.0.113.9:1"), false, &from);
	assert_int_equal(proxy_header_read(s, &len, &from), 0);
	assert_int_equal(len, s.len);
	assert_string_equal(addr_text(&from, text), want);
}

static void test_reads(void **state)
{
	(void)state;
	assert_from(BYTES(V4), "192.0.2.1:12345");
	assert_from(BYTES(V6_HEAD V6_ADDR V6_ADDR "\x30\x39\x01\xbb"),
		    "[2001:db8::1]:12345");
	assert_from(BYTES(V6_HEAD
			  "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\2\1" V6_ADDR
			  "\x30\x39\x01\xbb"),
		    "192.0.2.1:12345");
	/* an extension behind the addresses */
	assert_from(BYTES(SIGNATURE "\x21\x11\0\x10"
				    "\xc0\0\2\1\xc6\x33\x64\1"
				    "\x30\x39\x01\xbb"
				    "\x04\0\1\0"),
		    "192.0.2.1:12345");
	/* the balancer asks for itself, or says nothing of an address */
	assert_from(BYTES(SIGNATURE "\x20\0\0\0"), "203.0.113.9:1");
	assert_from(BYTES(SIGNATURE "\x21\0\0\0"), "203.0.113.9:1");
}

static void test_in_pieces(void **state)
{
	struct addr from;
	size_t len;
	(void)state;
	for (size_t i = 0; i < sizeof(V4) - 1; i++) {
		assert_int_equal(
			proxy_header_read(slice_of(V4, i), &len, &from),
			-EAGAIN);
		assert_true(len > i && len < sizeof(V4));
	}
}

static void test_refuses(void **state)
{
	static const struct {
		const char *text;
		size_t len;
	} rows[] = {
		{ "GET /", 5 },
		{ "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 36 },
		{ SIGNATURE "\x11\x11\0\x0c", 16 }, /* version 1 */
		{ SIGNATURE "\x22\x11\0\x0c", 16 },
		{ SIGNATURE "\x21\x12\0\x00", 16 }, /* UDP */
		{ SIGNATURE "\x21\x11\0\x0b\xc0\0\2\1\xc6\x33\x64\1\x30\x39"
			    "\x01",
		  27 },
		{ SIGNATURE "\x21\x11\xff\xff", 16 },
	};
	struct addr from;
	size_t len;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(
			proxy_header_read(slice_of(rows[i].text, rows[i].len),
					  &len, &from),
			-EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
