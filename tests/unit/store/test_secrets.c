/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets of relay credentials: durable before they are shown, the newest
 * first, ids never twice. */
#include "folder.h"

#include "store/secrets.h"

struct seen {
	uint16_t id[8];
	char text[8][64];
	size_t count;
};

static void add(void *arg, const struct store_secret *x)
{
	struct seen *s = arg;
	s->id[s->count] = x->id;
	assert_int_equal(slice_cstr(x->text, s->text[s->count], 64), 0);
	s->count++;
}

static struct seen get(struct folder *f)
{
	struct seen s = { .count = 0 };
	assert_int_equal(store_secret_each(f->s, add, &s), 0);
	return s;
}

static void test_none(void **state)
{
	folder_open(*state);
	assert_int_equal(get(*state).count, 0);
}

static void test_newest_first(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	assert_int_equal(store_secret_add(f->s, SLICE_LIT("one"), 1000, 2), 0);
	assert_false(store_dirty(f->s));
	/* the clock went back: the order stays */
	assert_int_equal(store_secret_add(f->s, SLICE_LIT("two"), 500, 2), 0);
	folder_close(f);
	folder_open(f);
	struct seen s = get(f);
	assert_int_equal(s.count, 2);
	assert_string_equal(s.text[0], "two");
	assert_string_equal(s.text[1], "one");
	assert_int_not_equal(s.id[0], s.id[1]);
}

static void test_kept(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	uint16_t last = 0;
	for (int i = 0; i < 20; i++) {
		char text[16];
		snprintf(text, sizeof(text), "secret %d", i);
		assert_int_equal(
			store_secret_add(f->s, slice_str(text), 1000, 2), 0);
		struct seen s = get(f);
		assert_int_equal(s.count, i ? 2 : 1);
		assert_string_equal(s.text[0], text);
		assert_true(s.id[0] > last);
		last = s.id[0];
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_none, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_newest_first, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_kept, folder_make,
						folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
