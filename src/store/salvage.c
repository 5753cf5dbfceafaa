/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each table is read from its beginning until something is wrong, and then
 * from its end: one damaged page costs its own rows. Indexes are not read;
 * what they and the triggers keep is made anew by writing the rows.
 */
#include "store/salvage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/store_int.h"
#include "store/swap.h"

enum { TEXT_MAX = 256 };

/* In an order in which each row finds the one that it belongs to. */
static const struct table {
	const char *name, *order; /* its key, for both directions */
	const char *values;
} tables[] = {
	{ "users", "aor", "?,?,?,?,?" },
	{ "bindings", "aor,contact", "?,?,?,?" },
	{ "keys", "id", "?,?,?" },
	{ "messages", "id", "?,?,?,?,?,?,?,?,?,?,?" },
	{ "marks", "id", "?,?,?,?" },
	{ "contacts", "owner,contact", "?,?,?" },
	{ "soft", "rowid", "?,?,?,?,?" },
	{ "secrets", "seq", "?,?,?" },
	{ "rulings", "domain", "?,?" },
	{ "tallies", "rowid", "?,?,?" },
	{ "bans", "address", "?,?" },
	{ "admins", "name", "?,?,?,?" },
	{ "turn_keys", "aor", "?,?,?,?,?,?" },
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

struct salvage {
	sqlite3 *from, *to;
	uint64_t rows; /* all tables */
	bool full;     /* of memory or disk: it is given up */
};

/* "a,b" or "a DESC,b DESC" */
static void order_text(char out[static TEXT_MAX], const char *keys, bool back)
{
	size_t len = 0;
	for (const char *at = keys; *at && len < TEXT_MAX - 8; at++) {
		if (*at == ',' && back)
			len += (size_t)snprintf(out + len, TEXT_MAX - len,
						" DESC");
		out[len++] = *at;
	}
	snprintf(out + len, TEXT_MAX - len, "%s", back ? " DESC" : "");
}

static sqlite3_stmt *reader(struct salvage *v, const struct table *t, bool back)
{
	char order[TEXT_MAX], sql[2 * TEXT_MAX];
	sqlite3_stmt *stmt = NULL;
	order_text(order, t->order, back);
	snprintf(sql, sizeof(sql), "SELECT * FROM %s NOT INDEXED ORDER BY %s",
		 t->name, order);
	sqlite3_prepare_v2(v->from, sql, -1, &stmt, NULL);
	return stmt;
}

static sqlite3_stmt *writer(struct salvage *v, const struct table *t)
{
	char sql[TEXT_MAX];
	sqlite3_stmt *stmt = NULL;
	snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO %s VALUES (%s)",
		 t->name, t->values);
	sqlite3_prepare_v2(v->to, sql, -1, &stmt, NULL);
	return stmt;
}

/* One row over; what the rules of the new one refuse is left out. */
static uint64_t put_row(struct salvage *v, sqlite3_stmt *in, sqlite3_stmt *out)
{
	int n = sqlite3_bind_parameter_count(out);
	int before = sqlite3_total_changes(v->to);
	for (int i = 0; i < n && i < sqlite3_column_count(in); i++)
		sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i));
	int rc = sqlite3_step(out);
	sqlite3_reset(out);
	sqlite3_clear_bindings(out);
	v->full = v->full ||
		  (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_CONSTRAINT);
	return rc == SQLITE_DONE && sqlite3_total_changes(v->to) != before;
}

/* true: to the end. */
static bool one_way(struct salvage *v, const struct table *t, bool back,
		    uint64_t *rows)
{
	sqlite3_stmt *in = reader(v, t, back), *out = writer(v, t);
	int rc = in ? SQLITE_ROW : sqlite3_errcode(v->from);
	v->full = v->full || !out;
	while (rc == SQLITE_ROW && !v->full) {
		rc = sqlite3_step(in);
		if (rc == SQLITE_ROW)
			*rows += put_row(v, in, out);
	}
	/* short of memory is not damaged */
	v->full = v->full || (rc & 0xff) == SQLITE_NOMEM;
	sqlite3_finalize(in);
	sqlite3_finalize(out);
	/* an error: an older schema had no such table */
	return rc == SQLITE_DONE || (!in && rc == SQLITE_ERROR);
}

static void both_ways(struct salvage *v, store_salvage_fn fn, void *arg)
{
	for (size_t i = 0; i < TABLES && !v->full; i++) {
		uint64_t rows = 0;
		bool whole = one_way(v, &tables[i], false, &rows);
		if (!whole && !v->full)
			one_way(v, &tables[i], true, &rows);
		v->rows += rows;
		fn(arg, tables[i].name, rows, whole);
	}
}

