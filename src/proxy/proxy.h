/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIP transactions and the forwarding core (RFC 3261 16, 17; RFC 6026; RFC
 * 4320). One engine for the edge workers and for home. No sockets, no clock:
 * messages and virtual time come in, messages go out through proxy_ops.
 *
 * A transaction belongs for life to the process where its request entered. It
 * keeps the request (one arena), so that Via stacks stay here: a forwarded
 * request carries only our Via when the target hides, and responses get back
 * the Vias of the request they answer.
 *
 *   request  -> proxy_receive() -> ops.on_request -> proxy_forward() or
 *               proxy_reply() or proxy_refuse(), now or later, once
 *   response -> ops owner reads txn and branch from our Via ->
 *               proxy_response()
 */
#pragma once

#include "base/buf.h"
#include "base/reject.h"
#include "loop/timers.h"
#include "proxy/target.h"
#include "sip/sip.h"

struct proxy;
struct proxy_request;

/* One line for the message log when a request is done. */
struct proxy_record {
	const struct sip_msg *request;
	const struct proxy_hop *from;
	const struct proxy_hop *to;  /* last target, or NULL */
	uint16_t status;             /* final status that was sent, 0: none */
	const struct reject *reject; /* when we refused */
	uint64_t duration_ms;
};

struct proxy_ops {
	/* A new request: well formed, RFC 3261 16.3 checks passed. ACK to a
	 * 2xx comes here too (it can only be forwarded or dropped). */
	void (*on_request)(void *arg, struct proxy_request *r);
	/* Before on_request, and before it costs a transaction: a row to refuse
	 * it with, or NULL. May be NULL. */
	const struct reject *(*on_admit)(void *arg,
					 const struct proxy_hop *from,
					 const struct sip_msg *m);
	/* Sends encoded bytes. txn and branch name the client transaction (0
	 * for responses and ACK). 0; -ENOBUFS: full (503); else: hop is gone.
	 * Later failures come as proxy_failed(). */
	int (*send)(void *arg, const struct proxy_hop *to, bool request,
		    struct slice bytes, uint64_t txn, uint16_t branch);
	/* Appends the branch for our Via, without "z9hG4bK". */
	int (*branch)(void *arg, uint64_t txn, uint16_t branch,
		      struct buf *out);
	/* A response is about to go back: edits may be added (Via and
	 * Content-Length are done), or proxy_reply() called to answer
	 * otherwise. May be NULL. */
	void (*on_response)(void *arg, struct proxy_request *r,
			    const struct sip_msg *response,
			    struct sip_edits *edits);
	/* No branch was answered with success, and this status is about to go
	 * back. True: the owner answers in its place, now or later. May be
	 * NULL: never. */
	bool (*on_failed)(void *arg, struct proxy_request *r, uint16_t status);
	/* Headers for a response that we make (ms-diagnostics). May be NULL.
	 * The request may be one that was not admitted (id 0). */
	void (*on_refuse)(void *arg, struct proxy_request *r,
			  const struct reject *reject, struct sip_edits *extra);
	void (*on_done)(void *arg, const struct proxy_record *record);
	/* A CANCEL without its INVITE here, or an ACK given to proxy_orphan():
	 * the transaction may be another process's. True: the owner asks there
	 * (m->whole are the bytes) and calls proxy_orphan_refuse() when nobody
	 * has it; nothing is answered here. NULL: always false. */
	bool (*on_orphan)(void *arg, const struct proxy_hop *from,
			  const struct sip_msg *m);
};

struct proxy_conf {
	struct slice sent_by;   /* host[:port] in our Via */
	struct slice transport; /* "TLS" */
	const struct sip_limits *limits;
	size_t transactions_max;            /* 0: 100 000 */
	size_t transactions_max_per_source; /* by hop.peer; 0: 1 000 */
	uint32_t t1_ms;                     /* 0: 500 */
	/* Of transactions: they stand in branches, and tell nothing there, and
	 * nobody can guess one. False: counted from 1. */
	bool random_ids;
};

int proxy_create(struct proxy **out, struct timers *timers,
		 const struct proxy_conf *conf, const struct proxy_ops *ops,
		 void *arg);
/* From now on so many transactions at a time (0: 100 000), and of one source at
 * most a quarter of them and transactions_max_per_source. What is there
 * stays. */
