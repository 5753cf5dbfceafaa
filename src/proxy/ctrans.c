/* SPDX-License-Identifier: Apache-2.0 */
/* Client transactions, one for each branch: RFC 3261 figures 5 and 6. */
#include <errno.h>

#include "proxy/parts.h"

static struct ctrans *of(struct txn *t)
{
	return container_of(t, struct ctrans, txn);
}

/* It waits for nothing any more; first thing of every last action. */
static void settled(struct ctrans *c)
{
	timer_stop(&c->timer);
	hop_unwait(c);
	if (c->answered)
		return;
	c->answered = true;
	c->request->pending--;
}

static void act_provisional(struct txn *t, const struct txn_in *in)
{
	struct ctrans *c = of(t);
	bool first = c->timer_event == EV_TIMER_B;
	if (!c->cancel_sent && (first || in->msg->status > 100))
		ctrans_start_c(c);
	if (c->cancel_wanted)
		cancel_send(c);
	response_provisional(c, in->msg);
}

static void act_accept(struct txn *t, const struct txn_in *in)
{
	settled(of(t));
	ctrans_start_m(of(t));
	response_success(of(t), in->msg);
}

static void act_success(struct txn *t, const struct txn_in *in)
{
	settled(of(t));
	response_success(of(t), in->msg);
}

static void act_again(struct txn *t, const struct txn_in *in)
{
	response_success(of(t), in->msg);
}

static void act_failure(struct txn *t, const struct txn_in *in)
{
	settled(of(t));
	response_failure(of(t), in->msg);
}

static void act_ack_failure(struct txn *t, const struct txn_in *in)
{
	settled(of(t));
	ack_send(of(t), in->msg);
	response_failure(of(t), in->msg);
}

static void act_fail(struct txn *t, const struct txn_in *in)
{
	settled(of(t));
	response_local(of(t)->request, of(t), in->reject);
}

/* Nothing was heard at all: somebody else may be asked. */
static void act_fail_unheard(struct txn *t, const struct txn_in *in)
{
	settled(of(t));
	if (!failover_next(of(t)))
		response_local(of(t)->request, of(t), in->reject);
}

static void act_timeout(struct txn *t, const struct txn_in *in)
{
	metric_add(M_SIP_TIMEOUTS, 1);
	act_fail(t, in);
}

/* A target that may use up all the time there is has no next. */
static void act_timeout_unheard(struct txn *t, const struct txn_in *in)
{
	metric_add(M_SIP_TIMEOUTS, 1);
	if (of(t)->timeout_ms)
		act_fail_unheard(t, in);
	else
		act_fail(t, in);
}

static void act_cancel(struct txn *t, const struct txn_in *in)
{
	(void)in;
	of(t)->timed_out = true;
	cancel_send(of(t));
}

/* Figure 5 with RFC 6026 7.2, timer C of 16.8 and the wait of 9.1. Completed
 * is gone: timer D is zero. */
static const struct txn_row invite_rows[] = {
	{ TXN_CALLING, EV_1XX, act_provisional, TXN_PROCEEDING },
	{ TXN_CALLING, EV_2XX, act_accept, TXN_ACCEPTED },
	{ TXN_CALLING, EV_300_699, act_ack_failure, TXN_TERMINATED },
	{ TXN_CALLING, EV_TIMER_B, act_timeout_unheard, TXN_TERMINATED },
	{ TXN_CALLING, EV_TRANSPORT, act_fail_unheard, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_1XX, act_provisional, TXN_PROCEEDING },
	{ TXN_PROCEEDING, EV_2XX, act_accept, TXN_ACCEPTED },
	{ TXN_PROCEEDING, EV_300_699, act_ack_failure, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_TIMER_C, act_cancel, TXN_PROCEEDING },
	{ TXN_PROCEEDING, EV_TIMER_CANCEL, act_timeout, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_TRANSPORT, act_fail, TXN_TERMINATED },
	{ TXN_ACCEPTED, EV_2XX, act_again, TXN_ACCEPTED },
	{ TXN_ACCEPTED, EV_TIMER_M, NULL, TXN_TERMINATED },
};

