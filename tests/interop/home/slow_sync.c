/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A disk whose syncs are slow or fail, for a process that this is preloaded
 * into: while the file SLOW_SYNC is there, each sync takes as many milliseconds
 * as it has bytes, and when it has none fails with EIO.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int hold(void)
{
	int before = errno;
	struct stat s;
	if (stat(SLOW_SYNC, &s)) {
		errno = before;
		return 0;
	}
	if (!s.st_size) {
		errno = EIO;
		return -1;
	}
	struct timespec t = { s.st_size / 1000, s.st_size % 1000 * 1000000 };
	return nanosleep(&t, NULL);
}

int fsync(int fd)
{
	return hold() ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return hold() ? -1 : (int)syscall(SYS_fdatasync, fd);
}
