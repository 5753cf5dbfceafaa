/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements: every one is a constant text, prepared once, with bound
 * parameters. Here too: what a failed write means for the writes staged with
 * it (STO-03).
 */
#include "store/store_int.h"

#include <errno.h>
#include <stdio.h>

#include "base/metrics.h"

#define SELECT_TURN_KEY                                            \
	"SELECT aor, name, realm, userhash, md5, sha256, disabled" \
	" FROM turn_keys JOIN users USING (aor)"

static const char *const texts[SQL_COUNT] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_USER_CREATE] =
		"INSERT INTO users (ha1_sha256, ha1_md5, disabled, aor,"
		" created_s) VALUES (?1, ?2, ?3, ?4, ?5)",
	[SQL_USER_REPLACE] = "UPDATE users SET ha1_sha256 = ?1, ha1_md5 = ?2,"
			     " disabled = ?3 WHERE aor = ?4",
	[SQL_USER_GET] =
		"SELECT aor, ha1_sha256, ha1_md5, disabled, created_s, realm"
		" FROM users LEFT JOIN turn_keys USING (aor) WHERE aor = ?1",
	[SQL_USER_DELETE] = "DELETE FROM users WHERE aor = ?1",
	[SQL_USER_EACH] =
		"SELECT aor, ha1_sha256, ha1_md5, disabled, created_s, realm"
		" FROM users LEFT JOIN turn_keys USING (aor) ORDER BY aor",
	[SQL_BINDING_PUT] =
		"INSERT INTO bindings (aor, contact, record, expires_s)"
		" VALUES (?1, ?2, ?3, ?4) ON CONFLICT (aor, contact) DO UPDATE"
		" SET record = excluded.record, expires_s = excluded.expires_s",
	[SQL_BINDING_DELETE] =
		"DELETE FROM bindings WHERE aor = ?1 AND contact = ?2",
	[SQL_BINDING_ALL] =
		"SELECT aor, contact, record, expires_s FROM bindings"
		" WHERE expires_s > ?1 ORDER BY aor, contact",
	[SQL_BINDING_OF] =
		"SELECT aor, contact, record, expires_s FROM bindings"
		" WHERE expires_s > ?1 AND aor = ?2 ORDER BY contact",
	[SQL_BINDING_EXPIRE] = "DELETE FROM bindings WHERE expires_s <= ?1",
	[SQL_KEY_NEWEST] = "SELECT id, created_s FROM keys"
			   " ORDER BY created_s DESC, id DESC LIMIT 1",
	[SQL_KEY_FREE_ID] = "SELECT 1 FROM keys WHERE id = ?1",
	[SQL_KEY_ADD] = "INSERT INTO keys (id, key, created_s)"
			" VALUES (?1, ?2, ?3)",
	[SQL_KEY_EXPIRE] = "DELETE FROM keys WHERE created_s < ?1 AND id <> ?2",
	[SQL_KEY_EACH] = "SELECT id, key, created_s FROM keys"
			 " ORDER BY created_s, id",
#define MESSAGE                                                              \
	"id, aor, mark, sender, origin, notify, stored_s, expires_s, state," \
	" attempts, length(bytes)"
	[SQL_MESSAGE_PUT] =
		"INSERT INTO messages (aor, mark, sender, origin, bytes,"
		" notify, stored_s, expires_s)"
		" SELECT aor, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM users"
		" WHERE aor = ?1",
	[SQL_MESSAGE_NEXT] = "SELECT " MESSAGE ", bytes FROM messages"
			     " WHERE aor = ?1 AND state = 0 AND id > ?3"
			     " AND expires_s > ?2 ORDER BY id LIMIT 1",
	[SQL_MESSAGE_DELETE] = "DELETE FROM messages WHERE id = ?1",
	[SQL_MESSAGE_FAILED] =
		"UPDATE messages SET attempts = attempts + 1,"
		" state = CASE WHEN state = 0 AND attempts + 1 >= ?2 THEN 1"
		" ELSE state END WHERE id = ?1 RETURNING state",
	[SQL_MESSAGE_EXPIRE] = "DELETE FROM messages WHERE state < 2 AND"
			       " expires_s <= ?1 AND notify = 0",
	[SQL_MESSAGE_LOSE_EXPIRED] =
		"UPDATE messages SET state = 2 WHERE state < 2 AND"
		" expires_s <= ?1",
	[SQL_MESSAGE_LOST] = "SELECT " MESSAGE ", bytes FROM messages"
			     " WHERE state = 2 ORDER BY expires_s, id LIMIT ?1",
	[SQL_MESSAGE_QUEUES] =
		"SELECT aor, count(*), sum(length(bytes)), min(stored_s)"
		" FROM messages WHERE state < 2 GROUP BY aor ORDER BY aor",
	[SQL_MESSAGE_EACH] = "SELECT " MESSAGE " FROM messages"
			     " WHERE aor = ?1 AND state < 2 ORDER BY id",
	[SQL_MESSAGE_DROP] = "DELETE FROM messages WHERE aor = ?1 AND"
			     " state < 2 AND id = ?2",
	[SQL_MESSAGE_DROP_ALL] =
		"DELETE FROM messages WHERE aor = ?1 AND state < 2",
	[SQL_MESSAGE_ORPHAN] =
		"DELETE FROM messages WHERE aor = ?1 AND notify = 0",
	[SQL_MESSAGE_LOSE_ORPHANS] =
		"UPDATE messages SET state = 2 WHERE aor = ?1",
