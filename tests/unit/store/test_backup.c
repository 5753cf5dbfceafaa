/* SPDX-License-Identifier: Apache-2.0 */
/* Backups of a store in use, restoring them, and what happens when either
 * ends in the middle (STO-05: nothing is ever half there). */
#include "store/backup.h"

#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/messages.h"
#include "support/oom.h"

enum { NOW = 5000, MANY = 3000 };

static const struct store_limits none = { 0 };

static int file_of(struct folder *f, const char *name)
{
	char path[400];
	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	return fd;
}

static bool is_there(struct folder *f, const char *tail)
{
	char path[400];
	snprintf(path, sizeof(path), "%s%s", f->file, tail);
	return access(path, F_OK) == 0;
}

static void add_user(struct folder *f, const char *aor)
{
	struct store_user u = folder_user(aor);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
	assert_int_equal(store_commit(f->s), 0);
}

static void put(struct folder *f, unsigned n)
{
	char text[600];
	uint8_t mark[STORE_MARK_BYTES] = { (uint8_t)n, (uint8_t)(n >> 8) };
	snprintf(text, sizeof(text), "%0500u", n);
	const struct store_message m = { .aor = SLICE_LIT("a@x"),
					 .mark = slice_of(mark, sizeof(mark)),
					 .sender = SLICE_LIT("b@x"),
					 .origin = SLICE_LIT("b@x"),
					 .bytes = slice_str(text),
					 .stored_s = NOW,
					 .expires_s = NOW + 100 };
	assert_int_equal(store_message_put(f->s, &m, &none, NOW + 64), 0);
}

static void count_one(void *arg, const struct store_message *m)
{
	(void)m;
	++*(unsigned *)arg;
}

static unsigned count(struct folder *f)
{
	unsigned n = 0;
	assert_int_equal(
		store_message_each(f->s, SLICE_LIT("a@x"), count_one, &n), 0);
	return n;
}

static void fill(struct folder *f, unsigned from, unsigned to)
{
	for (unsigned n = from; n < to; n++)
		put(f, n);
	assert_int_equal(store_commit(f->s), 0);
}

static int finish(struct folder *f)
{
	struct store_progress p;
	int err;
	do
		err = store_backup_step(f->s, &p);
	while (err == -EAGAIN);
	if (!err)
		assert_int_equal(p.done_bytes, p.total_bytes);
	return err;
}

static int restore(struct folder *f, int fd, char kept[static STORE_NAME_MAX])
{
	return store_restore(f->file, fd, kept, f->error);
}

static void a_backup_holds_what_was_acknowledged(void **state)
{
	struct folder *f = *state;
	char kept[STORE_NAME_MAX];
	struct store_progress p = { 0, 0 };
	int fd = file_of(f, "copy");
	unsigned rounds = 0;
	folder_open(f);
	add_user(f, "a@x");
	fill(f, 0, MANY);
	assert_int_equal(store_backup_begin(f->s, fd), 0);
	assert_int_equal(store_backup_begin(f->s, fd), -EBUSY);
	/* stored while it is made: each piece after a commit */
	int err = store_backup_step(f->s, &p);
	for (; err == -EAGAIN; rounds++) {
		put(f, MANY + rounds);
		assert_int_equal(store_backup_step(f->s, &p), -EBUSY);
		assert_int_equal(store_commit(f->s), 0);
		assert_true(p.done_bytes < p.total_bytes);
		err = store_backup_step(f->s, &p);
	}
	assert_int_equal(err, 0);
	assert_true(rounds > 1);
	assert_int_equal(p.done_bytes, p.total_bytes);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, p.total_bytes);
	put(f, 9000);
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	assert_int_equal(restore(f, fd, kept), 0);
	assert_true(strlen(kept) > 0);
	folder_open(f);
	assert_int_equal(count(f), MANY + rounds);
	folder_close(f);
	/* the one before is whole too */
	strcpy(f->file, kept);
	folder_open(f);
	assert_int_equal(count(f), MANY + rounds + 1);
	close(fd);
}

