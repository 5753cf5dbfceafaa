/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger of the store under a disk that dies, fails, fills up or lies:
 * what was acknowledged is there, once, and the database opens without help
 * (STO-01 to STO-05). SALLYPORT_POWER=200 runs the long scenario.
 */
#include "power_disk.h"

#include <errno.h>

#include "store/messages.h"

enum { NOW = 5000, GROUP = 4, MESSAGES = 24, MESSAGES_MAX = 1000 };

static const struct store_limits none = { 0 };

struct ledger {
	struct folder *f;
	struct power power;
	unsigned messages;
	bool kept[MESSAGES_MAX];    /* acknowledged, not deleted */
	bool removed[MESSAGES_MAX]; /* deletion acknowledged */
	uint64_t id[MESSAGES_MAX];
};

static unsigned messages(void)
{
	const char *text = getenv("SALLYPORT_POWER");
	unsigned n = text ? (unsigned)atoi(text) : MESSAGES;
	return n < MESSAGES_MAX ? n : MESSAGES_MAX;
}

static int begin(void **state)
{
	struct ledger *l = calloc(1, sizeof(*l));
	void *f = NULL;
	if (!l || folder_make(&f))
		return -1;
	l->f = f;
	l->messages = messages();
	*state = l;
	power_on(&l->power);
	return 0;
}

static int end(void **state)
{
	struct ledger *l = *state;
	void *f = l->f;
	store_close(l->f->s);
	l->f->s = NULL;
	power_off(&l->power);
	free(l);
	return folder_remove(&f);
}

/* Nothing is there; the numbers begin anew. */
static void wipe(struct ledger *l)
{
	static const char *const tails[] = { "", "-wal", "-journal" };
	char path[320];
	folder_close(l->f);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", l->f->file, tails[i]);
		unlink(path);
	}
	power_clear(&l->power);
	memset(l->kept, 0, sizeof(l->kept));
	memset(l->removed, 0, sizeof(l->removed));
}

static int put(struct ledger *l, unsigned n)
{
	char text[700];
	uint8_t mark[STORE_MARK_BYTES] = { (uint8_t)n, (uint8_t)(n >> 8) };
	/* of different sizes, some over a page of overflow */
	snprintf(text, sizeof(text), "%u %0*d", n, (int)(n % 5) * 150 + 1, 0);
	struct store_message m = { .aor = SLICE_LIT("a@x"),
				   .mark = slice_of(mark, sizeof(mark)),
				   .sender = SLICE_LIT("b@x"),
				   .origin = SLICE_LIT("b@x"),
				   .bytes = slice_str(text),
				   .stored_s = NOW,
				   .expires_s = NOW + 100 };
	return store_message_put(l->f->s, &m, &none, NOW + 64);
}

static void take_id(void *arg, const struct store_message *m)
{
	*(uint64_t *)arg = m->id;
}

/* Deletes the oldest; *number is which. */
static int take_one(struct ledger *l, uint64_t *id)
{
	int err = store_message_next(l->f->s, SLICE_LIT("a@x"), 0, NOW, take_id,
				     id);
	return err ? err : store_message_delete(l->f->s, *id);
}

/* One group: puts and, in every second, the deletion of the oldest one. What
 * the commit acknowledges enters the ledger. */
static int group(struct ledger *l, unsigned from)
{
	uint64_t gone = 0;
	bool delete_one = from / GROUP % 2 == 1;
	int err = 0;
	for (unsigned n = from; n < from + GROUP && !err; n++)
		err = put(l, n);
	if (!err && delete_one)
		err = take_one(l, &gone);
	if (!err)
		err = store_commit(l->f->s);
	if (err)
		return err;
	for (unsigned n = from; n < from + GROUP; n++)
		l->kept[n] = true;
	for (unsigned n = 0; delete_one && n < from + GROUP; n++)
		if (l->kept[n] && !l->removed[n]) {
			l->removed[n] = true;
			break;
		}
	return 0;
}

/* Until something fails. */
static int scenario(struct ledger *l)
{
	struct store_user u = folder_user("a@x");
	int err = store_open(&l->f->s, l->f->file, l->f->error);
	if (!err)
		err = store_user_put(l->f->s, &u, false);
	if (!err)
		err = store_commit(l->f->s);
	for (unsigned n = 0; n < l->messages && !err; n += GROUP)
		err = group(l, n);
	folder_close(l->f);
	return err;
}

