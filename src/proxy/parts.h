/* SPDX-License-Identifier: Apache-2.0 */
/* What each file of this directory offers to the others. Whoever enters from
 * outside (public functions, timers) does so between proxy_enter() and
 * proxy_leave(). */
#pragma once

#include "proxy/proxy_int.h"

/* Most messages are encoded in that much of the stack. */
enum { PROXY_WIRE_BYTES = 2048 };

static inline void proxy_enter(struct proxy *p)
{
	p->depth++;
}
void proxy_leave(struct proxy *p);

/* request.c: life of a request */
struct proxy_request *request_create(struct proxy *p,
				     const struct proxy_hop *from,
				     struct slice bytes,
				     const struct reject **reject);
/* For a moment only, when it is a whole request; else NULL. */
struct proxy_request *request_borrow(struct proxy *p,
				     const struct proxy_hop *from,
				     struct slice bytes);
/* Nothing that is sent now would still be waited for (RFC 4320 4.2). */
bool request_late(const struct proxy_request *r);
/* The number of a new transaction. */
int request_draw_id(struct proxy *p, uint64_t *id);
/* Gives it its place in the tables: 0, -EDQUOT (limits), -ENOMEM. */
int request_admit(struct proxy_request *r);
void request_leave_match(struct proxy_request *r); /* server side is over */
void request_free(struct proxy_request *r);
/* Gives it up when both sides have terminated. */
void request_reap(struct proxy_request *r);

struct final {
	uint16_t status; /* 0: end without an answer */
	struct slice bytes;
	const struct reject *reject;
	const struct ctrans *branch;
};
/* The one place where a request gets its answer: sends, tells on_done once,
 * cancels what is still pending. */
void request_final(struct proxy_request *r, const struct final *f);

/* source.c: limits by source */
int source_take(struct proxy_request *r);
void source_release(struct proxy_request *r);
void source_answered(struct proxy_request *r);
/* The request to end so that one of peer's fits in, or NULL. */
struct proxy_request *source_victim(struct proxy *p, struct slice peer);
struct slice source_key(const struct proxy_request *r);
size_t source_count(const struct proxy *p, struct slice peer);

/* match.c */
int match_key(struct proxy_request *r);
struct proxy_request *match_find(const struct proxy_request *r);
int match_merged_key(const struct proxy_request *r, struct slice *key);
bool match_own_via(const struct proxy_request *r);

/* received.c: where it came from, into the topmost Via (RFC 3581) */
int received_note(struct proxy_request *r);

/* check.c: RFC 3261 16.3; 420 puts its header into extra */
const struct reject *check_request(struct proxy_request *r,
				   struct sip_edits *extra);

/* strans.c */
bool strans_event(struct proxy_request *r, enum txn_event event,
		  const struct txn_in *in);

/* reply.c */
void reply_refuse(struct proxy_request *r, const struct reject *reject,
		  struct sip_edits *extra);
void reply_trying(struct proxy_request *r);
int reply_encode_trying(struct proxy_request *r, struct buf *out);
/* For what never got a transaction: answered and forgotten. */
void reply_stateless(struct proxy_request *r, const struct reject *reject);

/* ctrans.c */
struct ctrans *ctrans_create(struct proxy_request *r,
			     const struct proxy_target *t);
void ctrans_start(struct ctrans *c, struct slice bytes);
struct ctrans *ctrans_find(struct proxy *p, uint64_t txn, uint16_t branch);
bool ctrans_event(struct ctrans *c, enum txn_event event,
		  const struct txn_in *in);

/* forward.c */
/* next: what follows t, in the arena. */
void forward_branch(struct proxy_request *r, const struct proxy_target *t,
		    const struct proxy_target *next);

/* failover.c: the next target of a chain (RFC 3263 4.3) */
/* A copy in the request's arena, as long as memory and branches allow. */
const struct proxy_target *failover_copy(struct proxy_request *r,
					 const struct proxy_target *t);
/* The branch has failed: true when another was begun in its place. */
bool failover_next(struct ctrans *c);

/* hops.c: who waits for which hop */
int hop_wait(struct ctrans *c);
void hop_unwait(struct ctrans *c);

/* response.c: RFC 3261 16.7 */
void response_provisional(struct ctrans *c, const struct sip_msg *m);
void response_success(struct ctrans *c, const struct sip_msg *m);
void response_failure(struct ctrans *c, const struct sip_msg *m);
void response_local(struct proxy_request *r, struct ctrans *c,
		    const struct reject *reject);
/* When nothing is pending any more, the best goes back. */
void response_settle(struct proxy_request *r);

/* best.c: RFC 3261 16.7 step 6, and the challenges of step 7 */
bool best_beats(const struct best *b, uint16_t status);
void best_offer(struct proxy_request *r, struct ctrans *c,
		const struct sip_msg *m);
void best_offer_local(struct proxy_request *r, struct ctrans *c,
		      const struct reject *reject);
void best_clear(struct best *b);
void best_keep_challenges(struct ctrans *c, const struct sip_msg *m);
void best_add_challenges(const struct proxy_request *r, const struct ctrans *c,
			 struct sip_edits *edits);

/* upstream.c: a response on its way back */
/* 0; -ECANCELED: the owner answered by itself meanwhile; -E... */
int upstream_build(struct proxy_request *r, const struct ctrans *c,
		   const struct sip_msg *m, struct buf *out);

/* orphan.c: CANCEL and ACK without a transaction here */
bool orphan_taken(const struct proxy_request *r);

/* cancel.c: RFC 3261 9, 16.10, 17.1.1.3 */
/* False, with nothing done: there is no INVITE for it here. */
bool cancel_match(struct proxy_request *cancel);
void cancel_receive(struct proxy_request *cancel);
/* status: the answer that made them needless, or 0. */
void cancel_branches(struct proxy_request *r, uint16_t status);
int cancel_prepare(struct ctrans *c, struct slice sent);
void cancel_send(struct ctrans *c);
void ack_send(struct ctrans *c, const struct sip_msg *response);

/* txn_timers.c */
void strans_timers_init(struct proxy_request *r);
void strans_start_100(struct proxy_request *r);
void strans_start_h(struct proxy_request *r);
void strans_start_l(struct proxy_request *r);
void ctrans_timers_init(struct ctrans *c);
void ctrans_start_b(struct ctrans *c);
void ctrans_start_c(struct ctrans *c);
void ctrans_start_cancel(struct ctrans *c);
void ctrans_start_f(struct ctrans *c);
void ctrans_start_m(struct ctrans *c);
uint64_t txn_64t1(const struct proxy *p);
