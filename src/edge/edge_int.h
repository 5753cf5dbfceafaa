/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of edge/ share.
 *
 *   edge.c        life of the worker: generations, listeners, drain, status
 *   contexts.c    TLS of a generation: certificates, tickets, handshakes
 *   accept.c      new connections: limits by source
 *   door.c        port 443 before TLS: load balancers, streams of a relay
 *   front.c       inside TLS: SIP, or HTTP
 *   websocket.c   SIP over WebSocket
 *   join.c        TURN inside our TLS: joined with a relay
 *   minting.c     credentials of the relay by HTTPS
 *   flow.c        one connection that carries SIP: framing, deadlines, end
 *   pending.c     what was written on a flow and is not answered yet
 *   partner.c     our connections to partners, which one worker owns; see
 *                 partner_int.h for the other files of a partner
 *   homed.c       whose user a sender in a shared domain is: home is asked
 *   limits.c      limits of discovered partners: asking; keeper.c and tally.c:
 *                 keeping and counting; bans.c: who may not even connect
 *   trial*.c      a partner is tried out for the operator
 *   trace.c       somebody watches messages; trace_filter.c: which of them
 *   walk.c        a request: facts, verdict, edits, target
 *   parties.c     who sends, and whom the Request-URI names
 *   route.c       the tokens of Path, Record-Route and Route
 *   strip.c       what never crosses the wall; hide.c: what partners do not
 *                 get to see
 *   deliver.c     ops.send: bytes to a hop, wherever it is
 *   exchange.c    messages from the other processes
 *   inside*.c     servers inside, see inside.h
 *   token.c, reject.c
 */
#pragma once

#include "access/access.h"
#include "base/log.h"
#include "base/map.h"
#include "edge/asks.h"
#include "edge/edge.h"
#include "edge/flow.h"
#include "edge/reject.h"
#include "edge/shed.h"
#include "edge/token.h"

enum { EDGE_WORKERS_MAX = 64 };

/* kinds of struct proxy_hop; its other fields in each:
 *   HOP_FLOW     slot, incarnation, flow: a connection of some worker
 *   HOP_PARTNER  slot, incarnation of the owner; peer names the partner;
 *                flow: 0, or which attempt at another server of it
 *   HOP_HOME     incarnation of home; flow: the client's, when it is ours
 *   HOP_INSIDE   slot, incarnation: ours; flow: the id of the next hop */
enum edge_hop { HOP_FLOW = 1, HOP_PARTNER, HOP_HOME, HOP_INSIDE };

/* One configuration in force or being prepared. Owner: struct edge. */
struct generation {
	uint32_t number;
	const struct edge_conf *conf;
	void (*release)(void *arg);
	void *release_arg;
	struct access *access;
	struct net_tls *tls_federation, *tls_clients, *tls_dial;
	struct net_tls *tls_plain;
	struct net_tls *tls_inside, *tls_inside_dial; /* or NULL */
};

/* A listening socket. Owner: struct edge, in its list. */
struct edge_listener {
	struct list node;
	struct edge *edge;
	struct acceptor *acceptor; /* NULL until the generation is in force */
	int fd;                    /* until then; -1: taken */
	enum listener_kind kind;
	uint32_t generation; /* the newest that names it */
	char address[ADDR_TEXT_MAX];
};

/* Requests of one source that did not sign in yet. */
struct source {
	struct map_node node;
	uint64_t key;
	uint32_t open;
	uint32_t tokens; /* new connections left in this second */
	uint64_t second;
};

struct peer_process {
	uint32_t incarnation; /* 0: not there */
};

struct traces;

/* The next hops of this worker; inside.h. */
struct inside {
	struct list hops;   /* the preferred one first */
	uint64_t last_hop;  /* id */
	uint64_t ask;       /* about an SRV name, 0: none */
	struct timer again; /* the next one about it */
};

struct edge {
	struct loop *loop;
	struct timers *timers;
	uint32_t slot, incarnation;
	const struct edge_ops *ops;
	void *arg;
	struct generation *current, *next;
	struct list listeners;
	struct list doors; /* connections that are looked at */
	size_t door_count;
	struct proxy *proxy;
	char *name; /* our FQDN: sent-by, Path, diagnostics */
	struct sealer *sealer;
	struct branch_seals seals;
	bool has_keys;
	struct net_gate *gate;
	unsigned sweeps;    /* since certificates were looked at */
	bool paused;        /* accepts nothing: too many handshakes */
	struct buf tickets; /* keys of session tickets as pushed */
	bool draining;
	struct shed shed;
	struct peer_process worker[EDGE_WORKERS_MAX];
	struct peer_process home, store, resolver;
	struct map flows;
	uint64_t last_flow;
	struct map sources;
	const struct http_file *files; /* of the web client */
	struct inside inside;
	struct map partners;  /* by key */
	size_t partner_bytes; /* that wait for their connections */
	struct map names;     /* by key of a partner: what the DNS says */
	uint64_t last_ask;    /* id of a question to resolver or store */
	struct access_rulings *rulings; /* of the operator */
	struct map keepers;             /* limits of partners that we own */
	struct arena_pool arenas;       /* of responses that are read */
	struct asks limit_asks;         /* requests that wait for an owner */
	struct asks homed_asks;         /* and for home */
	struct asks mras_asks;          /* and for a credential */
	struct map bans;                /* by source */
	struct list trials;             /* of partners, for the operator */
	struct traces *traces;          /* NULL: nobody watches */
	struct timer sweep; /* pending and source tables, every second */
};

/* edge.c */
bool edge_open(const struct edge *e); /* may serve: configured, with keys */
void edge_open_listeners(struct edge *e);

/* accept.c */
void edge_on_accept(void *arg, int fd, const struct addr *from);
void source_signed_in(struct flow *f);
void source_left(struct flow *f);
void source_sweep(struct edge *e);

/* walk.c */
void walk_on_request(void *arg, struct proxy_request *r);
/* It was asked whether it keeps to its limits. */
void walk_judge_again(struct edge *e, struct proxy_request *r,
		      enum access_limit limit);
/* Home was asked whose user the sender is. */
void walk_judge_homed(struct edge *e, struct proxy_request *r,
		      enum access_homed homed);
void walk_on_response(void *arg, struct proxy_request *r,
		      const struct sip_msg *response, struct sip_edits *edits);
void walk_on_refuse(void *arg, struct proxy_request *r,
		    const struct reject *reject, struct sip_edits *extra);
void walk_on_done(void *arg, const struct proxy_record *record);

/* deliver.c */
int deliver(void *arg, const struct proxy_hop *to, bool request,
	    struct slice bytes, uint64_t txn, uint16_t branch);
int deliver_branch(void *arg, uint64_t txn, uint16_t branch, struct buf *out);
/* Tells the owner of a transaction, here or elsewhere, that a branch failed. */
void deliver_failure(struct edge *e, uint32_t slot, uint64_t txn,
		     uint16_t branch, enum edge_refusal why);
/* A response from any connection: to the owner of its transaction. */
void deliver_response(struct flow *f, const struct sip_msg *m);
/* A CANCEL or ACK without a transaction here: true, another worker is asked. */
bool deliver_orphan(void *arg, const struct proxy_hop *from,
		    const struct sip_msg *m);

/* exchange.c */
bool orphan_pass_on(struct edge *e, const struct ipc_orphan *o, uint8_t tries);
