/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk that can die: a layer of SQLite's over the usual one. Every write,
 * cut, sync and removal counts; at a chosen one the process "ends" (from then
 * on all fails) or one operation fails by itself. What was not synced is kept
 * in a list, so that a power cut can drop it, keep a random part of it in any
 * order, or tear one write in the middle (STO-01).
 */
#pragma once

#include <sqlite3.h>

#include "folder.h"

enum { POWER_FILES = 4, POWER_SECTOR = 512 };

/* What happens to what was not synced. */
enum power_end { POWER_KILL, POWER_DROP, POWER_PICK, POWER_TEAR, POWER_ENDS };

struct power_write {
	struct power_write *next;
	sqlite3_int64 at;
	bool cut; /* to `at` bytes */
	size_t len;
	uint8_t bytes[];
};

struct power_image {
	char path[400];
	bool exists;
	uint8_t *durable;
	size_t len;
	struct power_write *first, **last;
};

struct power {
	sqlite3_vfs vfs, *below;
	struct power_image image[POWER_FILES];
	long count, die_at; /* 0: never */
	long fail_at;       /* of the kind below */
	int fail_code;
	bool fail_sync;
	bool dead;
	unsigned seed;
};

struct power_file {
	sqlite3_file base;
	struct power *power;
	struct power_image *image;
	sqlite3_file *real; /* behind this struct */
};

static inline unsigned power_random(struct power *p)
{
	p->seed = p->seed * 1103515245u + 12345u;
	return p->seed >> 16;
}

/* 0, or why this operation does not happen. */
static inline int power_step(struct power *p, bool sync)
{
	if (p->dead)
		return SQLITE_IOERR;
	p->count++;
	if (p->die_at && p->count == p->die_at) {
		p->dead = true;
		return SQLITE_IOERR;
	}
	if (p->fail_at && sync == p->fail_sync && --p->fail_at == 0)
		return p->fail_code;
	return SQLITE_OK;
}

static inline struct power_image *power_image(struct power *p, const char *path)
{
	struct power_image *free_one = NULL;
	for (size_t i = 0; i < POWER_FILES; i++) {
		struct power_image *im = &p->image[i];
		if (!strcmp(im->path, path))
			return im;
		if (!im->path[0] && !free_one)
			free_one = im;
	}
	assert_non_null(free_one);
	snprintf(free_one->path, sizeof(free_one->path), "%s", path);
	free_one->last = &free_one->first;
	return free_one;
}

static inline void power_note(struct power_image *im, sqlite3_int64 at,
			      const void *bytes, size_t len)
{
	struct power_write *w = malloc(sizeof(*w) + len);
	assert_non_null(w);
	*w = (struct power_write){ .at = at, .cut = !bytes, .len = len };
	if (bytes)
		memcpy(w->bytes, bytes, len);
	*im->last = w;
	im->last = &w->next;
}

static inline void power_resize(struct power_image *im, size_t len)
{
	uint8_t *more = realloc(im->durable, len + 1);
	assert_non_null(more);
	if (len > im->len)
		memset(more + im->len, 0, len - im->len);
	im->durable = more;
	im->len = len;
}

static inline void power_apply(struct power_image *im,
			       const struct power_write *w, size_t len)
{
	size_t end = (size_t)w->at + len;
	if (w->cut) {
		power_resize(im, (size_t)w->at);
		return;
	}
	if (end > im->len)
		power_resize(im, end);
	memcpy(im->durable + w->at, w->bytes, len);
}

static inline void power_forget(struct power_image *im)
{
	while (im->first) {
		struct power_write *w = im->first;
		im->first = w->next;
		free(w);
	}
	im->last = &im->first;
}

static inline void power_settle(struct power_image *im)
{
	for (struct power_write *w = im->first; w; w = w->next)
		power_apply(im, w, w->len);
	power_forget(im);
	im->exists = true;
}

/* ---- the layer ---- */

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

/* ---- for tests ---- */

static inline void power_on(struct power *p)
{
	memset(p, 0, sizeof(*p));
	p->below = sqlite3_vfs_find("unix");
	p->vfs = *p->below;
	p->vfs.pNext = NULL;
	p->vfs.zName = "power";
	p->vfs.pAppData = p;
	p->vfs.szOsFile = (int)sizeof(struct power_file) + p->below->szOsFile;
	p->vfs.xOpen = power_open;
	p->vfs.xDelete = power_delete;
	p->vfs.xAccess = power_access;
	p->vfs.xFullPathname = power_full_path;
	assert_int_equal(sqlite3_vfs_register(&p->vfs, 1), SQLITE_OK);
}

static inline void power_clear(struct power *p)
{
	for (size_t i = 0; i < POWER_FILES; i++) {
		power_forget(&p->image[i]);
		free(p->image[i].durable);
		memset(&p->image[i], 0, sizeof(p->image[i]));
	}
}

static inline void power_off(struct power *p)
{
	sqlite3_vfs_unregister(&p->vfs);
	power_clear(p);
}

/* Which part of what was not synced is on the disk after all. */
static inline void power_cut(struct power *p, struct power_image *im,
			     enum power_end end)
{
	for (struct power_write *w = im->first; w; w = w->next) {
		bool keep = end == POWER_KILL ||
			    (end != POWER_DROP && power_random(p) % 2);
		size_t len = w->len;
		if (end == POWER_TEAR && len)
			len = power_random(p) % (len + 1);
		if (keep)
			power_apply(im, w, len);
	}
	if (end == POWER_KILL && im->first)
		im->exists = true;
	power_forget(im);
}

/* After everything was closed: what the next start finds. */
static inline void power_restart(struct power *p, enum power_end end)
{
	for (size_t i = 0; i < POWER_FILES; i++) {
		struct power_image *im = &p->image[i];
		if (!im->path[0])
			continue;
		power_cut(p, im, end);
		if (!im->exists && !im->len) {
			if (strstr(im->path, "-"))
				unlink(im->path);
			continue;
		}
		FILE *f = fopen(im->path, "wb");
		assert_non_null(f);
		assert_int_equal(fwrite(im->durable, 1, im->len, f), im->len);
		fclose(f);
	}
	p->dead = false;
	p->die_at = 0;
	p->fail_at = 0;
	p->count = 0;
}
