/* SPDX-License-Identifier: Apache-2.0 */
/* Which media a message asks for, wherever its SDP stands. */
#include <errno.h>

#include "sip/body.h"
#include "stream.h"

#define SDP(media) "v=0\r\nc=IN IP4 192.0.2.4\r\nm=" media " 9 A 1\r\n"
#define PART(b, type, body) \
	"--" b "\r\nContent-Type: " type "\r\n\r\n" body "\r\n"

enum { UNTOUCHED = 1 << 10 };

static unsigned kinds_of(const char *type, struct slice body, int *rc)
{
	struct sip_header h[2] = { { .id = SIP_H_CONTENT_TYPE,
				     .value = slice_str(type) } };
	struct sip_msg m = { .headers = h,
			     .header_count = type ? 1 : 0,
			     .present = sip_header_bit(SIP_H_CONTENT_TYPE),
			     .body = body };
	unsigned kinds = UNTOUCHED;

	*rc = sip_media_kinds(&m, &kinds);
	return kinds;
}

static void assert_kinds(const char *type, const char *body, unsigned want)
{
	int rc;
	unsigned kinds = kinds_of(type, slice_str(body), &rc);

	if (rc != 0 || kinds != want)
		fail_msg("%s: %u (%d)", body, kinds, rc);
}

static void assert_unread(const char *type, const char *body)
{
	int rc;
	unsigned kinds = kinds_of(type, slice_str(body), &rc);

	if (rc != -EBADMSG || kinds != UNTOUCHED)
		fail_msg("%s: %u (%d)", body, kinds, rc);
}

static void test_plain(void **state)
{
	(void)state;
	assert_kinds(NULL, "", 0);
	assert_kinds("application/sdp", "", 0);
	assert_kinds("text/plain", SDP("audio"), 0);
	assert_kinds("Application/SDP;x=y", SDP("message"), SIP_MEDIA_MESSAGE);
	assert_kinds("application/sdp", SDP("audio") "m=video 0 A 1\r\n",
		     SIP_MEDIA_AUDIO);
	assert_kinds("application/sdp",
		     SDP("audio") "m=video 1 A 1\r\nm=image 1 A 1",
		     SIP_MEDIA_AUDIO | SIP_MEDIA_VIDEO | SIP_MEDIA_OTHER);
	assert_unread(NULL, SDP("audio"));
	assert_unread("application", SDP("audio"));
	assert_unread("application/sdp", "x");
}

static void test_parts(void **state)
{
	(void)state;
	assert_kinds("multipart/alternative;boundary=b",
		     PART("b", "application/sdp", SDP("audio"))
			     PART("b", "application/sdp", SDP("message"))
				     PART("b", "text/html", "m=video") "--b--",
		     SIP_MEDIA_AUDIO | SIP_MEDIA_MESSAGE);
	assert_kinds("multipart/x-new;boundary=b",
		     PART("b", "application/sdp", SDP("video")) "--b--",
		     SIP_MEDIA_VIDEO);
	assert_kinds("multipart/mixed;boundary=b",
		     "--b\r\n\r\n" SDP("video") "\r\n--b--", 0);
	assert_kinds("multipart/mixed;boundary=b",
		     PART("b", "multipart/related;boundary=\"c\"",
			  PART("c", "application/sdp", SDP("application"))
				  PART("c", "a/b", "") "--c--")
			     PART("b", "application/sdp", SDP("audio")) "--b--",
		     SIP_MEDIA_APPLICATION | SIP_MEDIA_AUDIO);
	assert_unread("multipart/mixed", "--b\r\n\r\n\r\n--b--");
	assert_unread("multipart/mixed;boundary=b", "--b--");
	assert_unread("multipart/mixed;boundary=b",
		      PART("b", "no type", "") "--b--");
	/* a delimiter of the outer body ends the inner one early */
	assert_unread("multipart/mixed;boundary=b",
		      PART("b", "multipart/mixed;boundary=c",
			   PART("c", "a/b", "x")) "--b--");
}

/* The content is something else than the bytes. */
static void test_encoded(void **state)
{
	struct sip_header h[2] = {
		{ .id = SIP_H_CONTENT_TYPE,
		  .value = SLICE_LIT("application/sdp") },
		{ .id = SIP_H_CONTENT_ENCODING, .value = SLICE_LIT("gzip") },
	};
	struct sip_msg m = { .headers = h,
			     .header_count = 2,
			     .present = sip_header_bit(SIP_H_CONTENT_TYPE) |
					sip_header_bit(SIP_H_CONTENT_ENCODING),
			     .body = SLICE_LIT(SDP("audio")) };
	unsigned kinds = 0;

	(void)state;
	assert_int_equal(sip_media_kinds(&m, &kinds), -EBADMSG);
	h[1].value = SLICE_LIT("identity");
	assert_int_equal(sip_media_kinds(&m, &kinds), 0);
	assert_int_equal(kinds, SIP_MEDIA_AUDIO);
	h[0].value = SLICE_LIT("text/plain");
	h[1].value = SLICE_LIT("gzip");
	assert_int_equal(sip_media_kinds(&m, &kinds), 0);
	assert_int_equal(kinds, 0);
	assert_unread("multipart/mixed;boundary=b",
		      "--b\r\nContent-Transfer-Encoding: base64\r\n"
		      "Content-Type: application/sdp\r\n\r\ndj0w\r\n--b--");
	assert_kinds("multipart/mixed;boundary=b",
		     "--b\r\nContent-Transfer-Encoding: base64\r\n"
		     "Content-Type: image/png\r\n\r\ndj0w\r\n--b--",
		     0);
}

/* Wraps what is in the buffer into `depth` multiparts. */
static void wrap(struct buf *out, int depth)
{
	for (int i = depth; i > 0; i--)
		buf_printf(out,
			   "--b%d-\r\nContent-Type: multipart/mixed;"
			   "boundary=b%d-\r\n\r\n",
			   i, i - 1);
	buf_str(out, PART("b0-", "application/sdp", SDP("audio")) "--b0---");
	for (int i = 1; i <= depth; i++)
		buf_printf(out, "\r\n--b%d---", i);
}

static void test_depth(void **state)
{
	static const struct {
		int depth, rc;
	} rows[] = { { 0, 0 }, { 3, 0 }, { 4, -EBADMSG }, { 1000, -EBADMSG } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf body;
		char type[64];
		int rc;
		buf_init(&body, 0);
		wrap(&body, rows[i].depth);
		snprintf(type, sizeof(type), "multipart/mixed;boundary=b%d-",
			 rows[i].depth);
		unsigned kinds = kinds_of(type, buf_slice(&body), &rc);
		assert_int_equal(rc, rows[i].rc);
		assert_int_equal(kinds, rc ? UNTOUCHED : SIP_MEDIA_AUDIO);
		buf_free(&body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_encoded),
		cmocka_unit_test(test_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
