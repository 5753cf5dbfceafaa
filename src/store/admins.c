/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts of administrators: written, removed, read. */
#include "store/admins.h"

#include <errno.h>

#include "store/store_int.h"

int store_admin_put(struct store *s, const struct store_admin *a, bool replace)
{
	int changed = 0;
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(
		s, replace ? SQL_ADMIN_REPLACE : SQL_ADMIN_CREATE, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, a->name);
	store_bind_text(stmt, 2, a->secret);
	if (!replace) {
		sqlite3_bind_int(stmt, 3, a->role);
		sqlite3_bind_int64(stmt, 4, (sqlite3_int64)a->created_s);
	}
	err = store_write(s, stmt, &changed);
	return !err && changed == 0 ? -ENOENT : err;
}

int store_admin_delete(struct store *s, struct slice name)
{
	int changed = 0;
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_ADMIN_DELETE, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, name);
	err = store_write(s, stmt, &changed);
	return !err && changed == 0 ? -ENOENT : err;
}

int store_admin_each(struct store *s, struct slice name,
		     void (*fn)(void *arg, const struct store_admin *a),
		     void *arg)
{
	int err, got, rows = 0;
	sqlite3_stmt *stmt = store_stmt(s, SQL_ADMIN_EACH, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, name);
	while ((got = store_row(s, stmt)) > 0) {
		const struct store_admin a = {
			.name = store_column(stmt, 0),
			.secret = store_column(stmt, 1),
			.role = (uint8_t)sqlite3_column_int(stmt, 2),
			.created_s = (uint64_t)sqlite3_column_int64(stmt, 3),
		};
		fn(arg, &a);
		rows++;
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return !got && !rows && name.len ? -ENOENT : got;
}
