/* SPDX-License-Identifier: Apache-2.0 */
/* Rulings and bans are durable at once; tallies start anew with a ruling. */
#include "folder.h"

#include <errno.h>

#include "store/partners.h"

struct seen {
	char text[256];
	size_t len;
};

static void on_ruling(void *arg, struct slice domain, uint8_t ruling)
{
	struct seen *s = arg;
	s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len,
				   "%.*s=%d ", SLICE_FMT(domain), ruling);
}

static void on_ban(void *arg, const struct store_ban *b)
{
	struct seen *s = arg;
	s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len,
				   "%.*s=%d ", SLICE_FMT(b->address),
				   (int)b->until_s);
}

static void on_tally(void *arg, const struct store_tally *t)
{
	struct seen *s = arg;
	s->len += (size_t)snprintf(s->text + s->len, sizeof(s->text) - s->len,
				   "%.*s=%d:%.*s ", SLICE_FMT(t->domain),
				   t->state, SLICE_FMT(t->addresses));
}

static void expect_rulings(struct folder *f, const char *text)
{
	struct seen s = { .len = 0 };
	assert_int_equal(store_ruling_each(f->s, on_ruling, &s), 0);
	assert_string_equal(s.text, text);
}

static void expect_bans(struct folder *f, uint64_t now_s, const char *text)
{
	struct seen s = { .len = 0 };
	assert_int_equal(store_ban_each(f->s, now_s, on_ban, &s), 0);
	assert_string_equal(s.text, text);
}

static void reopen(struct folder *f)
{
	folder_close(f);
	folder_open(f);
}

static void test_rulings(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	expect_rulings(f, "");
	assert_int_equal(store_ruling_put(f->s, SLICE_LIT("b.test"), 1), 0);
	assert_int_equal(store_ruling_put(f->s, SLICE_LIT("a.test"), 2), 0);
	assert_int_equal(store_ruling_put(f->s, SLICE_LIT("b.test"), 3), 0);
	assert_false(store_dirty(f->s));
	reopen(f);
	expect_rulings(f, "a.test=2 b.test=3 ");
	assert_int_equal(store_ruling_put(f->s, SLICE_LIT("b.test"), 0), 0);
	assert_int_equal(store_ruling_put(f->s, SLICE_LIT("none.test"), 0), 0);
	reopen(f);
	expect_rulings(f, "a.test=2 ");
}

static void test_tallies(void **state)
{
	struct folder *f = *state;
	struct store_tally t = { SLICE_LIT("a.test"), 1,
				 SLICE_LIT("12345678") };
	struct seen s = { .len = 0 };
	folder_open(f);
	assert_int_equal(store_tally_get(f->s, t.domain, on_tally, &s),
			 -ENOENT);
	assert_int_equal(store_tally_put(f->s, &t), 0);
	t.state = 2;
	assert_int_equal(store_tally_put(f->s, &t), 0);
	assert_int_equal(store_commit(f->s), 0);
	reopen(f);
	assert_int_equal(store_tally_get(f->s, t.domain, on_tally, &s), 0);
	assert_string_equal(s.text, "a.test=2:12345678 ");
	assert_int_equal(store_ruling_put(f->s, t.domain, 0), 0);
	assert_int_equal(store_tally_get(f->s, t.domain, on_tally, &s),
			 -ENOENT);
}

static void test_bans(void **state)
{
	struct folder *f = *state;
	struct store_ban b = { SLICE_LIT("192.0.2.1"), 100 };
	folder_open(f);
	assert_int_equal(store_ban_put(f->s, &b), 0);
	b = (struct store_ban){ SLICE_LIT("2001:db8::1"), 200 };
	assert_int_equal(store_ban_put(f->s, &b), 0);
	reopen(f);
	expect_bans(f, 99, "192.0.2.1=100 2001:db8::1=200 ");
	expect_bans(f, 100, "2001:db8::1=200 ");
	assert_int_equal(store_ban_expire(f->s, 100), 0);
	assert_int_equal(store_commit(f->s), 0);
	expect_bans(f, 0, "2001:db8::1=200 ");
	b.until_s = 0;
	assert_int_equal(store_ban_put(f->s, &b), 0);
	assert_int_equal(store_ban_put(f->s, &b), -ENOENT);
	expect_bans(f, 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rulings, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_tallies, folder_make,
						folder_remove),
		cmocka_unit_test_setup_teardown(test_bans, folder_make,
						folder_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
