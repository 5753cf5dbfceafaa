/* SPDX-License-Identifier: Apache-2.0 */
/* Each step may be the last one before the power goes: all can be repeated. */
#include "store/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int name_with(char out[static STORE_NAME_MAX], const char *path,
		     const char *tail)
{
	int n = snprintf(out, STORE_NAME_MAX, "%s%s", path, tail);
	return n < 0 || n >= STORE_NAME_MAX ? -ENAMETOOLONG : 0;
}

int swap_new_name(char out[static STORE_NAME_MAX], const char *path)
{
	return name_with(out, path, ".new");
}

static int sync_folder(const char *path)
{
	char name[STORE_NAME_MAX];
	int err = name_with(name, path, "");
	if (err)
		return err;
	int fd = open(dirname(name), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = fsync(fd) ? -errno : 0;
	close(fd);
	return err;
}

/* -ENOENT is fine: it was moved before, or never was. *moved: it was here. */
static int move(const char *path, const char *kept, const char *tail,
		bool *moved)
{
	char from[STORE_NAME_MAX] = "", to[STORE_NAME_MAX] = "";
	int err = name_with(from, path, tail);
	if (!err)
		err = name_with(to, kept, tail);
	*moved = !err && rename(from, to) == 0;
	if (err || *moved)
		return err;
	return errno == ENOENT ? 0 : -errno;
}

/* The time is that of the new one: the same each time this is repeated. */
static int kept_name(char out[static STORE_NAME_MAX], const char *path,
		     time_t when)
{
	struct tm tm;
	char tail[40];
	if (!gmtime_r(&when, &tm) ||
	    !strftime(tail, sizeof(tail), ".old-%Y%m%dT%H%M%SZ", &tm))
		return -EINVAL;
	return name_with(out, path, tail);
}

/* Gives the new one a time whose name is free, and syncs it. */
static int settle(const char *path, const char *name)
{
	char kept[STORE_NAME_MAX];
	struct stat st;
	int fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	int err = fstat(fd, &st) ? -errno : 0;
	time_t when = st.st_mtime;
	while (!err && !(err = kept_name(kept, path, when)) &&
	       access(kept, F_OK) == 0)
		when++;
	const struct timespec times[2] = { { when, 0 }, { when, 0 } };
	if (!err && (futimens(fd, times) || fsync(fd)))
		err = -errno;
	close(fd);
	return err;
}

int swap_commit(const char *path)
{
	char from[STORE_NAME_MAX] = "", to[STORE_NAME_MAX] = "";
	int err = swap_new_name(from, path);
	if (!err)
		err = name_with(to, path, ".restoring");
	if (!err)
		err = settle(path, from);
	if (!err && rename(from, to))
		err = -errno;
	return err ? err : sync_folder(path);
}

/* The journal goes before its database, so that what is half moved is never
 * taken for a whole one by people either. */
int swap_finish(const char *path, char *kept)
{
	char staged[STORE_NAME_MAX], old[STORE_NAME_MAX];
	struct stat st;
	bool was_there = false, ignored;
	int err = name_with(staged, path, ".restoring");
	if (kept)
		kept[0] = '\0';
	if (err)
		return err;
	if (stat(staged, &st))
		return errno == ENOENT ? 0 : -errno;
	err = kept_name(old, path, st.st_mtime);
	if (!err)
		err = move(path, old, "-wal", &ignored);
	if (!err)
		err = move(path, old, "", &was_there);
	if (!err && rename(staged, path))
		err = -errno;
	if (!err)
		err = sync_folder(path);
	if (!err && kept && was_there)
		snprintf(kept, STORE_NAME_MAX, "%s", old);
	return err;
}

void swap_forget(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-journal" };
	char name[STORE_NAME_MAX], whole[STORE_NAME_MAX];
	if (swap_new_name(name, path))
		return;
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		if (!name_with(whole, name, tails[i]))
			unlink(whole);
}
