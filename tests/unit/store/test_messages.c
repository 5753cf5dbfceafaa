/* SPDX-License-Identifier: Apache-2.0 */
/* Messages that wait: order, quotas, what poisons, what is lost (MSG-01 to
 * MSG-05), and marks. */
#include "folder.h"

#include <errno.h>

#include "store/messages.h"
#include "support/oom.h"

enum { NOW = 5000 };

static const struct store_limits plenty = { 1000, 1000, 1 << 20, 1 << 20,
					    1 << 20 };

static struct store_message message(uint8_t n, const char *aor,
				    const char *text)
{
	static uint8_t mark[256][STORE_MARK_BYTES];
	mark[n][0] = n;
	return (struct store_message){ .aor = slice_str(aor),
				       .mark = slice_of(mark[n],
							STORE_MARK_BYTES),
				       .sender = SLICE_LIT("zoe@y"),
				       .origin = SLICE_LIT("y"),
				       .bytes = slice_str(text),
				       .stored_s = NOW,
				       .expires_s = NOW + 100 };
}

static int put(struct folder *f, const struct store_message *m)
{
	return store_message_put(f->s, m, &plenty, NOW + 64);
}

static void put_text(struct folder *f, uint8_t n, const char *aor,
		     const char *text)
{
	struct store_message m = message(n, aor, text);
	assert_int_equal(put(f, &m), 0);
}

static int begin(void **state)
{
	if (folder_make(state))
		return -1;
	struct folder *f = *state;
	static const char *const aors[] = { "a@x", "b@x" };
	folder_open(f);
	for (size_t i = 0; i < 2; i++) {
		struct store_user u = folder_user(aors[i]);
		if (store_user_put(f->s, &u, false))
			return -1;
	}
	return store_commit(f->s);
}

struct got {
	uint64_t id;
	char text[512];
};

static void take(void *arg, const struct store_message *m)
{
	struct got *g = arg;
	size_t len = strlen(g->text);
	g->id = m->id;
	snprintf(g->text + len, sizeof(g->text) - len, "%.*s%s%s/%u ",
		 SLICE_FMT(m->bytes), m->state == STORE_ASIDE ? "!" : "",
		 m->state == STORE_LOST ? "?" : "", (unsigned)m->size);
}

static struct got next(struct folder *f, const char *aor, uint64_t now_s)
{
	struct got g = { 0 };
	int err = store_message_next(f->s, slice_str(aor), 0, now_s, take, &g);
	assert_true(err == (g.id ? 0 : -ENOENT));
	return g;
}

static void each_user_has_a_queue_in_order(void **state)
{
	struct folder *f = *state;
	put_text(f, 1, "a@x", "one");
	put_text(f, 2, "b@x", "other");
	put_text(f, 3, "a@x", "two");
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	folder_open(f);
	struct got g = next(f, "a@x", NOW);
	assert_string_equal(g.text, "one/3 ");
	/* it stays until it is deleted */
	assert_int_equal(next(f, "a@x", NOW).id, g.id);
	struct got behind = { 0 };
	assert_int_equal(store_message_next(f->s, SLICE_LIT("a@x"), g.id, NOW,
					    take, &behind),
			 0);
	assert_string_equal(behind.text, "two/3 ");
	assert_int_equal(store_message_next(f->s, SLICE_LIT("a@x"), behind.id,
					    NOW, take, &behind),
			 -ENOENT);
	assert_int_equal(store_message_delete(f->s, g.id), 0);
	assert_int_equal(store_message_delete(f->s, g.id), -ENOENT);
	assert_string_equal(next(f, "a@x", NOW).text, "two/3 ");
	assert_string_equal(next(f, "b@x", NOW).text, "other/5 ");
	assert_int_equal(next(f, "c@x", NOW).id, 0);
}

static void an_id_is_never_used_twice(void **state)
{
	struct folder *f = *state;
	put_text(f, 1, "a@x", "one");
	uint64_t first = next(f, "a@x", NOW).id;
	assert_int_equal(store_message_delete(f->s, first), 0);
	put_text(f, 2, "a@x", "two");
	assert_true(next(f, "a@x", NOW).id > first);
}

static void the_same_message_is_kept_once(void **state)
{
	struct folder *f = *state;
	struct store_message m = message(1, "a@x", "one");
	assert_int_equal(put(f, &m), 0);
	assert_int_equal(put(f, &m), -EEXIST);
	assert_int_equal(store_commit(f->s), 0);
	assert_int_equal(put(f, &m), -EEXIST);
	assert_int_equal(store_message_delete(f->s, next(f, "a@x", NOW).id), 0);
	assert_int_equal(next(f, "a@x", NOW).id, 0);
}