struct found {
	unsigned count[MESSAGES_MAX];
	unsigned last;
	bool ordered;
};

static void note(void *arg, const struct store_message *m)
{
	struct found *found = arg;
	unsigned n = (unsigned)(m->mark.ptr[0] | m->mark.ptr[1] << 8);
	assert_true(n < MESSAGES_MAX);
	found->ordered &= !found->last || n + 1 > found->last;
	found->last = n + 1;
	found->count[n]++;
}

/* The database opens without help, and the ledger is right: acknowledged ones
 * are there, once and in order; removed ones are not. */
static void check(struct ledger *l, bool exact)
{
	struct found found = { .ordered = true };
	folder_open(l->f);
	int err = store_message_each(l->f->s, SLICE_LIT("a@x"), note, &found);
	assert_int_equal(err, 0);
	assert_true(found.ordered);
	for (unsigned n = 0; n < l->messages; n++) {
		if (l->kept[n] && !l->removed[n] && exact)
			assert_int_equal(found.count[n], 1);
		if (l->removed[n])
			assert_int_equal(found.count[n], 0);
		assert_true(found.count[n] <= 1);
	}
	/* and goes on working */
	struct store_user u = folder_user("z@x");
	assert_int_equal(store_user_put(l->f->s, &u, false), 0);
	assert_int_equal(store_commit(l->f->s), 0);
	folder_close(l->f);
}

/* A group that was not acknowledged may have taken the oldest message all the
 * same: then that one was removed, which nobody was told. */
static void expect(struct ledger *l)
{
	struct found found = { .ordered = true };
	unsigned missing = 0;
	folder_open(l->f);
	assert_int_equal(
		store_message_each(l->f->s, SLICE_LIT("a@x"), note, &found), 0);
	for (unsigned n = 0; n < l->messages; n++) {
		if (!l->kept[n] || l->removed[n] || found.count[n])
			continue;
		missing++;
		l->removed[n] = true;
		/* only the one that the group under way deletes */
		for (unsigned m = 0; m < n; m++)
			assert_true(l->removed[m] || !l->kept[m]);
	}
	assert_true(missing <= 1);
	folder_close(l->f);
}

static void kill_at_every_operation(void **state)
{
	struct ledger *l = *state;
	static const enum power_end ends[] = { POWER_KILL, POWER_DROP,
					       POWER_PICK, POWER_TEAR };
	long n = 0;
	for (int err = -1; err; n++) {
		wipe(l);
		l->power.count = 0;
		l->power.dead = false;
		l->power.die_at = n + 1;
		l->power.seed = (unsigned)n;
		err = scenario(l);
		power_restart(&l->power, ends[n % POWER_ENDS]);
		expect(l);
		check(l, true);
	}
	assert_true(n > 100);
}

/* The same with other parts of what was not synced. */
static void many_power_cuts(void **state)
{
	struct ledger *l = *state;
	wipe(l);
	assert_int_equal(scenario(l), 0);
	long all = l->power.count;
	for (unsigned i = 0; i < 150; i++) {
		wipe(l);
		l->power.count = 0;
		l->power.die_at = 1 + (long)(i * 7919U) % all;
		l->power.seed = i;
		(void)scenario(l);
		power_restart(&l->power, i % 3 == 0 ? POWER_TEAR : POWER_PICK);
		expect(l);
		check(l, true);
	}
}

/* STO-03: nothing that was acknowledged rests on a sync that failed. */
static void each_failing_sync(void **state)
{
	struct ledger *l = *state;
	wipe(l);
	assert_int_equal(scenario(l), 0);
	for (long n = 1;; n++) {
		wipe(l);
		l->power.fail_sync = true;
		l->power.fail_code = SQLITE_IOERR_FSYNC;
		l->power.fail_at = n;
		int err = scenario(l);
		bool fired = l->power.fail_at == 0;
		l->power.fail_at = 0;
		power_restart(&l->power, POWER_PICK);
		expect(l);
		check(l, true);
		if (!fired) {
			assert_int_equal(err, 0);
			break;
		}
	}
}

/* STO-02: each write finds the disk full; told at once, and it goes on when
 * there is room again, without being opened anew. */
