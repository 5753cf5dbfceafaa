/* SPDX-License-Identifier: Apache-2.0 */
/* Accounts of administrators: who may sign in to the pages of admin.listen. */
#pragma once

#include "store/store.h"

struct store_admin {
	struct slice name;   /* the key */
	struct slice secret; /* salt and slow hash, as admin/ writes them */
	uint8_t role;        /* enum admin_role */
	uint64_t created_s;
};

/* 0, -EEXIST (create only), or as store_user_put(). replace: must exist, else
 * -ENOENT; only the secret changes. */
int store_admin_put(struct store *s, const struct store_admin *a, bool replace);
int store_admin_delete(struct store *s, struct slice name); /* -ENOENT */
/* In order of name; name empty: all, else that one, or -ENOENT. */
int store_admin_each(struct store *s, struct slice name,
		     void (*fn)(void *arg, const struct store_admin *a),
		     void *arg);
