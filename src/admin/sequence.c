/* SPDX-License-Identifier: Apache-2.0 */
/* A sorted list; what has waited long enough goes, with all before it. */
#include "admin/sequence.h"

#include <errno.h>
#include <stdlib.h>

struct item {
	struct list node;
	uint64_t at, due_ms;
	size_t bytes;
	json_t *line;
};

static json_t *take(struct sequence *s, struct item *it)
{
	json_t *line = it->line;
	s->bytes -= it->bytes;
	list_remove(&it->node);
	free(it);
	return line;
}

/* The last one that has waited long enough, or NULL. */
static struct item *last_due(struct sequence *s, uint64_t now_ms)
{
	struct list *at = s->items.prev;
	for (; at != &s->items; at = at->prev) {
		struct item *it = container_of(at, struct item, node);
		if (it->due_ms <= now_ms)
			return it;
	}
	return NULL;
}

/* Up to that one; NULL: none. */
static void hand_over(struct sequence *s, const struct item *last)
{
	while (last && !list_empty(&s->items)) {
		struct item *it =
			container_of(s->items.next, struct item, node);
		bool end = it == last;
		s->fn(s->arg, take(s, it));
		if (end)
			return;
	}
}

static void on_timer(struct timer *t, void *arg)
{
	struct sequence *s = arg;
	hand_over(s, last_due(s, timers_now(t->owner)));
	if (!list_empty(&s->items))
		timer_start(t, SEQUENCE_MS);
}

void sequence_init(struct sequence *s, struct timers *timers, sequence_fn fn,
		   void *arg)
{
	*s = (struct sequence){ .fn = fn, .arg = arg };
	list_init(&s->items);
	timer_init(&s->timer, timers, on_timer, s);
}

void sequence_free(struct sequence *s)
{
	if (!s->fn)
		return;
	timer_stop(&s->timer);
	while (!list_empty(&s->items))
		json_decref(take(
			s, container_of(s->items.next, struct item, node)));
}

int sequence_put(struct sequence *s, uint64_t at, json_t *line, size_t bytes)
{
	struct item *it = calloc(1, sizeof(*it));
	if (!it) {
		json_decref(line);
		return -ENOMEM;
	}
	it->at = at;
	it->due_ms = timers_now(s->timer.owner) + SEQUENCE_MS;
	it->bytes = bytes;
	it->line = line;
	struct list *before = s->items.prev;
	while (before != &s->items &&
	       container_of(before, struct item, node)->at > at)
		before = before->prev;
	list_push_back(before->next, &it->node); /* before that one */
	s->bytes += bytes;
	if (!timer_running(&s->timer))
		timer_start(&s->timer, SEQUENCE_MS);
	return 0;
}

void sequence_flush(struct sequence *s)
{
	struct list *last = s->items.prev;
	if (last != &s->items)
		hand_over(s, container_of(last, struct item, node));
	timer_stop(&s->timer);
}
