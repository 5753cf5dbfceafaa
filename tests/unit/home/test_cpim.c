/* SPDX-License-Identifier: Apache-2.0 */
/* CPIM (RFC 3862) and what senders ask for in it (RFC 5438). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "home/cpim.h"

static void whole_ones_are_read(void **state)
{
	(void)state;
	struct cpim c;
	const char text[] = "From: A <sip:a@x>\nTo: <sip:b@x>\r\n"
			    "NS: my <urn:ietf:params:imdn>\r\n"
			    "my.Message-ID: 7\r\n"
			    "imdn.Message-ID: no\r\n"
			    "my.Disposition-Notification: Display,"
			    " negative-delivery ,x\r\n"
			    "\r\nContent-type: text/plain; charset=utf-8\r\n"
			    "\r\nMessage-ID: 8\r\n";
	assert_int_equal(cpim_read(SLICE_LIT(text), &c), 0);
	assert_true(slice_eq(c.from, SLICE_LIT("A <sip:a@x>")));
	assert_true(slice_eq(c.to, SLICE_LIT("<sip:b@x>")));
	assert_true(slice_eq(c.message_id, SLICE_LIT("7")));
	assert_true(slice_eq(c.content_type,
			     SLICE_LIT("text/plain; charset=utf-8")));
	assert_true(cpim_asks(&c, "display"));
	assert_true(cpim_asks(&c, "negative-delivery"));
	assert_true(cpim_asks(&c, "x"));
	assert_false(cpim_asks(&c, "negative"));
	assert_false(cpim_asks(&c, "processing"));
}

static void broken_ones_are_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		"\r\n",
		"From: a\r\n",
		"From: a\r\n\r\n",
		"From: a\r\n\r\nContent-Type: text/plain\r\n",
		"no colon\r\n\r\n\r\n",
		": empty\r\n\r\n\r\n",
		"A: b\r\n\r\nno colon\r\n\r\n",
	};
	struct cpim c = { .from = SLICE_LIT("untouched") };
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(cpim_read(slice_str(rows[i]), &c), -EBADMSG);
	assert_true(slice_eq(c.from, SLICE_LIT("untouched")));
}

static void there_is_an_end_to_headers(void **state)
{
	(void)state;
	char text[1024] = "";
	struct cpim c;
	for (size_t i = 0; i < 128; i++)
		memcpy(text + 5 * i, "A: b\n", 6);
	memcpy(text + 5 * 126, "\n\n", 3);
	assert_int_equal(cpim_read(slice_str(text), &c), 0);
	memcpy(text + 5 * 126, "A: b\n\n\n", 8);
	assert_int_equal(cpim_read(slice_str(text), &c), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_ones_are_read),
		cmocka_unit_test(broken_ones_are_refused),
		cmocka_unit_test(there_is_an_end_to_headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
