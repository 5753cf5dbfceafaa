/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages from the other processes, as a table: type, who may send it, what
 * it does. A message from the wrong role is dropped and logged.
 */
#include "edge/contexts.h"
#include "edge/homed.h"
#include "edge/inside.h"
#include "edge/inside_mras.h"
#include "edge/limits.h"
#include "edge/minting.h"
#include "edge/notice.h"
#include "edge/partner_int.h"
#include "edge/trace.h"
#include "edge/trial.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"

static void on_flow_write(struct edge *e, const struct proc_id *from,
			  const struct ipc_msg *m)
{
	const struct ipc_flow_write *w = &m->u.flow_write;
	struct flow *f = flow_find(e, w->flow);
	int err = f ? flow_write_request(f, from->slot, w->txn, w->branch,
					 w->bytes)
		    : -EPIPE;
	if (err)
		deliver_failure(e, from->slot, w->txn, w->branch,
				err == -ENOBUFS ? EDGE_QUEUE_FULL
						: EDGE_FLOW_GONE);
}

static void on_flow_answer(struct edge *e, const struct proc_id *from,
			   const struct ipc_msg *m)
{
	struct ipc_flow_answer a = m->u.flow_answer;
	struct flow *f = a.flow ? flow_find(e, a.flow) : NULL;
	(void)from;
	if (!f || !slice_eq(slice_str(f->peer), a.peer))
		f = flow_of_peer(e, a.peer);
	a.flow = 0; /* ids are ours alone */
	if (f) {
		flow_write_answer(f, a.bytes);
		return;
	}
	uint32_t workers = e->current ? e->current->conf->workers : 1;
	for (uint32_t slot = e->slot; a.tries;) {
		a.tries--;
		slot = (slot + 1) % workers;
		if (!e->ops->send(e->arg, PROC_EDGE, slot, IPC_FLOW_ANSWER, &a))
			return;
	}
	metric_add(M_FLOW_LOST, 1);
}

bool orphan_pass_on(struct edge *e, const struct ipc_orphan *o, uint8_t tries)
{
	struct ipc_orphan next = *o;
	uint32_t workers = e->current->conf->workers;
	for (uint32_t slot = e->slot; tries;) {
		next.tries = --tries;
		slot = (slot + 1) % workers;
		if (!e->ops->send(e->arg, PROC_EDGE, slot, IPC_ORPHAN, &next))
			return true;
	}
	return false;
}

/* Whose transaction? Ours, or the next one is asked, or nobody's. */
static void on_orphan(struct edge *e, const struct proc_id *from,
		      const struct ipc_msg *m)
{
	const struct ipc_orphan *o = &m->u.orphan;
	struct proxy_hop hop = { .kind = HOP_FLOW,
				 .slot = o->slot,
				 .incarnation = o->incarnation,
				 .flow = o->flow,
				 .peer = o->peer };
	(void)from;
	if (!e->current || proxy_adopt(e->proxy, &hop, o->bytes))
		return;
	if (!orphan_pass_on(e, o, o->tries))
		proxy_orphan_refuse(e->proxy, &hop, o->bytes);
}

static void on_flow_lost(struct edge *e, const struct proc_id *from,
			 const struct ipc_msg *m)
{
	const struct ipc_flow_lost *l = &m->u.flow_lost;
	(void)from;
	if (e->proxy)
		proxy_failed(e->proxy, l->txn, l->branch,
			     edge_reject(l->refusal));
}

static void on_partner_write(struct edge *e, const struct proc_id *from,
			     const struct ipc_msg *m)
{
	const struct ipc_partner_write *w = &m->u.partner_write;
	const struct partner_request r = { .slot = from->slot,
					   .attempt = w->attempt,
					   .txn = w->txn,
					   .branch = w->branch,
					   .bytes = w->bytes };
	enum edge_refusal why = EDGE_PARTNER_DOWN;
	int err = -EPIPE;
	if (e->current && partner_known(e, w->partner))
		err = partner_write(e, w->partner, &r);
	if (err == -ENOBUFS)
		why = EDGE_QUEUE_FULL;
	if (err)
		deliver_failure(e, from->slot, w->txn, w->branch, why);
}

static void on_partner_alias(struct edge *e, const struct proc_id *from,
			     const struct ipc_msg *m)
{
	alias_told(e, from->slot, &m->u.partner_alias);
}

/* The owner of a partner uses a connection that came to us; the transaction is
 * of a third worker, perhaps. */
static void on_alias_write(struct edge *e, const struct proc_id *from,
			   const struct ipc_msg *m)
{
	const struct ipc_alias_write *w = &m->u.alias_write;
	struct flow *f = flow_find(e, w->flow);
	int err = -EPIPE;
	(void)from;
	if (f && f->kind == FLOW_FEDERATION && f->proven)
		err = flow_write_request(f, w->slot, w->txn, w->branch,
					 w->bytes);
	if (err)
		deliver_failure(e, w->slot, w->txn, w->branch,
				err == -ENOBUFS ? EDGE_QUEUE_FULL
						: EDGE_PARTNER_DOWN);
}

