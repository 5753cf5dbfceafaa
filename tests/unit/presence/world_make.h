/* SPDX-License-Identifier: Apache-2.0 */
/* The test world begins, ends, and lets time pass. */
#pragma once

#include "world_parts.h"

static inline void world_free(struct world *w)
{
	if (!w)
		return;
	presence_free(w->presence);
	timers_free(w->timers);
	arena_free(w->arena);
	log_set_sink(NULL, NULL);
	free(w->note);
	free(w->saved);
	free(w);
}

static inline struct world *world_make(void)
{
	struct world *w = calloc(1, sizeof(*w));
	if (!w)
		return NULL;
	w->conf = (struct presence_conf){
		.edge_name = SLICE_LIT("edge.contoso.test"),
		.expires_min_s = 60,
		.expires_max_s = 3600,
		.subscriptions_max = 3,
		.watchers_max = 5,
		.publications_max = 2,
		.publish_rate = 1000,
		.notify_ms = 1000,
		.list_max = 4,
	};
	w->status = 200;
	log_set_sink(world_quiet, w);
	w->note = calloc(NOTES_MAX, sizeof(*w->note));
	w->saved = calloc(SAVED_MAX, sizeof(*w->saved));
	if (!w->note || !w->saved || timers_create(&w->timers, 0) ||
	    presence_create(&w->presence, w->timers, &w->conf, &world_ops, w)) {
		world_free(w);
		return NULL;
	}
	presence_open(w->presence);
	return w;
}

static inline int world_setup(void **state)
{
	*state = world_make();
	return *state ? 0 : -1;
}

static inline int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

static inline bool world_answers(const struct world *w, const struct note *n)
{
	bool subscribe = !strncmp(n->text, "SUBSCRIBE ", 10);
	return !w->silent && !(subscribe && w->no_backend);
}

/* Time passes in steps of 10 ms; what goes out is answered at once. */
static inline void world_wait(struct world *w, uint64_t ms)
{
	for (uint64_t end = w->now_ms + ms;; w->now_ms += 10) {
		size_t before = w->note_count;
		timers_advance(w->timers, w->now_ms);
		for (size_t i = before; i < w->note_count; i++)
			if (world_answers(w, &w->note[i]))
				presence_sent(w->presence, w->note[i].id,
					      w->status);
		if (w->now_ms >= end)
			return;
	}
}

static inline const struct note *world_last(const struct world *w)
{
	assert_true(w->note_count > 0);
	return &w->note[w->note_count - 1];
}

static inline bool world_says(const struct world *w, const char *text)
{
	return w->note_count && strstr(world_last(w)->text, text);
}
