/* SPDX-License-Identifier: Apache-2.0 */
/* Rulings, tallies and bans. */
#include "store/partners.h"

#include <errno.h>

#include "store/store_int.h"

/* Runs a writing statement whose first parameter is this text. */
static int write_key(struct store *s, enum store_sql which, struct slice key,
		     int *changed)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, which, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, key);
	return store_write(s, stmt, changed);
}

/* Whoever it concerns is told next. */
static int settle(struct store *s)
{
	int err = store_commit(s);
	if (err) /* other writes went with it: their commit must fail too */
		s->lost = err;
	return err;
}

static int put_ruling(struct store *s, struct slice domain, uint8_t ruling)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_RULING_PUT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, domain);
	sqlite3_bind_int(stmt, 2, ruling);
	return store_write(s, stmt, NULL);
}

int store_ruling_put(struct store *s, struct slice domain, uint8_t ruling)
{
	int err = store_begin(s);
	if (!err)
		err = write_key(s, SQL_TALLY_DELETE, domain, NULL);
	if (!err)
		err = ruling ? put_ruling(s, domain, ruling)
			     : write_key(s, SQL_RULING_DELETE, domain, NULL);
	return err ? err : settle(s);
}

int store_ruling_each(struct store *s,
		      void (*fn)(void *arg, struct slice domain,
				 uint8_t ruling),
		      void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_RULING_EACH, &err);
	if (!stmt)
		return err;
	while ((err = store_row(s, stmt)) > 0)
		fn(arg, store_column(stmt, 0),
		   (uint8_t)sqlite3_column_int(stmt, 1));
	sqlite3_reset(stmt);
	return err;
}

int store_tally_put(struct store *s, const struct store_tally *t)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_TALLY_PUT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, t->domain);
	sqlite3_bind_int(stmt, 2, t->state);
	store_bind_blob(stmt, 3, t->addresses);
	return store_write(s, stmt, NULL);
}

int store_tally_get(struct store *s, struct slice domain,
		    void (*fn)(void *arg, const struct store_tally *t),
		    void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_TALLY_GET, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, domain);
	err = store_row(s, stmt);
	if (err > 0) {
		const struct store_tally t = {
			.domain = domain,
			.state = (uint8_t)sqlite3_column_int(stmt, 0),
			.addresses = store_column(stmt, 1),
		};
		fn(arg, &t);
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	if (err > 0)
		return 0;
	return err ? err : -ENOENT;
}

static int lift(struct store *s, struct slice address)
{
	int changed = 0;
	int err = write_key(s, SQL_BAN_DELETE, address, &changed);
	return !err && !changed ? -ENOENT : err;
}

static int put_ban(struct store *s, const struct store_ban *b)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_BAN_PUT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, b->address);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)b->until_s);
	return store_write(s, stmt, NULL);
}

int store_ban_put(struct store *s, const struct store_ban *b)
{
	int err = store_begin(s);
	if (!err)
		err = b->until_s ? put_ban(s, b) : lift(s, b->address);
	return err ? err : settle(s);
}

int store_ban_each(struct store *s, uint64_t now_s,
		   void (*fn)(void *arg, const struct store_ban *b), void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_BAN_EACH, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	while ((err = store_row(s, stmt)) > 0) {
		const struct store_ban b = {
			.address = store_column(stmt, 0),
			.until_s = (uint64_t)sqlite3_column_int64(stmt, 1),
		};
		fn(arg, &b);
	}
	sqlite3_reset(stmt);
	return err;
}

int store_ban_expire(struct store *s, uint64_t now_s)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_BAN_EXPIRE, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)now_s);
	return store_write(s, stmt, NULL);
}
