/* SPDX-License-Identifier: Apache-2.0 */
/* STO-04: what is readable of a damaged database, and how damage is found. */
#include "store/salvage.h"

#include "folder.h"

#include <errno.h>
#include <sqlite3.h>

#include "store/messages.h"
#include "store/presence.h"
#include "support/oom.h"

enum { NOW = 5000, MESSAGES = 200, USERS = 100, PAGE = 4096 };

static const struct store_limits none = { 0 };

/* What store_salvage() tells, as text: "users 100 whole\n" each. */
static void on_table(void *arg, const char *table, uint64_t rows, bool whole)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 1024 - len, "%s %u %s\n", table, (unsigned)rows,
		 whole ? "whole" : "part");
}

static void put(struct folder *f, unsigned n)
{
	char text[300];
	uint8_t mark[STORE_MARK_BYTES] = { (uint8_t)n, (uint8_t)(n >> 8) };
	snprintf(text, sizeof(text), "%0250u", n);
	const struct store_message m = { .aor = SLICE_LIT("u00@x"),
					 .mark = slice_of(mark, sizeof(mark)),
					 .sender = SLICE_LIT("b@x"),
					 .origin = SLICE_LIT("b@x"),
					 .bytes = slice_str(text),
					 .stored_s = NOW,
					 .expires_s = NOW + 100 };
	assert_int_equal(store_message_put(f->s, &m, &none, NOW + 64), 0);
}

static void fill(struct folder *f)
{
	folder_open(f);
	for (unsigned n = 0; n < USERS; n++) {
		char aor[16];
		snprintf(aor, sizeof(aor), "u%02u@x", n);
		struct store_user u = folder_user(aor);
		assert_int_equal(store_user_put(f->s, &u, false), 0);
		struct store_binding b = folder_binding(aor, "sip:c", NOW + 9);
		assert_int_equal(store_binding_put(f->s, &b), 0);
	}
	for (unsigned n = 0; n < MESSAGES; n++)
		put(f, n);
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
}

/* A page that is of that table or index: its root, or a leaf of it. */
static long page_of(struct folder *f, const char *name, bool leaf)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	long at = 0;
	const char *sql =
		leaf ? "SELECT pageno FROM dbstat WHERE name = ?1 AND"
		       " pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 2"
		     : "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
	assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	at = (sqlite3_column_int64(stmt, 0) - 1) * PAGE;
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return at;
}

static void wipe(struct folder *f, long at)
{
	static const uint8_t zero[PAGE];
	FILE *file = fopen(f->file, "r+b");
	assert_non_null(file);
	fseek(file, at, SEEK_SET);
	assert_int_equal(fwrite(zero, 1, PAGE, file), PAGE);
	fclose(file);
}

static void count_one(void *arg, const struct store_message *m)
{
	(void)m;
	++*(unsigned *)arg;
}

static unsigned queued(struct folder *f)
{
	unsigned n = 0;
	assert_int_equal(
		store_message_each(f->s, SLICE_LIT("u00@x"), count_one, &n), 0);
	return n;
}

static void usage(void *arg, const struct store_queue *q)
{
	*(uint64_t *)arg = q->count;
}

/* An index costs no row: it is made anew. */
static void a_lost_index_costs_nothing(void **state)
{
	struct folder *f = *state;
	char told[1024] = "", kept[STORE_NAME_MAX];
	fill(f);
	wipe(f, page_of(f, "messages_queue", false));
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
	assert_int_equal(store_salvage(f->file, on_table, told, kept, f->error),
			 0);
	assert_non_null(strstr(told, "users 100 whole\n"));
	assert_non_null(strstr(told, "bindings 100 whole\n"));
	assert_non_null(strstr(told, "messages 200 whole\n"));
	assert_non_null(strstr(told, "marks 200 whole\n"));
	assert_int_equal(access(kept, F_OK), 0);
	folder_open(f);
	assert_int_equal(queued(f), MESSAGES);
	uint64_t count = 0;
	assert_int_equal(store_message_queues(f->s, usage, &count), 0);
	assert_int_equal(count, MESSAGES);
	/* ids go on where they were */
	put(f, MESSAGES);
	assert_int_equal(store_commit(f->s), 0);
	assert_int_equal(queued(f), MESSAGES + 1);
}

/* A page in the middle costs the rows on it, from both sides. */
static void a_lost_page_costs_its_own_rows(void **state)
{
	struct folder *f = *state;
	char told[1024] = "", kept[STORE_NAME_MAX];
	fill(f);
	wipe(f, page_of(f, "messages", true));
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
	assert_int_equal(store_salvage(f->file, on_table, told, kept, f->error),
			 0);
	assert_non_null(strstr(told, "users 100 whole\n"));
	assert_non_null(strstr(told, " part\n"));
	folder_open(f);
	unsigned left = queued(f);
	assert_true(left < MESSAGES);
	assert_true(left > MESSAGES - 20);
}

/* Rows of users that are lost do not come back without them. */
static void what_belongs_to_lost_users_is_lost(void **state)
{
	struct folder *f = *state;
	char told[1024] = "", kept[STORE_NAME_MAX], users[4096] = "";
	fill(f);
	wipe(f, page_of(f, "users", false));
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
	assert_int_equal(store_salvage(f->file, on_table, told, kept, f->error),
			 0);
	assert_non_null(strstr(told, "users 0 part\n"));
	assert_non_null(strstr(told, "bindings 0 whole\n"));
	folder_open(f);
	folder_expect_users(f, users);
}

