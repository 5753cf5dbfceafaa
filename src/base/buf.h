/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing byte buffer with a sticky error: when memory or the limit runs out
 * `failed` is set, the content stays as it was and later writes do nothing.
 * One test of buf_failed() at the end is enough. The owner calls buf_free().
 * Numbers are written big-endian.
 */
#pragma once

#include "base/slice.h"

struct buf {
	uint8_t *ptr;
	size_t len;
	size_t cap;
	size_t max; /* bytes; 0: no limit */
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b); /* tolerates NULL and twice */
/* Empties it, keeps the memory, clears the error. */
void buf_reset(struct buf *b);
/* Room for len more bytes; returns where to write, or NULL (failed is set).
 * buf_commit() then counts what was written. */
uint8_t *buf_reserve(struct buf *b, size_t len);
void buf_commit(struct buf *b, size_t len);
void buf_put(struct buf *b, struct slice s);
void buf_str(struct buf *b, const char *s);
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