static void nobody_gets_what_has_no_user(void **state)
{
	struct folder *f = *state;
	struct store_message m = message(1, "nobody@x", "one");
	assert_int_equal(put(f, &m), -ENOENT);
	assert_int_equal(store_commit(f->s), 0);
}

static void quotas_hold_at_their_limits(void **state)
{
	struct folder *f = *state;
	static const struct {
		struct store_limits limits;
		unsigned fit; /* how many of five bytes each */
	} rows[] = {
		{ { .user_count = 3 }, 3 },   { { .user_bytes = 14 }, 2 },
		{ { .user_bytes = 15 }, 3 },  { { .origin_count = 1 }, 1 },
		{ { .origin_bytes = 9 }, 1 }, { { .total_bytes = 20 }, 4 },
		{ { .user_count = 0 }, 5 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint8_t n = 0; n < 5; n++) {
			struct store_message m = message(n, "a@x", "12345");
			int err =
				store_message_put(f->s, &m, &rows[i].limits, 0);
			assert_int_equal(err, n < rows[i].fit ? 0 : -EDQUOT);
		}
		/* room again when they are gone, also with their user */
		if (i % 2)
			assert_int_equal(
				store_message_drop(f->s, SLICE_LIT("a@x"), 0),
				0);
		else
			assert_int_equal(
				store_user_delete(f->s, SLICE_LIT("a@x")), 0);
		struct store_user u = folder_user("a@x");
		int err = store_user_put(f->s, &u, false);
		assert_int_equal(err, i % 2 ? -EEXIST : 0);
	}
}

static void a_full_mailbox_is_no_others(void **state)
{
	struct folder *f = *state;
	const struct store_limits l = { .user_count = 1 };
	struct store_message m = message(1, "a@x", "one");
	assert_int_equal(store_message_put(f->s, &m, &l, 0), 0);
	m = message(2, "a@x", "two");
	assert_int_equal(store_message_put(f->s, &m, &l, 0), -EDQUOT);
	m = message(3, "b@x", "three");
	assert_int_equal(store_message_put(f->s, &m, &l, 0), 0);
}

static void what_fails_twice_is_set_aside(void **state)
{
	struct folder *f = *state;
	bool aside = true;
	put_text(f, 1, "a@x", "bad");
	put_text(f, 2, "a@x", "good");
	uint64_t id = next(f, "a@x", NOW).id;
	assert_int_equal(store_message_failed(f->s, id, &aside), 0);
	assert_false(aside);
	assert_int_equal(next(f, "a@x", NOW).id, id);
	assert_int_equal(store_message_failed(f->s, id, &aside), 0);
	assert_true(aside);
	assert_string_equal(next(f, "a@x", NOW).text, "good/4 ");
	struct got g = { 0 };
	assert_int_equal(store_message_each(f->s, SLICE_LIT("a@x"), take, &g),
			 0);
	assert_string_equal(g.text, "!/3 /4 ");
	assert_int_equal(store_message_failed(f->s, 999, &aside), -ENOENT);
	/* and it can be dropped */
	assert_int_equal(store_message_drop(f->s, SLICE_LIT("b@x"), id),
			 -ENOENT);
	assert_int_equal(store_message_drop(f->s, SLICE_LIT("a@x"), id), 0);
}

static void lost_ones_are_kept_for_those_who_asked(void **state)
{
	struct folder *f = *state;
	struct store_message m = message(1, "a@x", "told");
	m.notify = true;
	assert_int_equal(put(f, &m), 0);
	put_text(f, 2, "a@x", "silent");
	m = message(3, "b@x", "gone");
	m.notify = true;
	assert_int_equal(put(f, &m), 0);
	put_text(f, 4, "b@x", "also gone");
	/* not yet due */
	uint64_t gone = 9;
	assert_int_equal(store_message_expire(f->s, NOW + 99, &gone), 0);
	assert_int_equal(gone, 0);
	assert_string_equal(next(f, "a@x", NOW + 99).text, "told/4 ");
	/* over: not delivered, even before it is cleaned up */
	assert_int_equal(next(f, "a@x", NOW + 100).id, 0);
	assert_int_equal(store_user_delete(f->s, SLICE_LIT("b@x")), 0);
	struct got g = { 0 };
	assert_int_equal(store_message_lost(f->s, 10, take, &g), 0);
	assert_string_equal(g.text, "gone?/4 ");
	assert_int_equal(store_message_expire(f->s, NOW + 100, &gone), 0);
	assert_int_equal(gone, 2);
	g = (struct got){ 0 };
	assert_int_equal(store_message_lost(f->s, 10, take, &g), 0);
	assert_string_equal(g.text, "told?/4 gone?/4 ");
	g = (struct got){ 0 };
	assert_int_equal(store_message_lost(f->s, 1, take, &g), 0);
	assert_string_equal(g.text, "told?/4 ");
	assert_int_equal(store_message_delete(f->s, g.id), 0);
	/* a new user of that name does not get them */
	struct store_user u = folder_user("b@x");
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	assert_int_equal(next(f, "b@x", NOW).id, 0);
}

