/* SPDX-License-Identifier: Apache-2.0 */
/* The encoding of a binding: there and back; nothing else is taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>

#include "home/record.h"

static struct record sample(void)
{
	return (struct record){ .contact = SLICE_LIT("sip:a@h1"),
				.path = SLICE_LIT("<sip:t@e;lr>"),
				.call_id = SLICE_LIT("id"),
				.instance = SLICE_LIT("\"<urn:1>\""),
				.user_agent = SLICE_NONE,
				.cseq = 4294967295u,
				.reg_id = 2,
				.flow = { 3, 4, 0x1122334455667788 } };
}

static void there_and_back(void **state)
{
	struct record in = sample(), out;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	record_encode(&b, &in);
	assert_false(buf_failed(&b));
	assert_int_equal(record_decode(buf_slice(&b), &out), 0);
	assert_true(slice_eq(in.contact, out.contact));
	assert_true(slice_eq(in.path, out.path));
	assert_true(slice_eq(in.call_id, out.call_id));
	assert_true(slice_eq(in.instance, out.instance));
	assert_int_equal(out.user_agent.len, 0);
	assert_int_equal(in.cseq, out.cseq);
	assert_int_equal(in.reg_id, out.reg_id);
	assert_memory_equal(&in.flow, &out.flow, sizeof(in.flow));
	buf_free(&b);
}

static void nothing_else_is_taken(void **state)
{
	struct record in = sample(), out;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	record_encode(&b, &in);
	for (size_t len = 0; len < b.len; len++)
		assert_int_equal(record_decode(slice_of(b.ptr, len), &out),
				 -EBADMSG);
	buf_u8(&b, 0); /* one byte too many */
	assert_int_equal(record_decode(buf_slice(&b), &out), -EBADMSG);
	b.len--;
	b.ptr[0]++;
	assert_int_equal(record_decode(buf_slice(&b), &out), -EBADMSG);
	buf_reset(&b);
	in.contact = SLICE_NONE;
	record_encode(&b, &in);
	assert_int_equal(record_decode(buf_slice(&b), &out), -EBADMSG);
	buf_free(&b);
}

static void a_text_that_is_too_long_is_an_error(void **state)
{
	struct record in = sample();
	struct buf b;
	char *big = calloc(1, UINT16_MAX + 1);
	(void)state;
	assert_non_null(big);
	buf_init(&b, 0);
	in.path = slice_of(big, UINT16_MAX + 1);
	record_encode(&b, &in);
	assert_true(buf_failed(&b));
	buf_free(&b);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(nothing_else_is_taken),
		cmocka_unit_test(a_text_that_is_too_long_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
