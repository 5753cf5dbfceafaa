/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers inside, when the inside is not our own home: each worker has its own
 * connections to the next hops, asks them whether they are there, and chooses
 * (architecture 3, 4).
 *
 *   inside.c         the set of them, the choice, who may connect to us
 *   inside_dial.c    looking up, dialling, back-off
 *   inside_health.c  OPTIONS, and the verdict
 *   inside_walk.c    a request on its way in, and what its answer tells
 */
#pragma once

#include "edge/edge_int.h"
#include "edge/walk.h"

enum {
	INSIDE_HOPS_MAX = 8,
	INSIDE_ADDRESSES_MAX = 8,
	INSIDE_CALL_ID_BYTES = 16,
};

enum inside_state {
	INSIDE_NEW, /* not judged yet */
	INSIDE_UP,
	INSIDE_DOWN
};

/* One next hop. Owner: struct edge, in its list; the preferred one first. */
struct inside_hop {
	struct list node;
	struct edge *edge;
	uint64_t id;             /* of proxy_hop.flow, never used again */
	char host[NET_NAME_MAX]; /* its certificate has to prove; or an IP */
	uint16_t port;
	bool plain;
	bool fixed;               /* addresses are not looked up */
	char peer[EDGE_PEER_MAX]; /* "inside:" and host */
	struct addr address[INSIDE_ADDRESSES_MAX];
	size_t address_count, address_next;
	struct flow *flow; /* connecting or ready */
	bool ready;
	uint64_t ready_ms;
	uint64_t ask; /* id of the TARGETS_GET under way, 0: none */
	struct timer redial;
	uint32_t backoff_ms;
	enum inside_state state;
	unsigned good, bad; /* answers, and none, in a row */
	struct timer probe; /* until the next OPTIONS, or for its answer */
	bool asked;
	uint32_t cseq;
	char call_id[INSIDE_CALL_ID_BYTES * 2 + 1];
};

/* What a hop shall be. */
struct inside_want {
	struct slice host;
	uint16_t port;
	bool plain, fixed;
	struct addr address[INSIDE_ADDRESSES_MAX];
	size_t address_count;
};

static inline bool flow_is_inside(const struct flow *f)
{
	return f->kind == FLOW_INSIDE || f->kind == FLOW_NEXT_HOP;
}

/* inside.c */
void inside_init(struct edge *e);
/* A generation came into force: hops that stay keep their connections. */
void inside_configure(struct edge *e);
void inside_free(struct edge *e);
/* The server that an accepted connection is, into f->peer. False: nobody that
 * was named. */
bool inside_name_peer(struct flow *f);
bool inside_link_has(const struct edge *e, const struct addr *a);
struct inside_hop *inside_find(struct edge *e, uint64_t id);
/* Those that can be used now, `first` (a name, or empty) before the others. */
size_t inside_choose(struct edge *e, struct slice first,
		     struct inside_hop *out[static INSIDE_HOPS_MAX]);
/* deliver() to HOP_INSIDE. */
int inside_write(struct edge *e, uint64_t hop, uint64_t txn, uint16_t branch,
		 struct slice bytes);
/* True: it was for us. */
bool inside_targets(struct edge *e, const struct ipc_targets *m);
void inside_resolver_up(struct edge *e);
void inside_resolver_gone(struct edge *e);
void inside_status(struct edge *e,
		   void (*row)(void *arg, const char *table,
			       struct slice pairs),
		   void *arg);

/* inside_dial.c */
void inside_dial(struct inside_hop *h);
void inside_ready(struct flow *f);
void inside_ended(struct flow *f, const char *text);
void inside_hop_targets(struct inside_hop *h, const struct ipc_targets *m);
/* No connection for now; tried again after the back-off. */
void inside_retry(struct inside_hop *h, const char *why);
void inside_dial_init(struct inside_hop *h);

/* inside_health.c */
void inside_health_init(struct inside_hop *h);
void inside_health_begin(struct inside_hop *h); /* it is connected */
void inside_health_stop(struct inside_hop *h);  /* and now it is not */
void inside_down(struct inside_hop *h, const char *why);
/* A response: true when it is the answer to our OPTIONS. */
bool inside_heard(struct flow *f, const struct sip_msg *m);

/* inside_walk.c */
/* To the next hops, as ACCESS_TO_INSIDE says. */
void inside_forward(struct walk *w);
/* A 2xx to a client's REGISTER: who it is signed in as, and how its requests
 * shall go on inside (RFC 3608). */
void inside_registered(struct flow *f, const struct sip_msg *request,
		       const struct sip_msg *response);
