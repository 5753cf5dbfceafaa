/* SPDX-License-Identifier: Apache-2.0 */
/* The growing buffer: what does not fit goes through buf_grow(), the one place
 * that can run out of memory or into the limit. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { FIRST_BYTES = 64, PRINT_BYTES = 128 };

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_init_lent(struct buf *b, void *memory, size_t len)
{
	*b = (struct buf){ .ptr = memory, .cap = len, .lent = true };
}

void buf_free(struct buf *b)
{
	if (!b)
		return;
	if (!b->lent)
		free(b->ptr);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

static size_t grown(const struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_BYTES;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	return b->max && cap > b->max ? b->max : cap;
}

uint8_t *buf_grow(struct buf *b, size_t len)
{
	size_t max = b->max ? b->max : SIZE_MAX;
	if (b->failed || len > max - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->ptr && len <= b->cap - b->len)
		return b->ptr + b->len;
	size_t cap = grown(b, b->len + len);
	uint8_t *ptr = realloc(b->lent ? NULL : b->ptr, cap);
	if (!ptr) {
		b->failed = true;
		return NULL;
	}
	if (b->lent)
		memcpy(ptr, b->ptr, b->len);
	b->lent = false;
	b->ptr = ptr;
	b->cap = cap;
	return ptr + b->len;
}

void buf_commit(struct buf *b, size_t len)
{
	assert(len <= b->cap - b->len);
	b->len += len;
}

static void put_number(struct buf *b, uint64_t v, size_t len)
{
	uint8_t *out = buf_reserve(b, len);
	if (!out)
		return;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(v >> 8 * (len - 1 - i));
	buf_commit(b, len);
}

void buf_u8(struct buf *b, uint8_t v)
{
	put_number(b, v, 1);
}

void buf_u16(struct buf *b, uint16_t v)
{
	put_number(b, v, 2);
}

void buf_u32(struct buf *b, uint32_t v)
{
	put_number(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
	put_number(b, v, 8);
}

void buf_dec(struct buf *b, uint64_t v)
{
	char digits[TEXT_DEC_MAX];
	buf_put(b, text_dec(v, digits));
}

/* Into the room that there is; how long it would be. */
__attribute__((format(printf, 3, 0))) static int print(struct buf *b,
						       size_t room,
						       const char *fmt,
						       va_list args)
{
	char *at = room ? (char *)b->ptr + b->len : NULL;
	return vsnprintf(at, room, fmt, args);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	if (!b->cap && !b->max)
		buf_reserve(b, PRINT_BYTES); /* most are written once then */
	if (b->failed)
		return;
	va_start(args, fmt);
	int len = print(b, b->cap - b->len, fmt, args);
	va_end(args);
	size_t max = b->max;
	if (len < 0 || (max && (size_t)len > max - b->len)) {
		b->failed = true;
		return;
	}
	if ((size_t)len < b->cap - b->len) {
		buf_commit(b, (size_t)len);
		return;
	}
	/* the terminator needs room too, but is not content */
	b->max = max ? max + 1 : 0;
	uint8_t *out = buf_reserve(b, (size_t)len + 1);
	b->max = max;
	if (!out)
		return;
	va_start(args, fmt);
	print(b, (size_t)len + 1, fmt, args);
	va_end(args);
	buf_commit(b, (size_t)len);
}

void buf_consume(struct buf *b, size_t len)
{
	assert(len <= b->len);
	if (!len)
		return;
	b->len -= len;
	memmove(b->ptr, b->ptr + len, b->len);
}

struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->ptr, b->len);
}

bool buf_failed(const struct buf *b)
{
	return b->failed;
}
