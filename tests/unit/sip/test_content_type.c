/* SPDX-License-Identifier: Apache-2.0 */
/* Media types and their boundaries. */
#include <errno.h>

#include "sip/body.h"
#include "stream.h"

static void test_types(void **state)
{
	struct sip_media_type t;

	(void)state;
	assert_int_equal(sip_media_type_parse(
				 SLICE_LIT(" Text/Plain ; charset=UTF-8"), &t),
			 0);
	assert_true(sip_media_type_is(&t, "text", "plain"));
	assert_true(sip_media_type_is(&t, "text", NULL));
	assert_false(sip_media_type_is(&t, "text", "html"));
	assert_false(sip_media_type_is(&t, "application", NULL));
	struct slice charset;
	assert_true(sip_param(t.params, "charset", &charset));
	assert_slice(charset, SLICE_LIT("UTF-8"));
	assert_int_equal(sip_media_type_parse(SLICE_LIT("application/sdp"), &t),
			 0);
	assert_slice(t.params, SLICE_NONE);
}

static void test_no_types(void **state)
{
	static const char *const rows[] = {
		"",
		"text",
		"text/",
		"/plain",
		"text/plain charset",
		"text plain",
		"text/plain, text/html",
		"te\x01xt/plain",
	};
	struct sip_media_type t;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (sip_media_type_parse(slice_str(rows[i]), &t) != -EBADMSG)
			fail_msg("%s was read", rows[i]);
}

static void assert_boundary(const char *params, const char *want)
{
	struct sip_media_type t = { .params = slice_str(params) };
	struct slice got = SLICE_NONE;
	int rc = sip_media_type_boundary(&t, &got);

	if (rc != (want ? 0 : -EBADMSG))
		fail_msg("%s gives %d", params, rc);
	assert_slice(got, slice_str(want));
}

static void test_boundaries(void **state)
{
	char text[96] = ";boundary=";

	(void)state;
	assert_boundary(";boundary=abc", "abc");
	assert_boundary("; type=x ; BOUNDARY = \"a b:c?\"; y", "a b:c?");
	assert_boundary("", NULL);
	assert_boundary(";boundary", NULL);
	assert_boundary(";boundary=", NULL);
	assert_boundary(";boundary=\"\"", NULL);
	assert_boundary(";boundary=\"a \"", NULL);
	assert_boundary(";boundary=\"a\\\"b\"", NULL);
	assert_boundary(";boundary=\"a\r\n b\"", NULL);
	assert_boundary(";boundary=a;boundary=a", NULL);
	assert_boundary(";boundary=a b", NULL);
	assert_boundary(";x=\"y;boundary=a", NULL);
	assert_boundary(";x=\";boundary=b\";boundary=a", "a");
	memset(text + 10, 'a', 70);
	assert_boundary(text, text + 10);
	text[80] = 'a';
	assert_boundary(text, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_no_types),
		cmocka_unit_test(test_boundaries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
