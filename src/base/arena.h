/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All memory of one message or request in one region that is dropped at once.
 * Nothing in it is freed singly. Memory is zeroed and aligned for any type.
 */
#pragma once

#include "base/slice.h"

struct arena;

/* first: bytes of the first block; max: bytes in all, over which
 * arena_alloc() gives NULL. NULL when out of memory. */
struct arena *arena_create(size_t first, size_t max);
void arena_free(struct arena *a); /* tolerates NULL */
void *arena_alloc(struct arena *a, size_t size);
/* The same, not zeroed: for what is written at once. */
void *arena_take(struct arena *a, size_t size);
/* Copies; an empty slice when out of memory (check with .ptr). */
struct slice arena_copy(struct arena *a, struct slice s);
/* NUL-terminated copy, or NULL. */
char *arena_strdup(struct arena *a, struct slice s);
size_t arena_used(const struct arena *a);

/* Arenas of one size that come and go with each message: who is freed is kept
 * for the next one, up to `keep` of them. The pool outlives its arenas. */
struct arena_pool {
	struct arena *spare;
	size_t first; /* bytes of the first block */
	size_t count, keep;
};
void arena_pool_init(struct arena_pool *p, size_t first, size_t keep);
void arena_pool_free(struct arena_pool *p);
/* As arena_create(); arena_free() gives it back. */
struct arena *arena_from(struct arena_pool *p, size_t max);
