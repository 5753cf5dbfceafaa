/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes through this edge. A request that begins a dialog gets a
 * Record-Route on each pass, which names the side it came from and the side it
 * goes to: a flow of a client, a partner, or a server inside (RFC 5658: one
 * value a listener; the built-in home needs none).
 * Requests in the dialog bring the values back as Route, the sender's side
 * first:
 *
 *     alice's BYE     Route: <alice's flow>, <fabrikam>, <fabrikam's own ...>
 *     bob's BYE       Route: ..., <fabrikam>, <alice's flow>
 *
 * The first names who sends, and is skipped when it does; the second names
 * where to. Tokens are sealed, so nobody makes one up; who may use it is
 * judged like everything else.
 *
 * With a server inside, that is one of ours more on each pass, and the server's
 * own values between them when it stays in the dialog:
 *
 *     alice's BYE     Route: <alice's flow>, <inside>, <the server's own>,
 *                            <inside>, <fabrikam>
 *
 * What stands directly behind <inside> tells: another's value, and the request
 * goes to that server; one of ours, and no server wants to see it.
 *
 * The value of a client's flow has the port of the client's listener: without
 * one a device looks for the default, 5061, where only partners are let in
 * (RFC 3263 4.2). The token carries it, so that the worker which sends to a
 * flow of another's knows it.
 */
#include <inttypes.h>
#include <stdio.h>

#include "edge/inside.h"
#include "edge/walk.h"

/* One of our own: still there, and not about to go in this turn? */
static bool is_open(struct edge *e, uint64_t id)
{
	const struct flow *f = flow_find(e, id);
	return f && conn_ready(f->conn);
}

static const struct reject *lead_to_flow(struct walk *w,
					 const struct sip_uri *uri)
{
	struct edge *e = w->e;
	struct flow_ref ref;
	if (token_flow_read(e->sealer, uri->user, &ref) ||
	    ref.slot >= EDGE_WORKERS_MAX ||
	    e->worker[ref.slot].incarnation != ref.incarnation)
		return edge_reject(EDGE_FLOW_GONE);
	if (ref.slot == e->slot && !is_open(e, ref.flow))
		return edge_reject(EDGE_FLOW_GONE);
	if (w->flow && ref.slot == e->slot && ref.flow == w->flow->id)
		return NULL; /* names the sender itself */
	snprintf(w->hop_peer, sizeof(w->hop_peer),
		 "client:%u.%" PRIx32 ".%" PRIu64, (unsigned)ref.slot,
		 ref.incarnation, ref.flow);
	w->hop = (struct proxy_hop){ .kind = HOP_FLOW,
				     .slot = ref.slot,
				     .incarnation = ref.incarnation,
				     .flow = ref.flow,
				     .peer = slice_str(w->hop_peer) };
	w->hop_port = ref.port;
	w->hop_ws = ref.ws;
	w->facts.route = ACCESS_ROUTE_FLOW;
	return NULL;
}

/* Is that the partner who sends? By what its connection proves; or, for one
 * found by SRV, by what it says, which is judged after this. */
static bool names_sender(const struct walk *w, struct slice key)
{
	const struct slice srv = SLICE_LIT("srv:");
	const struct slice peer = SLICE_LIT("peer:");
	if (!w->flow || w->flow->kind == FLOW_CLIENT)
		return false;
	return slice_eq(slice_from(slice_str(w->flow->peer), peer.len), key) ||
	       (slice_starts(key, srv) &&
		slice_eq(slice_from(key, srv.len), w->facts.from_domain));
}

static const struct reject *lead_to_partner(struct walk *w, struct slice token)
{
	if (token_partner_read(w->e->sealer, token, w->route_edge))
		return edge_reject(EDGE_ROUTE_STALE);
	if (names_sender(w, slice_str(w->route_edge)))
		return NULL;
	w->facts.route = ACCESS_ROUTE_PARTNER;
	w->facts.route_edge = slice_str(w->route_edge);
	return NULL;
}

static const struct reject *lead_to_inside(struct walk *w, struct slice token)
{
	if (token_inside_read(w->e->sealer, token, w->route_inside))
		return edge_reject(EDGE_ROUTE_STALE);
	if (w->facts.source == ACCESS_FROM_INSIDE)
		return NULL; /* names the sender's side */
	w->facts.route = ACCESS_ROUTE_INSIDE;
	return NULL;
}

static const struct reject *lead(struct walk *w, const struct sip_uri *uri)
{
	if (token_is_partner(uri->user))
		return lead_to_partner(w, uri->user);
	return token_is_inside(uri->user) ? lead_to_inside(w, uri->user)
					  : lead_to_flow(w, uri);
}

/* Is this Route value one of ours? */
static bool is_ours(const struct walk *w, struct slice value,
		    struct sip_addr *a)
{
	char host[SIP_DOMAIN_MAX];
	return !sip_addr_parse(value, a) && !sip_domain(a->uri.host, host) &&
	       walk_names_us(w, slice_str(host));
}