static void add_queue(void *arg, const struct store_queue *q)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 256 - len, "%.*s:%u/%u@%u ", SLICE_FMT(q->aor),
		 (unsigned)q->count, (unsigned)q->bytes, (unsigned)q->oldest_s);
}

static void queues_are_listed(void **state)
{
	struct folder *f = *state;
	char text[256] = "";
	struct store_message m = message(1, "b@x", "one");
	m.stored_s = 7;
	assert_int_equal(put(f, &m), 0);
	put_text(f, 2, "b@x", "three");
	put_text(f, 3, "a@x", "x");
	assert_int_equal(store_message_queues(f->s, add_queue, text), 0);
	assert_string_equal(text, "a@x:1/1@5000 b@x:2/8@7 ");
}

static void add_mark(void *arg, struct slice mark, uint16_t status,
		     uint64_t until_s)
{
	char *text = arg;
	size_t len = strlen(text);
	assert_int_equal(mark.len, STORE_MARK_BYTES);
	snprintf(text + len, 256 - len, "%u:%u@%u ", mark.ptr[0], status,
		 (unsigned)until_s);
}

static void marks_last_as_long_as_they_have_to(void **state)
{
	struct folder *f = *state;
	char text[256] = "";
	uint8_t mark[STORE_MARK_BYTES] = { 9 };
	put_text(f, 1, "a@x", "one");
	assert_int_equal(store_mark_put(f->s, slice_of(mark, sizeof(mark)), 200,
					NOW + 70),
			 0);
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	folder_open(f);
	assert_int_equal(store_mark_each(f->s, NOW, add_mark, text), 0);
	assert_string_equal(text, "1:202@5064 9:200@5070 ");
	text[0] = '\0';
	assert_int_equal(store_mark_expire(f->s, NOW + 64), 0);
	assert_int_equal(store_mark_each(f->s, 0, add_mark, text), 0);
	assert_string_equal(text, "9:200@5070 ");
	assert_int_equal(store_mark_expire(f->s, NOW + 70), 0);
	text[0] = '\0';
	assert_int_equal(store_mark_each(f->s, 0, add_mark, text), 0);
	assert_string_equal(text, "");
}

static int everything(void *arg)
{
	struct folder *f = arg;
	struct store_message m = message(1, "a@x", "one");
	struct got g = { 0 };
	char text[256] = "";
	bool aside;
	uint64_t gone;
	int err = store_message_put(f->s, &m, &plenty, NOW);
	if (err == -EEXIST)
		err = 0;
	if (!err)
		err = store_message_next(f->s, m.aor, 0, NOW, take, &g);
	if (!err)
		err = store_message_each(f->s, m.aor, take, &g);
	if (!err)
		err = store_message_queues(f->s, add_queue, text);
	if (!err)
		err = store_message_failed(f->s, g.id + 1000, &aside);
	if (err == -ENOENT)
		err = store_message_expire(f->s, 1, &gone);
	if (!err)
		err = store_message_lost(f->s, 1, take, &g);
	return err ? err : store_commit(f->s);
}

static void survives_failing_allocations(void **state)
{
	oom_walk(everything, *state);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(each_user_has_a_queue_in_order),
		TEST(an_id_is_never_used_twice),
		TEST(the_same_message_is_kept_once),
		TEST(nobody_gets_what_has_no_user),
		TEST(quotas_hold_at_their_limits),
		TEST(a_full_mailbox_is_no_others),
		TEST(what_fails_twice_is_set_aside),
		TEST(lost_ones_are_kept_for_those_who_asked),
		TEST(queues_are_listed),
		TEST(marks_last_as_long_as_they_have_to),
		TEST(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
