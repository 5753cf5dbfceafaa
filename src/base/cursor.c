/* SPDX-License-Identifier: Apache-2.0 */
/* The reader that remembers its first error: the only place that moves a
 * pointer through received bytes. */
#include "base/cursor.h"

struct cur cur_init(struct slice in)
{
	const uint8_t *end = in.len ? in.ptr + in.len : in.ptr;
	return (struct cur){ in.ptr, end, false };
}

/* The next len bytes, or NULL (and the error stays). */
static const uint8_t *take(struct cur *c, size_t len)
{
	if (c->failed || len > cur_left(c)) {
		c->failed = true;
		return NULL;
	}
	const uint8_t *at = c->pos;
	if (len)
		c->pos += len;
	return at;
}

static uint64_t number(struct cur *c, size_t len)
{
	const uint8_t *p = take(c, len);
	uint64_t v = 0;
	for (size_t i = 0; p && i < len; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t cur_u8(struct cur *c)
{
	return (uint8_t)number(c, 1);
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

struct slice cur_bytes(struct cur *c, size_t len)
{
	const uint8_t *p = take(c, len);
	return p ? slice_of(p, len) : SLICE_NONE;
}

struct cur cur_sub(struct cur *c, size_t len)
{
	struct cur child = cur_init(cur_bytes(c, len));
	child.failed = c->failed;
	return child;
}

size_t cur_left(const struct cur *c)
{
	return c->pos ? (size_t)(c->end - c->pos) : 0;
}

bool cur_failed(const struct cur *c)
{
	return c->failed;
}

bool cur_done(const struct cur *c)
{
	return !c->failed && cur_left(c) == 0;
}

int cur_peek(const struct cur *c)
{
	return c->failed || cur_left(c) == 0 ? -1 : *c->pos;
}
