/* SPDX-License-Identifier: Apache-2.0 */
/* Chained hash map under SipHash-1-3 (Aumasson and Bernstein, 2012) with a
 * random key for each map. */
#include "base/map.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

enum { FIRST_SLOTS = 16 };

static uint64_t rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static inline void sip_rounds(uint64_t v[static 4], int rounds)
{
	while (rounds-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static uint64_t word_at(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

/* The last bytes, fewer than a word, of s. */
static uint64_t rest_of(struct slice s, size_t len)
{
	uint64_t v = 0;
	if (s.len >= 8 && len > 0)
		return word_at(s.ptr + s.len - 8) >> (64 - 8 * len);
	while (len-- > 0)
		v = v << 8 | s.ptr[len];
	return v;
}

uint64_t hash_keyed(const uint64_t seed[static 2], struct slice s)
{
	uint64_t v[4] = {
		seed[0] ^ 0x736f6d6570736575,
		seed[1] ^ 0x646f72616e646f6d,
		seed[0] ^ 0x6c7967656e657261,
		seed[1] ^ 0x7465646279746573,
	};
	size_t whole = s.len - s.len % 8;
	for (size_t i = 0; i < whole; i += 8) {
		uint64_t word = word_at(s.ptr + i);
		v[3] ^= word;
		sip_rounds(v, 1);
		v[0] ^= word;
	}
	uint64_t last = (uint64_t)s.len << 56 | rest_of(s, s.len - whole);
	v[3] ^= last;
	sip_rounds(v, 1);
	v[0] ^= last;
	v[2] ^= 0xff;
	sip_rounds(v, 3);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int map_init(struct map *m)
{
	*m = (struct map){ .mask = FIRST_SLOTS - 1 };
	if (crypto_random(m->seed, sizeof(m->seed)))
		return -EIO;
	m->slots = calloc(FIRST_SLOTS, sizeof(struct map_node *));
	return m->slots ? 0 : -ENOMEM;
}

void map_free(struct map *m)
{
	if (!m)
		return;
	free(m->slots);
	*m = (struct map){ 0 };
}

static struct map_node *find_hashed(const struct map *m, uint64_t hash,
				    struct slice key)
{
	struct map_node *n = m->slots[hash & m->mask];
	while (n && (n->hash != hash || !slice_eq(n->key, key)))
		n = n->next;
	return n;
}

struct map_node *map_find(const struct map *m, struct slice key)
{
	if (!m->slots)
		return NULL;
	return find_hashed(m, hash_keyed(m->seed, key), key);
}

static int grow(struct map *m)
{
	size_t count = (m->mask + 1) * 2;
	struct map_node **slots = calloc(count, sizeof(struct map_node *));
	if (!slots)
		return -ENOMEM;
	for (size_t i = 0; i <= m->mask; i++) {
		for (struct map_node *n = m->slots[i], *next; n; n = next) {
			struct map_node **head = &slots[n->hash & (count - 1)];
			next = n->next;
			n->next = *head;
			*head = n;
		}
	}
	free(m->slots);
	m->slots = slots;
	m->mask = count - 1;
	return 0;
}

int map_insert(struct map *m, struct map_node *node, struct slice key)
{
	if (!m->slots)
		return -ENOMEM;
	uint64_t hash = hash_keyed(m->seed, key);
	if (find_hashed(m, hash, key))
		return -EEXIST;
	if (m->count > m->mask && grow(m))
		return -ENOMEM;
	struct map_node **head = &m->slots[hash & m->mask];
	*node = (struct map_node){ *head, hash, key };
	*head = node;
	m->count++;
	return 0;
}

void map_remove(struct map *m, struct map_node *node)
{
	struct map_node **link = &m->slots[node->hash & m->mask];
	while (*link && *link != node)
		link = &(*link)->next;
	if (!*link)
		return;
	*link = node->next;
	node->next = NULL;
	m->count--;
}

void map_each(struct map *m, void (*fn)(struct map_node *node, void *arg),
	      void *arg)
{
	for (size_t i = 0; m->slots && i <= m->mask; i++) {
		for (struct map_node *n = m->slots[i], *next; n; n = next) {
			next = n->next;
			fn(n, arg);
		}
	}
}
