/* SPDX-License-Identifier: Apache-2.0 */
/* Session descriptions, row by row of SIP-08. Media are told as
 * "name/kind/port/address", a '-' behind those that are rejected. */
#include <errno.h>

#include "sip/body.h"
#include "stream.h"

#define HEAD "v=0\r\no=- 0 0 IN IP4 192.0.2.4\r\ns=-\r\n"
#define C4 "c=IN IP4 192.0.2.4\r\n"
#define AUDIO "m=audio 50000 RTP/AVP 0 101\r\n"

static int walk(struct slice body, char *out, size_t size)
{
	struct sip_sdp_media m;
	struct sip_sdp s;
	size_t len = 0;
	int rc = sip_sdp_init(&s, body);

	out[0] = '\0';
	while (rc >= 0 && (rc = sip_sdp_next(&s, &m)) == 1 && len < size)
		len += (size_t)snprintf(
			out + len, size - len, "%s%.*s/%u/%u/%.*s%s",
			len ? " " : "", SLICE_FMT(m.name), (unsigned)m.kind,
			m.port, SLICE_FMT(m.address), m.rejected ? "-" : "");
	return rc;
}

static void assert_sdp(const char *body, const char *want, int end)
{
	char got[512];
	int rc = walk(slice_str(body), got, sizeof(got));

	if (rc != end || strcmp(got, want) != 0)
		fail_msg("%s: %s (%d)", body, got, rc);
}

static void test_good(void **state)
{
	(void)state;
	assert_sdp(HEAD, "", 0);
	assert_sdp("v=0", "", 0);
	assert_sdp(HEAD C4 "t=0 0\r\n" AUDIO "a=rtpmap:0 PCMU/8000\r\n",
		   "audio/1/50000/192.0.2.4", 0);
	assert_sdp(HEAD C4 AUDIO "\r\n\r\n", "audio/1/50000/192.0.2.4", 0);
	/* bare LF, and no line end at the last */
	assert_sdp("v=0\ns=-\nm=message 5060 sip null\nc=IN IP6 2001:db8::1",
		   "message/4/5060/2001:db8::1", 0);
	/* each has its own address, or the session's */
	assert_sdp(HEAD C4 AUDIO "c=IN IP4 192.0.2.5/127/3\r\n"
				 "m=video 9 A 1\r\nm=AUDIO 1/2 A 1\r\n",
		   "audio/1/50000/192.0.2.5 video/2/9/192.0.2.4 "
		   "AUDIO/1/1/192.0.2.4",
		   0);
	assert_sdp(HEAD C4 "m=application 9 UDP/DTLS/SCTP x\r\n"
			   "m=x-unknown 65535 A 65535\r\nm=text 1 A 1\r\n",
		   "application/8/9/192.0.2.4 x-unknown/16/65535/192.0.2.4 "
		   "text/16/1/192.0.2.4",
		   0);
	/* rejected needs no address; bundled is alive (RFC 9143) */
	assert_sdp(HEAD "m=audio 0 A 1\r\n", "audio/1/0/-", 0);
	assert_sdp(HEAD C4 "m=audio 0 A 1\r\na=bundle-only\r\n",
		   "audio/1/0/192.0.2.4", 0);
}

static void test_bad(void **state)
{
	static const char *const rows[] = {
		"",
		"\r\n",
		"v=1\r\n",
		"s=-\r\n",
		AUDIO,
		" " HEAD,
		HEAD "x\r\n",
		HEAD "V=0\r\n",
		HEAD "a =b\r\n",
		HEAD "\r\n" C4 AUDIO, /* an empty line within */
		HEAD " \r\n",
		HEAD "s=a\rm=audio 1 A 1\r\n", /* CR alone */
		HEAD "v=0\r\n",                /* two descriptions */
		HEAD "c=IN IP4\r\n",
		HEAD "c=IN IP4 /127\r\n",
		HEAD "c=IN IP4 a b\r\n",
		HEAD "c=ATM NSAP 47\r\n",
		HEAD "c=IN  IP4 192.0.2.4\r\n",
		HEAD AUDIO, /* c= is missing */
		HEAD C4 "m=audio 65536 A 1\r\n",
		HEAD C4 "m=audio -1 A 1\r\n",
		HEAD C4 "m=audio 1/ A 1\r\n",
		HEAD C4 "m=audio 18446744073709551616 A 1\r\n",
		HEAD C4 "m=audio  1 A 1\r\n",
		HEAD C4 "m=audio 1 A\r\n",
		HEAD C4 "m=aud<io 1 A 1\r\n",
		HEAD C4 "m=\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_sdp(rows[i], "", -EBADMSG);
	assert_sdp(HEAD C4 AUDIO "m=video x A 1\r\n", "audio/1/50000/192.0.2.4",
		   -EBADMSG);
	assert_sdp(HEAD C4 AUDIO "v=0\r\n", "", -EBADMSG);
	char got[64];
	assert_int_equal(
		walk(slice_of("v=0\r\ns=\0\r\n", 10), got, sizeof(got)),
		-EBADMSG);
}

static void test_ten_thousand_lines(void **state)
{
	struct buf body;
	char got[64];

	(void)state;
	buf_init(&body, 0);
	buf_str(&body, HEAD C4 AUDIO);
	for (int i = 0; i < 10000; i++)
		buf_str(&body, "a=x\r\n");
	buf_str(&body, "m=video 1 A 1");
	assert_int_equal(walk(buf_slice(&body), got, sizeof(got)), 0);
	assert_string_equal(got, "audio/1/50000/192.0.2.4 "
				 "video/2/1/192.0.2.4");
	buf_free(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_ten_thousand_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
