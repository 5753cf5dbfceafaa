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

/* The earliest one's; there is one. */
static json_t *take(struct sequence *s)
{
	struct item *it = container_of(list_pop(&s->items), struct item, node);
	json_t *line = it->line;
	s->bytes -= it->bytes;
	free(it);
	return line;
}

/* How many go: the last one that has waited long enough, and all before it. */
static size_t count_due(const struct sequence *s, uint64_t now_ms)
{
	size_t count = 0, n = 0;
	for (struct list *at = s->items.next; at != &s->items; at = at->next) {
		n++;
		if (container_of(at, struct item, node)->due_ms <= now_ms)
			count = n;
	}
	return count;
}

static void on_timer(struct timer *t, void *arg)
{
	struct sequence *s = arg;
	for (size_t n = count_due(s, timers_now(t->owner)); n; n--)
		s->fn(s->arg, take(s));
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
		json_decref(take(s));
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
	while (!list_empty(&s->items))
		s->fn(s->arg, take(s));
	timer_stop(&s->timer);
}
