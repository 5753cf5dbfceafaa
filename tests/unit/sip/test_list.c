/* SPDX-License-Identifier: Apache-2.0 */
/* Comma lists, seconds, folds and the header tables. */
#include <errno.h>

#include "stream.h"

static void assert_list(const char *text, const char *const *want, int end)
{
	struct slice list = slice_str(text);
	struct slice value;
	int rc;

	while ((rc = sip_list_next(&list, &value)) == 1) {
		assert_non_null(*want);
		assert_slice(value, slice_str(*want++));
	}
	if (rc != end || *want)
		fail_msg("%s ends with %d", text, rc);
}

static void test_lists(void **state)
{
	(void)state;
	assert_list("", (const char *[]){ NULL }, 0);
	assert_list(" a , b\r\n\t, c ", (const char *[]){ "a", "b", "c", NULL },
		    0);
	assert_list("\"a, \\\" b\" <c,d>, e",
		    (const char *[]){ "\"a, \\\" b\" <c,d>", "e", NULL }, 0);
	assert_list("a,,b", (const char *[]){ "a", NULL }, -EINVAL);
	assert_list(",a", (const char *[]){ NULL }, -EINVAL);
	assert_list("a,", (const char *[]){ NULL }, -EINVAL);
	assert_list("a, \"b", (const char *[]){ "a", NULL }, -EINVAL);
	assert_list("a, <b", (const char *[]){ "a", NULL }, -EINVAL);
}

static void test_seconds(void **state)
{
	uint32_t n = 7;

	(void)state;
	assert_int_equal(sip_delta_seconds(SLICE_LIT("0600"), &n), 0);
	assert_int_equal(n, 600);
	assert_int_equal(sip_delta_seconds(SLICE_LIT("4294967295"), &n), 0);
	assert_int_equal(n, UINT32_MAX);
	assert_int_equal(
		sip_delta_seconds(SLICE_LIT("1000000000000000000000000"), &n),
		0);
	assert_int_equal(n, UINT32_MAX);
	assert_int_equal(sip_delta_seconds(SLICE_LIT("-1"), &n), -EINVAL);
	assert_int_equal(sip_delta_seconds(SLICE_LIT("1 "), &n), -EINVAL);
	assert_int_equal(sip_delta_seconds(SLICE_NONE, &n), -EINVAL);
}

static void test_unfold(void **state)
{
	struct arena *a = arena_create(64, 4096);

	(void)state;
	assert_slice(sip_unfold(a, SLICE_LIT("a b")), SLICE_LIT("a b"));
	assert_slice(sip_unfold(a, SLICE_LIT("a \t\r\n  b\r\n\tc")),
		     SLICE_LIT("a b c"));
	assert_slice(sip_unfold(a, SLICE_LIT("a\r\n \r\n b")),
		     SLICE_LIT("a b"));
	arena_free(a);
	/* too little room: nothing */
	a = arena_create(64, 64);
	char big[200] = "a\r\n ";
	memset(big + 4, 'b', sizeof(big) - 4);
	assert_null(sip_unfold(a, slice_of(big, sizeof(big))).ptr);
	arena_free(a);
}

static void test_names(void **state)
{
	(void)state;
	for (int i = 0; i < SIP_H_UNKNOWN; i++) {
		struct slice name = sip_header_name((enum sip_header_id)i);
		assert_int_equal(sip_header_id_of(name), i);
	}
	for (int i = 0; i < SIP_METHOD_UNKNOWN; i++) {
		const char *name = sip_method_name((enum sip_method)i);
		assert_int_equal(sip_method_of(slice_str(name)), i);
	}
	assert_int_equal(sip_header_id_of(SLICE_LIT("V")), SIP_H_VIA);
	assert_int_equal(sip_header_id_of(SLICE_LIT("cONTACT")), SIP_H_CONTACT);
	assert_int_equal(sip_header_id_of(SLICE_LIT("\x14")), SIP_H_UNKNOWN);
	assert_int_equal(sip_header_id_of(SLICE_LIT("q")), SIP_H_UNKNOWN);
	assert_int_equal(sip_header_id_of(SLICE_NONE), SIP_H_UNKNOWN);
	assert_int_equal(sip_method_of(SLICE_LIT("invite")),
			 SIP_METHOD_UNKNOWN);
	assert_int_equal(sip_header_name(SIP_H_UNKNOWN).len, 0);
	assert_string_equal(sip_status_reason(404), "Not Found");
	assert_string_equal(sip_status_reason(499), "Client Failure");
	assert_string_equal(sip_status_reason(65535), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_unfold),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
