/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions and published states: kept until they expire. */
#include "store/presence.h"

#include <errno.h>

#include "store/store_int.h"

int store_soft_put(struct store *s, const struct store_soft *r)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_SOFT_PUT, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int(stmt, 1, r->kind);
	store_bind_text(stmt, 2, r->aor);
	store_bind_blob(stmt, 3, r->name);
	store_bind_blob(stmt, 4, r->record);
	sqlite3_bind_int64(stmt, 5, (sqlite3_int64)r->expires_s);
	return store_write(s, stmt, NULL);
}

int store_soft_delete(struct store *s, const struct store_soft *key)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_SOFT_DELETE, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int(stmt, 1, key->kind);
	store_bind_text(stmt, 2, key->aor);
	store_bind_blob(stmt, 3, key->name);
	return store_write(s, stmt, NULL);
}

int store_soft_each(struct store *s, uint64_t now_s, store_soft_fn fn,
		    void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_SOFT_EACH, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	while ((err = store_row(s, stmt)) > 0) {
		struct store_soft r = {
			.kind = (uint8_t)sqlite3_column_int(stmt, 0),
			.aor = store_column(stmt, 1),
			.name = store_column(stmt, 2),
			.record = store_column(stmt, 3),
			.expires_s = (uint64_t)sqlite3_column_int64(stmt, 4),
		};
		fn(arg, &r);
	}
	sqlite3_reset(stmt);
	return err;
}

int store_soft_expire(struct store *s, uint64_t now_s)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_SOFT_EXPIRE, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	return store_write(s, stmt, NULL);
}