static void bad_descriptors_are_refused(void **state)
{
	struct folder *f = *state;
	int ends[2];
	folder_open(f);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(store_backup_begin(f->s, ends[1]), -EINVAL);
	assert_int_equal(store_backup_begin(f->s, -1), -EINVAL);
	int fd = open("/dev/null", O_RDWR);
	assert_int_equal(store_backup_begin(f->s, fd), -EINVAL);
	close(fd);
	close(ends[0]);
	close(ends[1]);
	struct store_progress p;
	assert_int_equal(store_backup_step(f->s, &p), -EIO);
}

/* A copy whose disk is full fails; the store does not notice. */
static void a_full_disk_ends_the_backup_alone(void **state)
{
	struct folder *f = *state;
	int fd = open("/dev/full", O_RDWR);
	assert_true(fd >= 0);
	folder_open(f);
	add_user(f, "a@x");
	assert_int_equal(store_backup_begin(f->s, fd), -EINVAL);
	close(fd);
	fd = file_of(f, "copy");
	assert_int_equal(store_backup_begin(f->s, fd), 0);
	close(fd); /* every write fails now */
	struct store_progress p;
	int err = store_backup_step(f->s, &p);
	assert_true(err < 0 && err != -EAGAIN);
	add_user(f, "b@x");
	folder_expect_users(f, "a@x b@x ");
	fd = file_of(f, "copy");
	assert_int_equal(store_backup_begin(f->s, fd), 0);
	assert_int_equal(finish(f), 0);
	close(fd);
}

static void closing_ends_a_backup(void **state)
{
	struct folder *f = *state;
	int fd = file_of(f, "copy");
	folder_open(f);
	add_user(f, "a@x");
	assert_int_equal(store_backup_begin(f->s, fd), 0);
	folder_close(f);
	folder_open(f);
	folder_expect_users(f, "a@x ");
	close(fd);
}

static void expect_refused(struct folder *f, int fd, int err, const char *why)
{
	char kept[STORE_NAME_MAX];
	assert_int_equal(restore(f, fd, kept), err);
	if (!strstr(f->error, why))
		fail_msg("%s: %s", why, f->error);
	assert_false(is_there(f, ".new"));
	assert_false(is_there(f, ".restoring"));
	folder_open(f);
	folder_expect_users(f, "old@x ");
	folder_close(f);
}

static int database(struct folder *f, const char *name, const char *sql)
{
	char path[400];
	sqlite3 *db;
	snprintf(path, sizeof(path), "%s/%s", f->path, name);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return file_of(f, name);
}

static void what_is_no_backup_changes_nothing(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	add_user(f, "old@x");
	int copy = file_of(f, "copy");
	assert_int_equal(store_backup_begin(f->s, copy), 0);
	assert_int_equal(finish(f), 0);
	folder_close(f);
	static const char junk[8192] = "this is no database";
	const struct {
		int fd;
		int err;
		const char *why;
	} rows[] = {
		{ file_of(f, "empty"), -ENODATA, "empty" },
		{ database(f, "none", "PRAGMA user_version=0; VACUUM"), -EPROTO,
		  "empty database" },
		{ database(f, "other", "CREATE TABLE x(y)"), -EPROTO,
		  "another program" },
		{ database(f, "same",
			   "CREATE TABLE x(y);"
			   "PRAGMA user_version=4"),
		  -EPROTO, "no database of this program" },
		{ database(f, "newer",
			   "CREATE TABLE x(y);"
			   "PRAGMA user_version=99"),
		  -EPROTO, "newer version (schema 99" },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		expect_refused(f, rows[i].fd, rows[i].err, rows[i].why);
		close(rows[i].fd);
	}
	int fd = file_of(f, "junk");
	assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
	expect_refused(f, fd, -EBADMSG, "not a database");
	close(fd);
	/* a page of a good one is lost */
	struct stat st;
	assert_int_equal(fstat(copy, &st), 0);
	static const char zero[4096];
	assert_int_equal(pwrite(copy, zero, sizeof(zero), 4096 * 2),
			 sizeof(zero));
	expect_refused(f, copy, -EBADMSG, "damaged");
	close(copy);
}

