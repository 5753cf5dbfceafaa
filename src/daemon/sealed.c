/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed memory files (memfd_create(2), fcntl(2) F_ADD_SEALS). */
#include "daemon/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SEALS_SIZE = F_SEAL_SHRINK | F_SEAL_GROW,
	SEALS_ALL = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL
};

static int write_all(int fd, struct slice s)
{
	while (s.len > 0) {
		ssize_t n = write(fd, s.ptr, s.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		s = slice_from(s, (size_t)n);
	}
	return 0;
}

int sealed_create(int *fd, const char *name, struct slice content)
{
	int f = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (f < 0)
		return -errno;
	int err = write_all(f, content);
	if (!err && fcntl(f, F_ADD_SEALS, SEALS_ALL) < 0)
		err = -errno;
	if (err) {
		close(f);
		return err;
	}
	*fd = f;
	return 0;
}

int sealed_page(int *fd, const char *name, size_t len)
{
	int f = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (f < 0)
		return -errno;
	if (ftruncate(f, (off_t)len) < 0 ||
	    fcntl(f, F_ADD_SEALS, SEALS_SIZE | F_SEAL_SEAL) < 0) {
		int err = -errno;
		close(f);
		return err;
	}
	*fd = f;
	return 0;
}

static int sized(int fd, int seals, size_t *len)
{
	struct stat st;
	int have = fcntl(fd, F_GET_SEALS);
	if (have < 0 || (have & seals) != seals)
		return -EPERM;
	if (fstat(fd, &st) < 0)
		return -errno;
	*len = (size_t)st.st_size;
	return 0;
}

int sealed_map(struct sealed *out, int fd, size_t max)
{
	size_t len = 0;
	int err = sized(fd, SEALS_ALL, &len);
	if (err)
		return err;
	if (len > max)
		return -EFBIG;
	if (len == 0)
		return -ENODATA;
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*out = (struct sealed){ p, len };
	return 0;
}

int sealed_map_page(void **out, int fd, size_t len, bool writable)
{
	int prot = writable ? PROT_READ | PROT_WRITE : PROT_READ;
	size_t have = 0;
	int err = sized(fd, SEALS_SIZE, &have);
	if (err)
		return err;
	if (have != len)
		return -EINVAL;
	void *p = mmap(NULL, len, prot, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*out = p;
	return 0;
}

void sealed_unmap(struct sealed *s)
{
	if (s->ptr)
		munmap(s->ptr, s->len);
	*s = (struct sealed){ NULL, 0 };
}
