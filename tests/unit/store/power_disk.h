/* SPDX-License-Identifier: Apache-2.0 */
/* The disk that can die (power.h) as tests use it: on, off, cut, again. */
#pragma once

#include "power_layer.h"

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