/* Is it decided where to? <inside> alone decides nothing yet. */
static bool decided(const struct walk *w)
{
	return w->facts.route == ACCESS_ROUTE_FLOW ||
	       w->facts.route == ACCESS_ROUTE_PARTNER;
}

/* The values of one Route header, as long as they are ours. */
static const struct reject *take_values(struct walk *w, struct slice list,
					size_t *index)
{
	const struct reject *reject = NULL;
	struct slice value;
	struct sip_addr a;
	while (!reject && !w->foreign_route &&
	       sip_list_next(&list, &value) > 0) {
		if (decided(w) || !is_ours(w, value, &a)) {
			w->foreign_route = true;
			continue;
		}
		sip_edit_drop_value(&w->edits, SIP_H_ROUTE, (*index)++);
		w->routed = true;
		if (!slice_empty(a.uri.user))
			reject = lead(w, &a.uri);
	}
	return reject;
}

const struct reject *route_take(struct walk *w)
{
	size_t header = 0, index = 0;
	const struct sip_header *h;
	const struct reject *reject = NULL;
	while (!reject && !w->foreign_route &&
	       (h = sip_header_next(w->m, SIP_H_ROUTE, &header)))
		reject = take_values(w, h->value, &index);
	return reject;
}

/* One of our listeners, as the side that it is for knows it. */
struct side {
	struct slice name;
	uint16_t port;         /* 0: the default */
	const char *transport; /* "ws" is over TLS too (RFC 7118 5.2.3) */
};

static struct slice finish(struct walk *w, struct buf *b, int err,
			   const struct side *side)
{
	buf_printf(b, "@%.*s", SLICE_FMT(side->name));
	if (side->port)
		buf_printf(b, ":%u", (unsigned)side->port);
	/* ob: this edge keeps flows (RFC 5626 5.1) */
	buf_printf(b, ";transport=%s;lr%s>", side->transport,
		   w->facts.registers ? ";ob" : "");
	struct slice s =
		err || buf_failed(b)
			? SLICE_NONE
			: arena_copy(proxy_request_arena(w->r), buf_slice(b));
	buf_free(b);
	return s;
}

static struct side inside_side(const struct walk *w, bool plain)
{
	const struct inside_conf *c = &w->e->current->conf->inside;
	return (struct side){ c->name, c->port, plain ? "tcp" : "tls" };
}

static struct slice flow_value(struct walk *w, const struct flow_ref *ref,
			       const struct side *side)
{
	struct buf b;
	buf_init(&b, 0);
	buf_str(&b, "<sip:");
	return finish(w, &b, token_flow_write(w->e->sealer, ref, &b), side);
}

struct slice route_to_flow(struct walk *w, const struct flow_ref *ref)
{
	struct side side = { slice_str(w->e->name), ref->port,
			     ref->ws ? "ws" : "tls" };
	return flow_value(w, ref, &side);
}

struct slice route_to_partner(struct walk *w, struct slice edge)
{
	struct buf b;
	buf_init(&b, 0);
	buf_str(&b, "<sip:");
	struct side side = { slice_str(w->e->name), 0, "tls" };
	return finish(w, &b, token_partner_write(w->e->sealer, edge, &b),
		      &side);
}

struct slice route_to_inside(struct walk *w, struct slice server, bool plain)
{
	struct buf b;
	struct side side = inside_side(w, plain);
	buf_init(&b, 0);
	buf_str(&b, "<sip:");
	return finish(w, &b, token_inside_write(w->e->sealer, server, &b),
		      &side);
}

static struct flow_ref own_ref(const struct walk *w)
{
	return (struct flow_ref){ .slot = (uint16_t)w->e->slot,
				  .incarnation = w->e->incarnation,
				  .flow = w->flow->id,
				  .port = w->flow->port,
				  .ws = w->flow->ws != NULL };
}

struct slice route_path(struct walk *w, bool plain)
{
	struct flow_ref ref = own_ref(w);
	struct side side = inside_side(w, plain);
	return flow_value(w, &ref, &side);
}

struct slice route_back(struct walk *w)
{
	struct flow *f = w->flow;
	struct slice peer = slice_str(f->peer);
	struct flow_ref ref = own_ref(w);
	if (f->kind == FLOW_CLIENT)
		return route_to_flow(w, &ref);
	if (flow_is_inside(f))
		return route_to_inside(
			w, slice_from(peer, sizeof("inside:") - 1), f->plain);
	if (w->sender) {
		char key[ACCESS_KEY_MAX];
		access_partner_key(w->sender, key);
		return route_to_partner(w, slice_str(key));
	}
	return route_to_partner(w, slice_from(peer, sizeof("peer:") - 1));
}

/* A NOTIFY may be what makes the dialog, and the subscriber takes its route
 * from it (RFC 6665 4.3). */
bool route_records(const struct walk *w)
{
	enum sip_method m = w->m->method;
	return m == SIP_NOTIFY ||
	       (slice_empty(w->m->to_tag) &&
		(m == SIP_INVITE || m == SIP_SUBSCRIBE || m == SIP_REFER));
}
