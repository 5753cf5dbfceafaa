/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to a hop, wherever it is: our own connection, another worker's, a
 * partner's owner, or home. And back: each response goes to the worker that
 * owns its transaction, read from our sealed Via branch (architecture 3).
 */
#include "edge/edge_int.h"
#include "edge/inside.h"
#include "edge/notice.h"
#include "edge/partner_int.h"

#include <errno.h>

#include "sip/edit.h"

static int to_worker(struct edge *e, uint32_t slot, enum ipc_type type,
		     const void *body)
{
	return e->ops->send(e->arg, PROC_EDGE, slot, type, body);
}

static int request_to_flow(struct edge *e, const struct proxy_hop *to,
			   struct slice bytes, uint64_t txn, uint16_t branch)
{
	struct ipc_flow_write w = {
		.flow = to->flow, .txn = txn, .branch = branch, .bytes = bytes
	};
	if (to->slot != e->slot) {
		metric_add(M_FLOW_WRITES, 1);
		return to_worker(e, to->slot, IPC_FLOW_WRITE, &w);
	}
	struct flow *f = flow_find(e, to->flow);
	return f ? flow_write_request(f, e->slot, txn, branch, bytes) : -EPIPE;
}

/* Others than clients may have several connections, here and elsewhere. */
static bool proves_a_name(struct slice peer)
{
	return slice_starts(peer, SLICE_LIT("peer:")) ||
	       slice_starts(peer, SLICE_LIT("inside:"));
}

/* From worker to worker, once around, beginning with the one after us. */
static int answer_elsewhere(struct edge *e, const struct proxy_hop *to,
			    struct slice bytes)
{
	uint32_t workers = e->current->conf->workers;
	for (uint32_t i = 1; i < workers; i++) {
		uint32_t slot = (e->slot + i) % workers;
		struct ipc_flow_answer a = { .tries =
						     (uint8_t)(workers - 1 - i),
					     .peer = to->peer,
					     .bytes = bytes };
		if (!to_worker(e, slot, IPC_FLOW_ANSWER, &a))
			return 0;
	}
	metric_add(M_FLOW_LOST, 1);
	return -EPIPE;
}

/* The connection that the request came by, else any live one of the same
 * proven peer, here or at the other workers, else it is dropped. */
static int answer_to_flow(struct edge *e, const struct proxy_hop *to,
			  struct slice bytes)
{
	bool here = to->slot == e->slot;
	struct flow *f = here ? flow_find(e, to->flow) : NULL;
	bool partner = proves_a_name(to->peer);
	struct ipc_flow_answer a = {
		.tries = 0, .flow = to->flow, .peer = to->peer, .bytes = bytes
	};
	if (!here && !to_worker(e, to->slot, IPC_FLOW_ANSWER, &a))
		return 0;
	if (!f && partner)
		f = flow_of_peer(e, to->peer);
	if (f)
		return flow_write_answer(f, bytes);
	/* a client is its connection */
	return partner ? answer_elsewhere(e, to, bytes) : -EPIPE;
}

static int request_to_partner(struct edge *e, const struct proxy_hop *to,
			      struct slice bytes, uint64_t txn, uint16_t branch)
{
	struct slice name = slice_from(to->peer, sizeof("peer:") - 1);
	struct ipc_partner_write w = { .partner = name,
				       .attempt = (uint8_t)to->flow,
				       .txn = txn,
				       .branch = branch,
				       .bytes = bytes };
	struct partner_request r = { .slot = e->slot,
				     .attempt = w.attempt,
				     .txn = txn,
				     .branch = branch,
				     .bytes = bytes };
	if (to->slot == e->slot)
		return partner_write(e, name, &r);
	metric_add(M_FLOW_WRITES, 1);
	return to_worker(e, to->slot, IPC_PARTNER_WRITE, &w);
}

static int request_to_home(struct edge *e, const struct proxy_hop *to,
			   struct slice bytes, uint64_t txn)
{
	struct flow *f = flow_find(e, to->flow);
	struct ipc_sip_to_home s = { .flow = to->flow,
				     .txn = txn,
				     .bytes = bytes };
	if (!f)
		return -EPIPE; /* whoever asked is gone */
	s.origin = f->kind == FLOW_CLIENT ? ORIGIN_CLIENT : ORIGIN_FEDERATION;
	s.source = slice_str(f->source);
	return e->ops->send(e->arg, PROC_HOME, 0, IPC_SIP_TO_HOME, &s);
}

