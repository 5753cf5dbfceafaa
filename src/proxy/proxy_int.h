/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the forwarding core.
 *
 *   proxy_receive -> match -> check -> on_request
 *                                        |
 *       proxy_request = server transaction (strans) + response context
 *         |-- ctrans, one a branch (at most PROXY_BRANCHES_MAX)
 *
 * Memory of a request and of its branches is its arena. Freeing: whoever
 * enters from outside holds p->depth; a request that has ended is unlinked at
 * once and its memory goes when the outermost call leaves, so callbacks may
 * call back into anything.
 */
#pragma once

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "proxy/reject.h"
#include "proxy/txn.h"

enum {
	PROXY_BRANCHES_MAX = 10, /* SIP-28 */
	PROXY_CHALLENGES_MAX = 20,
	PROXY_TAG_BYTES = 16,
	PROXY_RETRY_AFTER_S = 10,
};

struct source;

struct proxy {
	struct timers *timers;
	struct proxy_ops ops;
	void *arg;
	char *sent_by, *transport, *own_via;
	struct sip_via own; /* sent_by as others would read it */
	struct sip_limits limits, response_limits;
	size_t max, max_per_source;
	uint64_t t1_ms;
	uint64_t next_id;
	uint64_t tag_seed[2];
	struct map by_id, by_key, by_merged, hops, sources;
	struct list *greed; /* sources by their count; see source.c */
	size_t greediest;
	size_t count; /* requests in by_id */
	size_t open;  /* of these: server transaction not terminated */
	const struct reject *refuse_new;
	unsigned depth;
	struct list dead;
};

/* One branch: a client transaction (figure 5 or 6). Owned by its request, in
 * whose arena it is. */
struct ctrans {
	struct txn txn;
	struct proxy_request *request;
	uint16_t index;
	struct proxy_hop hop;
	struct list hop_node; /* member of the hop's waiting list */
	struct hop_list *hop_list;
	struct timer timer;
	enum txn_event timer_event;
	uint32_t timeout_ms;
	struct slice branch; /* of our Via, with the cookie */
	/* For ACK and CANCEL (INVITE only): URI as sent, the lines Via, Route,
	 * From and Call-ID, and the value of To. */
	struct slice sent_uri, sent_lines, sent_to;
	bool answered; /* not pending any more */
	bool closed;   /* not active any more */
	bool cancel_wanted, cancel_sent, timed_out;
};

struct challenge {
	enum sip_header_id id;
	struct slice value;
	const struct ctrans *branch;
};

/* The best final answer so far (RFC 3261 16.7 step 6). */
struct best {
	unsigned rank; /* less is better; 0: none */
	struct ctrans *branch;
	const struct reject *reject; /* our own failure, or: */
	struct arena *arena;         /* owns msg */
	struct sip_msg msg;
};

/* In its own arena. Timers and maps are left in request_unlink(). */
struct proxy_request {
	struct txn txn; /* server transaction (figure 7 or 8) */
	struct proxy *proxy;
	struct arena *arena;
	struct sip_msg msg;
	struct proxy_hop from;
	uint64_t id; /* 0: not admitted, lives for one call */
	struct map_node by_id, by_key, by_merged;
	bool in_id, in_key, in_merged;
	struct source *source;
	struct list early; /* INVITE not answered yet, of this source */
	struct list dead_node;
	bool dead;
	void *user;
	uint64_t started_ms;
	struct timer timer;
	enum txn_event timer_event;
	struct slice key;
	char tag[PROXY_TAG_BYTES]; /* our To tag */
	struct slice vias;         /* lines for responses, made when needed */
	struct buf last;           /* last response sent */
	unsigned sends;
	/* response context */
	struct ctrans *branch[PROXY_BRANCHES_MAX];
	uint16_t branch_count;
	unsigned pending; /* branches without a final answer */
	unsigned active;  /* branches not terminated */
	bool hold;        /* branches are still being made */
	bool forwarded;   /* proxy_forward() was called */
	struct best best;
	struct challenge challenge[PROXY_CHALLENGES_MAX];
	size_t challenge_count;
	bool cancelled;
	bool done; /* the final answer was decided */
};

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
size_t source_count(const struct proxy *p, struct slice peer);

/* match.c */
int match_key(struct proxy_request *r);
struct proxy_request *match_find(const struct proxy_request *r);
int match_merged_key(const struct proxy_request *r, struct slice *key);
bool match_own_via(const struct proxy_request *r);

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

/* cancel.c: RFC 3261 9, 16.10, 17.1.1.3 */
void cancel_receive(struct proxy_request *cancel);
void cancel_branches(struct proxy_request *r);
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
