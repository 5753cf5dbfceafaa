/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of store/ share: the connection, its cached statements and
 * the rules of a write. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

enum { STORE_SCHEMA = 7 };

enum store_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_USER_CREATE,
	SQL_USER_REPLACE,
	SQL_USER_GET,
	SQL_USER_DELETE,
	SQL_USER_EACH,
	SQL_BINDING_PUT,
	SQL_BINDING_DELETE,
	SQL_BINDING_ALL,
	SQL_BINDING_OF,
	SQL_BINDING_EXPIRE,
	SQL_KEY_NEWEST,
	SQL_KEY_FREE_ID,
	SQL_KEY_ADD,
	SQL_KEY_EXPIRE,
	SQL_KEY_EACH,
	SQL_MESSAGE_PUT,
	SQL_MESSAGE_NEXT,
	SQL_MESSAGE_DELETE,
	SQL_MESSAGE_FAILED,
	SQL_MESSAGE_EXPIRE,
	SQL_MESSAGE_LOSE_EXPIRED,
	SQL_MESSAGE_LOST,
	SQL_MESSAGE_QUEUES,
	SQL_MESSAGE_EACH,
	SQL_MESSAGE_DROP,
	SQL_MESSAGE_DROP_ALL,
	SQL_MESSAGE_ORPHAN,
	SQL_MESSAGE_LOSE_ORPHANS,
	SQL_USAGE,
	SQL_MARK_PUT,
	SQL_MARK_EACH,
	SQL_MARK_EXPIRE,
	SQL_CONTACT_PUT,
	SQL_CONTACT_DELETE,
	SQL_CONTACT_ALL,
	SQL_CONTACT_ONE,
	SQL_SOFT_PUT,
	SQL_SOFT_DELETE,
	SQL_SOFT_EACH,
	SQL_SOFT_EXPIRE,
	SQL_SECRET_ADD,
	SQL_SECRET_SHORTEN,
	SQL_SECRET_EACH,
	SQL_RULING_PUT,
	SQL_RULING_DELETE,
	SQL_RULING_EACH,
	SQL_TALLY_PUT,
	SQL_TALLY_GET,
	SQL_TALLY_DELETE,
	SQL_BAN_PUT,
	SQL_BAN_DELETE,
	SQL_BAN_EACH,
	SQL_BAN_EXPIRE,
	SQL_ADMIN_CREATE,
	SQL_ADMIN_REPLACE,
	SQL_ADMIN_DELETE,
	SQL_ADMIN_EACH,
	SQL_TURN_KEY_PUT,
	SQL_TURN_KEY_BY_NAME,
	SQL_TURN_KEY_BY_HASH,
	SQL_COUNT
};

/* Owns the connection, the lock and the statements. */
struct backup;

struct store {
	sqlite3 *db;
	int lock_fd;
	sqlite3_stmt *stmt[SQL_COUNT]; /* prepared when first used */
	bool staged;                   /* writes wait for store_commit() */
	int lost;    /* staged writes are gone: what store_commit() answers */
	bool broken; /* a sync failed: nothing more until it is opened again */
	struct backup *backup; /* backup.c; NULL: none is under way */
};

/* Creates or upgrades to STORE_SCHEMA in one transaction. error is set when
 * it fails. */
int store_schema_upgrade(sqlite3 *db, char error[static STORE_ERROR_MAX]);

/* What a statement says in its first column. */
int store_number(sqlite3 *db, const char *sql, int *out);
/* PRAGMA quick_check or integrity_check: 0, -EBADMSG with error set, -E... */
int store_check(sqlite3 *db, const char *pragma,
		char error[static STORE_ERROR_MAX]);
/* Creates it where it is missing. It holds password hashes and keys: nobody
 * else may read it. *fresh: there was nothing in it. */
int store_file_make(const char *path, bool *fresh);
/* Takes "PATH.lock"; error is set when it is not ours. */
int store_lock(int *out, const char *path, char error[static STORE_ERROR_MAX]);
/* Is every statement of ours possible here: is it a database of ours? */
int store_recognise(sqlite3 *db, char error[static STORE_ERROR_MAX]);
/* 0 or -E... for a result code of the database. */
int store_errno(int rc);
/* The statement, reset and ready to bind. NULL: not possible (*err). */
sqlite3_stmt *store_stmt(struct store *s, enum store_sql which, int *err);
/* Opens the transaction of a write, if none is open. */
int store_begin(struct store *s);
/* Runs a bound writing statement to its end and resets it. *changed (may be
 * NULL): rows touched. */
int store_write(struct store *s, sqlite3_stmt *stmt, int *changed);
/* Takes the next row: 1, 0 (end) or -E...; the caller resets. */
int store_row(struct store *s, sqlite3_stmt *stmt);

void store_bind_text(sqlite3_stmt *stmt, int at, struct slice text);
void store_bind_blob(sqlite3_stmt *stmt, int at, struct slice blob);
/* Valid until the statement moves on. */
struct slice store_column(sqlite3_stmt *stmt, int at);
