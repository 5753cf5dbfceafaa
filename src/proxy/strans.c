/* SPDX-License-Identifier: Apache-2.0 */
/* Server transactions: RFC 3261 figures 7 and 8. */
#include "proxy/parts.h"

static struct proxy_request *of(struct txn *t)
{
	return container_of(t, struct proxy_request, txn);
}

/* A callback inside send may send another response for the same request: then
 * that one is the last. */
static void strans_put(struct proxy_request *r, struct slice bytes)
{
	struct proxy *p = r->proxy;
	unsigned mine = ++r->sends;
	int err = p->ops.send(p->arg, &r->from, false, bytes, 0, 0);
	if (mine == r->sends && r->txn.state != TXN_TERMINATED) {
		buf_reset(&r->last);
		buf_put(&r->last, bytes);
	}
	if (err < 0)
		strans_event(r, EV_TRANSPORT, &(struct txn_in){ 0 });
}

static void act_send(struct txn *t, const struct txn_in *in)
{
	strans_put(of(t), in->bytes);
}

static void act_send_2xx(struct txn *t, const struct txn_in *in)
{
	strans_start_l(of(t));
	strans_put(of(t), in->bytes);
}

static void act_send_failure(struct txn *t, const struct txn_in *in)
{
	strans_start_h(of(t));
	strans_put(of(t), in->bytes);
}

static void act_resend(struct txn *t, const struct txn_in *in)
{
	struct proxy_request *r = of(t);
	struct buf last = r->last; /* ours while it is sent */
	(void)in;
	buf_init(&r->last, 0);
	if (last.len)
		strans_put(r, buf_slice(&last));
	buf_free(&last);
}

static void act_trying(struct txn *t, const struct txn_in *in)
{
	struct buf b;
	(void)in;
	buf_init(&b, 0);
	if (reply_encode_trying(of(t), &b) == 0)
		strans_put(of(t), buf_slice(&b));
	buf_free(&b);
}

static void act_ack_is_new(struct txn *t, const struct txn_in *in)
{
	(void)t;
	*in->ack_is_new = true;
}

/* Figure 7 with RFC 6026 7.1. Confirmed is gone: timer I is zero. A 2xx is
 * not sent again for a repeated INVITE: the callee's does that. */
static const struct txn_row invite_rows[] = {
	{ TXN_PROCEEDING, EV_REQUEST, act_resend, TXN_PROCEEDING },
	{ TXN_PROCEEDING, EV_TU_1XX, act_send, TXN_PROCEEDING },
	{ TXN_PROCEEDING, EV_TU_2XX, act_send_2xx, TXN_ACCEPTED },
	{ TXN_PROCEEDING, EV_TU_300_699, act_send_failure, TXN_COMPLETED },
	{ TXN_PROCEEDING, EV_TU_DROP, NULL, TXN_TERMINATED },
	{ TXN_COMPLETED, EV_REQUEST, act_resend, TXN_COMPLETED },
	{ TXN_COMPLETED, EV_ACK, NULL, TXN_TERMINATED },
	{ TXN_COMPLETED, EV_TIMER_H, NULL, TXN_TERMINATED },
	{ TXN_COMPLETED, EV_TRANSPORT, NULL, TXN_TERMINATED },
	{ TXN_COMPLETED, EV_TU_DROP, NULL, TXN_TERMINATED },
	{ TXN_ACCEPTED, EV_REQUEST, NULL, TXN_ACCEPTED },
	{ TXN_ACCEPTED, EV_ACK, act_ack_is_new, TXN_ACCEPTED },
	{ TXN_ACCEPTED, EV_TU_2XX, act_send, TXN_ACCEPTED },
	{ TXN_ACCEPTED, EV_TIMER_L, NULL, TXN_TERMINATED },
};

/* Figure 8. Completed is gone: timer J is zero. Provisional means 100, and it
 * goes out by itself when timer E of a client would reach T2 (RFC 4320 4.1). */
static const struct txn_row noninvite_rows[] = {
	{ TXN_TRYING, EV_REQUEST, NULL, TXN_TRYING },
	{ TXN_TRYING, EV_TU_1XX, act_send, TXN_PROCEEDING },
	{ TXN_TRYING, EV_TIMER_100, act_trying, TXN_PROCEEDING },
	{ TXN_TRYING, EV_TU_2XX, act_send, TXN_TERMINATED },
	{ TXN_TRYING, EV_TU_300_699, act_send, TXN_TERMINATED },
	{ TXN_TRYING, EV_TU_DROP, NULL, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_REQUEST, act_resend, TXN_PROCEEDING },
	{ TXN_PROCEEDING, EV_TU_1XX, act_send, TXN_PROCEEDING },
	{ TXN_PROCEEDING, EV_TU_2XX, act_send, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_TU_300_699, act_send, TXN_TERMINATED },
	{ TXN_PROCEEDING, EV_TU_DROP, NULL, TXN_TERMINATED },
};

/* Not a transaction: an ACK to a 2xx, or a BENOTIFY, waits until it is
 * forwarded. */
static const struct txn_row silent_rows[] = {
	{ TXN_TRYING, EV_TU_DROP, NULL, TXN_TERMINATED },
};

#define TABLE(rows) (rows), sizeof(rows) / sizeof(*(rows))
const struct txn_table strans_invite = { "strans_invite", TXN_PROCEEDING,
					 TABLE(invite_rows) };
const struct txn_table strans_noninvite = { "strans_noninvite", TXN_TRYING,
					    TABLE(noninvite_rows) };
const struct txn_table strans_silent = { "strans_silent", TXN_TRYING,
					 TABLE(silent_rows) };
#undef TABLE

bool strans_event(struct proxy_request *r, enum txn_event event,
		  const struct txn_in *in)
{
	bool known = txn_dispatch(&r->txn, event, in);
	if (r->txn.state == TXN_TERMINATED) {
		request_leave_match(r);
		request_reap(r);
	}
	return known;
}
