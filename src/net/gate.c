/* SPDX-License-Identifier: Apache-2.0 */
/* Handshakes take turns. */
#include "net/gate.h"

#include <errno.h>
#include <stdlib.h>

#include "base/metrics.h"

static void on_turn_end(void *arg)
{
	gate_serve(arg);
}

int net_gate_create(struct net_gate **out, struct loop *l, size_t most,
		    net_gate_fn fn, void *arg)
{
	struct net_gate *g = calloc(1, sizeof(*g));

	if (!g)
		return -ENOMEM;
	g->loop = l;
	g->clock_us = loop_clock_us;
	g->last_us = loop_clock_us();
	g->credit_us = GATE_CREDIT_US;
	list_init(&g->queue);
	list_init(&g->known);
	g->hook = (struct turn_hook){ .fn = on_turn_end, .arg = g };
	g->most = most ? most : GATE_MOST;
	g->fn = fn;
	g->arg = arg;
	g->refs = 1;
	*out = g;
	return 0;
}

void gate_ref(struct net_gate *g)
{
	g->refs++;
}

static void unref(struct net_gate *g)
{
	if (--g->refs)
		return;
	loop_cancel_turn_end(&g->hook);
	free(g);
}

void net_gate_free(struct net_gate *g)
{
	if (!g)
		return;
	g->fn = NULL;
	unref(g);
}

void gate_unref(struct net_gate *g)
{
	if (g)
		unref(g);
}

static void tell(struct net_gate *g, bool full)
{
	if (g->full == full)
		return;
	g->full = full;
	if (g->fn)
		g->fn(g->arg, full);
}

void gate_enter(struct net_gate *g)
{
	if (!g)
		return;
	metric_add(M_TLS_SHAKING, 1);
	if (++g->shaking >= g->most)
		tell(g, true);
}

void gate_leave(struct net_gate *g)
{
	if (!g)
		return;
	metric_sub(M_TLS_SHAKING, 1);
	if (--g->shaking <= g->most / 4 * 3)
		tell(g, false);
}

void gate_traffic(struct net_gate *g)
{
	if (g)
		g->traffic = true;
}

void gate_ask(struct net_gate *g, struct gate_turn *t)
{
	if (gate_waits(t))
		return;
	list_push_back(t->known ? &g->known : &g->queue, &t->node);
	loop_at_turn_end(g->loop, &g->hook);
}

bool gate_crowded(const struct net_gate *g)
{
	return g && !(list_empty(&g->queue) && list_empty(&g->known));
}

bool gate_waits(const struct gate_turn *t)
{
	return list_linked(&t->node);
}

void gate_forget(struct gate_turn *t)
{
	list_remove(&t->node);
}

static void earn(struct net_gate *g, uint64_t now_us)
{
	uint64_t passed_us = now_us - g->last_us;

	g->last_us = now_us;
	if (passed_us / GATE_SHARE > GATE_CREDIT_US)
		passed_us = GATE_CREDIT_US * GATE_SHARE;
	g->credit_us += (int64_t)(passed_us / GATE_SHARE);
	if (g->credit_us > GATE_CREDIT_US)
		g->credit_us = GATE_CREDIT_US;
}

/* Whose turn it is; somebody waits. */
static struct gate_turn *next(struct net_gate *g)
{
	bool known = !list_empty(&g->known) &&
		     (list_empty(&g->queue) || g->turns < GATE_STRANGERS - 1);

	g->turns = known ? g->turns + 1 : 0;
	return container_of(list_pop(known ? &g->known : &g->queue),
			    struct gate_turn, node);
}

void gate_serve(struct net_gate *g)
{
	const uint64_t start_us = g->clock_us();
	bool busy = g->traffic;
	uint64_t now_us = start_us;

	g->traffic = false;
	earn(g, start_us);
	while (gate_crowded(g)) {
		if (busy ? g->credit_us <= 0
			 : now_us - start_us >= GATE_SLICE_US)
			break;
		struct gate_turn *t = next(g);
		uint64_t before_us = now_us;
		t->fn(t->arg);
		now_us = g->clock_us();
		if (busy)
			g->credit_us -= (int64_t)(now_us - before_us);
	}
	if (!gate_crowded(g))
		return;
	metric_add(M_TLS_WAITS, 1);
	loop_next_turn(g->loop, &g->hook);
}
