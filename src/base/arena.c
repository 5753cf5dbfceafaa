/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of blocks, each twice its predecessor, freed together. Memory is
 * zeroed when it is handed out, not before: most of a block is never used. */
#include "base/arena.h"

#include <stdlib.h>

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) uint8_t data[];
};

/* With its first block behind it, in one piece. */
struct arena {
	struct arena_pool *pool; /* where it belongs, or NULL */
	struct arena *next;      /* of the spare ones there */
	struct block *blocks;    /* the newest first: only it is filled */
	size_t max;
	size_t used;
	struct block *first;
	_Alignas(max_align_t) uint8_t memory[];
};

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->blocks, *next; b != a->first; b = next) {
		next = b->next;
		free(b);
	}
	if (!a->pool || a->pool->count >= a->pool->keep) {
		free(a);
		return;
	}
	a->next = a->pool->spare;
	a->pool->spare = a;
	a->pool->count++;
}

static struct block *block_add(struct arena *a, size_t size)
{
	if (size > SIZE_MAX - sizeof(struct block))
		return NULL;
	struct block *b = malloc(sizeof(*b) + size);
	if (!b)
		return NULL;
	b->size = size;
	b->used = 0;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

static void begin(struct arena *a, size_t first, size_t max)
{
	a->max = max;
	a->used = 0;
	*a->first = (struct block){ .size = first };
	a->blocks = a->first;
}

struct arena *arena_create(size_t first, size_t max)
{
	if (first > SIZE_MAX - sizeof(struct arena) - sizeof(struct block))
		return NULL;
	struct arena *a = malloc(sizeof(*a) + sizeof(*a->first) + first);
	if (!a)
		return NULL;
	a->pool = NULL;
	a->first = (struct block *)(void *)a->memory;
	begin(a, first, max);
	return a;
}

void arena_pool_init(struct arena_pool *p, size_t first, size_t keep)
{
#ifdef SALLYPORT_SANITIZE
	keep = 0; /* so that use after the end is seen */
#endif
	*p = (struct arena_pool){ .first = first, .keep = keep };
}

void arena_pool_free(struct arena_pool *p)
{
	for (struct arena *a = p->spare, *next; a; a = next) {
		next = a->next;
		free(a);
	}
	p->spare = NULL;
	p->count = 0;
}

struct arena *arena_from(struct arena_pool *p, size_t max)
{
	struct arena *a = p->spare;
	if (!a) {
		a = arena_create(p->first, max);
		if (a)
			a->pool = p;
		return a;
	}
	p->spare = a->next;
	p->count--;
	begin(a, p->first, max);
	return a;
}

void *arena_take(struct arena *a, size_t size)
{
	const size_t align = _Alignof(max_align_t);
	if (size > a->max)
		return NULL;
	/* an empty object has an address of its own too */
	size_t need = ((size ? size : 1) + align - 1) / align * align;
	if (size > a->max - a->used)
		return NULL;
	struct block *b = a->blocks;
	if (need > b->size - b->used) {
		size_t twice = b->size > SIZE_MAX / 2 ? b->size : b->size * 2;
		b = block_add(a, need > twice ? need : twice);
		if (!b)
			return NULL;
	}
	void *out = b->data + b->used;
	b->used += need;
	a->used = need > a->max - a->used ? a->max : a->used + need;
	return out;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *out = arena_take(a, size);
	if (out)
		memset(out, 0, size);
	return out;
}

struct slice arena_copy(struct arena *a, struct slice s)
{
	uint8_t *out = arena_take(a, s.len);
	if (!out)
		return SLICE_NONE;
	if (s.len)
		memcpy(out, s.ptr, s.len);
	return slice_of(out, s.len);
}

char *arena_strdup(struct arena *a, struct slice s)
{
	char *out = s.len < SIZE_MAX ? arena_alloc(a, s.len + 1) : NULL;
	if (out && s.len)
		memcpy(out, s.ptr, s.len);
	return out;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
