/* SPDX-License-Identifier: Apache-2.0 */
/* Regions as a process sees them that was handed their descriptors. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xdp/load.h"

static size_t mapped_bytes(enum plane_region r)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return (plane_region_bytes(r, 1) + page - 1) & ~(page - 1);
}

int plane_map(void **out, int fd, enum plane_region r)
{
	void *at = mmap(NULL, mapped_bytes(r), PROT_READ | PROT_WRITE,
			MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	*out = at;
	return 0;
}

void plane_unmap(void *at, enum plane_region r)
{
	if (at)
		munmap(at, mapped_bytes(r));
}
