/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer with a sticky error: when memory or the limit runs out
 * `failed` is set, the content stays as it was and later writes do nothing.
 * One test of buf_failed() at the end is enough. The owner calls buf_free().
 * Numbers are written big-endian.
 */
#pragma once

#include <string.h>

#include "base/slice.h"

struct buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	size_t max; /* bytes; 0: no limit */
	bool failed;
	bool lent; /* ptr is not ours to free */
};

void buf_init(struct buf *b, size_t max);
/* Begins in len bytes of the caller's that outlive it, and moves to the heap
 * when they do not suffice. No limit. */
void buf_init_lent(struct buf *b, void *memory, size_t len);
void buf_free(struct buf *b); /* tolerates NULL and twice */
/* Empties it, keeps the memory, clears the error. */
void buf_reset(struct buf *b);
/* For buf_reserve(), when there is not enough room. */
uint8_t *buf_grow(struct buf *b, size_t len);

/* Room for len more bytes; returns where to write, or NULL (failed is set).
 * buf_commit() then counts what was written. */
static inline uint8_t *buf_reserve(struct buf *b, size_t len)
{
	if (!b->failed && b->ptr && len <= b->cap - b->len)
		return b->ptr + b->len;
	return buf_grow(b, len);
}

void buf_commit(struct buf *b, size_t len);

static inline void buf_put(struct buf *b, struct slice s)
{
	uint8_t *out = s.len ? buf_reserve(b, s.len) : NULL;

	if (!out)
		return;
	memcpy(out, s.ptr, s.len);
	b->len += s.len;
}

static inline void buf_str(struct buf *b, const char *s)
{
	buf_put(b, slice_str(s));
}

void buf_u8(struct buf *b, uint8_t v);
void buf_u16(struct buf *b, uint16_t v);
void buf_u32(struct buf *b, uint32_t v);
void buf_u64(struct buf *b, uint64_t v);
/* Decimal text. */
void buf_dec(struct buf *b, uint64_t v);
void buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Removes the first len bytes. */
void buf_consume(struct buf *b, size_t len);
struct slice buf_slice(const struct buf *b);
bool buf_failed(const struct buf *b);
