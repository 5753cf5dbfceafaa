/* SPDX-License-Identifier: Apache-2.0 */
/* A count for each source with recent failures. Without memory nothing is
 * counted: a real user must not be locked out by that. */
#include "base/guess.h"

#include <stdlib.h>

struct guess {
	struct map_node node;
	struct list by_age;
	uint64_t source;
	uint64_t window_ms;  /* begin */
	uint64_t blocked_ms; /* until */
	unsigned failures;
};

int guesses_init(struct guesses *g, unsigned max)
{
	g->max = max;
	list_init(&g->oldest);
	return map_init(&g->sources);
}

static void forget(struct guesses *g, struct guess *one)
{
	list_remove(&one->by_age);
	map_remove(&g->sources, &one->node);
	free(one);
}

void guesses_free(struct guesses *g)
{
	if (g->sources.slots)
		LIST_EACH (it, tmp, &g->oldest)
			forget(g, container_of(it, struct guess, by_age));
	map_free(&g->sources);
}

static struct guess *find(const struct guesses *g, uint64_t source)
{
	struct map_node *n = map_find(&g->sources, map_key_u64(&source));
	return n ? container_of(n, struct guess, node) : NULL;
}

bool guesses_blocked(struct guesses *g, uint64_t source, uint64_t now_ms)
{
	const struct guess *one = find(g, source);
	return one && now_ms < one->blocked_ms;
}

static struct guess *get(struct guesses *g, uint64_t source)
{
	struct guess *one = find(g, source);
	if (one)
		return one;
	if (g->sources.count >= GUESS_SOURCES_MAX)
		forget(g, container_of(g->oldest.next, struct guess, by_age));
	one = calloc(1, sizeof(*one));
	if (!one)
		return NULL;
	one->source = source;
	if (map_insert(&g->sources, &one->node, map_key_u64(&one->source))) {
		free(one);
		return NULL;
	}
	list_push_back(&g->oldest, &one->by_age);
	return one;
}

bool guesses_failed(struct guesses *g, uint64_t source, uint64_t now_ms)
{
	struct guess *one = get(g, source);
	if (!one)
		return false;
	if (!one->failures || now_ms - one->window_ms >= GUESS_WINDOW_MS) {
		one->failures = 0;
		one->window_ms = now_ms;
		list_remove(&one->by_age);
		list_push_back(&g->oldest, &one->by_age);
	}
	if (++one->failures < g->max)
		return false;
	one->failures = 0;
	one->blocked_ms = now_ms + GUESS_SILENT_MS;
	return true;
}
