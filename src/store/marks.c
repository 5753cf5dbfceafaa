/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of messages that were answered: they are added in order of time, so
 * the old ones are those in front. */
#include <errno.h>

#include "store/messages.h"
#include "store/store_int.h"

int store_mark_put(struct store *s, struct slice mark, uint16_t status,
		   uint64_t until_s)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_MARK_PUT, &err);
	if (!stmt)
		return err;
	store_bind_blob(stmt, 1, mark);
	sqlite3_bind_int(stmt, 2, status);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)until_s);
	return store_write(s, stmt, NULL);
}

int store_mark_each(struct store *s, uint64_t now_s, store_mark_fn fn,
		    void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_MARK_EACH, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	while ((err = store_row(s, stmt)) > 0)
		fn(arg, store_column(stmt, 0),
		   (uint16_t)sqlite3_column_int(stmt, 1),
		   (uint64_t)sqlite3_column_int64(stmt, 2));
	sqlite3_reset(stmt);
	return err;
}

int store_mark_expire(struct store *s, uint64_t now_s)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_MARK_EXPIRE, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	return store_write(s, stmt, NULL);
}