void proxy_limit(struct proxy *p, size_t transactions_max);
/* Transactions whose request that peer sent, and that are not over. */
size_t proxy_open_from(const struct proxy *p, struct slice peer);
/* How full it is, in percent of that. */
unsigned proxy_filled_percent(const struct proxy *p);
void proxy_free(struct proxy *p); /* ends every transaction silently */

/* A request as it was framed; copied. Malformed ones are refused here:
 * *reject tells the caller whether the connection has to close. from is
 * copied. */
void proxy_receive(struct proxy *p, const struct proxy_hop *from,
		   struct slice bytes, const struct reject **reject);
/* The same in two steps, so that some are read before the first is taken. Read:
 * nothing else knows of it. *bad: what is wrong with it; NULL, too, when there
 * is no memory. */
struct proxy_request *proxy_read(struct proxy *p, const struct proxy_hop *from,
				 struct slice bytes, const struct reject **bad);
void proxy_take(struct proxy *p, struct proxy_request *r,
		const struct reject *bad);
void proxy_unread(struct proxy_request *r); /* NULL is fine */
/* A response whose Via named this transaction. Dropped and counted when it is
 * unknown, or when from->peer is not the peer that was asked. */
void proxy_response(struct proxy *p, uint64_t txn, uint16_t branch,
		    const struct proxy_hop *from, struct slice bytes);
/* The same, when it was parsed already, within these limits: those of requests
 * and what we add to them ourselves. */
const struct sip_limits *proxy_response_limits(const struct proxy *p);
void proxy_response_msg(struct proxy *p, uint64_t txn, uint16_t branch,
			const struct proxy_hop *from, const struct sip_msg *m);
/* What was sent for txn did not arrive: the branch fails with this row. */
void proxy_failed(struct proxy *p, uint64_t txn, uint16_t branch,
		  const struct reject *reject);
/* Every branch that waits for this hop fails: kind, slot, incarnation and,
 * unless 0, flow are compared. */
void proxy_hop_gone(struct proxy *p, const struct proxy_hop *hop,
		    const struct reject *reject);

const struct sip_msg *proxy_request_msg(const struct proxy_request *r);
const struct proxy_hop *proxy_request_from(const struct proxy_request *r);
/* Lives as long as the request: for the edits of on_request. */
struct arena *proxy_request_arena(struct proxy_request *r);
/* A place for the owner's pointer. */
void proxy_request_set_user(struct proxy_request *r, void *user);
void *proxy_request_user(const struct proxy_request *r);
/* Stable while the request lives; 0 and UINT64_MAX are never used. To find it
 * again after something asynchronous: NULL when it has ended. */
uint64_t proxy_request_id(const struct proxy_request *r);
struct proxy_request *proxy_request_find(struct proxy *p, uint64_t id);

/* Appends a Via of ours for a request that somebody else sends and waits for;
 * txn: drawn for it, what comes back is no transaction of this proxy. 0 or
 * -E... */
int proxy_lend_via(struct proxy *p, struct slice transport, struct buf *via,
		   uint64_t *txn);

/* All targets (the first 10) in parallel; the best response goes back (16.7).
 * Once for a request; nothing happens when it was answered already. Until the
 * best is known proxy_reply() and _refuse() may still end it. */
void proxy_forward(struct proxy_request *r, const struct proxy_target *targets,
		   size_t count);
/* We are the end: final or provisional response of our own. */
void proxy_reply(struct proxy_request *r, const struct sip_reply *reply);
void proxy_refuse(struct proxy_request *r, const struct reject *reject);
/* Ends it without an answer. */
void proxy_drop(struct proxy_request *r);

/* Open server transactions: 0 means drained. */
size_t proxy_transactions(const struct proxy *p);
/* While set, new requests get this row (drain, overload). NULL: none. */
void proxy_refuse_new(struct proxy *p, const struct reject *reject);

/* An ACK in on_request or later: it may be for a failed INVITE of another
 * process. True: on_orphan has taken it and it has ended; false: nothing was
 * done, forward or drop it. */
bool proxy_orphan(struct proxy_request *r);
/* Another process asks: a CANCEL or ACK of yours? Then it is done here, the
 * answer goes to `from`; else false and nothing happens. Peers have to be
 * equal, connections need not. An ACK to a 2xx is nobody's. */
bool proxy_adopt(struct proxy *p, const struct proxy_hop *from,
		 struct slice bytes);
/* Nobody had it: 481 for a CANCEL, silence for an ACK. */
void proxy_orphan_refuse(struct proxy *p, const struct proxy_hop *from,
			 struct slice bytes);
