/* SPDX-License-Identifier: Apache-2.0 */
/* Room on the disk of the database (STO-02). */
#include <sys/statvfs.h>

#include "store/messages.h"
#include "store/store_int.h"

enum { FLOOR_MIB = 256, FLOOR_DIVISOR = 20, BYTES_PER_MIB = 1 << 20 };

bool store_space_low(const struct store *s)
{
	struct statvfs v;
	if (fstatvfs(s->lock_fd, &v))
		return false; /* not known: the write itself will tell */
	uint64_t left = (uint64_t)v.f_bavail * v.f_frsize;
	uint64_t floor = (uint64_t)v.f_blocks * v.f_frsize / FLOOR_DIVISOR;
	uint64_t least = (uint64_t)FLOOR_MIB * BYTES_PER_MIB;
	return left < (floor > least ? floor : least) || v.f_favail == 0;
}
