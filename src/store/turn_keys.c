/* SPDX-License-Identifier: Apache-2.0 */
/* The relay's keys of users: written with the password, found by name. */
#include "store/turn_keys.h"

#include <errno.h>

#include "store/store_int.h"

int store_turn_key_put(struct store *s, const struct store_turn_key *k)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_TURN_KEY_PUT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, k->aor);
	store_bind_text(stmt, 2, k->name);
	store_bind_text(stmt, 3, k->realm);
	store_bind_blob(stmt, 4, k->userhash);
	store_bind_blob(stmt, 5, k->md5);
	store_bind_blob(stmt, 6, k->sha256);
	return store_write(s, stmt, NULL);
}

static void show(sqlite3_stmt *stmt,
		 void (*fn)(void *arg, const struct store_turn_key *k),
		 void *arg)
{
	const struct store_turn_key k = {
		.aor = store_column(stmt, 0),
		.name = store_column(stmt, 1),
		.realm = store_column(stmt, 2),
		.userhash = store_column(stmt, 3),
		.md5 = store_column(stmt, 4),
		.sha256 = store_column(stmt, 5),
		.disabled = sqlite3_column_int(stmt, 6) != 0,
	};
	fn(arg, &k);
}

int store_turn_key_get(struct store *s, struct slice name,
		       struct slice userhash,
		       void (*fn)(void *arg, const struct store_turn_key *k),
		       void *arg)
{
	int err;
	bool named = !slice_empty(name);
	sqlite3_stmt *stmt = store_stmt(
		s, named ? SQL_TURN_KEY_BY_NAME : SQL_TURN_KEY_BY_HASH, &err);
	if (!stmt)
		return err;
	if (named)
		store_bind_text(stmt, 1, name);
	else
		store_bind_blob(stmt, 1, userhash);
	int got = store_row(s, stmt);
	if (got > 0)
		show(stmt, fn, arg);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return got < 0 ? got : got ? 0 : -ENOENT;
}
