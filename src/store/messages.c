/* SPDX-License-Identifier: Apache-2.0 */
/* The queues of messages, their quotas (MSG-05) and how they end. */
#include "store/messages.h"

#include <errno.h>

#include "store/store_int.h"

/* Kinds of rows in the table of usage. */
enum { USAGE_TOTAL, USAGE_USER, USAGE_ORIGIN };

struct usage {
	uint64_t count, bytes;
};

/* Ready to bind a write, or NULL and *err. */
static sqlite3_stmt *writing(struct store *s, enum store_sql which, int *err)
{
	*err = store_begin(s);
	return *err ? NULL : store_stmt(s, which, err);
}

static int usage_of(struct store *s, int kind, struct slice name,
		    struct usage *out)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_USAGE, &err);
	*out = (struct usage){ 0, 0 };
	if (!stmt)
		return err;
	sqlite3_bind_int(stmt, 1, kind);
	store_bind_text(stmt, 2, name);
	int got = store_row(s, stmt);
	if (got > 0) {
		out->count = (uint64_t)sqlite3_column_int64(stmt, 0);
		out->bytes = (uint64_t)sqlite3_column_int64(stmt, 1);
	}
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return got < 0 ? got : 0;
}

static bool over(const struct usage *u, size_t more, uint64_t count,
		 uint64_t bytes)
{
	return (count && u->count + 1 > count) ||
	       (bytes && u->bytes + more > bytes);
}

/* 0, -EDQUOT or another -E... */
static int check_quota(struct store *s, const struct store_message *m,
		       const struct store_limits *l)
{
	const struct {
		int kind;
		struct slice name;
		uint64_t count, bytes;
	} rows[] = {
		{ USAGE_TOTAL, SLICE_NONE, 0, l->total_bytes },
		{ USAGE_USER, m->aor, l->user_count, l->user_bytes },
		{ USAGE_ORIGIN, m->origin, l->origin_count, l->origin_bytes },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usage u;
		int err = usage_of(s, rows[i].kind, rows[i].name, &u);
		if (err)
			return err;
		if (over(&u, m->bytes.len, rows[i].count, rows[i].bytes))
			return -EDQUOT;
	}
	return 0;
}

static int insert(struct store *s, const struct store_message *m)
{
	int err, changed = 0;
	sqlite3_stmt *stmt = writing(s, SQL_MESSAGE_PUT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, m->aor);
	store_bind_blob(stmt, 2, m->mark);
	store_bind_text(stmt, 3, m->sender);
	store_bind_text(stmt, 4, m->origin);
	store_bind_blob(stmt, 5, m->bytes);
	sqlite3_bind_int(stmt, 6, m->notify);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)m->stored_s);
	sqlite3_bind_int64(stmt, 8, (sqlite3_int64)m->expires_s);
	err = store_write(s, stmt, &changed);
	return !err && changed == 0 ? -ENOENT : err;
}

int store_message_put(struct store *s, const struct store_message *m,
		      const struct store_limits *limits, uint64_t mark_until_s)
{
	int err = check_quota(s, m, limits);
	if (!err)
		err = insert(s, m);
	return err ? err : store_mark_put(s, m->mark, 202, mark_until_s);
}

static void show(sqlite3_stmt *stmt, bool bytes, store_message_fn fn, void *arg)
{
	struct store_message m = {
		.id = (uint64_t)sqlite3_column_int64(stmt, 0),
		.aor = store_column(stmt, 1),
		.mark = store_column(stmt, 2),
		.sender = store_column(stmt, 3),
		.origin = store_column(stmt, 4),
		.notify = sqlite3_column_int(stmt, 5) != 0,
		.stored_s = (uint64_t)sqlite3_column_int64(stmt, 6),
		.expires_s = (uint64_t)sqlite3_column_int64(stmt, 7),
		.state = (enum store_message_state)sqlite3_column_int(stmt, 8),
		.attempts = (uint32_t)sqlite3_column_int(stmt, 9),
		.size = (size_t)sqlite3_column_int64(stmt, 10),
		.bytes = bytes ? store_column(stmt, 11) : SLICE_NONE,
	};
	fn(arg, &m);
}