static void each_write_on_a_full_disk(void **state)
{
	struct ledger *l = *state;
	struct store_user u = folder_user("a@x");
	for (long n = 1; n < 60; n++) {
		wipe(l);
		l->power.fail_sync = false;
		folder_open(l->f);
		assert_int_equal(store_user_put(l->f->s, &u, false), 0);
		assert_int_equal(store_commit(l->f->s), 0);
		l->power.fail_code = SQLITE_FULL;
		l->power.fail_at = n;
		int err = 0;
		unsigned at = 0;
		for (; at < 40 && !err; at += GROUP)
			err = group(l, at);
		assert_true(!err || err == -ENOSPC);
		l->power.fail_at = 0;
		if (err)
			(void)store_commit(l->f->s); /* says what is lost */
		assert_int_equal(group(l, at), 0);
		folder_close(l->f);
		power_restart(&l->power, POWER_DROP);
		check(l, true);
	}
}

/* STO-05: killed at every operation of the upgrade from the first version. */
static void an_upgrade_is_whole_or_not_at_all(void **state)
{
	struct ledger *l = *state;
	static const char old[] =
		"PRAGMA locking_mode=EXCLUSIVE;"
		"DROP TABLE messages; DROP TABLE usage; DROP TABLE marks;"
		"DROP TABLE contacts; DROP TABLE soft; DROP TABLE secrets;"
		"DROP TABLE rulings; DROP TABLE tallies; DROP TABLE bans;"
		"DROP TABLE admins; DROP TABLE turn_keys;"
		"PRAGMA user_version=1";
	struct store_user u = folder_user("a@x");
	for (long n = 1, err = -1; err; n++) {
		sqlite3 *db = NULL;
		char text[1024] = "";
		wipe(l);
		folder_open(l->f);
		assert_int_equal(store_user_put(l->f->s, &u, false), 0);
		assert_int_equal(store_commit(l->f->s), 0);
		folder_close(l->f);
		assert_int_equal(sqlite3_open(l->f->file, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, old, NULL, NULL, NULL),
				 SQLITE_OK);
		sqlite3_close(db);
		l->power.count = 0;
		l->power.die_at = n;
		l->power.seed = (unsigned)n;
		err = store_open(&l->f->s, l->f->file, l->f->error);
		folder_close(l->f);
		power_restart(&l->power, (enum power_end)(n % POWER_ENDS));
		folder_open(l->f);
		store_user_each(l->f->s, folder_add_user, text);
		assert_string_equal(text, "a@x ");
		assert_int_equal(put(l, 1), 0);
		assert_int_equal(store_commit(l->f->s), 0);
		folder_close(l->f);
	}
}

/* STO-04: flips a bit, clears a page or cuts the file: it is found when the
 * file is opened or read, or hits nothing but the text of one row. */
static void damage_is_never_a_crash(void **state)
{
	struct ledger *l = *state;
	unsigned found_out = 0;
	for (unsigned i = 0; i < 100; i++) {
		wipe(l);
		assert_int_equal(scenario(l), 0);
		FILE *f = fopen(l->f->file, "r+b");
		assert_non_null(f);
		fseek(f, 0, SEEK_END);
		long size = ftell(f);
		long at = (long)(i * 104729U % (unsigned long)size);
		static const uint8_t zero[4096];
		if (i % 3 == 2) {
			assert_int_equal(ftruncate(fileno(f), at), 0);
		} else if (i % 3 == 1) {
			fseek(f, at / 4096 * 4096, SEEK_SET);
			fwrite(zero, 1, sizeof(zero), f);
		} else {
			fseek(f, at, SEEK_SET);
			int c = fgetc(f);
			fseek(f, at, SEEK_SET);
			fputc(c ^ (1 << i % 8), f);
		}
		fclose(f);
		struct found found = { .ordered = true };
		int err = store_open(&l->f->s, l->f->file, l->f->error);
		if (!err)
			err = store_message_each(l->f->s, SLICE_LIT("a@x"),
						 note, &found);
		unsigned lost = 0;
		for (unsigned n = 0; !err && n < l->messages; n++)
			lost += l->kept[n] && !l->removed[n] && !found.count[n];
		assert_true(err || lost <= 1);
		found_out += err != 0;
		folder_close(l->f);
	}
	assert_true(found_out > 30);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(kill_at_every_operation),
		TEST(many_power_cuts),
		TEST(each_failing_sync),
		TEST(each_write_on_a_full_disk),
		TEST(an_upgrade_is_whole_or_not_at_all),
		TEST(damage_is_never_a_crash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