#undef MESSAGE
	[SQL_USAGE] =
		"SELECT count, bytes FROM usage WHERE kind = ?1 AND name = ?2",
	[SQL_MARK_PUT] = "INSERT INTO marks (mark, status, until_s)"
			 " VALUES (?1, ?2, ?3)",
	[SQL_MARK_EACH] = "SELECT mark, status, until_s FROM marks"
			  " WHERE until_s > ?1 ORDER BY id",
	[SQL_MARK_EXPIRE] =
		"DELETE FROM marks WHERE id < coalesce((SELECT min(id) FROM"
		" marks WHERE until_s > ?1), 9223372036854775807)",
	[SQL_CONTACT_PUT] = "INSERT INTO contacts (owner, contact, rule) "
			    "VALUES (?1, ?2, ?3)"
			    " ON CONFLICT (owner, contact) DO UPDATE"
			    " SET rule = excluded.rule",
	[SQL_CONTACT_DELETE] =
		"DELETE FROM contacts WHERE owner = ?1 AND contact = ?2",
	[SQL_CONTACT_ALL] = "SELECT owner, contact, rule FROM contacts"
			    " WHERE owner = ?1 ORDER BY contact",
	[SQL_CONTACT_ONE] = "SELECT owner, contact, rule FROM contacts"
			    " WHERE owner = ?1 AND contact = ?2",
	[SQL_SOFT_PUT] =
		"INSERT INTO soft (kind, aor, name, record, expires_s)"
		" VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (aor, kind, name)"
		" DO UPDATE SET record = excluded.record,"
		" expires_s = excluded.expires_s",
	[SQL_SOFT_DELETE] =
		"DELETE FROM soft WHERE kind = ?1 AND aor = ?2 AND name = ?3",
	[SQL_SOFT_EACH] = "SELECT kind, aor, name, record, expires_s FROM soft"
			  " WHERE expires_s > ?1 ORDER BY rowid",
	[SQL_SOFT_EXPIRE] = "DELETE FROM soft WHERE expires_s <= ?1",
	[SQL_SECRET_ADD] = "INSERT INTO secrets (text, created_s)"
			   " VALUES (?1, ?2)",
	[SQL_SECRET_SHORTEN] =
		"DELETE FROM secrets WHERE seq NOT IN"
		" (SELECT seq FROM secrets ORDER BY seq DESC LIMIT ?1)",
	[SQL_SECRET_EACH] = "SELECT seq, text, created_s FROM secrets"
			    " ORDER BY seq DESC",
	[SQL_RULING_PUT] = "INSERT INTO rulings (domain, ruling)"
			   " VALUES (?1, ?2) ON CONFLICT (domain)"
			   " DO UPDATE SET ruling = excluded.ruling",
	[SQL_RULING_DELETE] = "DELETE FROM rulings WHERE domain = ?1",
	[SQL_RULING_EACH] =
		"SELECT domain, ruling FROM rulings ORDER BY domain",
	[SQL_TALLY_PUT] = "INSERT INTO tallies (domain, state, addresses)"
			  " VALUES (?1, ?2, ?3) ON CONFLICT (domain)"
			  " DO UPDATE SET state = excluded.state,"
			  " addresses = excluded.addresses",
	[SQL_TALLY_GET] =
		"SELECT state, addresses FROM tallies WHERE domain = ?1",
	[SQL_TALLY_DELETE] = "DELETE FROM tallies WHERE domain = ?1",
	[SQL_BAN_PUT] = "INSERT INTO bans (address, until_s) VALUES (?1, ?2)"
			" ON CONFLICT (address)"
			" DO UPDATE SET until_s = excluded.until_s",
	[SQL_BAN_DELETE] = "DELETE FROM bans WHERE address = ?1",
	[SQL_BAN_EACH] = "SELECT address, until_s FROM bans"
			 " WHERE until_s > ?1 ORDER BY address",
	[SQL_BAN_EXPIRE] = "DELETE FROM bans WHERE until_s <= ?1",
	[SQL_ADMIN_CREATE] = "INSERT INTO admins (name, secret, role,"
			     " created_s) VALUES (?1, ?2, ?3, ?4)",
	[SQL_ADMIN_REPLACE] = "UPDATE admins SET secret = ?2 WHERE name = ?1",
	[SQL_ADMIN_DELETE] = "DELETE FROM admins WHERE name = ?1",
	[SQL_ADMIN_EACH] = "SELECT name, secret, role, created_s FROM admins"
			   " WHERE ?1 IN ('', name) ORDER BY name",
	[SQL_TURN_KEY_PUT] =
		"INSERT INTO turn_keys (aor, name, realm, userhash, md5,"
		" sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
		" ON CONFLICT (aor) DO UPDATE SET name = excluded.name,"
		" realm = excluded.realm, userhash = excluded.userhash,"
		" md5 = excluded.md5, sha256 = excluded.sha256",
	[SQL_TURN_KEY_BY_NAME] = SELECT_TURN_KEY " WHERE name = ?1",
	[SQL_TURN_KEY_BY_HASH] = SELECT_TURN_KEY " WHERE userhash = ?1",
};

