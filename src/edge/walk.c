/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk of a request: gather the facts, ask access, write the edit list,
 * forward. Nothing is decided here; access/order.c decides.
 */
#include <stddef.h>
#include <stdio.h>

#include "access/reject.h"
#include "edge/decorate.h"
#include "edge/facts.h"
#include "edge/hide.h"
#include "edge/homed.h"
#include "edge/inside.h"
#include "edge/inside_mras.h"
#include "edge/limits.h"
#include "edge/measure.h"
#include "edge/parties.h"
#include "edge/partner.h"
#include "edge/proof.h"
#include "edge/trace.h"
#include "edge/walk.h"
#include "presence/mras.h"
#include "sip/reject.h"

/* Longer than home waits for others, shorter than the sender's Timer F: the
 * sender is told (RFC 4320 forbids it later). */
enum { INSIDE_TIMEOUT_MS = 28000, PARTNER_ATTEMPTS = 3 };

bool walk_names_us(const struct walk *w, struct slice host)
{
	const struct inside_conf *c = &w->e->current->conf->inside;
	return slice_eq(host, slice_str(w->e->name)) ||
	       (c->external && slice_eq(host, c->name));
}

static enum access_source source_of(const struct walk *w)
{
	if (!w->flow || flow_is_inside(w->flow))
		return ACCESS_FROM_INSIDE;
	return w->flow->kind == FLOW_CLIENT ? ACCESS_FROM_CLIENT
					    : ACCESS_FROM_FEDERATION;
}

static void gather(struct walk *w)
{
	struct access_facts *f = &w->facts;
	const struct sip_msg *m = w->m;
	f->source = source_of(w);
	f->method = m->method_text;
	f->registers = m->method == SIP_REGISTER;
	f->crosses = access_crosses(m->method_text);
	f->in_dialog = !slice_empty(m->to_tag);
	f->now_s = loop_wall_ms() / 1000;
	facts_of_message(f, m);
	parties_sender(w);
	if (!sip_domain(m->to.uri.host, w->callee_domain))
		f->callee_domain = slice_str(w->callee_domain);
	parties_addressee(w);
	decorate_sender(w);
	if (!w->flow)
		return;
	const struct net_peer *peer = conn_peer(w->flow->conn);
	f->peer_name = (const char(*)[NET_NAME_MAX])peer->name;
	f->peer_name_count = peer->name_count;
	f->flow_aor = slice_str(w->flow->aor);
	if (f->source == ACCESS_FROM_FEDERATION) {
		proof_evidence(w->flow, &w->evidence);
		f->evidence = &w->evidence;
	}
}

static struct slice arena_printf(struct arena *a, struct buf *b)
{
	struct slice s =
		buf_failed(b) ? SLICE_NONE : arena_copy(a, buf_slice(b));
	buf_free(b);
	return s;
}

void walk_put_on_top(struct walk *w, enum sip_header_id id, struct slice value)
{
	if (value.len)
		sip_edit_top(&w->edits, id, value);
	else
		w->edits.failed = true;
}

void walk_assert_identity(struct walk *w, struct slice aor)
{
	struct buf b;
	buf_init(&b, 0);
	buf_printf(&b, "<sip:%.*s>", SLICE_FMT(aor));
	struct slice id = arena_printf(proxy_request_arena(w->r), &b);
	if (id.len)
		sip_edit_bottom(&w->edits, SIP_H_P_ASSERTED_IDENTITY, id);
	else
		w->edits.failed = true;
}

static void forward(struct walk *w, const struct proxy_target *t)
{
	if (w->edits.failed)
		proxy_refuse(w->r, edge_reject(EDGE_QUEUE_FULL));
	else
		proxy_forward(w->r, t, 1);
}

