/* SPDX-License-Identifier: Apache-2.0 */
/* Contact lists: one rule for each pair of a user and somebody else. */
#include <errno.h>

#include "store/presence.h"
#include "store/store_int.h"

int store_contact_put(struct store *s, const struct store_contact *c)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_CONTACT_PUT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, c->owner);
	store_bind_text(stmt, 2, c->contact);
	sqlite3_bind_int(stmt, 3, c->rule);
	return store_write(s, stmt, NULL);
}

int store_contact_delete(struct store *s, struct slice owner,
			 struct slice contact)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_CONTACT_DELETE, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, owner);
	store_bind_text(stmt, 2, contact);
	int changed = 0;
	err = store_write(s, stmt, &changed);
	return !err && changed == 0 ? -ENOENT : err;
}

int store_contact_each(struct store *s, struct slice owner,
		       struct slice contact, store_contact_fn fn, void *arg)
{
	int err;
	bool all = slice_empty(contact);
	sqlite3_stmt *stmt =
		store_stmt(s, all ? SQL_CONTACT_ALL : SQL_CONTACT_ONE, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, owner);
	if (!all)
		store_bind_text(stmt, 2, contact);
	while ((err = store_row(s, stmt)) > 0) {
		struct store_contact c = {
			.owner = store_column(stmt, 0),
			.contact = store_column(stmt, 1),
			.rule = (uint8_t)sqlite3_column_int(stmt, 2),
		};
		fn(arg, &c);
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return err;
}
