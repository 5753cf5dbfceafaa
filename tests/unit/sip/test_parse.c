/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec's verdict on one construct after the other (SIP-02 to SIP-06,
 * SIP-09): what RFC 4475 and 5118 show, in our own small messages. Each runs
 * in three framings; accepted ones are written and read again.
 */
#include "stream.h"

#include "support/oom.h"

#define REQ "OPTIONS sip:bob@b.test SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/TLS a.test:5061;branch=z9hG4bKx1\r\n"
#define FROM "From: <sip:alice@a.test>;tag=f1\r\n"
#define TO "To: <sip:bob@b.test>\r\n"
#define CID "Call-ID: 1@a.test\r\n"
#define CSEQ "CSeq: 5 OPTIONS\r\n"
#define MF "Max-Forwards: 70\r\n"
#define CL "Content-Length: 0\r\n"
#define END CL "\r\n"
/* Any start line or one more header around a sound message. */
#define START(line) line "\r\n" VIA FROM TO CID CSEQ MF END
#define WITH(header) REQ VIA FROM TO CID CSEQ MF header "\r\n" END
#define REPLY(line) \
	line "\r\n" VIA FROM "To: <sip:bob@b.test>;tag=t1\r\n" CID CSEQ END

struct row {
	const char *text;
	size_t len;
	const char *want;
};

#define ROW(text, want)                          \
	{                                        \
		(text), sizeof(text) - 1, (want) \
	}

static void run(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_stream(rows[i].text, slice_of(rows[i].text, rows[i].len),
			      rows[i].want);
}

#define RUN(rows) run((rows), sizeof(rows) / sizeof(*(rows)))

static void test_start_lines(void **state)
{
	static const struct row rows[] = {
		ROW(START("OPTIONS sip:bob@b.test SIP/2.0"), "ok"),
		ROW(START("OPTIONS sip:bob@b.test sip/2.0"), "ok"),
		ROW(START("OPTIONS  sip:bob@b.test SIP/2.0"), "400"),
		ROW(START("OPTIONS sip:bob@b.test  SIP/2.0"), "400"),
		ROW(START("OPTIONS sip:bob@b.test SIP/2.0 "), "400"),
		ROW(START("OPTIONS sip:bob@b.test SIP/2.0\t"), "400"),
		ROW(START("OPTIONS sip:bob @b.test SIP/2.0"), "400"),
		ROW(START("OPTIONS <sip:bob@b.test> SIP/2.0"), "400"),
		ROW(START("OPTIONS sip:bob@b.test?Route=%3Csip:c%3E SIP/2.0"),
		    "400"),
		ROW(START("OPTIONS sip:bob@b.test SIP/7.0"), "505"),
		ROW(START("OPTIONS sip:bob@b.test SIP/2.1"), "505"),
		ROW(START("OPTIONS sip:bob@b.test SIP/2"), "400"),
		ROW(START("OPTIONS sip:bob@b.test"), "close"),
		ROW(START("OPTIONS sip:2001:db8::1 SIP/2.0"), "400"),
		ROW(START("OPTIONS sip:[2001:db8::1] SIP/2.0"), "ok"),
		ROW(START("OPTIONS unheard:of/this SIP/2.0"), "ok"),
		ROW(START("OPTIONS tel:+1-201-555-0123 SIP/2.0"), "ok"),
		ROW(START("INVITE sip:bob@b.test SIP/2.0"), "400"),
		ROW(START("INVENTED sip:bob@b.test SIP/2.0"), "501"),
		ROW(START("options sip:bob@b.test SIP/2.0"), "501"),
		ROW("ACK sip:bob@b.test SIP/2.0\r\n" VIA FROM TO CID CSEQ END,
		    "400?"),
		ROW("INVENTED sip:bob@b.test SIP/2.0\r\n" VIA FROM TO CID
		    "CSeq: 5 INVENTED\r\n" END,
		    "ok"),
		ROW("RE%47IST%45R sip:b.test SIP/2.0\r\n" VIA FROM TO CID
		    "CSeq: 5 RE%47IST%45R\r\n" END,
		    "ok"),
	};

	(void)state;
	RUN(rows);
}