static void nothing_readable_is_left_alone(void **state)
{
	struct folder *f = *state;
	char told[1024] = "", kept[STORE_NAME_MAX];
	fill(f);
	wipe(f, 0);
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
	int err = store_salvage(f->file, on_table, told, kept, f->error);
	assert_int_equal(err, -EBADMSG);
	assert_string_equal(kept, "");
	assert_non_null(strstr(f->error, f->file));
	char name[400];
	snprintf(name, sizeof(name), "%s.new", f->file);
	assert_int_not_equal(access(name, F_OK), 0);
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
}

/* The daily check finds what the start does not look at. */
static void a_check_finds_an_index_that_lies(void **state)
{
	struct folder *f = *state;
	sqlite3 *db;
	fill(f);
	/* the index loses its rows while its table does not know */
	assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db,
				      "PRAGMA writable_schema=ON;"
				      "CREATE INDEX lies ON users(disabled)"
				      " WHERE disabled > 0;"
				      "UPDATE sqlite_schema SET sql ="
				      " 'CREATE INDEX lies ON users(disabled)'"
				      " WHERE name = 'lies';",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	folder_open(f);
	unsigned round = 0, calls = 0, found = 0;
	do {
		char error[STORE_ERROR_MAX] = "";
		int err = store_check_next(f->s, &round, error);
		found += err == -EBADMSG && *error;
		calls++;
	} while (round);
	assert_int_equal(found, 1);
	assert_true(calls >= 8);
}

static void a_good_one_passes_the_check(void **state)
{
	struct folder *f = *state;
	unsigned round = 0;
	fill(f);
	folder_open(f);
	do
		assert_int_equal(store_check_next(f->s, &round, f->error), 0);
	while (round);
}

/* A journal of zeros, or with a flipped bit: what it held after that place was
 * lost by the disk, all before it is there. */
static void a_damaged_journal_is_no_crash(void **state)
{
	struct folder *f = *state;
	for (unsigned i = 0; i < 20; i++) {
		struct store_user u;
		char aor[16], wal[320];
		snprintf(wal, sizeof(wal), "%s-wal", f->file);
		snprintf(aor, sizeof(aor), "j%u@x", i);
		u = folder_user(aor);
		folder_open(f);
		int err = store_user_put(f->s, &u, false);
		assert_true(!err || err == -EEXIST);
		assert_int_equal(store_commit(f->s), 0);
		/* as after a kill: the journal stays */
		sqlite3 *db = *(sqlite3 **)f->s;
		sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
				  NULL);
		folder_close(f);
		FILE *file = fopen(wal, "r+b");
		assert_non_null(file);
		fseek(file, 0, SEEK_END);
		long size = ftell(file), at = (long)(i * 7919U) % (size + 1);
		for (long n = at; n < size && (i % 2 || n == at); n++) {
			fseek(file, n, SEEK_SET);
			fputc(i % 2 ? 0 : 0x5a, file);
		}
		fclose(file);
		err = store_open(&f->s, f->file, f->error);
		if (err == -EBADMSG) {
			char told[1024] = "", kept[STORE_NAME_MAX];
			err = store_salvage(f->file, on_table, told, kept,
					    f->error);
			assert_true(!err || err == -EBADMSG);
			unlink(f->file);
			unlink(wal);
			continue;
		}
		assert_int_equal(err, 0);
		folder_close(f);
	}
}

/* Whoever adds a table has to say how it is read. */
static void every_table_is_known(void **state)
{
	struct folder *f = *state;
	char told[1024] = "", kept[STORE_NAME_MAX];
	sqlite3 *db;
	sqlite3_stmt *stmt;
	fill(f);
	assert_int_equal(store_salvage(f->file, on_table, told, kept, f->error),
			 0);
	assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_prepare_v2(db,
				   "SELECT name FROM sqlite_schema WHERE"
				   " type = 'table' AND name NOT LIKE 'sqlite%'"
				   " AND name <> 'usage'",
				   -1, &stmt, NULL),
		SQLITE_OK);
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		if (!strstr(told, name))
			fail_msg("%s is not salvaged", name);
	}
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	assert_null(strstr(told, "part"));
}

static int salvage_once(void *arg)
{
	struct folder *f = arg;
	char told[1024] = "", kept[STORE_NAME_MAX];
	return store_salvage(f->file, on_table, told, kept, f->error);
}

static void survives_failing_allocations(void **state)
{
	struct folder *f = *state;
	fill(f);
	oom_walk(salvage_once, f);
	folder_open(f);
	assert_int_equal(queued(f), MESSAGES);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_lost_index_costs_nothing),
		TEST(a_lost_page_costs_its_own_rows),
		TEST(what_belongs_to_lost_users_is_lost),
		TEST(nothing_readable_is_left_alone),
		TEST(a_check_finds_an_index_that_lies),
		TEST(a_good_one_passes_the_check),
		TEST(a_damaged_journal_is_no_crash),
		TEST(every_table_is_known),
		TEST(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