/* Figure 6. Completed is gone: timer K is zero. */
static const struct txn_row noninvite_rows[] = {
	{ TXN_TRYING, EV_1XX, NULL, TXN_PROCEEDING },
	{ TXN_TRYING, EV_2XX, act_success, TXN_TERMINATED },
	{ TXN_TRYING, EV_300_699, act_failure, TXN_TERMINATED },
	{ TXN_TRYING, EV_TIMER_F, act_timeout_unheard, TXN_TERMINATED },
	{ TXN_TRYING, EV_TRANSPORT, act_fail_unheard, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_1XX, NULL, TXN_PROCEEDING },
	{ TXN_PROCEEDING, EV_2XX, act_success, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_300_699, act_failure, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_TIMER_F, act_timeout, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_TRANSPORT, act_fail, TXN_TERMINATED },
};

#define TABLE(rows) (rows), sizeof(rows) / sizeof(*(rows))
const struct txn_table ctrans_invite = { "ctrans_invite", TXN_CALLING,
					 TABLE(invite_rows) };
const struct txn_table ctrans_noninvite = { "ctrans_noninvite", TXN_TRYING,
					    TABLE(noninvite_rows) };
#undef TABLE

bool ctrans_event(struct ctrans *c, enum txn_event event,
		  const struct txn_in *in)
{
	struct proxy_request *r = c->request;
	bool known = txn_dispatch(&c->txn, event, in);
	if (c->txn.state == TXN_TERMINATED && !c->closed) {
		c->closed = true;
		timer_stop(&c->timer);
		r->active--;
		request_reap(r);
	}
	return known;
}

struct ctrans *ctrans_create(struct proxy_request *r,
			     const struct proxy_target *t)
{
	struct ctrans *c = arena_alloc(r->arena, sizeof(*c));
	if (!c)
		return NULL;
	c->request = r;
	c->hop = t->hop;
	c->hop.peer = arena_copy(r->arena, t->hop.peer);
	if (t->hop.peer.len && !c->hop.peer.ptr)
		return NULL;
	c->timeout_ms = t->timeout_ms;
	ctrans_timers_init(c);
	txn_init(&c->txn, r->msg.method == SIP_INVITE ? &ctrans_invite
						      : &ctrans_noninvite);
	c->index = r->branch_count;
	r->branch[r->branch_count++] = c;
	r->pending++;
	r->active++;
	return c;
}

/* Sends the request; what fails at once fails the branch. */
void ctrans_start(struct ctrans *c, struct slice bytes)
{
	struct proxy *p = c->request->proxy;
	struct txn_in in = { .reject = &PROXY_REJ_OVERLOAD };
	if (hop_wait(c) < 0) {
		ctrans_event(c, EV_TRANSPORT, &in);
		return;
	}
	if (c->txn.table == &ctrans_invite)
		ctrans_start_b(c);
	else
		ctrans_start_f(c);
	int err = p->ops.send(p->arg, &c->hop, true, bytes, c->request->id,
			      c->index);
	if (!err)
		return;
	in.reject =
		err == -ENOBUFS ? &PROXY_REJ_QUEUE_FULL : &PROXY_REJ_HOP_GONE;
	ctrans_event(c, EV_TRANSPORT, &in);
}

struct ctrans *ctrans_find(struct proxy *p, uint64_t txn, uint16_t branch)
{
	struct map_node *n = map_find(&p->by_id, map_key_u64(&txn));
	if (!n)
		return NULL;
	struct proxy_request *r = container_of(n, struct proxy_request, by_id);
	return branch < r->branch_count ? r->branch[branch] : NULL;
}

void proxy_failed(struct proxy *p, uint64_t txn, uint16_t branch,
		  const struct reject *reject)
{
	struct ctrans *c = ctrans_find(p, txn, branch);
	if (!c)
		return;
	proxy_enter(p);
	ctrans_event(c, EV_TRANSPORT,
		     &(struct txn_in){
			     .reject = reject ? reject : &PROXY_REJ_HOP_GONE });
	proxy_leave(p);
}
