/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing keys (architecture 5). A new key is on the disk before anybody sees
 * it: a token sealed with a key that a power cut takes away would be lost.
 */
#include <errno.h>

#include "store/store_int.h"

enum { KEY_IDS = 256 };

/* *id and *created_s of the newest; -ENOENT when there is none. */
static int newest(struct store *s, int *id, uint64_t *created_s)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_KEY_NEWEST, &err);
	if (!stmt)
		return err;
	int got = store_row(s, stmt);
	if (got > 0) {
		*id = sqlite3_column_int(stmt, 0);
		*created_s = (uint64_t)sqlite3_column_int64(stmt, 1);
	}
	sqlite3_reset(stmt);
	return got < 0 ? got : got ? 0 : -ENOENT;
}

/* The first id behind *id that is not taken; -ENOSPC when all are. */
static int free_id(struct store *s, int *id)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_KEY_FREE_ID, &err);
	if (!stmt)
		return err;
	for (int i = 1; i <= KEY_IDS; i++) {
		int candidate = (*id + i) % KEY_IDS;
		sqlite3_bind_int(stmt, 1, candidate);
		int got = store_row(s, stmt);
		sqlite3_reset(stmt);
		if (got < 0)
			return got;
		if (got == 0) {
			*id = candidate;
			return 0;
		}
	}
	return -ENOSPC;
}

static int add(struct store *s, int *id, uint64_t now_s)
{
	uint8_t key[SEAL_KEY_BYTES];
	int err = free_id(s, id);
	if (!err)
		err = crypto_random(key, sizeof(key));
	if (!err)
		err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_KEY_ADD, &err);
	if (stmt) {
		sqlite3_bind_int(stmt, 1, *id);
		store_bind_blob(stmt, 2, slice_of(key, sizeof(key)));
		sqlite3_bind_int64(stmt, 3, (sqlite3_int64)now_s);
		err = store_write(s, stmt, NULL);
	}
	crypto_wipe(key, sizeof(key));
	return err;
}

static int expire(struct store *s, int keep_id, uint64_t before_s)
{
	int err = store_begin(s);
	if (err)
		return err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_KEY_EXPIRE, &err);
	if (!stmt)
		return err;
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)before_s);
	sqlite3_bind_int(stmt, 2, keep_id);
	return store_write(s, stmt, NULL);
}

static int show(struct store *s,
		void (*fn)(void *arg, const struct store_key *k), void *arg)
{
	int err;
	sqlite3_stmt *stmt = store_stmt(s, SQL_KEY_EACH, &err);
	if (!stmt)
		return err;
	while ((err = store_row(s, stmt)) > 0) {
		struct slice bytes = store_column(stmt, 1);
		struct store_key k = {
			.id = (uint8_t)sqlite3_column_int(stmt, 0),
			.created_s = (uint64_t)sqlite3_column_int64(stmt, 2),
		};
		if (bytes.len != sizeof(k.key))
			continue;
		memcpy(k.key, bytes.ptr, sizeof(k.key));
		fn(arg, &k);
		crypto_wipe(&k, sizeof(k));
	}
	sqlite3_reset(stmt);
	return err;
}

int store_keys(struct store *s, uint64_t now_s, uint64_t rotate_s,
	       uint64_t keep_s,
	       void (*fn)(void *arg, const struct store_key *k), void *arg)
{
	int id = KEY_IDS - 1;
	uint64_t created_s = 0;
	int err = newest(s, &id, &created_s);
	if (err && err != -ENOENT)
		return err;
	/* a clock that went back makes no key old */
	uint64_t age_s = now_s > created_s ? now_s - created_s : 0;
	bool fresh = err == -ENOENT || age_s > rotate_s;
	err = fresh ? add(s, &id, now_s) : 0;
	if (!err)
		err = expire(s, id, now_s > keep_s ? now_s - keep_s : 0);
	if (err)
		return err;
	err = store_commit(s);
	if (err) /* other writes went with it: their commit must fail too */
		s->lost = err;
	return err ? err : show(s, fn, arg);
}
