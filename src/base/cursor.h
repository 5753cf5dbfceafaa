/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader over a slice that remembers its first error: after a failed step
 * every later step yields zero or the empty slice, so one cur_failed() at the
 * end is enough. Numbers are big-endian. Pure. Small steps are in line: they
 * are taken for every byte that is received.
 */
#pragma once

#include "base/slice.h"

struct cur {
	const uint8_t *pos;
	const uint8_t *end;
	bool failed;
};

static inline struct cur cur_init(struct slice in)
{
	const uint8_t *end = in.len ? in.ptr + in.len : in.ptr;
	return (struct cur){ in.ptr, end, false };
}

/* Bytes not read yet. */
static inline size_t cur_left(const struct cur *c)
{
	return c->pos ? (size_t)(c->end - c->pos) : 0;
}

/* The next len bytes. */
static inline struct slice cur_bytes(struct cur *c, size_t len)
{
	if (c->failed || len > cur_left(c)) {
		c->failed = true;
		return SLICE_NONE;
	}
	struct slice s = slice_of(c->pos, len);
	if (len)
		c->pos += len;
	return s;
}

static inline uint8_t cur_u8(struct cur *c)
{
	struct slice s = cur_bytes(c, 1);
	return s.len ? s.ptr[0] : 0;
}

uint16_t cur_u16(struct cur *c);
uint32_t cur_u32(struct cur *c);
uint64_t cur_u64(struct cur *c);
/* A child reader over the next len bytes, never past the parent. */
struct cur cur_sub(struct cur *c, size_t len);

static inline bool cur_failed(const struct cur *c)
{
	return c->failed;
}

/* True when everything was read and nothing failed. */
static inline bool cur_done(const struct cur *c)
{
	return !c->failed && cur_left(c) == 0;
}

/* The next byte without reading it, or -1 at the end. */
static inline int cur_peek(const struct cur *c)
{
	return c->failed || cur_left(c) == 0 ? -1 : *c->pos;
}
