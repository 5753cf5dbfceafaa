/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on its way to the servers inside, and what they tell by their
 * answer. Users are theirs: they challenge, and a 2xx to REGISTER says who a
 * connection is signed in as. The Service-Route that they give stays here with
 * the connection; the client is told to come by us (RFC 3608).
 */
#include "edge/facts.h"
#include "edge/hide.h"
#include "edge/inside.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	/* Longer than anything inside should take, shorter than the sender's
	 * Timer F: it is told (RFC 4320 forbids it later). */
	ANSWER_MS = 28000,
	/* An INVITE is answered with 100 at once (RFC 3261 16.2). */
	TRYING_MS = 8000,
	SERVICE_ROUTE_MAX = 2048,
};

/* What differs between next hops with and without TLS; on the stack, of whose
 * rows only those in use are ever written. */
struct variant {
	struct sip_edits edits;
	bool made;
};

static void edit_common(struct walk *w)
{
	bool client = w->flow->kind == FLOW_CLIENT;
	strip_internal(w->m, &w->edits, client, false);
	if (sip_header(w->m, SIP_H_PATH))
		sip_edit_drop(&w->edits, SIP_H_PATH);
	if (client && w->flow->aor)
		walk_assert_identity(w, slice_str(w->flow->aor));
	if (w->facts.source == ACCESS_FROM_FEDERATION)
		hide_reveal(w->e, proxy_request_arena(w->r), w->m, &w->edits);
	facts_mark(w, &w->mark);
	/* Where the inside sends a request is not for outsiders to say; within
	 * a dialog it was the inside that said it. */
	if (w->facts.route != ACCESS_ROUTE_INSIDE && w->foreign_route)
		sip_edit_drop(&w->edits, SIP_H_ROUTE);
	if (client && w->facts.route == ACCESS_ROUTE_NONE &&
	    !w->facts.registers && w->flow->service_route)
		walk_put_on_top(w, SIP_H_ROUTE,
				slice_str(w->flow->service_route));
}

/* Path, or Record-Route for both sides (RFC 5658). */
static void edit_variant(struct walk *w, const struct inside_hop *h,
			 struct variant *v)
{
	size_t common = w->edits.count;
	if (w->flow->kind == FLOW_CLIENT && w->facts.registers)
		walk_put_on_top(w, SIP_H_PATH, route_path(w, h->plain));
	if (route_records(w)) {
		walk_put_on_top(w, SIP_H_RECORD_ROUTE, route_back(w));
		walk_put_on_top(
			w, SIP_H_RECORD_ROUTE,
			route_to_inside(w, slice_str(h->host), h->plain));
	}
	sip_edits_copy(&v->edits, &w->edits);
	v->made = true;
	w->edits.count = common;
}

static void to_hop(struct walk *w, const struct inside_hop *h, bool last,
		   struct proxy_target *t)
{
	bool invite = w->m->method == SIP_INVITE;
	*t = (struct proxy_target){
		.hop = { .kind = HOP_INSIDE,
			 .slot = w->e->slot,
			 .incarnation = w->e->incarnation,
			 .flow = h->id,
			 .peer = slice_str(h->peer) },
		.hide_vias = true,
		.transport = h->plain ? SLICE_LIT("TCP") : SLICE_NONE,
		.timeout_ms = invite && !last ? TRYING_MS : ANSWER_MS,
	};
}

static bool chain(struct walk *w, struct inside_hop *const *hop, size_t n,
		  struct variant variant[static 2], struct proxy_target *t)
{
	variant[false].made = false;
	variant[true].made = false;
	for (size_t i = 0; i < n; i++) {
		struct variant *v = &variant[hop[i]->plain];
		if (!v->made)
			edit_variant(w, hop[i], v);
		to_hop(w, hop[i], i + 1 == n, &t[i]);
		t[i].edits = &v->edits;
		t[i].next = i + 1 < n ? &t[i + 1] : NULL;
		if (v->edits.failed)
			return false;
	}
	return true;
}

void inside_forward(struct walk *w)
{
	struct inside_hop *hop[INSIDE_HOPS_MAX];
	struct proxy_target t[INSIDE_HOPS_MAX];
	struct variant variant[2];
	size_t n = inside_choose(w->e, slice_str(w->route_inside), hop);
	if (!n) {
		proxy_refuse(w->r, edge_reject(EDGE_INSIDE_DOWN));
		return;
	}
	edit_common(w);
	if (!chain(w, hop, n, variant, t)) {
		proxy_refuse(w->r, edge_reject(EDGE_QUEUE_FULL));
		return;
	}
	proxy_request_set_user(w->r, w->e); /* inside will answer it */
	proxy_forward(w->r, t, 1);
}

/* The values of the answer as one list; empty: none, or too much. */
static void put_routes(const struct sip_msg *m, struct buf *out)
{
	const struct sip_header *h;
	size_t at = 0;
	while ((h = sip_header_next(m, SIP_H_SERVICE_ROUTE, &at))) {
		struct slice rest = h->value, value;
		struct sip_addr a;
		while (sip_list_next(&rest, &value) == 1) {
			/* folded ones are not worth the trouble */
			if (sip_addr_parse(value, &a) ||
			    slice_chr(value, '\n') >= 0)
				continue;
			buf_str(out, out->len ? ", " : "");
			buf_put(out, value);
		}
	}
}

static void keep_service_route(struct flow *f, const struct sip_msg *m)
{
	struct buf b;
	free(f->service_route);
	f->service_route = NULL;
	buf_init(&b, SERVICE_ROUTE_MAX);
	put_routes(m, &b);
	if (!buf_failed(&b) && b.len)
		f->service_route = slice_strdup(buf_slice(&b));
	else if (buf_failed(&b))
		LOG_LIMITED(LOG_WARN, "inside.service_route",
			    slice_str(f->peer), KV_STR("client", f->peer),
			    KV_STR("why", "longer than is kept"));
	buf_free(&b);
}

/* From and To are equal when a user registers itself (RFC 3261 10.2); a third
 * party's registration says nothing about who is at the connection. */
void inside_registered(struct flow *f, const struct sip_msg *request,
		       const struct sip_msg *response)
{
	char from[SIP_AOR_MAX], to[SIP_AOR_MAX];
	if (sip_aor(&request->from.uri, from) ||
	    sip_aor(&request->to.uri, to) || strcmp(from, to) != 0)
		return;
	flow_sign_in(f, slice_str(to));
	keep_service_route(f, response);
}
