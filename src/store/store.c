/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, closing and committing. One process owns the file: an open file
 * description lock on "PATH.lock" is taken before the database is touched, and
 * SQLite's own exclusive mode keeps every other program out of it (STO-05).
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/metrics.h"
#include "store/backup.h"
#include "store/store_int.h"
#include "store/swap.h"

enum { BUSY_MS = 5000 };

static const char setup[] = "PRAGMA locking_mode=EXCLUSIVE;"
			    "PRAGMA journal_mode=WAL;"
			    "PRAGMA synchronous=FULL;"
			    "PRAGMA foreign_keys=ON;"
			    "PRAGMA trusted_schema=OFF;"
			    "PRAGMA cell_size_check=ON;"
			    "PRAGMA secure_delete=ON;"
			    /* the sandbox has no room for temporary files */
			    "PRAGMA temp_store=MEMORY;"
			    "PRAGMA journal_size_limit=16777216;";

int store_lock(int *out, const char *path, char error[static STORE_ERROR_MAX])
{
	char name[4096];
	int n = snprintf(name, sizeof(name), "%s.lock", path);
	if (n < 0 || (size_t)n >= sizeof(name))
		return -ENAMETOOLONG;
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	if (fcntl(fd, F_OFD_SETLK, &whole)) {
		int err = errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
		close(fd);
		if (err == -EBUSY)
			snprintf(error, STORE_ERROR_MAX,
				 "is in use by another process: one store "
				 "owns it");
		return err;
	}
	*out = fd;
	return 0;
}

/* SQLite gives its journal the same mode. */
int store_file_make(const char *path, bool *fresh)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int err = fstat(fd, &st) ? -errno : 0;
	if (!err && !S_ISREG(st.st_mode))
		err = -EINVAL;
	*fresh = !err && st.st_size == 0;
	close(fd);
	return err;
}

int store_check(sqlite3 *db, const char *pragma,
		char error[static STORE_ERROR_MAX])
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, pragma, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	struct slice said = SLICE_NONE;
	if (rc == SQLITE_ROW)
		said = store_column(stmt, 0);
	int err = rc == SQLITE_ROW ? 0 : store_errno(rc);
	if (!err && !slice_eq(said, SLICE_LIT("ok"))) {
		snprintf(error, STORE_ERROR_MAX, "is damaged (%.*s)",
			 SLICE_FMT(slice_head(said, 120)));
		err = -EBADMSG;
	}
	sqlite3_finalize(stmt);
	return err;
}

static int database_open(struct store *s, const char *path,
			 char error[static STORE_ERROR_MAX])
{
	bool fresh = false;
	int err = store_file_make(path, &fresh);
	if (err)
		return err;
	int rc = sqlite3_open_v2(path, &s->db,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
					 SQLITE_OPEN_EXRESCODE,
				 NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(s->db, BUSY_MS);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1,
				       NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(s->db, setup, NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		err = store_errno(rc);
		snprintf(error, STORE_ERROR_MAX, "%s: %s",
			 err == -EBADMSG ? "is damaged" : "cannot be opened",
			 s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
		return err;
	}
	err = fresh ? 0 : store_check(s->db, "PRAGMA quick_check(1)", error);
	return err ? err : store_schema_upgrade(s->db, error);
}

int store_open(struct store **out, const char *path,
	       char error[static STORE_ERROR_MAX])
{
	char why[STORE_ERROR_MAX] = "";
	struct store *s = calloc(1, sizeof(*s));
	if (!s) {
		snprintf(error, STORE_ERROR_MAX, "%s: out of memory", path);
		return -ENOMEM;
	}
	s->lock_fd = -1;
	int err = store_lock(&s->lock_fd, path, why);
	if (!err)
		err = swap_finish(path, NULL);
	if (!err)
		err = database_open(s, path, why);
	if (err) {
		/* the path may be longer than the line: why matters more */
		snprintf(error, STORE_ERROR_MAX, "%.100s: %.150s", path,
			 why[0] ? why : strerror(-err));
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_backup_end(s);
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->stmt[i]);
	/* an open transaction is rolled back by this */
	sqlite3_close(s->db);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s);
}

bool store_dirty(const struct store *s)
{
	return s->staged || s->lost;
}

/* After a failed sync nobody knows what is on the disk: the connection is of
 * no more use (STO-03). A full disk is different: nothing was written. */
static int commit_failed(struct store *s, int rc)
{
	int err = store_errno(rc);
	metric_add(M_STORE_ERRORS, 1);
	if (!sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->broken = err != -ENOSPC && err != -EBUSY && err != -ENOMEM;
	return err;
}

int store_commit(struct store *s)
{
	int err = s->lost;
	s->lost = 0;
	if (err || !s->staged)
		return s->broken ? -EIO : err;
	s->staged = false;
	sqlite3_stmt *stmt = store_stmt(s, SQL_COMMIT, &err);
	if (!stmt)
		return commit_failed(s, sqlite3_errcode(s->db));
	int rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	if (rc != SQLITE_DONE)
		return commit_failed(s, rc);
	metric_add(M_STORE_COMMITS, 1);
	return 0;
}
