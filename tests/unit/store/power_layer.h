/* SPDX-License-Identifier: Apache-2.0 */
/* The disk that can die (power.h) as SQLite sees it. */
#pragma once

#include "power.h"

static inline struct power_file *power_of(sqlite3_file *f)
{
	return (struct power_file *)(void *)f;
}

static int power_close(sqlite3_file *f)
{
	sqlite3_file *real = power_of(f)->real;
	return real->pMethods->xClose(real);
}

static int power_read(sqlite3_file *f, void *to, int len, sqlite3_int64 at)
{
	sqlite3_file *real = power_of(f)->real;
	return real->pMethods->xRead(real, to, len, at);
}

static int power_write(sqlite3_file *f, const void *from, int len,
		       sqlite3_int64 at)
{
	struct power_file *pf = power_of(f);
	int rc = power_step(pf->power, false);
	if (rc)
		return rc;
	power_note(pf->image, at, from, (size_t)len);
	return pf->real->pMethods->xWrite(pf->real, from, len, at);
}

static int power_truncate(sqlite3_file *f, sqlite3_int64 len)
{
	struct power_file *pf = power_of(f);
	int rc = power_step(pf->power, false);
	if (rc)
		return rc;
	power_note(pf->image, len, NULL, 0);
	return pf->real->pMethods->xTruncate(pf->real, len);
}

static int power_sync(sqlite3_file *f, int flags)
{
	struct power_file *pf = power_of(f);
	int rc = power_step(pf->power, true);
	(void)flags;
	if (!rc)
		power_settle(pf->image);
	return rc;
}

static int power_size(sqlite3_file *f, sqlite3_int64 *len)
{
	sqlite3_file *real = power_of(f)->real;
	return real->pMethods->xFileSize(real, len);
}

static int power_lock(sqlite3_file *f, int level)
{
	sqlite3_file *real = power_of(f)->real;
	return real->pMethods->xLock(real, level);
}

static int power_unlock(sqlite3_file *f, int level)
{
	sqlite3_file *real = power_of(f)->real;
	return real->pMethods->xUnlock(real, level);
}

static int power_reserved(sqlite3_file *f, int *out)
{
	sqlite3_file *real = power_of(f)->real;
	return real->pMethods->xCheckReservedLock(real, out);
}

static int power_control(sqlite3_file *f, int op, void *arg)
{
	(void)f;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int power_sector(sqlite3_file *f)
{
	(void)f;
	return POWER_SECTOR;
}

/* Nothing is promised beyond a sync. */
static int power_characteristics(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static const sqlite3_io_methods power_methods = {
	.iVersion = 1,
	.xClose = power_close,
	.xRead = power_read,
	.xWrite = power_write,
	.xTruncate = power_truncate,
	.xSync = power_sync,
	.xFileSize = power_size,
	.xLock = power_lock,
	.xUnlock = power_unlock,
	.xCheckReservedLock = power_reserved,
	.xFileControl = power_control,
	.xSectorSize = power_sector,
	.xDeviceCharacteristics = power_characteristics,
};

static int power_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
		      int flags, int *out)
{
	struct power *p = vfs->pAppData;
	struct power_file *pf = power_of(f);
	memset(pf, 0, sizeof(*pf));
	pf->power = p;
	pf->real = (sqlite3_file *)(void *)(pf + 1);
	int rc =
		p->dead ? SQLITE_CANTOPEN
			: p->below->xOpen(p->below, name, pf->real, flags, out);
	if (rc != SQLITE_OK)
		return rc;
	pf->image = power_image(p, name);
	pf->base.pMethods = &power_methods;
	return SQLITE_OK;
}

static int power_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	struct power *p = vfs->pAppData;
	int rc = power_step(p, false);
	if (rc)
		return rc;
	struct power_image *im = power_image(p, name);
	power_forget(im);
	power_resize(im, 0);
	im->exists = false;
	return p->below->xDelete(p->below, name, sync);
}

static int power_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	struct power *p = vfs->pAppData;
	return p->below->xAccess(p->below, name, flags, out);
}

static int power_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
	struct power *p = vfs->pAppData;
	return p->below->xFullPathname(p->below, name, n, out);
}