int store_message_next(struct store *s, struct slice aor, uint64_t after,
		       uint64_t now_s, store_message_fn fn, void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_MESSAGE_NEXT, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, aor);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)now_s);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)after);
	int got = store_row(s, stmt);
	if (got > 0)
		show(stmt, true, fn, arg);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return got < 0 ? got : got ? 0 : -ENOENT;
}

int store_message_delete(struct store *s, uint64_t id)
{
	int err, changed = 0;
	sqlite3_stmt *stmt = writing(s, SQL_MESSAGE_DELETE, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)id);
	err = store_write(s, stmt, &changed);
	return !err && changed == 0 ? -ENOENT : err;
}

int store_message_failed(struct store *s, uint64_t id, bool *aside)
{
	int err;
	sqlite3_stmt *stmt = writing(s, SQL_MESSAGE_FAILED, &err);
	*aside = false;
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)id);
	sqlite3_bind_int(stmt, 2, STORE_ATTEMPTS_MAX);
	int got = store_row(s, stmt);
	if (got > 0)
		*aside = sqlite3_column_int(stmt, 0) == STORE_ASIDE;
	sqlite3_reset(stmt);
	return got < 0 ? got : got ? 0 : -ENOENT;
}

/* One writing statement with one number. */
static int write_number(struct store *s, enum store_sql which, uint64_t n,
			uint64_t *changed)
{
	int err;
	sqlite3_stmt *stmt = writing(s, which, &err);
	if (!stmt)
		return err;
	int rows = 0;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)n);
	err = store_write(s, stmt, &rows);
	*changed += err ? 0 : (uint64_t)rows;
	return err;
}

int store_message_expire(struct store *s, uint64_t now_s, uint64_t *gone)
{
	*gone = 0;
	int err = write_number(s, SQL_MESSAGE_EXPIRE, now_s, gone);
	if (!err)
		err = write_number(s, SQL_MESSAGE_LOSE_EXPIRED, now_s, gone);
	return err;
}

int store_message_lost(struct store *s, uint32_t max, store_message_fn fn,
		       void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_MESSAGE_LOST, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, max);
	while ((err = store_row(s, stmt)) > 0)
		show(stmt, true, fn, arg);
	sqlite3_reset(stmt);
	return err;
}

int store_message_queues(struct store *s,
			 void (*fn)(void *arg, const struct store_queue *q),
			 void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_MESSAGE_QUEUES, &err);
	if (!stmt)
		return err;
	while ((err = store_row(s, stmt)) > 0) {
		struct store_queue q = {
			.aor = store_column(stmt, 0),
			.count = (uint64_t)sqlite3_column_int64(stmt, 1),
			.bytes = (uint64_t)sqlite3_column_int64(stmt, 2),
			.oldest_s = (uint64_t)sqlite3_column_int64(stmt, 3),
		};
		fn(arg, &q);
	}
	sqlite3_reset(stmt);
	return err;
}

int store_message_each(struct store *s, struct slice aor, store_message_fn fn,
		       void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_MESSAGE_EACH, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, aor);
	while ((err = store_row(s, stmt)) > 0)
		show(stmt, false, fn, arg);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return err;
}

int store_message_drop(struct store *s, struct slice aor, uint64_t id)
{
	int err, changed = 0;
	sqlite3_stmt *stmt =
		writing(s, id ? SQL_MESSAGE_DROP : SQL_MESSAGE_DROP_ALL, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, aor);
	if (id)
		sqlite3_bind_int64(stmt, 2, (sqlite3_int64)id);
	err = store_write(s, stmt, &changed);
	return !err && changed == 0 ? -ENOENT : err;
}

static int write_aor(struct store *s, enum store_sql which, struct slice aor)
{
	int err;
	sqlite3_stmt *stmt = writing(s, which, &err);
	if (!stmt)
		return err;
	store_bind_text(stmt, 1, aor);
	return store_write(s, stmt, NULL);
}

int store_message_orphan(struct store *s, struct slice aor)
{
	int err = write_aor(s, SQL_MESSAGE_ORPHAN, aor);
	return err ? err : write_aor(s, SQL_MESSAGE_LOSE_ORPHANS, aor);
}
