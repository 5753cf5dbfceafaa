/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Intrusive hash map with a keyed hash (SipHash-1-3, a random key for each
 * map), so that nobody outside can make keys collide (OVL-03). The node is a
 * member of the owner's struct; the map never owns memory of its entries.
 */
#pragma once

#include "base/slice.h"

struct map_node {
	struct map_node *next;
	uint64_t hash;
	struct slice key; /* borrowed: lives as long as the entry */
};

struct map {
	struct map_node **slots;
	size_t mask;
	size_t count;
	uint64_t seed[2];
};

/* 0 or -ENOMEM / -EIO (no randomness). */
int map_init(struct map *m);
void map_free(struct map *m); /* frees the table, not the entries */
struct map_node *map_find(const struct map *m, struct slice key);
/* Keys are bytes; a key that stands already gives -EEXIST. node->key is set.
 * -ENOMEM leaves the map as it was. */
int map_insert(struct map *m, struct map_node *node, struct slice key);
void map_remove(struct map *m, struct map_node *node); /* must be in it */
/* Calls fn for each entry; fn may remove the entry it is given. */
void map_each(struct map *m, void (*fn)(struct map_node *node, void *arg),
	      void *arg);
/* SipHash-1-3. */
uint64_t hash_keyed(const uint64_t seed[static 2], struct slice s);

/* An integer as a key: bytes of *v. */
static inline struct slice map_key_u64(const uint64_t *v)
{
	return slice_of(v, sizeof(*v));
}