static void on_response(struct edge *e, const struct proc_id *from,
			const struct ipc_msg *m)
{
	const struct ipc_response *r = &m->u.response;
	struct proxy_hop hop = { .kind = HOP_FLOW,
				 .slot = from->slot,
				 .incarnation = from->incarnation,
				 .peer = r->peer };
	if (e->proxy)
		proxy_response(e->proxy, r->txn, r->branch, &hop, r->bytes);
}

static struct proxy_hop home_hop(const struct proc_id *from)
{
	return (struct proxy_hop){ .kind = HOP_HOME,
				   .incarnation = from->incarnation,
				   .peer = SLICE_LIT("home"),
				   .shared = true,
				   .own = true };
}

static void on_sip_from_home(struct edge *e, const struct proc_id *from,
			     const struct ipc_msg *m)
{
	const struct reject *reject = NULL;
	struct proxy_hop hop = home_hop(from);
	if (e->current && e->has_keys)
		proxy_receive(e->proxy, &hop, m->u.sip_from_home.bytes,
			      &reject);
}

static void on_answer_from_home(struct edge *e, const struct proc_id *from,
				const struct ipc_msg *m)
{
	struct slice bytes = m->u.answer_from_home.bytes;
	struct proxy_hop hop = home_hop(from);
	struct branch_ref ref;
	struct arena *a = arena_create(SIP_VIEW_BYTES, 1 << 20);
	struct sip_msg msg;
	bool ours =
		a && e->proxy &&
		!sip_parse(a, bytes, proxy_response_limits(e->proxy), &msg) &&
		!msg.request &&
		!token_branch_read(&e->seals, e->sealer, msg.via.branch,
				   &ref) &&
		ref.slot == e->slot && ref.incarnation == e->incarnation;
	if (ours)
		proxy_response_msg(e->proxy, ref.txn, ref.branch, &hop, &msg);
	else
		metric_add(M_SIP_STRAY, 1);
	arena_free(a);
}

static void on_flow_auth(struct edge *e, const struct proc_id *from,
			 const struct ipc_msg *m)
{
	const struct ipc_flow_auth *auth = &m->u.flow_auth;
	struct flow *f = flow_find(e, auth->flow);
	(void)from;
	if (f && f->kind == FLOW_CLIENT)
		flow_sign_in(f, auth->aor);
}

/* Its user may not sign in any more. */
static void on_flow_end(struct edge *e, const struct proc_id *from,
			const struct ipc_msg *m)
{
	struct flow *f = flow_find(e, m->u.flow_end.flow);
	(void)from;
	if (f && f->kind == FLOW_CLIENT)
		flow_end(f, true);
}

static void on_keys(struct edge *e, const struct proc_id *from,
		    const struct ipc_msg *m)
{
	struct cur c = cur_init(m->u.keys.ring);
	(void)from;
	while (cur_left(&c)) {
		uint8_t id = cur_u8(&c);
		struct slice key = cur_bytes(&c, SEAL_KEY_BYTES);
		int err = cur_failed(&c) ? -EBADMSG
					 : sealer_add(e->sealer, id, key.ptr);
		if (err && err != -EEXIST) {
			LOG(LOG_ERROR, "keys.refused",
			    KV_STR("why", strerror(-err)));
			return;
		}
		e->has_keys = true;
	}
	branch_seals_forget(&e->seals);
	edge_open_listeners(e);
}

/* The same in all workers, so that a device may come back to any of them. */
static void on_tickets(struct edge *e, const struct proc_id *from,
		       const struct ipc_msg *m)
{
	int err = contexts_tickets(e, m->u.tickets.ring);
	(void)from;
	if (err)
		LOG(LOG_ERROR, "keys.refused", KV_STR("why", strerror(-err)));
}

static void on_targets(struct edge *e, const struct proc_id *from,
		       const struct ipc_msg *m)
{
	(void)from;
	if (trials_targets(e, &m->u.targets))
		return;
	if (!e->current || !inside_targets(e, &m->u.targets))
		names_answer(e, &m->u.targets);
}

static void on_store_result(struct edge *e, const struct proc_id *from,
			    const struct ipc_msg *m)
{
	inside_mras_on_result(e, &m->u.store_result);
	limits_on_result(e, from, m);
}

