/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy of everything while the store is in use, and the way back. Part of
 * store.h: its rules hold here too. A backup is one file that needs no other.
 */
#pragma once

#include "store/store.h"

struct store_progress {
	uint64_t done_bytes, total_bytes;
};

/* Begins to copy into fd: a regular file, opened for reading and writing,
 * which is emptied, and which the caller closes after the end. -EBUSY: one is
 * under way, -EINVAL: no such file. */
int store_backup_begin(struct store *s, int fd);
/* Copies a piece. What was committed up to the last piece is in the copy.
 * -EAGAIN: there is more, 0: it is complete and synced, -EBUSY: commit first,
 * other -E...: it has failed (of the copy's disk; the store is well). Ended by
 * all but -EAGAIN and -EBUSY. */
int store_backup_step(struct store *s, struct store_progress *p);
/* Gives it up; store_close() does it too. */
void store_backup_end(struct store *s);

enum { STORE_NAME_MAX = 4096 };

/* The database at path becomes what fd holds: a backup, read from its
 * beginning. It is checked, and upgraded to our schema, beside the old one
 * first; then the two change places, whatever dies in between (store_open()
 * ends what was begun). kept: where the old one lies now, empty when there was
 * none. -EBUSY: a store is using it, -EPROTO: newer schema or another
 * program's, -EBADMSG: damaged. error as with store_open(). */
int store_restore(const char *path, int fd, char kept[static STORE_NAME_MAX],
		  char error[static STORE_ERROR_MAX]);
