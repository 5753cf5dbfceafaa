/* SPDX-License-Identifier: Apache-2.0 */
/* Opens a sealed configuration. */
#include "daemon/snapshot.h"

#include <errno.h>
#include <stdlib.h>

#include "base/arena.h"

enum { ARENA_FIRST = 64 << 10, ARENA_MAX = 128 << 20 };

void snapshot_free(struct snapshot *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	sealed_unmap(&s->map);
	free(s);
}

void snapshot_release(void *arg)
{
	snapshot_free(arg);
}

int snapshot_open(struct snapshot **out, int fd)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	int err = sealed_map(&s->map, fd, SNAPSHOT_MAX);
	if (!err) {
		s->arena = arena_create(ARENA_FIRST, ARENA_MAX);
		err = s->arena ? 0 : -ENOMEM;
	}
	if (!err)
		err = conf_decode(s->arena, slice_of(s->map.ptr, s->map.len),
				  &s->conf);
	if (err) {
		snapshot_free(s);
		return err;
	}
	*out = s;
	return 0;
}