static void test_status_lines(void **state)
{
	static const struct row rows[] = {
		ROW(REPLY("SIP/2.0 200 OK"), "ok"),
		ROW(REPLY("SIP/2.0 100 "), "ok"),
		ROW(REPLY("SIP/2.0 699 = 2**3 * 19**2 \xd0\xbd\xd0\xbe"), "ok"),
		ROW(REPLY("SIP/2.0 700 Over"), "drop"),
		ROW(REPLY("SIP/2.0 99 Under"), "drop"),
		ROW(REPLY("SIP/2.0 4294967301 Overflow"), "drop"),
		ROW(REPLY("SIP/2.0 0200 OK"), "drop"),
		ROW(REPLY("SIP/2.0 20x OK"), "drop"),
		ROW(REPLY("SIP/2.0  200 OK"), "drop"),
		ROW(REPLY("SIP/3.0 200 OK"), "drop"),
		ROW(REPLY("SIP/2.0 200 \x07"), "drop"),
		ROW(REPLY("SIP/2.0 200 \xff"), "drop"),
		ROW("SIP/2.0 200 OK\r\n" FROM TO CID CSEQ END, "drop"),
		ROW("SIP/2.0 200 OK\r\n" VIA FROM TO CID
		    "CSeq: 36893488147419103232 OPTIONS\r\n" END,
		    "drop"),
	};

	(void)state;
	RUN(rows);
}

static void test_mandatory(void **state)
{
	static const struct row rows[] = {
		ROW(REQ VIA FROM TO CID CSEQ END, "ok"),
		ROW(REQ FROM TO CID CSEQ END, "400?"),
		ROW(REQ VIA TO CID CSEQ END, "400"),
		ROW(REQ VIA FROM CID CSEQ END, "400"),
		ROW(REQ VIA FROM TO CSEQ END, "400"),
		ROW(REQ VIA FROM TO CID END, "400?"),
		/* RFC 2543 senders have no tag and no cookie */
		ROW(REQ
		    "Via: SIP/2.0/TLS a.test\r\nFrom: <sip:a@a.test>\r\n" TO CID
			    CSEQ END,
		    "ok"),
		ROW(REQ "Via: SIP/2.0/TLS a.test;branch=z9hG4bK\r\n" FROM TO CID
			    CSEQ END,
		    "400"),
		ROW(REQ "Via: SIP/2.0/TLS a.test;branch=Z9HG4BK\r\n" FROM TO CID
			    CSEQ END,
		    "400"),
	};

	(void)state;
	RUN(rows);
}

/* SIP-03 */
static void test_once(void **state)
{
	static const struct row rows[] = {
		ROW(WITH("To: <sip:bob@b.test>"), "400"),
		ROW(WITH("t: <sip:bob@b.test>"), "400"),
		ROW(WITH("From: <sip:alice@a.test>;tag=f2"), "400"),
		ROW(WITH("f : <sip:alice@a.test>;tag=f1"), "400"),
		ROW(WITH("Call-ID: 1@a.test"), "400"),
		ROW(WITH("I: 2@a.test"), "400"),
		ROW(WITH("cseq: 5 OPTIONS"), "400"),
		ROW(WITH("CSeq: 6 OPTIONS"), "400"),
		ROW(WITH("MAX-FORWARDS: 70"), "400"),
		ROW(WITH("Content-Length: 0"), "400!"),
		ROW(WITH("Content-Length: 5"), "400!"),
		ROW(WITH("l: 0"), "400!"),
		ROW(WITH("L\t: 0"), "400!"),
	};

	(void)state;
	RUN(rows);
}

/* SIP-02: each is followed by another request, which is never seen. */
static void test_content_length(void **state)
{
#define LENGTH(value) REQ VIA FROM TO CID CSEQ value "\r\n" WITH("A: b")
	static const struct row rows[] = {
		ROW(LENGTH(""), "400!"),
		ROW(LENGTH("Content-Length:\r\n"), "400!"),
		ROW(LENGTH("Content-Length: -1\r\n"), "400!"),
		ROW(LENGTH("Content-Length: +5\r\n"), "400!"),
		ROW(LENGTH("Content-Length: 0x10\r\n"), "400!"),
		ROW(LENGTH("Content-Length: five\r\n"), "400!"),
		ROW(LENGTH("Content-Length: 5, 5\r\n"), "400!"),
		ROW(LENGTH("Content-Length: 5 5\r\n"), "400!"),
		ROW(LENGTH("Content-Length: 2147483648\r\n"), "400!"),
		ROW(LENGTH("Content-Length: 4294967328\r\n"), "400!"),
		ROW(LENGTH("Content-Length: 18446744073709551616\r\n"), "400!"),
		ROW(LENGTH("Content-Length\x01: 0\r\n"), "400!"),
		ROW(LENGTH("Content-Length: 262145\r\n"), "413!"),
		ROW(LENGTH("Content-Length: 9999\r\n"), "more"),
		ROW(LENGTH("Content-Length :\r\n 000\r\n"), "ok ok"),
		ROW(REQ VIA FROM TO CID CSEQ
		    "l: 4\r\n\r\na\n\0b" REQ VIA FROM TO CID CSEQ END,
		    "ok ok"),
	};

	(void)state;
	RUN(rows);
}

