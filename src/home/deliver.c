/* SPDX-License-Identifier: Apache-2.0 */
/* Forwarding: to all devices of a user at once, by the connections that they
 * registered with (RFC 3327 Path); or out of the house by the edge worker that
 * brought the request. */
#include "home/deliver.h"

#include <stdlib.h>

#include "base/metrics.h"
#include "home/mailbox.h"

/* Edits are large: they live on the heap while the proxy borrows them. Targets
 * in front are asked at once, one a device; spares are its other flows, asked
 * one after the other when the one before has failed (RFC 5626 5.3). */
struct delivery {
	struct proxy_target target[HOME_FORK_MAX];
	struct proxy_target spare[HOME_FORK_MAX];
	struct sip_edits edits[HOME_FORK_MAX];       /* of both: used */
	const struct binding *device[HOME_FORK_MAX]; /* of target */
	uint32_t flows[HOME_FORK_MAX];               /* spares of target */
	size_t head[HOME_FORK_MAX];                  /* whose the spare is */
	size_t count, spares, used;
};

static void forward(struct call *q, struct delivery *d)
{
	proxy_forward(q->r, d->target, d->count);
	free(d);
}

/* What every target gets: passwords' traces go no further, and the sender that
 * was proven is named. */
static void edit_common(struct call *q, struct sip_edits *e)
{
	sip_edits_init(e);
	sip_edit_drop(e, SIP_H_AUTHORIZATION);
	sip_edit_drop(e, SIP_H_PROXY_AUTHORIZATION);
	if (!q->auth_aor[0] || sip_header(q->msg, SIP_H_P_ASSERTED_IDENTITY))
		return;
	struct buf b;
	buf_init(&b, 0);
	buf_printf(&b, "<sip:%s>", q->auth_aor);
	struct slice value = call_copy(q, &b);
	if (value.len)
		sip_edit_bottom(e, SIP_H_P_ASSERTED_IDENTITY, value);
	else
		e->failed = true;
}

/* How long a device has. An INVITE may ring for as long as timer C lets it; a
 * new message is stored after a while. */
static uint32_t patience(const struct call *q)
{
	if (q->msg->method == SIP_INVITE)
		return 0;
	return q->to_user && q->msg->method == SIP_MESSAGE ? HOME_KEEP_MS
							   : HOME_DELIVER_MS;
}

static struct proxy_target target_of(struct call *q, struct delivery *d,
				     const struct binding *b)
{
	struct sip_edits *e = &d->edits[d->used++];
	edit_common(q, e);
	sip_edit_drop(e, SIP_H_ROUTE); /* the way is the registered one */
	if (b->rec.path.len)
		sip_edit_top(e, SIP_H_ROUTE, b->rec.path);
	return (struct proxy_target){
		.hop = { .kind = HOP_EDGE,
			 .slot = b->rec.flow.slot,
			 .incarnation = b->rec.flow.incarnation,
			 .flow = b->rec.flow.flow,
			 .peer = SLICE_LIT("edge") },
		.uri = b->rec.contact,
		.edits = e,
		.hide_vias = true,
		.timeout_ms = patience(q),
	};
}

/* The target of the same device; count: there is none. */
static size_t head_of(const struct delivery *d, const struct binding *b)
{
	size_t i = 0;
	while (i < d->count && !device_same(&d->device[i]->rec, &b->rec))
		i++;
	return i;
}

static bool reachable(const struct call *q, const struct binding *b)
{
	const struct home *h = q->home;
	return b->rec.expires_s > h->ops.wall_s(h->arg) &&
	       home_edge_is(h, &b->rec.flow) && device_is(&q->device, &b->rec);
}

/* The newest flow of each device; the most recent ones, if there are more than
 * a request may branch into. */
static void add_heads(struct call *q, struct delivery *d,
		      const struct location_user *u)
{
	for (struct list *it = u->bindings.prev;
	     it != &u->bindings && d->used < HOME_FORK_MAX; it = it->prev) {
		const struct binding *b =
			container_of(it, struct binding, of_user);
		if (!reachable(q, b) || head_of(d, b) < d->count)
			continue;
		d->device[d->count] = b;
		d->target[d->count++] = target_of(q, d, b);
	}
}

