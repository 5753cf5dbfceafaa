/* SPDX-License-Identifier: Apache-2.0 */
/* What is readable of a damaged database (STO-04). Part of store.h. */
#pragma once

#include "store/backup.h"

/* One kind of records. whole: the last one was reached without a damage on
 * the way. */
typedef void (*store_salvage_fn)(void *arg, const char *table, uint64_t rows,
				 bool whole);

/*
 * After store_open() has answered -EBADMSG, or a check has found a damage and
 * the store is closed: what can be read goes into a new database in its place,
 * the damaged one is kept beside it as `kept`. -EBADMSG: nothing can be read,
 * all is as it was. error as with store_open().
 */
int store_salvage(const char *path, store_salvage_fn fn, void *arg,
		  char kept[static STORE_NAME_MAX],
		  char error[static STORE_ERROR_MAX]);

/* A full check of one kind of records, the next one at each call; *round:
 * begins at 0, and is 0 again when all have been looked at. Takes as long as
 * reading it all. -EBADMSG and error: close the store and salvage it. */
int store_check_next(struct store *s, unsigned *round,
		     char error[static STORE_ERROR_MAX]);
