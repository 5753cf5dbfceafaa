/* SPDX-License-Identifier: Apache-2.0 */
/* A backup becomes the database: copied beside it, checked, then swapped. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_int.h"
#include "store/swap.h"

enum { PIECE_BYTES = 64 * 1024 };

static int write_all(int fd, const char *from, size_t len)
{
	while (len) {
		ssize_t n = write(fd, from, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

static int copy(int from, int to)
{
	char piece[PIECE_BYTES];
	off_t at = 0;
	for (;;) {
		ssize_t n = pread(from, piece, sizeof(piece), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return at ? 0 : -ENODATA;
		int err = write_all(to, piece, (size_t)n);
		if (err)
			return err;
		at += n;
	}
}

static int copy_beside(const char *name, int from)
{
	int fd =
		open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		     0600);
	if (fd < 0)
		return -errno;
	int err = copy(from, fd);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Complete, ours, of a schema that we know, and then of ours; a single file
 * afterwards. */
static int check(sqlite3 *db, char error[static STORE_ERROR_MAX])
{
	int tables = 0, broken = 0;
	int err =
		store_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (!err)
		err = store_check(db, "PRAGMA integrity_check(1)", error);
	if (!err && !tables) {
		snprintf(error, STORE_ERROR_MAX, "is an empty database");
		return -EPROTO;
	}
	if (!err)
		err = store_schema_upgrade(db, error);
	if (!err)
		err = store_recognise(db, error);
	if (!err)
		err = store_number(db,
				   "SELECT count(*) FROM "
				   "pragma_foreign_key_check",
				   &broken);
	if (!err && broken) {
		snprintf(error, STORE_ERROR_MAX,
			 "is damaged (%d rows belong to nobody)", broken);
		err = -EBADMSG;
	}
	return err;
}

static int check_file(const char *name, char error[static STORE_ERROR_MAX])
{
	static const char setup[] = "PRAGMA locking_mode=EXCLUSIVE;"
				    "PRAGMA journal_mode=DELETE;"
				    "PRAGMA trusted_schema=OFF;"
				    "PRAGMA cell_size_check=ON;"
				    "PRAGMA temp_store=MEMORY;";
	sqlite3 *db = NULL;
	int rc = sqlite3_open_v2(name, &db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
					 SQLITE_OPEN_EXRESCODE |
					 SQLITE_OPEN_NOFOLLOW,
				 NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, setup, NULL, NULL, NULL);
	int err = store_errno(rc);
	if (err)
		snprintf(error, STORE_ERROR_MAX, "is no database: %s",
			 db ? sqlite3_errmsg(db) : sqlite3_errstr(rc));
	else
		err = check(db, error);
	if (sqlite3_close(db) != SQLITE_OK && !err)
		err = -EIO;
	return err;
}

static int restore(const char *path, int fd, char kept[static STORE_NAME_MAX],
		   char error[static STORE_ERROR_MAX])
{
	char name[STORE_NAME_MAX];
	int err = swap_finish(path, kept); /* an older one */
	if (!err)
		err = swap_new_name(name, path);
	if (err)
		return err;
	swap_forget(path);
	err = copy_beside(name, fd);
	if (!err)
		err = check_file(name, error);
	if (!err)
		err = swap_commit(path);
	if (err)
		swap_forget(path);
	return err ? err : swap_finish(path, kept);
}

int store_restore(const char *path, int fd, char kept[static STORE_NAME_MAX],
		  char error[static STORE_ERROR_MAX])
{
	char why[STORE_ERROR_MAX] = "";
	int lock = -1;
	kept[0] = '\0';
	int err = store_lock(&lock, path, why);
	if (!err)
		err = restore(path, fd, kept, why);
	if (err)
		snprintf(error, STORE_ERROR_MAX, "%s",
			 why[0]            ? why
			 : err == -ENODATA ? "is empty"
					   : strerror(-err));
	if (lock >= 0)
		close(lock);
	return err;
}
