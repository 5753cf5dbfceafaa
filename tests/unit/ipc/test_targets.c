/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of TARGETS there and back, cut and lengthened. */
#include "ipc/targets.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct ipc_target sample(void)
{
	struct ipc_target t = { .name = SLICE_LIT("sip.fabrikam.test"),
				.port = 5061,
				.priority = 10,
				.weight = 7,
				.secure = true,
				.direct = true,
				.count = 2 };
	addr_parse(SLICE_LIT("[2001:db8::7]:5061"), false, &t.addr[0]);
	addr_parse(SLICE_LIT("192.0.2.7:5061"), false, &t.addr[1]);
	return t;
}

static void test_there_and_back(void **state)
{
	struct ipc_target t = sample(), got;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	ipc_target_put(&b, &t);
	t.direct = false;
	t.count = 0;
	ipc_target_put(&b, &t);
	struct cur c = cur_init(buf_slice(&b));
	t = sample();
	assert_int_equal(ipc_target_next(&c, &got), 1);
	assert_true(slice_eq(got.name, t.name));
	assert_int_equal(got.port, 5061);
	assert_int_equal(got.priority, 10);
	assert_int_equal(got.weight, 7);
	assert_true(got.secure && got.direct);
	assert_int_equal(got.count, 2);
	assert_true(addr_equal(&got.addr[0], &t.addr[0]));
	assert_true(addr_equal(&got.addr[1], &t.addr[1]));
	assert_int_equal(ipc_target_next(&c, &got), 1);
	assert_false(got.direct);
	assert_int_equal(got.count, 0);
	assert_int_equal(ipc_target_next(&c, &got), 0);
	buf_free(&b);
}

static void test_cut_anywhere(void **state)
{
	struct ipc_target t = sample(), got;
	struct buf b;
	(void)state;
	buf_init(&b, 0);
	ipc_target_put(&b, &t);
	for (size_t n = 1; n < b.len; n++) {
		struct cur c = cur_init(slice_head(buf_slice(&b), n));
		assert_int_equal(ipc_target_next(&c, &got), -EBADMSG);
	}
	buf_free(&b);
}

static void test_nonsense(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} rows[] = {
		{ "port 0", 1, 0 },
		{ "an empty name", 7, 0 },
		{ "more addresses than there may be", 25, 17 },
		{ "a family that is none", 26, 5 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipc_target t = sample(), got;
		struct buf b;
		buf_init(&b, 0);
		t.port = 1;
		ipc_target_put(&b, &t);
		b.ptr[rows[i].at] = rows[i].value;
		struct cur c = cur_init(buf_slice(&b));
		if (ipc_target_next(&c, &got) != -EBADMSG)
			fail_msg("%s", rows[i].what);
		buf_free(&b);
	}
}

static void test_digests(void **state)
{
	uint8_t bytes[64];
	struct ipc_tlsa t = { .usage = 3, .selector = 1 }, got;
	struct buf b;
	(void)state;
	memset(bytes, 0xa5, sizeof(bytes));
	buf_init(&b, 0);
	t.digest = slice_of(bytes, 32);
	ipc_tlsa_put(&b, &t);
	size_t first = b.len;
	t.digest = slice_of(bytes, 64);
	ipc_tlsa_put(&b, &t);
	struct cur c = cur_init(buf_slice(&b));
	assert_int_equal(ipc_tlsa_next(&c, &got), 1);
	assert_int_equal(got.usage, 3);
	assert_int_equal(got.selector, 1);
	assert_int_equal(got.digest.len, 32);
	assert_int_equal(ipc_tlsa_next(&c, &got), 1);
	assert_int_equal(got.digest.len, 64);
	assert_int_equal(ipc_tlsa_next(&c, &got), 0);
	for (size_t n = 1; n < first; n++) {
		c = cur_init(slice_head(buf_slice(&b), n));
		assert_int_equal(ipc_tlsa_next(&c, &got), -EBADMSG);
	}
	for (size_t at = 0; at < 3; at++) { /* usage 4, selector 2, 33 bytes */
		uint8_t *byte = (uint8_t *)b.ptr + at, before = *byte;
		*byte = (uint8_t)(before + 1);
		c = cur_init(buf_slice(&b));
		assert_int_equal(ipc_tlsa_next(&c, &got), -EBADMSG);
		*byte = before;
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_nonsense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