/* SIP-06 */
static void test_numbers(void **state)
{
#define SEQ(value) REQ VIA FROM TO CID "CSeq: " value "\r\n" MF END
	static const struct row rows[] = {
		ROW(SEQ("0 OPTIONS"), "ok"),
		ROW(SEQ("0009\r\n\tOPTIONS"), "ok"),
		ROW(SEQ("2147483647 OPTIONS"), "ok"),
		ROW(SEQ("2147483648 OPTIONS"), "400"),
		ROW(SEQ("4294967296 OPTIONS"), "400"),
		ROW(SEQ("36893488147419103232 OPTIONS"), "400"),
		ROW(SEQ("-1 OPTIONS"), "400"),
		ROW(SEQ("5OPTIONS"), "400"),
		ROW(SEQ("5 OPTIONS x"), "400"),
		ROW(SEQ("5"), "400"),
		ROW(WITH("Expires: 0"), "ok"),
		ROW(WITH("Expires: 1000000000000000000000000000000"), "ok"),
		ROW(WITH("Expires: -1"), "400"),
		ROW(WITH("Expires: soon"), "400"),
		ROW(WITH("Contact: <sip:a@a.test>;q=1.000"), "ok"),
		ROW(WITH("Contact: <sip:a@a.test>;q=0."), "ok"),
		ROW(WITH("Contact: <sip:a@a.test>;q=1.0000"), "400"),
		ROW(WITH("Contact: <sip:a@a.test>;q=1.001"), "400"),
		ROW(WITH("Contact: <sip:a@a.test>;q=.5"), "400"),
		ROW(WITH("Contact: <sip:a@a.test:0>"), "400"),
		ROW(WITH("Contact: <sip:a@a.test:65535>"), "ok"),
		ROW(WITH("Contact: <sip:a@a.test:65536>"), "400"),
		ROW(WITH("Contact: <sip:a@a.test:-1>"), "400"),
		ROW(WITH("Contact: <sip:a@a.test:>"), "400"),
		ROW(REQ VIA FROM TO CID CSEQ "Max-Forwards: 0068\r\n" END,
		    "ok"),
		ROW(REQ VIA FROM TO CID CSEQ "Max-Forwards: 300\r\n" END, "ok"),
		ROW(REQ VIA FROM TO CID CSEQ "Max-Forwards: -1\r\n" END, "400"),
		ROW(REQ VIA FROM TO CID CSEQ "Max-Forwards:\r\n" END, "400"),
	};

	(void)state;
	RUN(rows);
}

