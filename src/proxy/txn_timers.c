/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every timer of the transaction layer, by letter (RFC 3261 table 4, RFC 6026
 * 8, RFC 4320). Nothing else in this directory starts one; the rest says what
 * happened.
 *
 *   T1   500 ms (configurable); T2 = 8 * T1; 64*T1 = 32 s
 *   A E G  retransmissions: unreliable transports only, so not here
 *   D I J K  wait for retransmissions: zero on reliable transports, so the
 *        tables go straight to Terminated
 *   100  non-INVITE server, 7 * T1: when timer E of a client would have
 *        reached T2 (T1 + 2*T1 + 4*T1), a 100 must go out unless the answer
 *        did (RFC 4320 4.1). For INVITE the 100 goes out at once.
 *   B    INVITE client, 64*T1 or the target's timeout if that is less: no
 *        response at all. 408.
 *   C    INVITE client, over 3 minutes (181 s, or the target's timeout if
 *        that is more), from the first provisional response and again from
 *        each one but 100: it rings for ever. CANCEL, then 408 (16.8).
 *   CANCEL  INVITE client, 64*T1 from our CANCEL: the request counts as
 *        cancelled though no final response came (9.1).
 *   F    non-INVITE client, the target's timeout, else 64*T1. 408 when it
 *        fires sooner than 64*T1 after the request came, else silence, for
 *        the sender's own timer F has fired (RFC 4320 4.2).
 *   H    INVITE server, 64*T1: no ACK came for our 300-699.
 *   L    INVITE server, 64*T1 after a 2xx: later 2xx of other branches still
 *        pass (RFC 6026).
 *   M    INVITE client, 64*T1 after a 2xx: the same seen from below.
 *
 * A transaction waits for one thing at a time, so it has one struct timer and
 * remembers as which event it fires. Starting one replaces the one before.
 */
#include "proxy/parts.h"

enum {
	TIMER_64 = 64,          /* times T1 */
	TIMER_E_REACHES_T2 = 7, /* times T1 */
	TIMER_C_MS = 181000,
};

uint64_t txn_64t1(const struct proxy *p)
{
	return TIMER_64 * p->t1_ms;
}

static void on_strans_timer(struct timer *t, void *arg)
{
	struct proxy_request *r = arg;
	struct proxy *p = r->proxy;
	(void)t;
	proxy_enter(p);
	strans_event(r, r->timer_event, &(struct txn_in){ 0 });
	proxy_leave(p);
}

static void on_ctrans_timer(struct timer *t, void *arg)
{
	struct ctrans *c = arg;
	struct proxy *p = c->request->proxy;
	(void)t;
	proxy_enter(p);
	ctrans_event(c, c->timer_event,
		     &(struct txn_in){ .reject = &PROXY_REJ_TIMEOUT });
	proxy_leave(p);
}

void strans_timers_init(struct proxy_request *r)
{
	timer_init(&r->timer, r->proxy->timers, on_strans_timer, r);
}

static void strans_start(struct proxy_request *r, enum txn_event event,
			 uint64_t delay_ms)
{
	r->timer_event = event;
	timer_start(&r->timer, delay_ms);
}

void strans_start_100(struct proxy_request *r)
{
	strans_start(r, EV_TIMER_100, TIMER_E_REACHES_T2 * r->proxy->t1_ms);
}

void strans_start_h(struct proxy_request *r)
{
	strans_start(r, EV_TIMER_H, txn_64t1(r->proxy));
}

void strans_start_l(struct proxy_request *r)
{
	strans_start(r, EV_TIMER_L, txn_64t1(r->proxy));
}

void ctrans_timers_init(struct ctrans *c)
{
	timer_init(&c->timer, c->request->proxy->timers, on_ctrans_timer, c);
}

static void ctrans_start_timer(struct ctrans *c, enum txn_event event,
			       uint64_t delay_ms)
{
	c->timer_event = event;
	timer_start(&c->timer, delay_ms);
}

void ctrans_start_b(struct ctrans *c)
{
	uint64_t wait = txn_64t1(c->request->proxy);
	if (c->timeout_ms && c->timeout_ms < wait)
		wait = c->timeout_ms;
	ctrans_start_timer(c, EV_TIMER_B, wait);
}

void ctrans_start_c(struct ctrans *c)
{
	uint64_t wait = TIMER_C_MS;
	if (c->timeout_ms > wait)
		wait = c->timeout_ms;
	ctrans_start_timer(c, EV_TIMER_C, wait);
}

void ctrans_start_cancel(struct ctrans *c)
{
	ctrans_start_timer(c, EV_TIMER_CANCEL, txn_64t1(c->request->proxy));
}

void ctrans_start_f(struct ctrans *c)
{
	ctrans_start_timer(c, EV_TIMER_F,
			   c->timeout_ms ? c->timeout_ms
					 : txn_64t1(c->request->proxy));
}

void ctrans_start_m(struct ctrans *c)
{
	ctrans_start_timer(c, EV_TIMER_M, txn_64t1(c->request->proxy));
}
