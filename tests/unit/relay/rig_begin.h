/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on a table: its beginning, its end, and time. */
#pragma once

#include "rig_tap.h"

/* 0 or -ENOMEM. column: our slot. */
static inline int rig_begin_with(struct rig **out, uint32_t column,
				 const struct relay_ops *ops)
{
	struct rig *g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	*out = g;
	g->now_ms = 1000000;
	rig_conf(g);
	log_set_sink(rig_sink, NULL);
	int err = timers_create(&g->timers, g->now_ms);
	if (!err)
		err = hasher_create(&g->hasher);
	if (err)
		return err;
	const struct relay_setup setup = {
		.timers = g->timers, .ops = ops, .arg = g, .column = column
	};
	err = relay_create(&g->relay, &setup);
	if (!err)
		rig_apply(g);
	return err;
}

static inline int rig_begin_at(struct rig **out, uint32_t column)
{
	return rig_begin_with(out, column, &rig_ops);
}

static inline int rig_begin(struct rig **out)
{
	return rig_begin_at(out, 0);
}

static inline void rig_end(struct rig *g)
{
	if (!g)
		return;
	relay_free(g->relay);
	assert_int_equal(g->open, 0);
	assert_int_equal(g->taps_open, 0);
	hasher_free(g->hasher);
	timers_free(g->timers);
	free(g);
	log_set_sink(NULL, NULL);
}

static inline void rig_later(struct rig *g, uint64_t ms)
{
	g->now_ms += ms;
	timers_advance(g->timers, g->now_ms);
}
