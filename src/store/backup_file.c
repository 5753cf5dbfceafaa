/* SPDX-License-Identifier: Apache-2.0 */
/* The few calls that a database makes on its only file (sqlite3_io_methods). */
#include "store/backup_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_int.h"

enum { SECTOR_BYTES = 4096, PATH_BYTES = 64 };

struct open_file {
	sqlite3_file base;
	int fd;
};

static int fd_of(sqlite3_file *f)
{
	return ((struct open_file *)f)->fd;
}

static int file_close(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static int file_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
	size_t got = 0;
	while (got < (size_t)len) {
		ssize_t n = pread(fd_of(f), (char *)to + got, (size_t)len - got,
				  (off_t)at + (off_t)got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return SQLITE_IOERR_READ;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	memset((char *)to + got, 0, (size_t)len - got);
	return got == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *f, const void *from, int len,
		      sqlite3_int64 at)
{
	size_t put = 0;
	while (put < (size_t)len) {
		ssize_t n = pwrite(fd_of(f), (const char *)from + put,
				   (size_t)len - put, (off_t)at + (off_t)put);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOSPC || errno == EDQUOT
				       ? SQLITE_FULL
				       : SQLITE_IOERR_WRITE;
		put += (size_t)n;
	}
	return SQLITE_OK;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	return ftruncate(fd_of(f), (off_t)len) ? SQLITE_IOERR_TRUNCATE
					       : SQLITE_OK;
}

static int file_sync(sqlite3_file *f, int flags)
{
	(void)flags;
	return fsync(fd_of(f)) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
	struct stat st;
	if (fstat(fd_of(f), &st))
		return SQLITE_IOERR_FSTAT;
	*out = st.st_size;
	return SQLITE_OK;
}

static int file_lock(sqlite3_file *f, int level)
{
	(void)f;
	(void)level;
	return SQLITE_OK;
}

static int file_reserved(sqlite3_file *f, int *out)
{
	(void)f;
	*out = 0;
	return SQLITE_OK;
}

static int file_control(sqlite3_file *f, int what, void *arg)
{
	(void)f;
	(void)what;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *f)
{
	(void)f;
	return SECTOR_BYTES;
}

static int file_kind(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_lock,
	.xCheckReservedLock = file_reserved,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_kind,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
		    int flags, int *out_flags)
{
	const struct backup_file *b = vfs->pAppData;
	f->pMethods = NULL;
	if (!name || !(flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN;
	((struct open_file *)f)->fd = b->fd;
	f->pMethods = &methods;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	(void)vfs;
	(void)name;
	(void)flags;
	*out = 0; /* no journal beside it */
	return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int len, char *out)
{
	(void)vfs;
	snprintf(out, (size_t)len, "%s", name);
	return SQLITE_OK;
}

int backup_file_open(struct backup_file *f, sqlite3 **out, int fd)
{
	const sqlite3_vfs *usual = sqlite3_vfs_find(NULL);
	sqlite3 *db = NULL;
	if (!usual)
		return -EIO;
	/* time, randomness and sleep are the usual ones */
	f->vfs = *usual;
	f->fd = fd;
	snprintf(f->name, sizeof(f->name), "backup-%p", (void *)f);
	f->vfs.iVersion = 1;
	f->vfs.pNext = NULL;
	f->vfs.zName = f->name;
	f->vfs.pAppData = f;
	f->vfs.szOsFile = (int)sizeof(struct open_file);
	f->vfs.mxPathname = PATH_BYTES;
	f->vfs.xOpen = vfs_open;
	f->vfs.xDelete = vfs_delete;
	f->vfs.xAccess = vfs_access;
	f->vfs.xFullPathname = vfs_full_path;
	int rc = sqlite3_vfs_register(&f->vfs, 0);
	if (rc != SQLITE_OK)
		return store_errno(rc);
	rc = sqlite3_open_v2("backup", &db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
				     SQLITE_OPEN_EXRESCODE,
			     f->name);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db,
				  "PRAGMA journal_mode=OFF;"
				  "PRAGMA synchronous=OFF;",
				  NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		backup_file_close(f, db);
		return store_errno(rc);
	}
	*out = db;
	return 0;
}

void backup_file_close(struct backup_file *f, sqlite3 *db)
{
	sqlite3_close(db);
	sqlite3_vfs_unregister(&f->vfs);
}
