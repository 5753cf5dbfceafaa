/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One open descriptor as a database file, so that the database writes a copy
 * where this process could open nothing. No journal, no locks: nobody else
 * reads it before it is complete. Private to store/.
 */
#pragma once

#include <sqlite3.h>

struct backup_file {
	sqlite3_vfs vfs;
	char name[32];
	int fd; /* the caller's */
};

/* f must not move until backup_file_close(). 0 or -E... */
int backup_file_open(struct backup_file *f, sqlite3 **out, int fd);
/* db may be NULL. */
void backup_file_close(struct backup_file *f, sqlite3 *db);