static void forward_home(struct walk *w)
{
	struct edge *e = w->e;
	struct proxy_target t = { .edits = &w->edits,
				  .hide_vias = true,
				  .timeout_ms = INSIDE_TIMEOUT_MS };
	bool client = w->flow->kind == FLOW_CLIENT;
	t.own = client; /* a partner would hold back live traffic too */
	if (!e->home.incarnation) {
		proxy_refuse(w->r, edge_reject(EDGE_INSIDE_DOWN));
		return;
	}
	strip_internal(w->m, &w->edits, client, false);
	if (sip_header(w->m, SIP_H_PATH))
		sip_edit_drop(&w->edits, SIP_H_PATH);
	if (client && w->facts.registers)
		walk_put_on_top(w, SIP_H_PATH, route_back(w));
	if (route_records(w))
		walk_put_on_top(w, SIP_H_RECORD_ROUTE, route_back(w));
	if (client && w->flow->aor)
		walk_assert_identity(w, slice_str(w->flow->aor));
	facts_mark(w, &w->mark);
	t.hop = (struct proxy_hop){ .kind = HOP_HOME,
				    .incarnation = e->home.incarnation,
				    .flow = w->flow->id,
				    .peer = SLICE_LIT("home") };
	proxy_request_set_user(w->r, e); /* inside will answer it */
	forward(w, &t);
}

/* Record-Route for the side it goes to, and for the server inside that it came
 * from (RFC 5658), or the partner; home needs none. */
static void record_route(struct walk *w, struct slice to)
{
	bool passes = w->facts.source == ACCESS_FROM_FEDERATION &&
		      w->facts.route != ACCESS_ROUTE_FLOW;
	if (passes || (w->flow && flow_is_inside(w->flow)))
		walk_put_on_top(w, SIP_H_RECORD_ROUTE, route_back(w));
	walk_put_on_top(w, SIP_H_RECORD_ROUTE, to);
}

static void forward_flow(struct walk *w)
{
	struct proxy_target t = { .hop = w->hop,
				  .edits = &w->edits,
				  .hide_vias = true };
	struct flow_ref ref = { .slot = (uint16_t)w->hop.slot,
				.incarnation = w->hop.incarnation,
				.flow = w->hop.flow,
				.port = w->hop_port,
				.ws = w->hop_ws };
	if (w->hop_ws)
		t.transport = SLICE_LIT("WSS"); /* RFC 7118 5.2.1 */
	t.timeout_ms = w->e->current->conf->request_timeout_ms;
	strip_internal(w->m, &w->edits, false, false);
	parties_show(w);
	if (route_records(w))
		record_route(w, route_to_flow(w, &ref));
	forward(w, &t);
}

/* Does the sender ask us not to say who it is (RFC 3325 9.3)? */
static bool wants_privacy(const struct sip_msg *m)
{
	const struct sip_header *h = sip_header_named(m, "Privacy");
	struct slice rest = h ? h->value : SLICE_NONE;
	while (rest.len) {
		ptrdiff_t end = slice_chr(rest, ';');
		size_t len = end < 0 ? rest.len : (size_t)end;
		if (slice_ieq(slice_trim(slice_head(rest, len)),
			      SLICE_LIT("id")))
			return true;
		rest = slice_from(rest, len + (end >= 0));
	}
	return false;
}

/* Who it is that we let out; neither ACK nor CANCEL says it (RFC 3325 9.1). */
static void assert_sender(struct walk *w)
{
	if (w->m->method != SIP_ACK && w->m->method != SIP_CANCEL &&
	    access_is_ours(w->e->current->access, w->facts.from_domain) &&
	    w->facts.from_aor.len && !wants_privacy(w->m))
		walk_assert_identity(w, w->facts.from_aor);
}

/* One that is found by SRV has several servers, perhaps: the owner of its
 * connections tries another one when the first fails (RFC 3263 4.3). */