/* SIP-04, SIP-09: bytes of names and values. */
static void test_bytes(void **state)
{
	static const struct row rows[] = {
		ROW(WITH("X-Any : blanks before the colon"), "ok"),
		ROW(WITH("X-Any\t \t:tab"), "ok"),
		ROW(WITH("X-Any\r\n : fold before the colon"), "400"),
		ROW(WITH("X-Any\x01: control"), "400"),
		ROW(WITH("X-Any\0: nul"), "400"),
		ROW(WITH("X\x80: high"), "400"),
		ROW(WITH("X(1): no token"), "400"),
		ROW(WITH(": no name"), "400"),
		ROW(WITH("no colon"), "400"),
		ROW(WITH("X-Any: a\0b"), "400"),
		ROW(WITH("X-Any: a\x7f"), "400"),
		ROW(WITH("X-Any: a\rb"), "400"),
		ROW(WITH("X-Any: a\nb: c"), "400!"),
		ROW(WITH("X-Any: \"\\\0\" \"\\\x07\\\x7f\""), "ok"),
		ROW(WITH("X-Any: \\\x07"), "400"),
		ROW(WITH("X-Any: \"\\\r\n b\\\x07\""), "400"),
		ROW(WITH("X-Any: \xef\xbb\xbf\xe5\xa4\xa7"), "ok"),
		ROW(WITH("X-Any: \xc0\xaf"), "400"),
		ROW(WITH("X-Any: ;;,,;;,;"), "ok"),
		ROW(WITH("X-Any:"), "ok"),
		ROW(WITH("X-Any: a\r\n \r\n\t b"), "ok"),
		ROW(REQ " folded: start\r\n" VIA FROM TO CID CSEQ END, "400"),
		ROW(REQ VIA FROM
		    "To: \"\\\0 \\\x7f\" <sip:b@b.test>\r\n" CID CSEQ END,
		    "ok"),
		ROW(REQ VIA FROM "To: \"a\0b\" <sip:b@b.test>\r\n" CID CSEQ END,
		    "400"),
		ROW(REQ VIA FROM TO "Call-ID: a\0b\r\n" CSEQ END, "400"),
		ROW(REQ VIA FROM TO "Call-ID: w(<>:\\\"/[]?{}`~@w\r\n" CSEQ END,
		    "ok"),
		ROW(REQ VIA FROM TO "Call-ID: a@b@c\r\n" CSEQ END, "400"),
		ROW(REQ VIA FROM TO "Call-ID: a b\r\n" CSEQ END, "400"),
	};

	(void)state;
	RUN(rows);
}

static void test_headers(void **state)
{
	static const struct row rows[] = {
		ROW(WITH("Via: SIP/2.0/UDP c.test;;,;,,"), "400"),
		ROW(WITH("Contact: \"J\" <sip:a@a.test>;;;;"), "400"),
		ROW(WITH("Contact: sip:a@a.test?Route=b"), "400"),
		ROW(WITH("Contact: <sip:a@a.test?Route=%3Csip:b%3E>"), "ok"),
		ROW(WITH("Contact: *"), "ok"),
		ROW(WITH("Contact: *, <sip:a@a.test>"), "400"),
		ROW(WITH("Contact:"), "400"),
		ROW(WITH("Contact: name:John_Smith"), "ok"),
		ROW(WITH("m: <sip:a@a.test>,\r\n \"b, c\" <sip:d@a.test>"),
		    "ok"),
		ROW(WITH("Contact: <sip:a@a.test>,,<sip:b@a.test>"), "400"),
		ROW(WITH("Contact: <sip:a@a.test>,"), "400"),
		ROW(WITH("Route: <sip:a.test;lr>"), "ok"),
		ROW(WITH("Route: sip:a.test;lr"), "400"),
		ROW(WITH("Record-Route: <sip:a.test;lr>, <sip:b.test;lr>;x=y"),
		    "ok"),
		ROW(WITH("Date: Fri, 01 Jan 2010 16:00:00 EST"), "ok"),
		ROW(WITH("Supported:"), "ok"),
		ROW(WITH("Supported: a, b"), "ok"),
		ROW(WITH("Supported: a b"), "400"),
		ROW(WITH("Require:"), "400"),
		ROW(WITH("Proxy-Require: nothingSupportsThis"), "ok"),
		ROW(WITH("Allow: INVITE,, ACK"), "400"),
		ROW(WITH("Warning: 399 a.test \"open"), "400"),
		ROW(WITH("Event: presence;id=1"), "ok"),
		ROW(WITH("Event: presence;;"), "400"),
		ROW(WITH("Content-Type: text/plain;msgr=WAAt/A==;x"), "ok"),
		ROW(WITH("Content-Type: text"), "400"),
		ROW(WITH("Content-Type: text/plain x"), "400"),
		ROW(WITH("P-Asserted-Identity: <sip:a@a.test>, <tel:+12>"),
		    "ok"),
		ROW(WITH("P-Asserted-Identity: a@a.test"), "400"),
		ROW(WITH("Authorization: NoOneKnowsThisScheme a=b"), "ok"),
		ROW(REQ VIA FROM "To: \"open <sip:b@b.test>\r\n" CID CSEQ END,
		    "400"),
		ROW(REQ VIA FROM "To: < sip:b@b.test >\r\n" CID CSEQ END,
		    "400"),
		ROW(REQ VIA FROM
		    "To: <sip:b@b.test>;tag=a;tag=b\r\n" CID CSEQ END,
		    "400"),
		ROW(REQ VIA FROM "To: <sip:b@b.test>;tag\r\n" CID CSEQ END,
		    "400"),
		ROW(REQ VIA FROM
		    "To: <sip:b@b.test>;tag=\"a\"\r\n" CID CSEQ END,
		    "400"),
		ROW(REQ VIA FROM "To: Bell, Al <sip:b@b.test>\r\n" CID CSEQ END,
		    "400"),
		ROW(REQ VIA FROM "To: A. Bell<sip:b@b.test>\r\n" CID CSEQ END,
		    "ok"),
	};

	(void)state;
	RUN(rows);
}

