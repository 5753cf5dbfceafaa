/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes through this edge. A request that begins a dialog gets a
 * Record-Route on each pass, which names the side it came from and the side it
 * goes to: a flow of a client, or a partner (RFC 5658: one value a listener).
 * Requests in the dialog bring the values back as Route, the sender's side
 * first:
 *
 *     alice's BYE     Route: <alice's flow>, <fabrikam>, <fabrikam's own ...>
 *     bob's BYE       Route: ..., <fabrikam>, <alice's flow>
 *
 * The first names who sends, and is skipped when it does; the second names
 * where to. Tokens are sealed, so nobody makes one up; who may use it is
 * judged like everything else.
 */
#include <inttypes.h>
#include <stdio.h>

#include "edge/walk.h"

static const struct reject *lead_to_flow(struct walk *w, struct slice token)
{
	struct edge *e = w->e;
	struct flow_ref ref;
	if (token_flow_read(e->sealer, token, &ref) ||
	    ref.slot >= EDGE_WORKERS_MAX ||
	    e->worker[ref.slot].incarnation != ref.incarnation)
		return edge_reject(EDGE_FLOW_GONE);
	if (ref.slot == e->slot && !flow_find(e, ref.flow))
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
	w->facts.route = ACCESS_ROUTE_FLOW;
	return NULL;
}

static const struct reject *lead_to_partner(struct walk *w, struct slice token)
{
	char name[EDGE_PEER_MAX];
	if (token_partner_read(w->e->sealer, token, w->route_edge))
		return edge_reject(EDGE_ROUTE_STALE);
	snprintf(name, sizeof(name), "peer:%s", w->route_edge);
	if (w->flow && slice_eq(slice_str(w->flow->peer), slice_str(name)))
		return NULL; /* names the sender itself */
	w->facts.route = ACCESS_ROUTE_PARTNER;
	w->facts.route_edge = slice_str(w->route_edge);
	return NULL;
}

static const struct reject *lead(struct walk *w, struct slice token)
{
	return token_is_partner(token) ? lead_to_partner(w, token)
				       : lead_to_flow(w, token);
}

/* Is this Route value one of ours? */
static bool is_ours(const struct walk *w, struct slice value,
		    struct sip_addr *a)
{
	char host[SIP_DOMAIN_MAX];
	return !sip_addr_parse(value, a) && !sip_domain(a->uri.host, host) &&
	       strcmp(host, w->e->name) == 0;
}

const struct reject *route_take(struct walk *w)
{
	size_t header = 0, index = 0;
	const struct sip_header *h;
	while ((h = sip_header_next(w->m, SIP_H_ROUTE, &header))) {
		struct slice list = h->value, value;
		struct sip_addr a;
		while (sip_list_next(&list, &value) > 0) {
			if (w->facts.route != ACCESS_ROUTE_NONE ||
			    !is_ours(w, value, &a))
				return NULL;
			sip_edit_drop_value(&w->edits, SIP_H_ROUTE, index++);
			w->routed = true;
			const struct reject *reject =
				slice_empty(a.uri.user) ? NULL
							: lead(w, a.uri.user);
			if (reject)
				return reject;
		}
	}
	return NULL;
}

static struct slice finish(struct walk *w, struct buf *b, int err)
{
	/* ob: this edge keeps flows (RFC 5626 5.1) */
	buf_printf(b, "@%s;transport=tls;lr%s>", w->e->name,
		   w->facts.registers ? ";ob" : "");
	struct slice s =
		err || buf_failed(b)
			? SLICE_NONE
			: arena_copy(proxy_request_arena(w->r), buf_slice(b));
	buf_free(b);
	return s;
}

struct slice route_to_flow(struct walk *w, const struct flow_ref *ref)
{
	struct buf b;
	buf_init(&b, 0);
	buf_str(&b, "<sip:");
	return finish(w, &b, token_flow_write(w->e->sealer, ref, &b));
}

struct slice route_to_partner(struct walk *w, struct slice edge)
{
	struct buf b;
	buf_init(&b, 0);
	buf_str(&b, "<sip:");
	return finish(w, &b, token_partner_write(w->e->sealer, edge, &b));
}

struct slice route_back(struct walk *w)
{
	struct flow *f = w->flow;
	struct slice peer = slice_str(f->peer);
	struct flow_ref ref = { .slot = (uint16_t)w->e->slot,
				.incarnation = w->e->incarnation,
				.flow = f->id };
	if (f->kind == FLOW_CLIENT)
		return route_to_flow(w, &ref);
	return route_to_partner(w, slice_from(peer, sizeof("peer:") - 1));
}

bool route_records(const struct walk *w)
{
	enum sip_method m = w->m->method;
	return slice_empty(w->m->to_tag) &&
	       (m == SIP_INVITE || m == SIP_SUBSCRIBE || m == SIP_REFER);
}
