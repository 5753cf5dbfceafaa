/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets of relay credentials (architecture 5). A new one is on the disk
 * before anybody sees it: what was minted with a secret that a power cut takes
 * away would be refused.
 */
#include "store/secrets.h"

#include <errno.h>

#include "store/store_int.h"

enum { IDS = 65536 };

static int insert(struct store *s, struct slice text, uint64_t now_s)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_SECRET_ADD, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, text);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)now_s);
	return store_write(s, stmt, NULL);
}

static int shorten(struct store *s, unsigned keep)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_SECRET_SHORTEN, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, keep);
	return store_write(s, stmt, NULL);
}

int store_secret_add(struct store *s, struct slice text, uint64_t now_s,
		     unsigned keep)
{
	int err = store_begin(s);
	if (!err)
		err = insert(s, text, now_s);
	if (!err)
		err = shorten(s, keep);
	if (err)
		return err;
	err = store_commit(s);
	if (err) /* other writes went with it: their commit must fail too */
		s->lost = err;
	return err;
}

int store_secret_each(struct store *s,
		      void (*fn)(void *arg, const struct store_secret *x),
		      void *arg)
{
	int err, got;
	sqlite3_stmt *stmt = store_stmt(s, SQL_SECRET_EACH, &err);
	if (!stmt)
		return err;
	while ((got = store_row(s, stmt)) > 0) {
		const struct store_secret x = {
			.id = (uint16_t)(sqlite3_column_int64(stmt, 0) % IDS),
			.text = store_column(stmt, 1),
			.created_s = (uint64_t)sqlite3_column_int64(stmt, 2),
		};
		fn(arg, &x);
	}
	sqlite3_reset(stmt);
	return got;
}
