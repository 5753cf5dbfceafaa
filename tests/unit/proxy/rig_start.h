/* SPDX-License-Identifier: Apache-2.0 */
/* Making and freeing the proxy under test, and its peers. */
#pragma once

#include "rig_core.h"

/* Peers have short names; a hop of one is its name and a flow number. */
static inline struct proxy_hop rig_hop(const char *peer, uint64_t flow)
{
	return (struct proxy_hop){ .kind = 1,
				   .slot = 2,
				   .incarnation = 3,
				   .flow = flow,
				   .peer = slice_str(peer) };
}

static inline int rig_start(struct rig *g, size_t max, size_t per_source)
{
	static const char *const names[RIG_TARGETS] = {
		"b0", "b1", "b2", "b3", "b4",  "b5",
		"b6", "b7", "b8", "b9", "b10", "b11",
	};
	struct proxy_conf conf = {
		.sent_by = SLICE_LIT("edge.contoso.test:5061"),
		.transport = SLICE_LIT("TLS"),
		.transactions_max = max,
		.transactions_max_per_source = per_source,
	};
	for (size_t i = 0; i < RIG_TARGETS; i++)
		g->target[i].hop = rig_hop(names[i], 100 + i);
	g->targets = 1;
	g->mode = RIG_FORWARD;
	int err = timers_create(&g->timers, 1000);
	if (err)
		return err;
	return proxy_create(&g->proxy, g->timers, &conf, &rig_ops, g);
}

static inline struct rig *rig_new(void)
{
	struct rig *g = test_calloc(1, sizeof(*g));
	g->bytes = test_malloc(RIG_BYTES_MAX);
	return g;
}

static inline void rig_free(struct rig *g)
{
	proxy_free(g->proxy);
	timers_free(g->timers);
	arena_free(g->arena);
	test_free(g->bytes);
	test_free(g);
}

static inline int rig_setup(void **state)
{
	struct rig *g = rig_new();
	*state = g;
	return rig_start(g, 0, 0);
}

static inline int rig_teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static inline void rig_in(struct rig *g, const char *peer, uint64_t flow,
			  const char *text)
{
	struct proxy_hop from = rig_hop(peer, flow);
	from.addr = g->addr;
	proxy_receive(g->proxy, &from, slice_str(text), &g->closes);
}
