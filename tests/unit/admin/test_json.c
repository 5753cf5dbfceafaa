/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds around the decoder, and bytes as text. */
#include "admin/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/oom.h"

static void test_decode(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{ "{}", true },
		{ "{\"a\":[{\"b\":[{\"c\":[{\"d\":1}]}]}]}", true },
		{ "{\"a\":\"[[[[[[[[[[[[\"}", true },
		{ "{\"a\":\"\\\"[[[[[[[[[[[[\"}", true },
		{ " {\"a\" : 1 } ", true },
		{ "[[[[[[[[[", false },
		{ "{\"a\":[[[[[[[[1]]]]]]]]}", false },
		{ "[]", false },
		{ "1", false },
		{ "", false },
		{ "null", false },
		{ "{", false },
		{ "{}x", false },
		{ "{\"a\":1,\"a\":2}", false },
		{ "{'a':1}", false },
		{ "{\"a\":1e999}", false },
		{ "{\"a\":99999999999999999999}", false },
		{ "{\"a\":\"\xff\"}", false },
		{ "{\"a\":\"\\u0000\"}", false },
		{ "{\"a\":\"\\ud800\"}", false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *v = json_decode(slice_str(rows[i].text));
		if ((v != NULL) != rows[i].good)
			fail_msg("%s", rows[i].text);
		json_decref(v);
	}
}

static void test_depth_flood(void **state)
{
	enum { MANY = 64 * 1024 };
	char *text = malloc(MANY);
	(void)state;
	assert_non_null(text);
	memset(text, '[', MANY);
	assert_null(json_decode(slice_of(text, MANY)));
	for (size_t i = 0; i + 5 <= MANY; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	assert_null(json_decode(slice_of(text, MANY)));
	free(text);
}

static void test_text(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "", "" },
		{ "J\xc3\xbcrgen", "J\xc3\xbcrgen" },
		{ "a\nb\x1b[2J\x7f", "a\\x0ab\\x1b[2J\\x7f" },
		{ "\xff\xc3", "\\xff\\xc3" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *v = json_text(slice_str(rows[i].in));
		assert_string_equal(json_string_value(v), rows[i].out);
		json_decref(v);
	}
	json_t *v = json_text(SLICE_LIT("a\0b"));
	assert_string_equal(json_string_value(v), "a\\x00b");
	json_decref(v);
	v = json_text(SLICE_NONE);
	assert_string_equal(json_string_value(v), "");
	json_decref(v);
}

static int there_and_back(void *arg)
{
	struct buf b;
	(void)arg;
	buf_init(&b, 0);
	json_t *v = json_decode(SLICE_LIT("{\"verb\":\"status\",\"id\":7}"));
	json_t *t = json_text(SLICE_LIT("\xff\xfe"));
	if (v)
		json_encode(&b, v);
	bool good = v && t && !buf_failed(&b);
	if (good)
		assert_true(slice_eq(
			buf_slice(&b),
			SLICE_LIT("{\"verb\":\"status\",\"id\":7}\n")));
	json_decref(v);
	json_decref(t);
	buf_free(&b);
	return good ? 0 : -1;
}

static void test_oom(void **state)
{
	(void)state;
	json_wipe_memory();
	oom_walk(there_and_back, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_depth_flood),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_oom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
