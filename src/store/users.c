/* SPDX-License-Identifier: Apache-2.0 */
/* Users: address-of-record, digest secrets, and whether they may sign in. */
#include <errno.h>

#include "store/messages.h"
#include "store/store_int.h"

int store_user_put(struct store *s, const struct store_user *u, bool replace)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(
		s, replace ? SQL_USER_REPLACE : SQL_USER_CREATE, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, u->ha1_sha256);
	store_bind_text(stmt, 2, u->ha1_md5);
	sqlite3_bind_int(stmt, 3, u->disabled);
	store_bind_text(stmt, 4, u->aor);
	if (!replace)
		sqlite3_bind_int64(stmt, 5, (sqlite3_int64)u->created_s);
	int changed = 0;
	err = store_write(s, stmt, &changed);
	return !err && changed == 0 ? -ENOENT : err;
}

static void show(sqlite3_stmt *stmt,
		 void (*fn)(void *arg, const struct store_user *u), void *arg)
{
	struct store_user u = {
		.aor = store_column(stmt, 0),
		.ha1_sha256 = store_column(stmt, 1),
		.ha1_md5 = store_column(stmt, 2),
		.disabled = sqlite3_column_int(stmt, 3) != 0,
		.created_s = (uint64_t)sqlite3_column_int64(stmt, 4),
		.turn_realm = store_column(stmt, 5),
	};
	fn(arg, &u);
}

int store_user_get(struct store *s, struct slice aor,
		   void (*fn)(void *arg, const struct store_user *u), void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_USER_GET, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, aor);
	int got = store_row(s, stmt);
	if (got > 0)
		show(stmt, fn, arg);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return got < 0 ? got : got ? 0 : -ENOENT;
}

int store_user_delete(struct store *s, struct slice aor)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_USER_DELETE, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, aor);
	int changed = 0;
	err = store_write(s, stmt, &changed);
	if (!err && changed == 0)
		err = -ENOENT;
	return err ? err : store_message_orphan(s, aor);
}

int store_user_each(struct store *s,
		    void (*fn)(void *arg, const struct store_user *u),
		    void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_USER_EACH, &err);
	if (!stmt)
		return err;
	while ((err = store_row(s, stmt)) > 0)
		show(stmt, fn, arg);
	sqlite3_reset(stmt);
	return err;
}