/* Limits at the limit and one over it (threats section 0). */
static void many(struct buf *out, const char *header, size_t count)
{
	buf_str(out, REQ FROM TO CID CSEQ);
	for (size_t i = 0; i < count; i++)
		buf_str(out, header);
	buf_str(out, END);
}

static void assert_many(const char *header, size_t count, const char *want)
{
	struct stream s;
	struct buf out;

	buf_init(&out, 0);
	many(&out, header, count);
	stream_run(&s, buf_slice(&out), out.len, out.len);
	if (strcmp(s.text, want) != 0)
		fail_msg("%zu times %s: %s", count, header, s.text);
	buf_free(&out);
}

static void test_counts(void **state)
{
	(void)state;
	assert_many(VIA, 72, "ok");
	assert_many(VIA, 73, "513");
	assert_many(VIA "Route: <sip:a.test;lr>, <sip:b.test;lr>\r\n", 20,
		    "ok");
	assert_many(VIA "Route: <sip:a.test;lr>\r\n"
			"Record-Route: <sip:b.test;lr>,<sip:c.test>\r\n",
		    14, "513");
	assert_many(VIA "m: <sip:a@a.test>\r\n", 20, "ok");
	assert_many(VIA "m: <sip:a@a.test>\r\n", 21, "513");
	assert_many(VIA "A: b\r\n", 61, "ok"); /* 4, 122, 1: 127 */
	assert_many(VIA "A: b\r\n", 62, "513");
}

static void assert_long(const char *before, size_t count, const char *after,
			const char *want)
{
	struct stream s;
	struct buf out;

	buf_init(&out, 0);
	buf_str(&out, before);
	for (size_t i = 0; i < count; i++)
		buf_u8(&out, 'x');
	buf_str(&out, after);
	stream_run(&s, buf_slice(&out), out.len, out.len);
	if (strcmp(s.text, want) != 0)
		fail_msg("%zu bytes: %s, not %s", count, s.text, want);
	stream_run(&s, buf_slice(&out), 1, 977);
	if (strcmp(s.text, want) != 0)
		fail_msg("%zu bytes, cut: %s, not %s", count, s.text, want);
	buf_free(&out);
}

/* SIP-05 */
static void test_lengths(void **state)
{
	static const char *const fields[][2] = {
		{ "A: ", "\r\n" },
		{ "User-Agent: ", "\r\n" },
		{ "SIP-ETag: ", "\r\n" },
		{ "Accept: text/plain, x/", "\r\n" },
		{ "Route: <sip:a.test;lr;", ">\r\n" },
		{ "Via: SIP/2.0/TLS a.test;branch=z9hG4bK", "\r\n" },
		{ "Authorization: Digest username=\"", "\"\r\n" },
		{ "P-Asserted-Identity: <sip:", "@a.test>\r\n" },
	};
	char before[512], after[512];

	(void)state;
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		size_t around = strlen(fields[i][0]) + strlen(fields[i][1]) - 2;
		snprintf(before, sizeof(before), "%s%s",
			 REQ VIA FROM TO CID CSEQ, fields[i][0]);
		snprintf(after, sizeof(after), "%s%s", fields[i][1], END);
		assert_long(before, 4096, after, "ok");
		assert_long(before, 8192 - around, after, "ok");
		assert_long(before, 8193 - around, after, "513");
		assert_long(before, 65536, after, "513!");
	}
	assert_long("OPTIONS sip:", 2044,
		    "@b.test SIP/2.0\r\n" VIA FROM TO CID CSEQ END, "414");
	assert_long("OPTIONS sip:", 2037,
		    "@b.test SIP/2.0\r\n" VIA FROM TO CID CSEQ END, "ok");
	assert_long("OPTIONS sip:", 9000, "@b.test SIP/2.0\r\n", "close");
	assert_long("", 4096,
		    " sip:b@b.test SIP/2.0\r\n" VIA FROM TO CID CSEQ END,
		    "501");
}