static void forward_partner(struct walk *w, const struct access_partner *p)
{
	struct edge *e = w->e;
	char key[ACCESS_KEY_MAX], peer[EDGE_PEER_MAX];
	struct proxy_target t[PARTNER_ATTEMPTS];
	size_t attempts = slice_empty(p->edge) ? PARTNER_ATTEMPTS : 1;
	access_partner_key(p, key);
	uint32_t owner = partner_owner(e, slice_str(key));
	snprintf(peer, sizeof(peer), "peer:%s", key);
	for (size_t i = 0; i < attempts; i++)
		t[i] = (struct proxy_target){
			.hop = { .kind = HOP_PARTNER,
				 .slot = owner,
				 .incarnation = e->worker[owner].incarnation,
				 .flow = i,
				 .peer = slice_str(peer) },
			.edits = &w->edits,
			.hide_vias = true,
			.alias = true,
			.timeout_ms = e->current->conf->request_timeout_ms,
			.next = i + 1 < attempts ? &t[i + 1] : NULL,
		};
	strip_internal(w->m, &w->edits, false, false);
	hide_inside(e, proxy_request_arena(w->r), w->m, &w->edits);
	assert_sender(w);
	if (p->provider)
		decorate_addressee(w);
	if (route_records(w))
		record_route(w, route_to_partner(w, slice_str(key)));
	forward(w, t);
}

/* OPTIONS to the edge itself: are you there (RFC 3261 11.2)? */
static bool asks_us(const struct walk *w)
{
	return w->m->method == SIP_OPTIONS && slice_empty(w->m->uri.user) &&
	       walk_names_us(w, w->facts.to_domain);
}

/* Option tags of Require that we, where a request ends, do not know: each is
 * added to extra, if there is one. How many there are. */
static size_t unsupported(const struct sip_msg *m, struct sip_edits *extra)
{
	const struct sip_header *h;
	size_t at = 0, count = 0;
	while ((h = sip_header_next(m, SIP_H_REQUIRE, &at))) {
		struct slice rest = h->value, tag;
		while (sip_list_next(&rest, &tag) == 1) {
			if (slice_ieq(tag, SLICE_LIT("path")) ||
			    slice_ieq(tag, SLICE_LIT("outbound")))
				continue;
			count++;
			if (extra)
				sip_edit_bottom(extra, SIP_H_UNSUPPORTED, tag);
		}
	}
	return count;
}

static void answer_options(struct walk *w)
{
	struct sip_edits extra;
	struct sip_reply reply = { .status = 200, .extra = &extra };
	if (unsupported(w->m, NULL)) { /* RFC 3261 8.2.2.3 */
		proxy_refuse(w->r, &sip_reject_extension);
		return;
	}
	sip_edits_init(&extra);
	sip_edit_bottom(&extra, SIP_H_ACCEPT, SLICE_LIT("*/*"));
	sip_edit_bottom(&extra, SIP_H_SUPPORTED, SLICE_LIT("path, outbound"));
	proxy_reply(w->r, &reply);
}

/* What a server inside wants of us ourselves, not of others. */
static bool serve_inside(struct walk *w)
{
	if (!inside_mras_is(w))
		return false;
	if (unsupported(w->m, NULL))
		proxy_refuse(w->r, &sip_reject_extension);
	else
		inside_mras_start(w);
	return true;
}

static void refuse(struct walk *w, const struct reject *reject)
{
	struct flow *f = w->flow;
	proxy_refuse(w->r, reject);
	if (reject->closes && f && !f->ending)
		flow_end(f, true);
}

/* While we drain: what was begun goes on, from inside or in a dialog. */
static bool begins_outside(const struct walk *w)
{
	return w->flow && !flow_is_inside(w->flow) && slice_empty(w->m->to_tag);
}

/* What depends on who stands outside, which the route tells. The domain may be
 * one that no entry names. */
static void gather_outside(struct walk *w)
{
	struct access_facts *f = &w->facts;
	struct slice domain = f->to_domain;
	if (f->source == ACCESS_FROM_FEDERATION &&
	    !access_is_ours(w->e->current->access, f->from_domain))
		domain = f->from_domain;
	else if (f->route == ACCESS_ROUTE_PARTNER)
		domain = access_key_domain(f->route_edge);
	f->rulings = w->e->rulings;
	if (access_unlisted(w->e->current->access, f->rulings, domain,
			    &w->unlisted))
		f->unlisted = &w->unlisted;
	facts_of_media(f, w->e->current->access, w->m);
}

