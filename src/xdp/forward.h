/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program of the fast path: forwards what the relay has decided already.
 * Everything it does not know goes up the stack unchanged: all checks come
 * before the first write, after it there is only sending or dropping.
 * Written once, compiled twice: for BPF (kernel/forward.bpf.c), and as
 * ordinary C for tests and fuzzing. Who includes it gives the functions
 * hook_*() for the maps, the clock and the frame.
 *
 *	A	ChannelData of a client	-> datagram to the peer
 *	B	datagram of a peer	-> ChannelData to the client
 *	C, D	the same without header: MS-TURN's active destination
 *	E	a client to another one's relayed address: both at once
 *
 * Each way in IPv4, IPv6 and across.
 */
#pragma once

#include "xdp/kernel/decide.h"
#include "xdp/kernel/find.h"
#include "xdp/kernel/parse.h"
#include "xdp/kernel/write.h"

FWD enum plane_reason commit(struct xdp_md *ctx, const struct packet *p,
			     const struct plan *d)
{
	int before = (int)(p->heads + d->skip);
	int after = (int)(eth_bytes(d) + plan_length(d) - d->data);
	if (before != after && hook_adjust_head(ctx, before - after))
		return PLANE_HEADROOM;
	if (write_heads(hook_data(ctx), hook_end(ctx), d))
		return PLANE_IMPOSSIBLE;
	count_sent(d->slot, d->way, d->data);
	if (d->first)
		return PLANE_HAIRPIN;
	return hook_ingress(ctx) == d->hop.device ? PLANE_TX : PLANE_REDIRECT;
}

/* The whole of it; counting and the verdict are the caller's. */
FWD enum plane_reason forward(struct xdp_md *ctx, struct plan *d,
			      uint32_t *bytes)
{
	const struct plane_control *c = hook_control();
	struct packet p = { .len = 0 };
	uint8_t *end = hook_end(ctx);
	uint32_t index = 0;
	if (!c || !c->on)
		return PLANE_OFF;
	enum plane_reason why = parse(&p, hook_data(ctx), end);
	*bytes = p.frame;
	if (why == PLANE_REASONS)
		why = look_up(c, &p, end, d, &index);
	if (why == PLANE_REASONS)
		why = decide(c, &p, end, d, index);
	if (why == PLANE_REASONS)
		why = commit(ctx, &p, d);
	return why;
}