static const char full[] =
	"INVITE sip:bob@b.test;transport=tls SIP/2.0\r\n"
	"v: SIP / 2.0 / TCP\r\n [2001:db8::1] : 5070 ; branch = z9hG4bKq,\r\n"
	" SIP/2.0/TLS c.test;branch=z9hG4bKr\r\n"
	"From: \"Al \\\"x\\\"\" <sip:al@a.test> ;\r\n tag = ft\r\n"
	"t: sip:bob@b.test;tag=tt\r\n"
	"i: call@id\r\nCSeq: 7 INVITE\r\nmax-FORWARDS: 9\r\n"
	"Proxy-Require: a, B\r\nl: 3\r\n\r\nxyz";

static void test_view(void **state)
{
	struct arena *a = arena_create(1024, 1 << 20);
	struct sip_msg m;

	(void)state;
	assert_null(sip_parse(a, SLICE_LIT(full), &sip_limits_default, &m));
	assert_true(m.request);
	assert_int_equal(m.method, SIP_INVITE);
	assert_slice(m.uri.user, SLICE_LIT("bob"));
	assert_slice(m.via.transport, SLICE_LIT("TCP"));
	assert_slice(m.via.host, SLICE_LIT("2001:db8::1"));
	assert_int_equal(m.via.port, 5070);
	assert_slice(m.via.branch, SLICE_LIT("z9hG4bKq"));
	assert_int_equal(m.via_count, 2);
	assert_slice(m.from.display, SLICE_LIT("\"Al \\\"x\\\"\""));
	assert_slice(m.from_tag, SLICE_LIT("ft"));
	assert_slice(m.to_tag, SLICE_LIT("tt"));
	assert_slice(m.to.uri.host, SLICE_LIT("b.test"));
	assert_slice(m.call_id, SLICE_LIT("call@id"));
	assert_int_equal(m.cseq, 7);
	assert_int_equal(m.max_forwards, 9);
	assert_slice(m.body, SLICE_LIT("xyz"));
	assert_true(sip_has_token(&m, SIP_H_PROXY_REQUIRE, "b"));
	assert_false(sip_has_token(&m, SIP_H_PROXY_REQUIRE, "c"));
	assert_true(sip_answerable(&m));
	arena_free(a);
}

/* RFC 3261 16.6: what is over 255 counts as absent. */
static void test_max_forwards(void **state)
{
	struct arena *a = arena_create(1024, 1 << 20);
	struct sip_msg m;

	(void)state;
	sip_parse(
		a,
		SLICE_LIT(REQ VIA FROM TO CID CSEQ "Max-Forwards: 255\r\n" END),
		&sip_limits_default, &m);
	assert_int_equal(m.max_forwards, 255);
	sip_parse(
		a,
		SLICE_LIT(REQ VIA FROM TO CID CSEQ "Max-Forwards: 256\r\n" END),
		&sip_limits_default, &m);
	assert_int_equal(m.max_forwards, -1);
	arena_free(a);
}

static int parse_once(void *arg)
{
	struct arena *a = arena_create(64, 1 << 20);
	struct sip_msg m;
	struct buf out;
	int rc = -1;

	(void)arg;
	if (!a)
		return -1;
	buf_init(&out, 0);
	const struct reject *row =
		sip_parse(a, SLICE_LIT(full), &sip_limits_default, &m);
	if (row)
		assert_int_equal(row->status, 503);
	else
		rc = sip_encode(&out, &m, NULL);
	buf_free(&out);
	arena_free(a);
	return rc;
}

static void test_oom(void **state)
{
	(void)state;
	oom_walk(parse_once, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start_lines),
		cmocka_unit_test(test_status_lines),
		cmocka_unit_test(test_mandatory),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_content_length),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_max_forwards),
		cmocka_unit_test(test_oom),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