static int answer_to_home(struct edge *e, struct slice bytes)
{
	struct ipc_answer_to_home a = { .bytes = bytes };
	return e->ops->send(e->arg, PROC_HOME, 0, IPC_ANSWER_TO_HOME, &a);
}

int deliver(void *arg, const struct proxy_hop *to, bool request,
	    struct slice bytes, uint64_t txn, uint16_t branch)
{
	struct edge *e = arg;
	if (to->kind == HOP_PARTNER)
		return request_to_partner(e, to, bytes, txn, branch);
	if (to->kind == HOP_INSIDE)
		return inside_write(e, to->flow, txn, branch, bytes);
	if (to->kind == HOP_HOME)
		return request ? request_to_home(e, to, bytes, txn)
			       : answer_to_home(e, bytes);
	return request ? request_to_flow(e, to, bytes, txn, branch)
		       : answer_to_flow(e, to, bytes);
}

int deliver_branch(void *arg, uint64_t txn, uint16_t branch, struct buf *out)
{
	struct edge *e = arg;
	struct branch_ref ref = { .slot = (uint16_t)e->slot,
				  .incarnation = e->incarnation,
				  .txn = txn,
				  .branch = branch };
	return token_branch_write(&e->seals, e->sealer, &ref, out);
}

void deliver_failure(struct edge *e, uint32_t slot, uint64_t txn,
		     uint16_t branch, enum edge_refusal why)
{
	struct ipc_flow_lost lost = { .txn = txn,
				      .branch = branch,
				      .refusal = (uint16_t)why };
	metric_add(M_FLOW_LOST, 1);
	if (slot == e->slot)
		proxy_failed(e->proxy, txn, branch, edge_reject(why));
	else
		to_worker(e, slot, IPC_FLOW_LOST, &lost);
}

/* Is it waited for no more? True: it is of a notice, and done with. */
static bool note_answer(struct flow *f, const struct branch_ref *ref,
			const struct sip_msg *m)
{
	struct pending *p =
		pending_get(&f->pending, ref->slot, ref->txn, ref->branch);
	uint64_t now = timers_now(f->edge->timers);
	uint64_t notice = p ? p->notice : 0;
	if (notice && m->status >= 200)
		notice_answered(f, p, m);
	if (p && m->status >= 200)
		pending_done(&f->pending, p);
	else if (p && m->status > 100)
		pending_heard(&f->pending, p, now);
	return notice != 0;
}

void deliver_response(struct flow *f, const struct sip_msg *m)
{
	struct edge *e = f->edge;
	struct branch_ref ref;
	struct proxy_hop from = flow_hop(f);
	if (inside_heard(f, m))
		return;
	if (token_branch_read(&e->seals, e->sealer, m->via.branch, &ref)) {
		metric_add(M_SIP_STRAY, 1);
		LOG_LIMITED(LOG_INFO, "sip.stray_response",
			    slice_str(f->source), KV_STR("source", f->source),
			    KV_STR("peer", f->peer), KV_U64("code", m->status),
			    KV_STR("why", "via_not_ours"));
		return;
	}
	if (f->link && partner_answered(f, &ref, m))
		return;
	if (note_answer(f, &ref, m))
		return;
	if (ref.slot == e->slot && ref.incarnation == e->incarnation) {
		proxy_response_msg(e->proxy, ref.txn, ref.branch, &from, m);
		return;
	}
	struct ipc_response r = { .txn = ref.txn,
				  .branch = ref.branch,
				  .peer = slice_str(f->peer),
				  .bytes = m->whole };
	bool there = ref.slot < EDGE_WORKERS_MAX &&
		     e->worker[ref.slot].incarnation == ref.incarnation;
	if (there && !to_worker(e, ref.slot, IPC_RESPONSE, &r))
		metric_add(M_RESPONSE_HANDOFF, 1);
	else
		metric_add(M_SIP_STRAY, 1);
}

bool deliver_orphan(void *arg, const struct proxy_hop *from,
		    const struct sip_msg *m)
{
	struct edge *e = arg;
	uint32_t workers = e->current->conf->workers;
	struct ipc_orphan o = { .slot = from->slot,
				.incarnation = from->incarnation,
				.flow = from->flow,
				.peer = from->peer,
				.bytes = m->whole };
	/* what a client sends comes by its own connection, so it is here */
	return workers > 1 && proves_a_name(from->peer) &&
	       orphan_pass_on(e, &o, (uint8_t)(workers - 1));
}