/* Of a user who is asked for outside of a dialog. */
static struct slice address_asked_for(const struct walk *w)
{
	bool ours = w->facts.route == ACCESS_ROUTE_NONE &&
		    access_is_ours(w->e->current->access, w->facts.to_domain);
	return ours ? w->facts.to_aor : SLICE_NONE;
}

/* The verdict, with what has to be found out for it. NEED_SRV: it is judged
 * again when that is known, or there is no room for it to wait. */
static struct access_verdict judge_names(struct walk *w, bool *waits)
{
	const struct access *a = w->e->current->access;
	struct access_verdict v = access_judge(a, &w->facts);
	*waits = false;
	if (v.kind != ACCESS_NEED_SRV)
		return v;
	enum names_result found = names_judge(w->e, w->facts.from_domain, w->r,
					      &w->facts.from_srv);
	*waits = found == NAMES_ASKED;
	if (found == NAMES_READY || found == NAMES_FAILED)
		v = access_judge(a, &w->facts);
	return v;
}

/* NEED_TLSA: likewise. */
static struct access_verdict judge_proof(struct walk *w, bool *waits)
{
	struct access_verdict v = judge_names(w, waits);
	if (*waits || v.kind != ACCESS_NEED_TLSA)
		return v;
	*waits = !proof_look(w->flow, access_proven_name(&w->facts, v.partner),
			     w->r, &w->evidence);
	return *waits ? v : judge_names(w, waits);
}

/* NEED_HOMED: home is asked. */
static struct access_verdict judge_homed(struct walk *w, bool *waits)
{
	struct access_verdict v = judge_proof(w, waits);
	if (*waits || v.kind != ACCESS_NEED_HOMED)
		return v;
	w->facts.homed = homed_ask(w->e, w->r, w->facts.from_aor);
	*waits = w->facts.homed == ACCESS_HOMED_UNKNOWN;
	return *waits ? v : judge_proof(w, waits);
}

/* NEED_LIMIT: the owner of the partner is asked. */
static struct access_verdict judge(struct walk *w, bool *waits)
{
	struct access_verdict v = judge_homed(w, waits);
	if (*waits || v.kind != ACCESS_NEED_LIMIT)
		return v;
	w->facts.limit =
		limits_ask(w->e, w->r, v.partner->domain, address_asked_for(w));
	*waits = w->facts.limit == ACCESS_LIMIT_UNKNOWN;
	return *waits ? v : access_judge(w->e->current->access, &w->facts);
}

/* A partner was let in: its connection is what it seemed to be. */
static void let_in(struct walk *w, const struct access_partner *sender)
{
	char key[ACCESS_KEY_MAX];
	struct slice peer =
		slice_from(slice_str(w->flow->peer), sizeof("peer:") - 1);
	w->sender = sender;
	if (!w->flow->proven) {
		access_partner_key(sender, key);
		if (slice_eq(peer, slice_str(key)))
			w->flow->proven = true;
		else if (slice_empty(sender->edge))
			flow_prove(w->flow, key);
	}
	alias_offer(w->flow, sender, w->m);
}