int store_errno(int rc)
{
	static const struct {
		int rc;
		int err;
	} rows[] = {
		{ SQLITE_OK, 0 },
		{ SQLITE_ROW, 0 },
		{ SQLITE_DONE, 0 },
		{ SQLITE_NOMEM, -ENOMEM },
		{ SQLITE_BUSY, -EBUSY },
		{ SQLITE_FULL, -ENOSPC },
		{ SQLITE_READONLY, -EROFS },
		{ SQLITE_CANTOPEN, -EACCES },
		{ SQLITE_PERM, -EACCES },
		{ SQLITE_CORRUPT, -EBADMSG },
		{ SQLITE_NOTADB, -EBADMSG },
		{ SQLITE_TOOBIG, -EMSGSIZE },
	};
	if (rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    rc == SQLITE_CONSTRAINT_UNIQUE)
		return -EEXIST;
	if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
		return -ENOENT;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((rc & 0xff) == rows[i].rc)
			return rows[i].err;
	return -EIO;
}

sqlite3_stmt *store_stmt(struct store *s, enum store_sql which, int *err)
{
	*err = s->broken ? -EIO : 0;
	if (*err)
		return NULL;
	if (s->stmt[which])
		return s->stmt[which];
	int rc = sqlite3_prepare_v3(s->db, texts[which], -1,
				    SQLITE_PREPARE_PERSISTENT, &s->stmt[which],
				    NULL);
	*err = store_errno(rc);
	return s->stmt[which];
}

int store_recognise(sqlite3 *db, char error[static STORE_ERROR_MAX])
{
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v2(db, texts[i], -1, &stmt, NULL);
		sqlite3_finalize(stmt);
		if (rc == SQLITE_OK)
			continue;
		snprintf(error, STORE_ERROR_MAX,
			 "is no database of this program: %s",
			 sqlite3_errmsg(db));
		return (rc & 0xff) == SQLITE_ERROR ? -EPROTO : store_errno(rc);
	}
	return 0;
}

/* An error may have ended the whole transaction, and with it what was staged
 * before: then store_commit() has to say so. */
static int failed(struct store *s, int rc)
{
	int err = store_errno(rc);
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return err;
	metric_add(M_STORE_ERRORS, 1);
	if (s->staged && sqlite3_get_autocommit(s->db)) {
		s->staged = false;
		s->lost = err;
	}
	return err;
}

int store_begin(struct store *s)
{
	int err;
	if (s->staged || s->lost)
		return s->lost;
	sqlite3_stmt *stmt = store_stmt(s, SQL_BEGIN, &err);
	if (!stmt)
		return err;
	int rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	if (rc != SQLITE_DONE)
		return failed(s, rc);
	s->staged = true;
	return 0;
}

int store_write(struct store *s, sqlite3_stmt *stmt, int *changed)
{
	int rc = sqlite3_step(stmt);
	if (changed)
		*changed = sqlite3_changes(s->db);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	if (rc != SQLITE_DONE)
		return failed(s, rc);
	metric_add(M_STORE_WRITES, 1);
	return 0;
}

int store_row(struct store *s, sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);
	if (rc == SQLITE_ROW)
		return 1;
	return rc == SQLITE_DONE ? 0 : failed(s, rc);
}

void store_bind_text(sqlite3_stmt *stmt, int at, struct slice text)
{
	/* a NULL pointer would bind NULL */
	const char *p = text.ptr ? (const char *)text.ptr : "";
	sqlite3_bind_text64(stmt, at, p, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void store_bind_blob(sqlite3_stmt *stmt, int at, struct slice blob)
{
	const void *p = blob.ptr ? (const void *)blob.ptr : "";
	sqlite3_bind_blob64(stmt, at, p, blob.len, SQLITE_STATIC);
}

struct slice store_column(sqlite3_stmt *stmt, int at)
{
	const void *p = sqlite3_column_blob(stmt, at);
	return slice_of(p, (size_t)sqlite3_column_bytes(stmt, at));
}