/* Oldest first, each in front of the one before: the newest is next. */
static void add_spares(struct call *q, struct delivery *d,
		       const struct location_user *u)
{
	for (struct list *it = u->bindings.next;
	     it != &u->bindings && d->used < HOME_FORK_MAX; it = it->next) {
		const struct binding *b =
			container_of(it, struct binding, of_user);
		size_t head = head_of(d, b);
		if (head == d->count || d->device[head] == b ||
		    !reachable(q, b))
			continue;
		struct proxy_target *spare = &d->spare[d->spares];
		d->head[d->spares++] = head;
		*spare = target_of(q, d, b);
		spare->next = d->target[head].next;
		d->target[head].next = spare;
		d->flows[head]++;
	}
}

/* No more time for all flows of a device than for one. Of an INVITE only the
 * wait for the first answer is cut. */
static void share_patience(const struct call *q, struct delivery *d)
{
	uint32_t all = patience(q) ? patience(q) : HOME_DELIVER_MS;
	for (size_t i = 0; i < d->spares; i++) {
		uint32_t share_ms = all / (1 + d->flows[d->head[i]]);
		d->spare[i].timeout_ms = share_ms;
		d->target[d->head[i]].timeout_ms = share_ms;
	}
}

static void add_devices(struct call *q, struct delivery *d)
{
	const struct location_user *u =
		location_find(&q->home->location, slice_str(q->to_aor));
	if (!u)
		return;
	add_heads(q, d, u);
	add_spares(q, d, u);
	share_patience(q, d);
}

void deliver_start(struct call *q)
{
	if (q->home->load != LOAD_DONE) {
		call_refuse(q, &home_rej_store_down);
		return;
	}
	struct delivery *d = calloc(1, sizeof(*d));
	if (!d) {
		call_refuse(q, &home_rej_overload);
		return;
	}
	if (!once_admit(q)) {
		free(d);
		return;
	}
	q->to_user = true;
	/* what waits already goes first */
	if (mailbox_waits(q->home, slice_str(q->to_aor)) && keep_begin(q)) {
		free(d);
		return;
	}
	add_devices(q, d);
	if (d->count) {
		forward(q, d);
		return;
	}
	free(d);
	if (!keep_begin(q))
		call_refuse(q, &home_rej_offline);
}

bool deliver_stored(struct call *q)
{
	struct delivery *d = calloc(1, sizeof(*d));
	if (d)
		add_devices(q, d);
	if (d && d->count) {
		forward(q, d);
		return true;
	}
	free(d);
	return false;
}

bool deliver_possible(const struct home *h, struct slice aor)
{
	struct location_user *u = location_find(&h->location, aor);
	if (!u)
		return false;
	LIST_EACH (it, tmp, &u->bindings) {
		const struct binding *b =
			container_of(it, struct binding, of_user);
		if (home_edge_is(h, &b->rec.flow))
			return true;
	}
	return false;
}

static bool was_tried(const struct call *q, const struct flow_key *flow)
{
	for (size_t i = 0; i < q->fork_count; i++)
		if (memcmp(&q->fork[i].flow, flow, sizeof(*flow)) == 0)
			return true;
	return false;
}

bool deliver_untried(const struct call *q)
{
	const struct home *h = q->home;
	struct location_user *u =
		location_find(&h->location, slice_str(q->to_aor));
	if (!u)
		return false;
	LIST_EACH (it, tmp, &u->bindings) {
		const struct binding *b =
			container_of(it, struct binding, of_user);
		if (home_edge_is(h, &b->rec.flow) &&
		    !was_tried(q, &b->rec.flow))
			return true;
	}
	return false;
}

void deliver_ack(struct call *q)
{
	struct delivery *d = calloc(1, sizeof(*d));
	if (d)
		add_devices(q, d);
	if (d && d->count) {
		forward(q, d);
		return;
	}
	free(d);
	proxy_drop(q->r);
}

void deliver_away(struct call *q)
{
	const struct proxy_hop *from = proxy_request_from(q->r);
	struct flow_key edge = { from->slot, from->incarnation, 0 };
	struct delivery *d = calloc(1, sizeof(*d));
	if (from->kind == HOP_SELF)
		edge = home_any_edge(q->home);
	if (!d) {
		call_refuse(q, &home_rej_overload);
		return;
	}
	edit_common(q, &d->edits[0]);
	d->count = 1;
	d->target[0] = (struct proxy_target){
		.hop = { .kind = HOP_EDGE,
			 .slot = edge.slot,
			 .incarnation = edge.incarnation,
			 .peer = SLICE_LIT("edge") },
		.edits = &d->edits[0],
		.hide_vias = true,
		.timeout_ms = q->msg->method == SIP_INVITE ? 0 : HOME_AWAY_MS,
	};
	forward(q, d);
}
