/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durable records behind a typed API; the only place that knows the database
 * (SQLite, WAL, synchronous=FULL). Used by the store process alone, which
 * blocks in it: that is its job. Writes are staged in one transaction and
 * answered after store_commit() has synced them: group commit (architecture 3,
 * STO-06).
 */
#pragma once

#include "base/crypto.h"
#include "base/slice.h"

struct store;

enum { STORE_ERROR_MAX = 256 };

/* Opens or creates; an existing file is checked. error is one line that names
 * the file. -EBUSY: another process owns it ("PATH.lock"), -EPROTO: newer
 * schema, or another program's file, -EBADMSG: damaged, other -E... . */
int store_open(struct store **out, const char *path,
	       char error[static STORE_ERROR_MAX]);
void store_close(struct store *s); /* rolls back what is not committed */
/* Syncs everything staged since the last commit. On error nothing of it is to
 * be acknowledged. After a failed sync every call gives -EIO: close, and open
 * again (STO-03); -ENOSPC, -EBUSY and -ENOMEM leave the store usable. */
int store_commit(struct store *s);
bool store_dirty(const struct store *s);

struct store_user {
	struct slice aor;        /* canonical, the key */
	struct slice ha1_sha256; /* hex */
	struct slice ha1_md5;    /* hex */
	bool disabled;
	uint64_t created_s;
	/* of the key in turn_keys.h, which store_user_put() leaves alone;
	 * empty: there is none */
	struct slice turn_realm;
};

struct store_binding {
	struct slice aor; /* key, with contact */
	struct slice contact;
	struct slice record; /* home's own encoding */
	uint64_t expires_s;  /* seconds since 1970 */
};

struct store_key {
	uint8_t id;
	uint8_t key[SEAL_KEY_BYTES];
	uint64_t created_s;
};

/* Callbacks must not call the store; what they see lives until they return. */

/* 0, -EEXIST (create only), -EIO or as store_commit(). replace: must exist,
 * else -ENOENT; created_s stays. */
int store_user_put(struct store *s, const struct store_user *u, bool replace);
int store_user_get(struct store *s, struct slice aor,
		   void (*fn)(void *arg, const struct store_user *u),
		   void *arg); /* -ENOENT */
int store_user_delete(struct store *s,
		      struct slice aor); /* and what is theirs */
int store_user_each(struct store *s,
		    void (*fn)(void *arg, const struct store_user *u),
		    void *arg); /* in order of aor */

/* -ENOENT: no such user. */
int store_binding_put(struct store *s, const struct store_binding *b);
int store_binding_delete(struct store *s, struct slice aor,
			 struct slice contact);
/* aor empty: all. Expired ones are left out. */
int store_binding_each(struct store *s, struct slice aor, uint64_t now_s,
		       void (*fn)(void *arg, const struct store_binding *b),
		       void *arg);
int store_binding_expire(struct store *s, uint64_t now_s);

/* Sealing keys, oldest first. The first call makes one. A key is added when the
 * newest is older than rotate_s; keys older than keep_s go, never the newest.
 * Commits what is staged: a key is shown when it is durable. */
int store_keys(struct store *s, uint64_t now_s, uint64_t rotate_s,
	       uint64_t keep_s,
	       void (*fn)(void *arg, const struct store_key *k), void *arg);