static void walk(struct edge *e, struct proxy_request *r,
		 enum access_limit limit, enum access_homed homed)
{
	struct walk w;
	memset(&w, 0, offsetof(struct walk, edits));
	w.e = e;
	w.r = r;
	w.facts.limit = limit;
	w.facts.homed = homed;
	w.m = proxy_request_msg(r);
	w.from = proxy_request_from(r);
	sip_edits_init(&w.edits);
	if (w.from->kind == HOP_FLOW &&
	    !(w.flow = flow_find(w.e, w.from->flow))) {
		proxy_drop(r);
		return;
	}
	gather(&w);
	const struct reject *reject = route_take(&w);
	gather_outside(&w);
	if (!reject && w.e->draining && begins_outside(&w))
		reject = edge_reject(EDGE_DRAINING);
	if (reject) {
		refuse(&w, reject);
		return;
	}
	/* An ACK in a dialog has a route; the one to a failed INVITE that is
	 * not ours has none. */
	if (w.m->method == SIP_ACK && !w.routed) {
		if (!proxy_orphan(r))
			proxy_drop(r);
		return;
	}
	if (asks_us(&w)) {
		answer_options(&w);
		return;
	}
	if (serve_inside(&w))
		return;
	bool waits = false;
	struct access_verdict v = judge(&w, &waits);
	if (waits)
		return;
	if (v.reject == &ACCESS_REJ_PROOF)
		proof_say(w.flow,
			  access_lack(&v.partner->proof, &w.evidence, true));
	else if (v.partner && w.facts.source == ACCESS_FROM_FEDERATION)
		let_in(&w, v.partner);
	w.mark = v.mark;
	trace_let_through(e, w.m, w.from, &v);
	switch (v.kind) {
	case ACCESS_TO_INSIDE:
		if (w.e->current->conf->inside.external) {
			parties_show(&w);
			inside_forward(&w);
		} else
			forward_home(&w);
		break;
	case ACCESS_TO_FLOW:
		forward_flow(&w);
		break;
	case ACCESS_TO_PARTNER:
		if (v.onwards)
			parties_show(&w);
		forward_partner(&w, v.onwards ? v.onwards : v.partner);
		break;
	case ACCESS_REFUSE:
	case ACCESS_NEED_SRV:
	case ACCESS_NEED_LIMIT:
	case ACCESS_NEED_TLSA:
	case ACCESS_NEED_HOMED:
		refuse(&w, v.reject ? v.reject : edge_reject(EDGE_QUEUE_FULL));
		break;
	}
}

void walk_on_request(void *arg, struct proxy_request *r)
{
	walk(arg, r, ACCESS_LIMIT_UNKNOWN, ACCESS_HOMED_UNKNOWN);
}

void walk_judge_again(struct edge *e, struct proxy_request *r,
		      enum access_limit limit)
{
	walk(e, r, limit, ACCESS_HOMED_UNKNOWN);
}

void walk_judge_homed(struct edge *e, struct proxy_request *r,
		      enum access_homed homed)
{
	walk(e, r, ACCESS_LIMIT_UNKNOWN, homed);
}

/* Later requests of the client come by us, whatever the inside's own way is
 * (RFC 3608). */
static void put_service_route(struct flow *f, struct proxy_request *r,
			      struct sip_edits *edits)
{
	struct buf b;
	buf_init(&b, 0);
	buf_printf(&b, "<sip:%s:%u;transport=%s;lr>", f->edge->name,
		   (unsigned)f->port, f->ws ? "ws" : "tls");
	struct slice value = arena_printf(proxy_request_arena(r), &b);
	sip_edit_drop(edits, SIP_H_SERVICE_ROUTE);
	if (value.len)
		sip_edit_bottom(edits, SIP_H_SERVICE_ROUTE, value);
	else
		edits->failed = true;
}

static void registered(struct flow *f, struct proxy_request *r,
		       const struct sip_msg *response, struct sip_edits *edits)
{
	if (f->edge->current->conf->inside.external)
		inside_registered(f, proxy_request_msg(r), response);
	put_service_route(f, r, edits);
}

/* A client may read what inside says about its login and its request; what
 * another client or a partner says there, in a dialog, is made up (SIP-04). */
void walk_on_response(void *arg, struct proxy_request *r,
		      const struct sip_msg *response, struct sip_edits *edits)
{
	struct edge *e = arg;
	const struct proxy_hop *to = proxy_request_from(r);
	struct flow *f = to->kind == HOP_FLOW ? flow_find(e, to->flow) : NULL;
	bool keep = f && f->kind == FLOW_CLIENT && proxy_request_user(r);
	strip_internal(response, edits, keep, keep);
	decorate_answer(e, r, response, edits);
	if (slice_starts(to->peer, SLICE_LIT("peer:")))
		hide_inside(e, proxy_request_arena(r), response, edits);
	if (keep && proxy_request_msg(r)->method == SIP_REGISTER &&
	    response->status / 100 == 2)
		registered(f, r, response, edits);
}

/* Who took over the contacts of a provider that has ended. */
static void put_successor(struct buf *b, const struct edge *e,
			  const struct sip_uri *uri)
{
	char domain[SIP_DOMAIN_MAX];
	struct slice name = SLICE_NONE;
	if (!sip_domain(uri->host, domain))
		name = access_successor(e->current->access, slice_str(domain));
	if (name.len)
		buf_printf(b, ";successor=\"%.*s\"", SLICE_FMT(name));
}

