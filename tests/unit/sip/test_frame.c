/* SPDX-License-Identifier: Apache-2.0 */
/* Framing: what is no SIP, keep-alives, bare line ends, size limits, and that
 * no byte is searched twice (SIP-10, SIP-11, SIP-12, OVL-03). */
#include "stream.h"

#define MESSAGE                                                \
	"OPTIONS sip:b@b.test SIP/2.0\r\n"                     \
	"Via: SIP/2.0/TLS a.test;branch=z9hG4bKx\r\n"          \
	"From: <sip:a@a.test>;tag=f\r\nTo: <sip:b@b.test>\r\n" \
	"Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

static void test_other_protocols(void **state)
{
	static const char *const rows[] = {
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\n\r\n",
		"CONNECT a.test:443 HTTP/1.1\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
		"SSH-2.0-OpenSSH_9.2p1\r\n",
		"\x16\x03\x01\x02",
		"\n",
		" INVITE sip:a@b.test SIP/2.0\r\n",
		"\r\rINVITE",
		"HTTP/1.1 200 OK\r\n",
		"EHLO a.test\r\n",
		"<stream:stream>",
		":",
		"INVITE\r\n",
		"INVITE\tsip:a@b.test SIP/2.0\r\n",
		"INVITE sip:alan@jasomi.com\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_stream(rows[i], slice_str(rows[i]), "close");
	assert_stream("zeros", slice_of("\0\0\0\0", 4), "close");
}

/* The first impossible byte decides, not the end of the line. */
static void test_first_impossible_byte(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} rows[] = {
		{ "GET /index", 5 },
		{ "HTTP/1.1", 5 },
		{ "SIP\t", 4 },
		{ "a\x7f", 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct reject *row;
		struct sip_framer f;
		size_t len;
		sip_framer_init(&f);
		for (size_t n = 1; n < rows[i].at; n++)
			assert_int_equal(
				sip_frame(&f, slice_of(rows[i].text, n),
					  &sip_limits_default, &len, &row),
				SIP_FRAME_MORE);
		assert_int_equal(sip_frame(&f,
					   slice_of(rows[i].text, rows[i].at),
					   &sip_limits_default, &len, &row),
				 SIP_FRAME_NOT_SIP);
	}
}

static void run_whole(const char *text, const char *want)
{
	struct stream s;

	stream_run(&s, slice_str(text), strlen(text), 1);
	assert_string_equal(s.text, want);
}

static void run_bytes(const char *text, const char *want)
{
	struct stream s;

	stream_run(&s, slice_str(text), 1, 1);
	assert_string_equal(s.text, want);
}

static void test_keep_alive(void **state)
{
	(void)state;
	run_whole("\r\n\r\n", "ping");
	run_bytes("\r\n\r\n", "skip ping");
	run_whole("\r\n", "skip");
	run_whole("\r\n\r\n\r\n\r\n", "ping ping");
	run_whole("\r\n" MESSAGE, "skip ok");
	run_bytes("\r\n" MESSAGE, "skip ok");
	run_whole(MESSAGE "\r\n" MESSAGE "\r\n", "ok skip ok skip");
	run_bytes(MESSAGE "\r\n\r\n" MESSAGE, "ok skip ping ok");
	run_whole("\r", "more");
}

/* Nothing grows: a CR LF stream is consumed as it comes. */
static void test_crlf_flood(void **state)
{
	struct sip_framer f;
	size_t used = 0;

	(void)state;
	sip_framer_init(&f);
	for (int i = 0; i < 100000; i++) {
		const struct reject *row;
		size_t len = 0;
		sip_frame(&f, SLICE_LIT("\r\n"), &sip_limits_default, &len,
			  &row);
		used += len;
		assert_int_equal(f.seen, 0);
	}
	assert_int_equal(used, 200000);
}

static void test_bare_line_ends(void **state)
{
	(void)state;
	assert_stream("LF", SLICE_LIT("OPTIONS sip:b@b.test SIP/2.0\n\n"),
		      "400!");
	assert_stream("LF in head",
		      SLICE_LIT("OPTIONS sip:b@b.test SIP/2.0\r\nA: b\nC: d"),
		      "400!");
	assert_stream("LF LF",
		      SLICE_LIT("OPTIONS sip:b@b.test SIP/2.0\r\nA: b\r\n\n"),
		      "400!");
}

static void test_pipeline(void **state)
{
	(void)state;
	assert_stream("two", SLICE_LIT(MESSAGE MESSAGE), "ok ok");
	assert_stream("head", SLICE_LIT("OPTIONS sip:b@b.test SIP/2.0\r\n"),
		      "more");
}

/* threats section 0: the head at its limit and one over it. */
static void test_head_limit(void **state)
{
	struct sip_limits limits = sip_limits_default;
	struct slice all = SLICE_LIT(MESSAGE);
	const struct reject *row;
	struct sip_framer f;
	size_t len;

	(void)state;
	limits.header_block = all.len;
	sip_framer_init(&f);
	assert_int_equal(sip_frame(&f, all, &limits, &len, &row),
			 SIP_FRAME_MESSAGE);
	limits.header_block = all.len - 1;
	sip_framer_init(&f);
	assert_int_equal(sip_frame(&f, all, &limits, &len, &row),
			 SIP_FRAME_REFUSED);
	assert_int_equal(row->status, 513);
	assert_true(row->closes);
	assert_int_equal(len, all.len);
	limits.header_block = 40;
	sip_framer_init(&f);
	assert_int_equal(
		sip_frame(&f, slice_head(all, 40), &limits, &len, &row),
		SIP_FRAME_MORE);
	assert_int_equal(
		sip_frame(&f, slice_head(all, 41), &limits, &len, &row),
		SIP_FRAME_REFUSED);
}

static void test_body_limit(void **state)
{
	struct sip_limits limits = sip_limits_default;
	static const char big[] = "OPTIONS sip:b SIP/2.0\r\nl: 6\r\n\r\n";
	const struct reject *row;
	struct sip_framer f;
	size_t len;

	(void)state;
	limits.body = 6;
	sip_framer_init(&f);
	assert_int_equal(sip_frame(&f, slice_str(big), &limits, &len, &row),
			 SIP_FRAME_MORE);
	limits.body = 5;
	sip_framer_init(&f);
	assert_int_equal(sip_frame(&f, slice_str(big), &limits, &len, &row),
			 SIP_FRAME_REFUSED);
	assert_int_equal(row->status, 413);
	assert_int_equal(len, strlen(big));
}

/* OVL-03: each call looks only at what is new. */
static void test_linear(void **state)
{
	static char head[60000] = "OPTIONS sip:b@b.test SIP/2.0\r\nA: ";
	const struct reject *row;
	struct sip_framer f;
	size_t len;

	(void)state;
	memset(head + 34, 'x', sizeof(head) - 34);
	sip_framer_init(&f);
	for (size_t n = 1; n <= sizeof(head); n++) {
		assert_int_equal(sip_frame(&f, slice_of(head, n),
					   &sip_limits_default, &len, &row),
				 SIP_FRAME_MORE);
		assert_true(f.seen + 1 >= n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_protocols),
		cmocka_unit_test(test_first_impossible_byte),
		cmocka_unit_test(test_keep_alive),
		cmocka_unit_test(test_crlf_flood),
		cmocka_unit_test(test_bare_line_ends),
		cmocka_unit_test(test_pipeline),
		cmocka_unit_test(test_head_limit),
		cmocka_unit_test(test_body_limit),
		cmocka_unit_test(test_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