static const struct {
	enum ipc_type type;
	enum proc_role from;
	void (*fn)(struct edge *e, const struct proc_id *from,
		   const struct ipc_msg *m);
} exchange[] = {
	{ IPC_FLOW_WRITE, PROC_EDGE, on_flow_write },
	{ IPC_FLOW_ANSWER, PROC_EDGE, on_flow_answer },
	{ IPC_FLOW_LOST, PROC_EDGE, on_flow_lost },
	{ IPC_PARTNER_WRITE, PROC_EDGE, on_partner_write },
	{ IPC_PARTNER_ALIAS, PROC_EDGE, on_partner_alias },
	{ IPC_ALIAS_WRITE, PROC_EDGE, on_alias_write },
	{ IPC_RESPONSE, PROC_EDGE, on_response },
	{ IPC_ORPHAN, PROC_EDGE, on_orphan },
	{ IPC_SIP_FROM_HOME, PROC_HOME, on_sip_from_home },
	{ IPC_ANSWER_FROM_HOME, PROC_HOME, on_answer_from_home },
	{ IPC_NOTICE, PROC_HOME, notice_on_ask },
	{ IPC_FLOW_AUTH, PROC_HOME, on_flow_auth },
	{ IPC_FLOW_END, PROC_HOME, on_flow_end },
	{ IPC_WEB_ANSWER, PROC_HOME, minting_on_answer },
	{ IPC_HOMED, PROC_HOME, homed_on_answer },
	{ IPC_KEYS, PROC_STORE, on_keys },
	{ IPC_TICKETS, PROC_STORE, on_tickets },
	{ IPC_TARGETS, PROC_RESOLVER, on_targets },
	{ IPC_LIMIT_GET, PROC_EDGE, limits_on_get },
	{ IPC_LIMIT, PROC_EDGE, limits_on_answer },
	{ IPC_PARTNER_SEEN, PROC_EDGE, limits_on_seen },
	{ IPC_RULING, PROC_STORE, limits_on_ruling },
	{ IPC_TALLY, PROC_STORE, limits_on_tally },
	{ IPC_CREDENTIAL, PROC_STORE, inside_mras_on_credential },
	{ IPC_STORE_RESULT, PROC_STORE, on_store_result },
	{ IPC_BAN, PROC_STORE, bans_on_ban },
	{ IPC_TRIAL, PROC_ADMIN, trials_on_ask },
	{ IPC_TRACE, PROC_ADMIN, traces_on_ask },
	{ IPC_TRACE_END, PROC_ADMIN, traces_on_end },
};

void edge_message(struct edge *e, const struct proc_id *from,
		  const struct ipc_msg *m)
{
	for (size_t i = 0; i < sizeof(exchange) / sizeof(exchange[0]); i++) {
		if (exchange[i].type == m->type &&
		    exchange[i].from == from->role) {
			exchange[i].fn(e, from, m);
			return;
		}
	}
	LOG(LOG_WARN, "ipc.unexpected", KV_STR("type", ipc_type_name(m->type)),
	    KV_STR("from", proc_role_name(from->role)));
}

static struct peer_process *place_of(struct edge *e, const struct proc_id *p)
{
	if (p->role == PROC_EDGE && p->slot < EDGE_WORKERS_MAX)
		return &e->worker[p->slot];
	if (p->role == PROC_HOME)
		return &e->home;
	if (p->role == PROC_STORE)
		return &e->store;
	return p->role == PROC_RESOLVER ? &e->resolver : NULL;
}

void edge_peer_up(struct edge *e, const struct proc_id *peer)
{
	struct peer_process *place = place_of(e, peer);
	if (place)
		place->incarnation = peer->incarnation;
	if (peer->role == PROC_RESOLVER)
		inside_resolver_up(e);
}

void edge_peer_gone(struct edge *e, const struct proc_id *peer)
{
	struct peer_process *place = place_of(e, peer);
	traces_admin_gone(e, peer);
	if (!place || place->incarnation != peer->incarnation)
		return;
	place->incarnation = 0;
	if (peer->role == PROC_RESOLVER) {
		names_resolver_gone(e);
		inside_resolver_gone(e);
	}
	if (peer->role == PROC_EDGE)
		partners_worker_gone(e, peer->slot);
	limits_peer_gone(e, peer);
	if (peer->role == PROC_STORE && e->proxy)
		inside_mras_store_gone(e);
	if (peer->role == PROC_HOME) {
		minting_home_gone(e);
		homed_home_gone(e);
	}
	if (!e->proxy)
		return;
	struct proxy_hop home = { .kind = HOP_HOME,
				  .incarnation = peer->incarnation };
	struct proxy_hop flows = { .kind = HOP_FLOW,
				   .slot = peer->slot,
				   .incarnation = peer->incarnation };
	struct proxy_hop partners = flows;
	partners.kind = HOP_PARTNER;
	if (peer->role == PROC_HOME) {
		proxy_hop_gone(e->proxy, &home, edge_reject(EDGE_INSIDE_DOWN));
	} else if (peer->role == PROC_EDGE) {
		proxy_hop_gone(e->proxy, &flows, edge_reject(EDGE_FLOW_GONE));
		proxy_hop_gone(e->proxy, &partners,
			       edge_reject(EDGE_PARTNER_DOWN));
	}
}
