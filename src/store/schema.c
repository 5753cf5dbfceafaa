/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The database's schema and its upgrades. user_version counts the scripts
 * below that a file has seen; all that are missing run in one transaction, so
 * that an interrupted upgrade leaves the old file (STO-05).
 */
#include "store/store_int.h"

#include <errno.h>
#include <stdio.h>

static const char *const scripts[STORE_SCHEMA] = {
	/* 1 */
	"CREATE TABLE users ("
	" aor TEXT PRIMARY KEY,"
	" ha1_sha256 TEXT NOT NULL,"
	" ha1_md5 TEXT NOT NULL,"
	" disabled INTEGER NOT NULL,"
	" created_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE bindings ("
	" aor TEXT NOT NULL REFERENCES users(aor) ON DELETE CASCADE,"
	" contact TEXT NOT NULL,"
	" record BLOB NOT NULL,"
	" expires_s INTEGER NOT NULL,"
	" PRIMARY KEY (aor, contact)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX bindings_expires ON bindings(expires_s);"
	"CREATE TABLE keys ("
	" id INTEGER PRIMARY KEY CHECK (id BETWEEN 0 AND 255),"
	" key BLOB NOT NULL CHECK (length(key) = 64),"
	" created_s INTEGER NOT NULL"
	") STRICT;",
	/* 2: usage is kept by triggers, so that quotas cost the same however
	 * much waits; marks are only added at the end and removed in front */
	"CREATE TABLE messages ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" aor TEXT NOT NULL,"
	" mark BLOB NOT NULL UNIQUE CHECK (length(mark) = 32),"
	" sender TEXT NOT NULL,"
	" origin TEXT NOT NULL,"
	" bytes BLOB NOT NULL,"
	" notify INTEGER NOT NULL,"
	" stored_s INTEGER NOT NULL,"
	" expires_s INTEGER NOT NULL,"
	" state INTEGER NOT NULL DEFAULT 0,"
	" attempts INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"CREATE INDEX messages_queue ON messages(aor, state, id);"
	"CREATE INDEX messages_state ON messages(state, expires_s);"
	"CREATE TABLE usage ("
	" kind INTEGER NOT NULL,"
	" name TEXT NOT NULL,"
	" count INTEGER NOT NULL,"
	" bytes INTEGER NOT NULL,"
	" PRIMARY KEY (kind, name)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN"
	" INSERT INTO usage (kind, name, count, bytes) VALUES"
	" (0, '', 1, length(new.bytes)),"
	" (1, new.aor, 1, length(new.bytes)),"
	" (2, new.origin, 1, length(new.bytes))"
	" ON CONFLICT (kind, name) DO UPDATE SET count = count + 1,"
	" bytes = bytes + excluded.bytes;"
	" END;"
	"CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN"
	" UPDATE usage SET count = count - 1, bytes = bytes -"
	" length(old.bytes) WHERE kind = 0 AND name = '';"
	" UPDATE usage SET count = count - 1, bytes = bytes -"
	" length(old.bytes) WHERE kind = 1 AND name = old.aor;"
	" UPDATE usage SET count = count - 1, bytes = bytes -"
	" length(old.bytes) WHERE kind = 2 AND name = old.origin;"
	" DELETE FROM usage WHERE kind = 1 AND name = old.aor AND count = 0;"
	" DELETE FROM usage WHERE kind = 2 AND name = old.origin"
	" AND count = 0;"
	" END;"
	"CREATE TABLE marks ("
	" id INTEGER PRIMARY KEY,"
	" mark BLOB NOT NULL,"
	" status INTEGER NOT NULL,"
	" until_s INTEGER NOT NULL"
	") STRICT;",
	/* 3 */
	"CREATE TABLE contacts ("
	" owner TEXT NOT NULL REFERENCES users(aor) ON DELETE CASCADE,"
	" contact TEXT NOT NULL,"
	" rule INTEGER NOT NULL CHECK (rule BETWEEN 1 AND 255),"
	" PRIMARY KEY (owner, contact)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE soft ("
	" kind INTEGER NOT NULL CHECK (kind BETWEEN 1 AND 255),"
	" aor TEXT NOT NULL REFERENCES users(aor) ON DELETE CASCADE,"
	" name BLOB NOT NULL,"
	" record BLOB NOT NULL,"
	" expires_s INTEGER NOT NULL,"
	" PRIMARY KEY (aor, kind, name)"
	") STRICT;"
	"CREATE INDEX soft_expires ON soft(expires_s);",
	/* 4: ids of relay secrets are never used again */
	"CREATE TABLE secrets ("
	" seq INTEGER PRIMARY KEY AUTOINCREMENT,"
	" text TEXT NOT NULL,"
	" created_s INTEGER NOT NULL"
	") STRICT;",
	/* 5 */
	"CREATE TABLE rulings ("
	" domain TEXT PRIMARY KEY,"
	" ruling INTEGER NOT NULL CHECK (ruling BETWEEN 1 AND 255)"
	") STRICT, WITHOUT ROWID;"
	"CREATE TABLE tallies ("
	" domain TEXT PRIMARY KEY,"
	" state INTEGER NOT NULL,"
	" addresses BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE bans ("
	" address TEXT PRIMARY KEY,"
	" until_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;",
	/* 6 */
	"CREATE TABLE admins ("
	" name TEXT PRIMARY KEY,"
	" secret TEXT NOT NULL,"
	" role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 255),"
	" created_s INTEGER NOT NULL"
	") STRICT, WITHOUT ROWID;",
	/* 7: who was there before has none until the next password */
	"CREATE TABLE turn_keys ("
	" aor TEXT PRIMARY KEY REFERENCES users(aor) ON DELETE CASCADE,"
	" name TEXT NOT NULL,"
	" realm TEXT NOT NULL,"
	" userhash BLOB NOT NULL CHECK (length(userhash) = 32),"
	" md5 BLOB NOT NULL CHECK (length(md5) = 16),"
	" sha256 BLOB NOT NULL CHECK (length(sha256) = 32)"
	") STRICT, WITHOUT ROWID;"
	"CREATE INDEX turn_keys_name ON turn_keys(name);"
	"CREATE INDEX turn_keys_userhash ON turn_keys(userhash);",
};

