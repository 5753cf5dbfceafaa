/* SPDX-License-Identifier: Apache-2.0 */
/* The location service's records: home's own encoding, kept by (aor,
 * contact). A binding belongs to a user and goes with it. */
#include <errno.h>

#include "store/store_int.h"

int store_binding_put(struct store *s, const struct store_binding *b)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_BINDING_PUT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, b->aor);
	store_bind_text(stmt, 2, b->contact);
	store_bind_blob(stmt, 3, b->record);
	sqlite3_bind_int64(stmt, 4, (sqlite3_int64)b->expires_s);
	return store_write(s, stmt, NULL);
}

int store_binding_delete(struct store *s, struct slice aor,
			 struct slice contact)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_BINDING_DELETE, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, aor);
	store_bind_text(stmt, 2, contact);
	return store_write(s, stmt, NULL);
}

int store_binding_each(struct store *s, struct slice aor, uint64_t now_s,
		       void (*fn)(void *arg, const struct store_binding *b),
		       void *arg)
{
	int err;
	bool all = slice_empty(aor);
	sqlite3_stmt *stmt =
		store_stmt(s, all ? SQL_BINDING_ALL : SQL_BINDING_OF, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	if (!all)
		store_bind_text(stmt, 2, aor);
	while ((err = store_row(s, stmt)) > 0) {
		struct store_binding b = {
			.aor = store_column(stmt, 0),
			.contact = store_column(stmt, 1),
			.record = store_column(stmt, 2),
			.expires_s = (uint64_t)sqlite3_column_int64(stmt, 3),
		};
		fn(arg, &b);
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return err;
}

int store_binding_expire(struct store *s, uint64_t now_s)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_BINDING_EXPIRE, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	return store_write(s, stmt, NULL);
}
