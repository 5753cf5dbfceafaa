/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory files that can no longer change: how a configuration reaches other
 * processes without a file of the disk, and how metrics pages keep their size
 * whatever their owner does.
 */
#pragma once

#include "base/slice.h"

struct sealed {
	void *ptr;
	size_t len;
};

/* A memory file with that content, sealed against every change. */
int sealed_create(int *fd, const char *name, struct slice content);
/* A zeroed one of that size, whose size is sealed and whose content is not. */
int sealed_page(int *fd, const char *name, size_t len);
/* Maps a file of sealed_create() for reading; one that is not sealed in full,
 * or larger than max, gives -EPERM or -EFBIG. fd stays the caller's. */
int sealed_map(struct sealed *out, int fd, size_t max);
/* Maps a file of sealed_page() of that length, shared: for its one writer, or
 * for who only looks. */
int sealed_map_page(void **out, int fd, size_t len, bool writable);
void sealed_unmap(struct sealed *s); /* twice is fine */