int store_number(sqlite3 *db, const char *sql, int *out)
{
	sqlite3_stmt *stmt = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	return rc == SQLITE_ROW ? 0 : store_errno(rc);
}

static int check(sqlite3 *db, int *version, char error[static STORE_ERROR_MAX])
{
	int tables = 0;
	int err = store_number(db, "PRAGMA user_version", version);
	if (!err)
		err = store_number(db, "SELECT count(*) FROM sqlite_schema",
				   &tables);
	if (err) {
		snprintf(error, STORE_ERROR_MAX, "cannot be read: %s",
			 sqlite3_errmsg(db));
		return err;
	}
	if (*version > STORE_SCHEMA) {
		snprintf(error, STORE_ERROR_MAX,
			 "was written by a newer version (schema %d, this one "
			 "knows %d): run that version, or restore a backup",
			 *version, STORE_SCHEMA);
		return -EPROTO;
	}
	if (*version < 0 || (*version == 0 && tables > 0)) {
		snprintf(error, STORE_ERROR_MAX,
			 "is another program's database: name another file");
		return -EPROTO;
	}
	return 0;
}

static int run_scripts(sqlite3 *db, int version)
{
	char set[48];
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (int v = version; v < STORE_SCHEMA && rc == SQLITE_OK; v++)
		rc = sqlite3_exec(db, scripts[v], NULL, NULL, NULL);
	snprintf(set, sizeof(set), "PRAGMA user_version=%d", STORE_SCHEMA);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, set, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return rc;
}

int store_schema_upgrade(sqlite3 *db, char error[static STORE_ERROR_MAX])
{
	int version = 0;
	int err = check(db, &version, error);
	if (err || version == STORE_SCHEMA)
		return err;
	int rc = run_scripts(db, version);
	if (rc == SQLITE_OK)
		return 0;
	snprintf(error, STORE_ERROR_MAX, "cannot be upgraded to schema %d: %s",
		 STORE_SCHEMA, sqlite3_errmsg(db));
	if (!sqlite3_get_autocommit(db))
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return store_errno(rc);
}