static int open_from(struct salvage *v, const char *path,
		     char error[static STORE_ERROR_MAX])
{
	int version = 0;
	int rc = sqlite3_open_v2(path, &v->from,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
				 NULL);
	/* its journal stays as it is */
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(
			v->from, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(v->from,
				  "PRAGMA locking_mode=EXCLUSIVE;"
				  "PRAGMA trusted_schema=OFF;"
				  "PRAGMA temp_store=MEMORY;",
				  NULL, NULL, NULL);
	int err = store_errno(rc);
	if (!err)
		err = store_number(v->from, "PRAGMA user_version", &version);
	if (!err && (version < 1 || version > STORE_SCHEMA)) {
		snprintf(error, STORE_ERROR_MAX,
			 "is damaged, and of schema %d (this version knows %d)",
			 version, STORE_SCHEMA);
		err = -EPROTO;
	}
	return err;
}

static int open_to(struct salvage *v, const char *name,
		   char error[static STORE_ERROR_MAX])
{
	int rc = sqlite3_open_v2(name, &v->to,
				 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
					 SQLITE_OPEN_NOMUTEX |
					 SQLITE_OPEN_EXRESCODE,
				 NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(v->to,
				  "PRAGMA locking_mode=EXCLUSIVE;"
				  "PRAGMA synchronous=FULL;"
				  "PRAGMA temp_store=MEMORY;",
				  NULL, NULL, NULL);
	int err = store_errno(rc);
	if (!err)
		err = store_schema_upgrade(v->to, error);
	if (!err)
		err = store_errno(sqlite3_exec(v->to,
					       "PRAGMA foreign_keys=ON;"
					       "BEGIN IMMEDIATE",
					       NULL, NULL, NULL));
	return err;
}

static int fill(struct salvage *v, store_salvage_fn fn, void *arg,
		char error[static STORE_ERROR_MAX])
{
	both_ways(v, fn, arg);
	if (v->full) {
		snprintf(error, STORE_ERROR_MAX,
			 "is damaged; what is readable cannot be written: %s",
			 sqlite3_errmsg(v->to));
		return -EIO;
	}
	if (!v->rows) {
		snprintf(error, STORE_ERROR_MAX,
			 "is damaged, nothing in it can be read: restore a "
			 "backup");
		return -EBADMSG;
	}
	return store_errno(sqlite3_exec(v->to, "COMMIT", NULL, NULL, NULL));
}

/* The mode that file_make() gives: nobody else may read it. */
static int salvage(struct salvage *v, const char *path, store_salvage_fn fn,
		   void *arg, char error[static STORE_ERROR_MAX])
{
	char name[STORE_NAME_MAX];
	bool fresh;
	int err = swap_new_name(name, path);
	if (err)
		return err;
	swap_forget(path);
	err = open_from(v, path, error);
	if (!err)
		err = store_file_make(name, &fresh);
	if (!err)
		err = open_to(v, name, error);
	if (!err)
		err = fill(v, fn, arg, error);
	sqlite3_close(v->from);
	if (sqlite3_close(v->to) != SQLITE_OK && !err)
		err = -EIO;
	if (!err)
		err = swap_commit(path);
	if (err)
		swap_forget(path);
	return err;
}

int store_salvage(const char *path, store_salvage_fn fn, void *arg,
		  char kept[static STORE_NAME_MAX],
		  char error[static STORE_ERROR_MAX])
{
	struct salvage v = { .from = NULL };
	char why[STORE_ERROR_MAX] = "";
	int lock = -1;
	kept[0] = '\0';
	int err = store_lock(&lock, path, why);
	if (!err)
		err = salvage(&v, path, fn, arg, why);
	if (!err)
		err = swap_finish(path, kept);
	if (err)
		snprintf(error, STORE_ERROR_MAX, "%.100s: %.150s", path,
			 why[0] ? why : strerror(-err));
	if (lock >= 0)
		close(lock);
	return err;
}

int store_check_next(struct store *s, unsigned *round,
		     char error[static STORE_ERROR_MAX])
{
	char sql[TEXT_MAX];
	unsigned i = *round < TABLES ? *round : 0;
	*round = (i + 1) % TABLES;
	if (s->broken)
		return -EIO;
	snprintf(sql, sizeof(sql), "PRAGMA integrity_check(%s)",
		 tables[i].name);
	return store_check(s->db, sql, error);
}
