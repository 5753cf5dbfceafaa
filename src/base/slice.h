/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A slice is a borrowed run of bytes: pointer and length, never terminated.
 * Parsed values are slices into the buffer they were read from and live as
 * long as that buffer. Any process; no state.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *ptr;
	size_t len;
};

#define SLICE_NONE ((struct slice){ NULL, 0 })
/* A string literal as a slice, without its terminator. */
#define SLICE_LIT(s) ((struct slice){ (const uint8_t *)(s), sizeof(s) - 1 })
/* For printf-like functions: printf("%.*s", SLICE_FMT(s)). */
#define SLICE_FMT(s) (int)(s).len, (const char *)(s).ptr

static inline struct slice slice_of(const void *ptr, size_t len)
{
	return (struct slice){ ptr, len };
}

/* NULL gives the empty slice. */
static inline struct slice slice_str(const char *s)
{
	return (struct slice){ (const uint8_t *)s, s ? strlen(s) : 0 };
}

static inline bool slice_empty(struct slice s)
{
	return s.len == 0;
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Equal but for the case of ASCII letters. */
bool slice_ieq(struct slice a, struct slice b);
/* Index of the first byte c, or -1. */
static inline ptrdiff_t slice_chr(struct slice s, uint8_t c)
{
	const uint8_t *at = s.len ? memchr(s.ptr, c, s.len) : NULL;
	return at ? at - s.ptr : -1;
}

/* From byte `from` on; empty when beyond the end. */
static inline struct slice slice_from(struct slice s, size_t from)
{
	if (from > s.len || !s.ptr)
		return SLICE_NONE;
	return slice_of(s.ptr + from, s.len - from);
}

/* The first `len` bytes, or all when there are fewer. */
static inline struct slice slice_head(struct slice s, size_t len)
{
	return slice_of(s.ptr, len < s.len ? len : s.len);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len &&
	       slice_eq(slice_head(s, prefix.len), prefix);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len &&
	       slice_eq(slice_from(s, s.len - suffix.len), suffix);
}

/* Without spaces, tabs, CR and LF at both ends. */
struct slice slice_trim(struct slice s);
/*
 * Decimal digits only, no sign, no blanks, nothing after them.
 * 0, -EINVAL (not a number) or -ERANGE (over max).
 */
int slice_u64(struct slice s, uint64_t max, uint64_t *out);
/* Copies as NUL-terminated text; -ENOSPC when it does not fit, -EINVAL when
 * it holds a NUL. */
int slice_cstr(struct slice s, char *out, size_t size);
/* A malloc'd NUL-terminated copy, or NULL. The caller frees it. */
char *slice_strdup(struct slice s);
