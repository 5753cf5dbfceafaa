/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NOTIFYs of ours on their way. One to a client who has nobody behind him is
 * given to the worker of his connection, as it is, and comes back as a number.
 * Any other one enters the forwarding core as a request that nobody waits for,
 * and leaves it by the worker of the watcher's connection, or by any when it
 * goes to a partner. How it ended is told once.
 */
#include <errno.h>

#include "base/log.h"
#include "home/presence.h"

enum { NOTIFY_MS = 31000 }; /* SIP-33, and before Timer F would end it */

/* The core wants a Via to put ours in the place of. */
static void put_whole(struct home *h, const struct presence_letter *l,
		      struct buf *out)
{
	buf_put(out, l->line);
	buf_str(out, "Via: SIP/2.0/TLS presence.invalid;branch=z9hG4bK");
	buf_dec(out, h->next_id++);
	buf_str(out, "\r\n");
	if (l->route.len) {
		buf_str(out, "Route: ");
		buf_put(out, l->route);
		buf_str(out, "\r\n");
	}
	buf_put(out, l->rest);
}

static int forward(struct home *h, const struct presence_flow *via,
		   struct slice bytes, uint64_t id)
{
	const struct reject *reject = NULL;
	const struct proxy_hop hop = { .kind = HOP_NOTIFY,
				       .flow = id,
				       .peer = SLICE_LIT("presence") };
	struct notifying n = { .via = { via->slot, via->incarnation,
					via->flow } };
	h->notifying = &n;
	proxy_receive(h->proxy, &hop, bytes, &reject);
	h->notifying = NULL;
	return n.begun && !n.ended ? 0 : -EPIPE;
}

static int hand_over(struct home *h, const struct presence_flow *via,
		     const struct presence_letter *l, uint64_t id)
{
	struct ipc_notice m = {
		.flow = via->flow, .id = id, .line = l->line, .rest = l->rest
	};
	return h->ops.to_edge(h->arg, via->slot, IPC_NOTICE, &m);
}

int presence_notify_send(void *arg, const struct presence_flow *via,
			 const struct presence_letter *l, uint64_t id)
{
	struct home *h = arg;
	const struct flow_key flow = { via->slot, via->incarnation, via->flow };
	struct buf whole;
	if (l->direct && home_edge_is(h, &flow))
		return hand_over(h, via, l, id);
	buf_init(&whole, 0);
	put_whole(h, l, &whole);
	int err = buf_failed(&whole) ? -ENOMEM
				     : forward(h, via, buf_slice(&whole), id);
	buf_free(&whole);
	return err;
}

/* The watcher's own worker; a partner is reached by any. */
static struct flow_key way_of(const struct home *h)
{
	struct flow_key via = h->notifying->via;
	if (via.flow || home_edge_is(h, &via))
		return via;
	return home_any_edge(h);
}

void presence_notify_request(struct home *h, struct proxy_request *r)
{
	struct flow_key way = way_of(h);
	struct sip_edits edits;
	const struct proxy_target target = {
		.hop = { .kind = HOP_EDGE,
			 .slot = way.slot,
			 .incarnation = way.incarnation,
			 .flow = way.flow,
			 .peer = SLICE_LIT("edge") },
		.edits = &edits,
		.hide_vias = true,
		.timeout_ms = NOTIFY_MS,
	};
	sip_edits_init(&edits);
	h->notifying->begun = true;
	proxy_forward(r, &target, 1);
}

/* What ends while it is being sent is told by the return value. */
void presence_notify_done(struct home *h, const struct proxy_record *record)
{
	if (h->notifying)
		h->notifying->ended = true;
	else
		presence_sent(h->presence, record->from->flow, record->status);
}
