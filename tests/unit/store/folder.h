/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of its own for each store test, removed afterwards. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store.h"

struct folder {
	char path[256];
	char file[300];
	char error[STORE_ERROR_MAX];
	struct store *s;
};

static inline int folder_make(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));
	const char *base = getenv("TMPDIR");
	if (!f)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/sallyport-store-XXXXXX",
		 base ? base : P_tmpdir);
	if (!mkdtemp(f->path)) {
		free(f);
		return -1;
	}
	snprintf(f->file, sizeof(f->file), "%s/home.db", f->path);
	*state = f;
	return 0;
}

static inline int folder_remove(void **state)
{
	struct folder *f = *state;
	char name[600];
	store_close(f->s);
	DIR *d = opendir(f->path);
	for (struct dirent *e; d && (e = readdir(d));) {
		snprintf(name, sizeof(name), "%s/%s", f->path, e->d_name);
		unlink(name);
	}
	if (d)
		closedir(d);
	rmdir(f->path);
	free(f);
	return 0;
}

static inline void folder_open(struct folder *f)
{
	int err = store_open(&f->s, f->file, f->error);
	if (err)
		fail_msg("%d %s", err, f->error);
}

static inline void folder_close(struct folder *f)
{
	store_close(f->s);
	f->s = NULL;
}

static inline struct store_user folder_user(const char *aor)
{
	return (struct store_user){ .aor = slice_str(aor),
				    .ha1_sha256 = SLICE_LIT("aa"),
				    .ha1_md5 = SLICE_LIT("bb"),
				    .created_s = 1000 };
}

static inline struct store_binding folder_binding(const char *aor,
						  const char *contact,
						  uint64_t expires_s)
{
	return (struct store_binding){ .aor = slice_str(aor),
				       .contact = slice_str(contact),
				       .record = SLICE_LIT("\0rec"),
				       .expires_s = expires_s };
}

/* Rows as text: "aor " each. */
static inline void folder_add_user(void *arg, const struct store_user *u)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 1024 - len, "%.*s%s ", SLICE_FMT(u->aor),
		 u->disabled ? "!" : "");
}

static inline void folder_add_binding(void *arg, const struct store_binding *b)
{
	char *text = arg;
	size_t len = strlen(text);
	snprintf(text + len, 1024 - len, "%.*s>%.*s@%u ", SLICE_FMT(b->aor),
		 SLICE_FMT(b->contact), (unsigned)b->expires_s);
}

static inline void folder_expect_users(struct folder *f, const char *want)
{
	char text[1024] = "";
	assert_int_equal(store_user_each(f->s, folder_add_user, text), 0);
	assert_string_equal(text, want);
}

static inline void folder_expect_bindings(struct folder *f, const char *aor,
					  uint64_t now_s, const char *want)
{
	char text[1024] = "";
	assert_int_equal(store_binding_each(f->s, slice_str(aor), now_s,
					    folder_add_binding, text),
			 0);
	assert_string_equal(text, want);
}
