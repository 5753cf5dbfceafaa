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
