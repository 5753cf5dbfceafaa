/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole new database in the place of the old one. Once it is synced it gets
 * the name PATH.restoring; from then on it is the database, whatever dies: the
 * next one who opens PATH ends the change. The old one is kept beside it, with
 * its journal, as PATH.old-YYYYMMDDTHHMMSSZ. Private to store/; whoever calls
 * holds the lock.
 */
#pragma once

#include "store/backup.h"

/* Where the new one is written: PATH.new. -ENAMETOOLONG */
int swap_new_name(char out[static STORE_NAME_MAX], const char *path);
/* PATH.new is whole, and without a journal: it is the database now. */
int swap_commit(const char *path);
/* Ends a change that was committed; 0 when there is none. kept (may be NULL):
 * the old one's name, empty when there was none. */
int swap_finish(const char *path, char *kept);
/* Takes away what a writer of PATH.new left behind. */
void swap_forget(const char *path);
