/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, owning, committing; what a failing disk does (STO-01, STO-03,
 * STO-05). */
#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "store/messages.h"
#include "support/oom.h"

/* The database's syncs come here instead of to libc; this many succeed. */
static int syncs_left = -1;

int fdatasync(int fd)
{
	if (syncs_left == 0) {
		errno = EIO;
		return -1;
	}
	if (syncs_left > 0)
		syncs_left--;
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	return fdatasync(fd);
}

static void put(struct folder *f, const char *aor)
{
	struct store_user u = folder_user(aor);
	assert_int_equal(store_user_put(f->s, &u, false), 0);
}

static void committed_writes_survive_and_others_do_not(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	assert_false(store_dirty(f->s));
	put(f, "a@x");
	put(f, "b@x");
	assert_true(store_dirty(f->s));
	assert_int_equal(store_commit(f->s), 0);
	assert_false(store_dirty(f->s));
	put(f, "c@x");
	folder_expect_users(f, "a@x b@x c@x ");
	folder_close(f);
	folder_open(f);
	folder_expect_users(f, "a@x b@x ");
	assert_int_equal(store_commit(f->s), 0);
}

static void the_file_is_readable_by_the_owner_only(void **state)
{
	struct folder *f = *state;
	struct stat st;
	mode_t before = umask(0);
	folder_open(f);
	put(f, "a@x");
	assert_int_equal(store_commit(f->s), 0);
	umask(before);
	assert_int_equal(stat(f->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	char wal[310];
	snprintf(wal, sizeof(wal), "%s-wal", f->file);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void a_second_owner_is_refused(void **state)
{
	struct folder *f = *state;
	struct store *other = NULL;
	folder_open(f);
	assert_int_equal(store_open(&other, f->file, f->error), -EBUSY);
	assert_null(other);
	assert_non_null(strstr(f->error, f->file));
	assert_non_null(strstr(f->error, "in use by another process"));
	folder_close(f);
	folder_open(f);
}

/* Runs SQL on the closed file by a plain connection. */
static void change(struct folder *f, const char *sql)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open(f->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void a_newer_schema_is_refused(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	folder_close(f);
	change(f, "PRAGMA user_version=99");
	assert_int_equal(store_open(&f->s, f->file, f->error), -EPROTO);
	assert_null(f->s);
	assert_non_null(strstr(f->error, "newer version (schema 99"));
	change(f, "PRAGMA user_version=7");
	folder_open(f);
}

/* A file as the first version wrote it. */
static void an_old_file_is_upgraded(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	put(f, "a@x");
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	change(f, "DROP TABLE messages; DROP TABLE usage; DROP TABLE marks;"
		  "DROP TABLE contacts; DROP TABLE soft;"
		  "DROP TABLE secrets; DROP TABLE rulings;"
		  "DROP TABLE tallies; DROP TABLE bans; DROP TABLE admins;"
		  "DROP TABLE turn_keys;"
		  "PRAGMA user_version=1");
	folder_open(f);
	folder_expect_users(f, "a@x ");
	struct store_message m = { .aor = SLICE_LIT("a@x"),
				   .mark = slice_of("0123456789abcdef"
						    "0123456789abcdef",
						    STORE_MARK_BYTES),
				   .bytes = SLICE_LIT("hello"),
				   .expires_s = 10 };
	const struct store_limits none = { 0 };
	assert_int_equal(store_message_put(f->s, &m, &none, 1), 0);
	assert_int_equal(store_commit(f->s), 0);
}

static void another_programs_database_is_refused(void **state)
{
	struct folder *f = *state;
	change(f, "CREATE TABLE mail (x)");
	assert_int_equal(store_open(&f->s, f->file, f->error), -EPROTO);
	assert_non_null(strstr(f->error, "another program"));
	/* and left as it was */
	change(f, "INSERT INTO mail VALUES (1)");
}

static void overwrite(struct folder *f, off_t at, const void *bytes, size_t n)
{
	int fd = open(f->file, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), n);
	close(fd);
}

static void damage_is_found_at_open(void **state)
{
	struct folder *f = *state;
	char aor[32];
	folder_open(f);
	for (int i = 0; i < 200; i++) {
		snprintf(aor, sizeof(aor), "user%d@x", i);
		put(f, aor);
	}
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f); /* moves the journal into the file */
	char junk[4096];
	memset(junk, 0xa5, sizeof(junk));
	overwrite(f, 4096, junk, sizeof(junk));
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
	assert_non_null(strstr(f->error, "is damaged"));
	overwrite(f, 0, junk, 100);
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
	assert_non_null(strstr(f->error, "is damaged"));
}

static void a_file_that_is_cut_is_damaged(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	put(f, "a@x");
	assert_int_equal(store_commit(f->s), 0);
	folder_close(f);
	assert_int_equal(truncate(f->file, 5000), 0);
	assert_int_equal(store_open(&f->s, f->file, f->error), -EBADMSG);
}

static void a_missing_folder_is_named(void **state)
{
	struct folder *f = *state;
	char path[320];
	snprintf(path, sizeof(path), "%s/none/home.db", f->path);
	assert_int_equal(store_open(&f->s, path, f->error), -ENOENT);
	assert_non_null(strstr(f->error, path));
}

static void a_failed_sync_ends_the_connection(void **state)
{
	struct folder *f = *state;
	folder_open(f);
	put(f, "a@x");
	assert_int_equal(store_commit(f->s), 0);
	put(f, "b@x");
	syncs_left = 0;
	assert_int_equal(store_commit(f->s), -EIO);
	syncs_left = -1;
	/* the disk works again, this connection does not */
	struct store_user u = folder_user("c@x");
	assert_int_equal(store_user_put(f->s, &u, false), -EIO);
	assert_int_equal(store_commit(f->s), -EIO);
	folder_close(f);
	folder_open(f);
	put(f, "d@x");
	assert_int_equal(store_commit(f->s), 0);
	char text[1024] = "";
	store_user_each(f->s, folder_add_user, text);
	assert_non_null(strstr(text, "a@x "));
	assert_null(strstr(text, "c@x "));
}

static void nothing_acknowledged_is_lost_when_killed(void **state)
{
	struct folder *f = *state;
	for (int round = 0; round < 20; round++) {
		int told[2];
		char n[32];
		assert_int_equal(pipe(told), 0);
		pid_t pid = fork();
		if (pid == 0) {
			struct store *s;
			if (store_open(&s, f->file, f->error))
				_exit(1);
			for (unsigned i = 0;; i++) {
				snprintf(n, sizeof(n), "u%d.%u@x", round, i);
				struct store_user u = folder_user(n);
				if (store_user_put(s, &u, false) ||
				    store_commit(s) ||
				    write(told[1], &i, sizeof(i)) < 0)
					_exit(1);
			}
		}
		close(told[1]);
		unsigned last = 0;
		for (int i = 0; i <= round; i++)
			assert_int_equal(read(told[0], &last, sizeof(last)),
					 sizeof(last));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(told[0], &last, sizeof(last)) == sizeof(last))
			continue;
		close(told[0]);
		folder_open(f);
		for (unsigned i = 0; i <= last; i++) {
			char text[1024] = "";
			snprintf(n, sizeof(n), "u%d.%u@x", round, i);
			assert_int_equal(store_user_get(f->s, slice_str(n),
							folder_add_user, text),
					 0);
		}
		folder_close(f);
	}
}

static int open_and_write(void *arg)
{
	struct folder *f = arg;
	struct store *s;
	int err = store_open(&s, f->file, f->error);
	if (err)
		return err;
	struct store_user u = folder_user("a@x");
	err = store_user_put(s, &u, false);
	if (err == -EEXIST)
		err = 0;
	if (!err)
		err = store_commit(s);
	store_close(s);
	return err;
}

static void survives_failing_allocations(void **state)
{
	oom_walk(open_and_write, *state);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, folder_make, folder_remove)
	const struct CMUnitTest tests[] = {
		TEST(committed_writes_survive_and_others_do_not),
		TEST(the_file_is_readable_by_the_owner_only),
		TEST(a_second_owner_is_refused),
		TEST(a_newer_schema_is_refused),
		TEST(an_old_file_is_upgraded),
		TEST(another_programs_database_is_refused),
		TEST(damage_is_found_at_open),
		TEST(a_file_that_is_cut_is_damaged),
		TEST(a_missing_folder_is_named),
		TEST(a_failed_sync_ends_the_connection),
		TEST(nothing_acknowledged_is_lost_when_killed),
		TEST(survives_failing_allocations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
