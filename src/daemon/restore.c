/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A backup becomes the database. The file is opened by whoever calls us; all
 * that reads it runs as the store's user in the store's sandbox.
 */
#include "daemon/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/json.h"
#include "daemon/accounts.h"
#include "daemon/check.h"
#include "daemon/folder.h"
#include "daemon/sandbox.h"
#include "store/backup.h"

enum { STATE_MODE = 0700, FOLDER_MAX = STORE_NAME_MAX - 32 };

struct restore {
	const char *backup;
	int fd;
	bool json;
};

static int told(const char *of, const char *why)
{
	fprintf(stderr, "sallyportd: %s: %s\n", of, why);
	return 1;
}

/* There, ours, and all that we may touch from now on. */
static int enter_folder(const struct conf *conf, const char *folder)
{
	char error[ACCOUNTS_ERROR_MAX] = "";
	struct accounts accounts;
	if (accounts_resolve(&accounts, conf->user, error))
		return told("user", error);
	const struct account *a = &accounts.of[PROC_STORE];
	int err = folder_make(folder, STATE_MODE);
	if (!err && accounts.change)
		err = folder_give(folder, a->uid, a->gid);
	if (err)
		return told(folder, strerror(-err));
	const struct sandbox s = { .role = PROC_STORE,
				   .change_user = accounts.change,
				   .uid = a->uid,
				   .gid = a->gid,
				   .folder = folder };
	return sandbox_enter(&s, error) ? told("sandbox", error) : 0;
}

/* By no stream: those ask what a terminal is, which the sandbox forbids. */
static int tell(const struct restore *r, const char *path, const char *kept)
{
	struct buf text;
	buf_init(&text, 0);
	if (r->json) {
		json_t *o = json_pack("{ssss}", "database", path, "kept", kept);
		json_encode(&text, o);
		json_decref(o);
	} else {
		buf_printf(&text, "%s is the database now\n", path);
		if (*kept)
			buf_printf(&text, "the one before is %s\n", kept);
	}
	ssize_t n = buf_failed(&text)
			    ? -1
			    : write(STDOUT_FILENO, text.ptr, text.len);
	bool ok = n >= 0 && (size_t)n == text.len;
	buf_free(&text);
	return ok ? 0 : 1;
}

static int on_conf(void *arg, const struct conf *conf)
{
	const struct restore *r = arg;
	char folder[FOLDER_MAX], path[STORE_NAME_MAX], kept[STORE_NAME_MAX];
	char error[STORE_ERROR_MAX] = "";
	if (slice_cstr(conf->state, folder, sizeof(folder)))
		return told("state", "the path is too long");
	int status = enter_folder(conf, folder);
	if (status)
		return status;
	snprintf(path, sizeof(path), "%s/sallyport.db", folder);
	int err = store_restore(path, r->fd, kept, error);
	if (err)
		return told(err == -EBUSY ? path : r->backup, error);
	return tell(r, path, kept);
}

int restore_main(const char *config, const char *backup, bool json)
{
	struct restore r = { .backup = backup, .json = json };
	r.fd = open(backup, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0)
		return told(backup, strerror(errno));
	int status = check_file(config, on_conf, &r);
	close(r.fd);
	return status;
}
