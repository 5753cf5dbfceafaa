/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The copy in pieces: between two of them the store serves. Writes of our own
 * connection to pages that are copied already go into the copy too, so that
 * it never begins anew.
 */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/backup_file.h"
#include "store/store_int.h"

enum { PIECE_PAGES = 256 };

struct backup {
	struct backup_file file;
	sqlite3 *db;
	sqlite3_backup *copy;
	uint64_t page_bytes;
};

static bool good_file(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR &&
	       !(flags & O_APPEND) && !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static int begin(struct backup *b, sqlite3 *from, int fd)
{
	int page_bytes = 0;
	int err = store_number(from, "PRAGMA page_size", &page_bytes);
	if (!err)
		err = backup_file_open(&b->file, &b->db, fd);
	if (err)
		return err;
	b->page_bytes = (uint64_t)page_bytes;
	b->copy = sqlite3_backup_init(b->db, "main", from, "main");
	if (b->copy)
		return 0;
	err = store_errno(sqlite3_errcode(b->db));
	backup_file_close(&b->file, b->db);
	return err ? err : -EIO;
}

int store_backup_begin(struct store *s, int fd)
{
	if (s->broken)
		return -EIO;
	if (s->backup)
		return -EBUSY;
	if (!good_file(fd))
		return -EINVAL;
	if (ftruncate(fd, 0))
		return -errno;
	struct backup *b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	int err = begin(b, s->db, fd);
	if (err)
		free(b);
	else
		s->backup = b;
	return err;
}

void store_backup_end(struct store *s)
{
	struct backup *b = s->backup;
	if (!b)
		return;
	s->backup = NULL;
	sqlite3_backup_finish(b->copy);
	backup_file_close(&b->file, b->db);
	free(b);
}

int store_backup_step(struct store *s, struct store_progress *p)
{
	struct backup *b = s->backup;
	if (!b || s->broken)
		return -EIO;
	if (store_dirty(s))
		return -EBUSY;
	int rc = sqlite3_backup_step(b->copy, PIECE_PAGES);
	int left = sqlite3_backup_remaining(b->copy);
	int all = sqlite3_backup_pagecount(b->copy);
	p->done_bytes = (uint64_t)(all - left) * b->page_bytes;
	p->total_bytes = (uint64_t)all * b->page_bytes;
	if ((rc & 0xff) == SQLITE_BUSY || (rc & 0xff) == SQLITE_LOCKED)
		return -EAGAIN;
	if (rc != SQLITE_OK && rc != SQLITE_DONE) {
		store_backup_end(s);
		return store_errno(rc);
	}
	/* a little with each piece: no long wait at the end */
	int err = fdatasync(b->file.fd) ? -errno : 0;
	if (!err && rc == SQLITE_OK)
		return -EAGAIN;
	int fd = b->file.fd;
	store_backup_end(s);
	if (!err && fsync(fd))
		err = -errno;
	return err;
}