void walk_on_refuse(void *arg, struct proxy_request *r,
		    const struct reject *reject, struct sip_edits *extra)
{
	struct edge *e = arg;
	const struct sip_msg *m = proxy_request_msg(r);
	const struct proxy_hop *from = proxy_request_from(r);
	struct flow *f =
		from->kind == HOP_FLOW ? flow_find(e, from->flow) : NULL;
	bool outsider = f && f->kind != FLOW_CLIENT;
	bool mismatch = reject->metric == M_REJ_FROM_MISMATCH ||
			reject->metric == M_REJ_CLIENT_FROM;
	struct slice source = f ? slice_str(f->source) : from->peer;
	LOG_LIMITED(LOG_INFO, mismatch ? "id.mismatch" : "sip.reject", source,
		    KV_U64("code", reject->status), KV_STR("why", reject->why),
		    KV_SLICE("source", source), KV_SLICE("peer", from->peer),
		    KV_SLICE("from", m->from.uri.text),
		    KV_SLICE("to", m->uri.text));
	trace_refused(e, m, from, reject);
	if (reject == &sip_reject_extension)
		unsupported(m, extra);
	mras_explain(reject, extra);
	if (reject == &ACCESS_REJ_LIMIT_RATE)
		sip_edit_bottom(extra, SIP_H_RETRY_AFTER, SLICE_LIT("1"));
	if (!reject->diagnostics || (outsider && reject->inside_only))
		return;
	struct buf b;
	buf_init(&b, 0);
	buf_printf(&b, "%u;reason=\"%s\";source=\"%s\"", reject->diagnostics,
		   reject->text, e->name);
	if (reject == &ACCESS_REJ_PROVIDER_ENDED)
		put_successor(&b, e, outsider ? &m->from.uri : &m->uri);
	struct slice value = arena_printf(proxy_request_arena(r), &b);
	if (value.len)
		sip_edit_bottom(extra,
				outsider ? SIP_H_MS_DIAGNOSTICS_PUBLIC
					 : SIP_H_MS_DIAGNOSTICS,
				value);
}

/* Whoever owns the partner that sent it is told, when it counts there. */
static void report(struct edge *e, const struct proxy_record *record)
{
	const struct slice prefix = SLICE_LIT("peer:");
	struct slice peer = record->from->peer;
	struct access_partner row;
	char domain[SIP_DOMAIN_MAX], key[ACCESS_KEY_MAX];
	if (!e->current || !slice_starts(peer, prefix) ||
	    sip_domain(record->request->from.uri.host, domain))
		return;
	if (access_unlisted(e->current->access, e->rulings, slice_str(domain),
			    &row)) {
		access_partner_key(&row, key);
		limits_report(e, slice_str(key), record->status,
			      record->reject);
	} else if (record->reject) {
		limits_report(e, slice_from(peer, prefix.len), record->status,
			      record->reject);
	}
}

void walk_on_done(void *arg, const struct proxy_record *record)
{
	struct edge *e = arg;
	const struct sip_msg *m = record->request;
	report(e, record);
	if (record->from->kind == HOP_FLOW) /* what home sends came before */
		measure_answer(m, record->status, record->duration_ms);
	LOG(LOG_INFO, "sip.message", KV_SLICE("method", m->method_text),
	    KV_SLICE("from", m->from.uri.text), KV_SLICE("to", m->uri.text),
	    KV_SLICE("call_id", m->call_id), KV_U64("slot", e->slot),
	    KV_SLICE("in", record->from->peer),
	    KV_SLICE("out", record->to ? record->to->peer : SLICE_NONE),
	    KV_I64("out_slot", record->to ? (int64_t)record->to->slot : -1),
	    KV_U64("code", record->status),
	    KV_STR("why", record->reject ? record->reject->why : ""),
	    KV_U64("bytes", m->whole.len), KV_U64("ms", record->duration_ms));
}
