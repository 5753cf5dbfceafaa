/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on a table: TCP connections with peers. */
#pragma once

#include "rig_core.h"

static inline void rig_unlisten(void *arg, void *io)
{
	rig_close(arg, io);
}

static inline struct rig_tap *rig_tap_new(struct rig *g, struct relay_link *l)
{
	struct rig_tap *t = &g->tap[g->taps++];
	assert_true(g->taps < sizeof(g->tap) / sizeof(g->tap[0]));
	*t = (struct rig_tap){ .link = l, .open = true };
	g->taps_open++;
	return t;
}

static inline int rig_dial(void *arg, struct relay_link *l,
			   const struct relay_addr *to, void **io)
{
	struct rig *g = arg;
	(void)to;
	if (g->dial_error)
		return g->dial_error;
	*io = rig_tap_new(g, l);
	return 0;
}

static inline int rig_write(void *arg, void *io, struct slice bytes)
{
	struct rig_tap *t = io;
	(void)arg;
	assert_true(t->open && bytes.len < sizeof(t->sent));
	memcpy(t->sent, bytes.ptr, bytes.len);
	t->sent[bytes.len] = '\0';
	return 0;
}

static inline void rig_tap_close(void *arg, void *io)
{
	struct rig *g = arg;
	struct rig_tap *t = io;
	assert_true(t->open);
	t->open = false;
	g->taps_open--;
}

static inline void rig_join(void *arg, const struct relay_flow *flow, void *io)
{
	struct rig_tap *t = io;
	(void)arg;
	assert_true(t->open && !t->joined);
	t->joined = true;
	t->flow = *flow;
}

static inline void rig_pass_on(void *arg, const struct relay_flow *flow,
			       const struct relay_join *join)
{
	struct rig *g = arg;
	(void)flow;
	assert_true(join->yes.len && join->no.len);
	g->passed = join->slot + 1;
}

/* Somebody who waits to be accepted: told when the engine asks. */
static inline void rig_accept(void *arg, void *io)
{
	struct rig *g = arg;
	struct rig_port *p = io;
	if (!g->waiting.family)
		return;
	struct rig_tap *t = &g->tap[g->taps++];
	struct relay_addr from = g->waiting;
	g->waiting.family = 0;
	g->taps_open++;
	*t = (struct rig_tap){ .open = true };
	t->link = relay_link_incoming(p->port, &from, t);
	assert_non_null(t->link);
}

static const struct relay_link_ops rig_link_ops = {
	.listen = rig_open,
	.unlisten = rig_unlisten,
	.accept = rig_accept,
	.dial = rig_dial,
	.write = rig_write,
	.close = rig_tap_close,
	.join = rig_join,
	.pass_on = rig_pass_on,
};

static inline int rig_hand_over(void *arg, uint32_t slot,
				const struct relay_flow *flow,
				const struct relay_packet *p)
{
	struct rig *g = arg;
	(void)flow;
	(void)p;
	g->handed = slot + 1;
	return slot < 2 ? 0 : -EPIPE;
}

/* Its port stands for a socket. */
static inline uint32_t rig_socket_at(void *arg, const struct relay_addr *local)
{
	(void)arg;
	return local->port;
}

static const struct relay_ops rig_ops = {
	.open = rig_open,
	.close = rig_close,
	.to_client = rig_to_client,
	.to_peer = rig_to_peer,
	.hang_up = rig_hang_up,
	.now_s = rig_now_s,
	.socket_at = rig_socket_at,
	.hand_over = rig_hand_over,
	.links = &rig_link_ops,
};