static void a_store_in_use_is_not_replaced(void **state)
{
	struct folder *f = *state;
	char kept[STORE_NAME_MAX];
	int fd = file_of(f, "copy");
	folder_open(f);
	add_user(f, "a@x");
	assert_int_equal(store_backup_begin(f->s, fd), 0);
	assert_int_equal(finish(f), 0);
	assert_int_equal(restore(f, fd, kept), -EBUSY);
	assert_non_null(strstr(f->error, "in use"));
	close(fd);
}

static void an_old_backup_is_upgraded(void **state)
{
	struct folder *f = *state;
	char kept[STORE_NAME_MAX];
	folder_open(f);
	add_user(f, "a@x");
	folder_close(f);
	char from[600], to[600];
	snprintf(from, sizeof(from), "%s", f->file);
	snprintf(to, sizeof(to), "%s/older", f->path);
	assert_int_equal(rename(from, to), 0);
	int fd = database(
		f, "older",
		"DROP TABLE secrets; DROP TABLE rulings;"
		"DROP TABLE tallies; DROP TABLE bans; DROP TABLE admins;"
		"DROP TABLE turn_keys;"
		"PRAGMA user_version=3");
	assert_int_equal(restore(f, fd, kept), 0);
	assert_string_equal(kept, ""); /* there was none */
	close(fd);
	folder_open(f);
	folder_expect_users(f, "a@x ");
}

/* The power goes after any step of the change: who opens it next ends it. */
static void a_change_is_ended_by_the_next_one(void **state)
{
	struct folder *f = *state;
	for (unsigned step = 0; step < 3; step++) {
		char path[3][400];
		int fd = file_of(f, "copy");
		char user[16];
		snprintf(user, sizeof(user), "new%u@x", step);
		folder_open(f);
		add_user(f, user);
		assert_int_equal(store_backup_begin(f->s, fd), 0);
		assert_int_equal(finish(f), 0);
		folder_close(f);
		char want[1024] = "";
		folder_open(f);
		store_user_each(f->s, folder_add_user, want);
		snprintf(user, sizeof(user), "old%u@x", step);
		add_user(f, user);
		folder_close(f);
		snprintf(path[0], sizeof(path[0]), "%s/copy", f->path);
		snprintf(path[1], sizeof(path[1]), "%s.restoring", f->file);
		snprintf(path[2], sizeof(path[2]), "%s-wal", f->file);
		assert_int_equal(rename(path[0], path[1]), 0);
		/* a journal that the new one must never see */
		FILE *wal = fopen(path[2], "wb");
		assert_non_null(wal);
		fputs("stale", wal);
		fclose(wal);
		if (step > 0)
			unlink(path[2]);
		if (step > 1)
			unlink(f->file);
		close(fd);
		folder_open(f);
		folder_expect_users(f, want);
		folder_close(f);
		assert_false(is_there(f, ".restoring"));
	}
}

static int whole_way(void *arg)
{
	struct folder *f = arg;
	char kept[STORE_NAME_MAX];
	struct store *s;
	int fd = file_of(f, "copy");
	int err = store_open(&s, f->file, f->error);
	if (!err) {
		struct store_progress p;
		err = store_backup_begin(s, fd);
		while (!err || err == -EAGAIN) {
			err = store_backup_step(s, &p);
			if (!err)
				break;
		}
		store_close(s);
	}
	if (!err)
		err = store_restore(f->file, fd, kept, f->error);
	close(fd);
	return err;
}

static void survives_failing_allocations(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	add_user(f, "a@x");
	folder_close(f);
	oom_walk(whole_way, f);
	folder_open(f);
	folder_expect_users(f, "a@x ");
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(a_backup_holds_what_was_acknowledged),
		TEST(bad_descriptors_are_refused),
		TEST(a_full_disk_ends_the_backup_alone),
		TEST(closing_ends_a_backup),
		TEST(what_is_no_backup_changes_nothing),
		TEST(a_store_in_use_is_not_replaced),
		TEST(an_old_backup_is_upgraded),
		TEST(a_change_is_ended_by_the_next_one),
		TEST(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
