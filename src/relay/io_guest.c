/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client that moved (RFC 8016) may come to another process than the one that
 * has its allocation. It stays a guest there: what it sends is carried to the
 * owner as packets, what the owner says comes back the same way. TLS, DTLS and
 * frames end where the guest is.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "relay/io_guest.h"

enum { GUESTS_MAX = 10000 };

/* Owned by io->guests. */
struct guest {
	struct map_node node; /* key: the flow */
	struct list all;
	struct relay_flow flow;
	uint32_t owner; /* slot */
};

int guests_open(struct relay_io *io)
{
	return map_init(&io->guests);
}

static void guest_free(struct relay_io *io, struct guest *g)
{
	map_remove(&io->guests, &g->node);
	list_remove(&g->all);
	free(g);
}

void guests_close(struct relay_io *io)
{
	LIST_EACH (it, tmp, &io->guests_all)
		guest_free(io, container_of(it, struct guest, all));
	map_free(&io->guests);
}

static struct guest *find(const struct relay_io *io,
			  const struct relay_flow *flow)
{
	struct map_node *n =
		io->guests.count
			? map_find(&io->guests, slice_of(flow, RELAY_FLOW_KEY))
			: NULL;
	return n ? container_of(n, struct guest, node) : NULL;
}

/* ---- where the client is ---- */

static int carry_up(struct relay_io *io, const struct guest *g,
		    const struct relay_packet *p)
{
	const struct relay_carried c = { .flow = &g->flow,
					 .up = true,
					 .over = p ? RELAY_GOES_ON : RELAY_GONE,
					 .ttl = p ? p->ttl : 0,
					 .tos = p ? p->tos : 0,
					 .bytes = p ? slice_of(p->ptr, p->len)
						    : SLICE_NONE };
	metric_add(M_TURN_CARRIED, 1);
	return io->carry ? io->carry(io->carry_arg, g->owner, &c) : -EPIPE;
}

int guest_hand_over(void *arg, uint32_t slot, const struct relay_flow *flow,
		    const struct relay_packet *p)
{
	struct relay_io *io = arg;
	if (find(io, flow) || io->guests.count >= GUESTS_MAX)
		return -EBUSY;
	struct guest *g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	g->flow = *flow;
	g->owner = slot;
	int err = map_insert(&io->guests, &g->node,
			     slice_of(&g->flow, RELAY_FLOW_KEY));
	if (err) {
		free(g);
		return err;
	}
	list_push_back(&io->guests_all, &g->all);
	err = carry_up(io, g, p);
	if (err)
		guest_free(io, g);
	return err;
}

void guest_packet(struct relay_io *io, const struct relay_flow *flow,
		  const struct relay_packet *p)
{
	const struct guest *g = find(io, flow);
	if (!g)
		relay_client_packet(io->engine, flow, p);
	else if (carry_up(io, g, p))
		metric_add(M_TURN_UNSENT, 1);
}

bool guest_busy(const struct relay_io *io, const struct relay_flow *flow)
{
	return find(io, flow) || relay_flow_busy(io->engine, flow);
}

void guest_gone(struct relay_io *io, const struct relay_flow *flow)
{
	struct guest *g = find(io, flow);
	if (!g) {
		relay_flow_gone(io->engine, flow);
		return;
	}
	(void)carry_up(io, g, NULL);
	guest_free(io, g);
}

/* The flow outlives the guest; hanging up calls back. */
static void dismiss(struct relay_io *io, struct guest *g, bool ends)
{
	struct relay_flow flow = g->flow;
	guest_free(io, g);
	if (ends && flow.conn)
		io_hang_up(io, &flow);
}

static void brought_back(struct relay_io *io, uint32_t from,
			 const struct relay_carried *c)
{
	struct guest *g = find(io, c->flow);
	if (!g || g->owner != from)
		return;
	const struct relay_out out = { .bytes = c->bytes,
				       .borrowed = true,
				       .ttl = c->ttl,
				       .tos = c->tos };
	if (!slice_empty(c->bytes))
		io_to_client(io, &g->flow, &out);
	if (c->over != RELAY_GOES_ON)
		dismiss(io, g, c->over == RELAY_GONE);
	/* the queue points into the message */
	batch_done(io);
}

/* ---- where the allocation is ---- */

static void carry_down(struct relay_io *io, const struct relay_flow *to,
		       const struct relay_out *out, enum relay_over over)
{
	const struct relay_carried c = {
		.flow = to,
		.over = over,
		.ttl = out ? out->ttl : 0,
		.tos = out ? out->tos : 0,
		.bytes = out ? out->bytes : SLICE_NONE,
	};
	uint32_t slot = to->socket & ~RELAY_AWAY;
	if (!io->carry || io->carry(io->carry_arg, slot, &c))
		metric_add(M_TURN_UNSENT, 1);
}

void guest_write(struct relay_io *io, const struct relay_flow *to,
		 const struct relay_out *out)
{
	carry_down(io, to, out, RELAY_GOES_ON);
}

void guest_hang_up(struct relay_io *io, const struct relay_flow *flow)
{
	carry_down(io, flow, NULL, RELAY_GONE);
}

/* Who has no allocation here any more is no guest there. */
static void brought_up(struct relay_io *io, uint32_t from,
		       const struct relay_carried *c)
{
	/* the engine does not write into what clients send */
	union {
		const uint8_t *in;
		uint8_t *out;
	} bytes = { c->bytes.ptr };
	const struct relay_packet p = { .ptr = bytes.out,
					.len = c->bytes.len,
					.ttl = c->ttl,
					.tos = c->tos };
	struct relay_flow flow = *c->flow;
	flow.socket = RELAY_AWAY | from;
	flow.conn = NULL;
	if (c->over == RELAY_GONE) {
		relay_flow_gone(io->engine, &flow);
		return;
	}
	relay_client_packet(io->engine, &flow, &p);
	if (!relay_flow_busy(io->engine, &flow))
		carry_down(io, &flow, NULL, RELAY_RELEASED);
	/* packets for peers point into the message */
	batch_done(io);
	udp_bury(io);
}

/* ---- between processes ---- */

void relay_io_on_carry(struct relay_io *io, relay_carry_fn fn, void *arg)
{
	io->carry = fn;
	io->carry_arg = arg;
}

void relay_io_carried(struct relay_io *io, uint32_t from,
		      const struct relay_carried *c)
{
	if (!io->engine)
		return;
	if (c->up)
		brought_up(io, from, c);
	else
		brought_back(io, from, c);
}

void relay_io_slot_gone(struct relay_io *io, uint32_t slot)
{
	LIST_EACH (it, tmp, &io->guests_all) {
		struct guest *g = container_of(it, struct guest, all);
		if (g->owner == slot)
			dismiss(io, g, true);
	}
	if (io->engine)
		relay_slot_gone(io->engine, slot);
}
