/* SPDX-License-Identifier: Apache-2.0 */
/* The reader that remembers its first error: numbers and parts. */
#include "base/cursor.h"

static uint64_t number(struct cur *c, size_t len)
{
	struct slice s = cur_bytes(c, len);
	uint64_t v = 0;
	for (size_t i = 0; i < s.len; i++)
		v = v << 8 | s.ptr[i];
	return v;
}

uint16_t cur_u16(struct cur *c)
{
	return (uint16_t)number(c, 2);
}

uint32_t cur_u32(struct cur *c)
{
	return (uint32_t)number(c, 4);
}

uint64_t cur_u64(struct cur *c)
{
	return number(c, 8);
}

struct cur cur_sub(struct cur *c, size_t len)
{
	struct cur child = cur_init(cur_bytes(c, len));
	child.failed = c->failed;
	return child;
}
