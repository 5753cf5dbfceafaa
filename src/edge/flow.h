/* SPDX-License-Identifier: Apache-2.0 */
/* One connection that carries SIP: of a client, a partner, a server inside. */
#pragma once

#include "access/access.h"
#include "edge/pending.h"
#include "net/net.h"
#include "proxy/proxy.h"
#include "sip/frame.h"

struct join;
struct ws;

struct edge;

enum { EDGE_PEER_MAX = ACCESS_KEY_MAX + 8 };

enum flow_kind {
	FLOW_CLIENT,
	FLOW_FEDERATION,
	FLOW_DIALLED,  /* to a partner */
	FLOW_INSIDE,   /* of a server inside */
	FLOW_NEXT_HOP, /* to one */
	FLOW_KIND_COUNT
};

/* A connection that carries SIP. Owner: this worker, until on_end. */
struct flow {
	struct map_node node; /* by id */
	struct edge *edge;
	struct conn *conn;
	/* Takes bytes that arrived, returns how many: by what is spoken. */
	size_t (*take)(struct flow *f, struct slice data);
	struct ws *ws;     /* it is a WebSocket; or NULL */
	struct join *join; /* it is the relay's; or NULL */
	uint64_t id;
	enum flow_kind kind;
	struct sip_framer framer;
	struct timer deadline; /* first message, then each message */
	struct pending_set pending;
	struct partner_link *link; /* FLOW_DIALLED */
	struct inside_hop *hop;    /* FLOW_NEXT_HOP, or NULL */
	char *aor;                 /* signed in as, or NULL */
	char *service_route; /* what inside wants on its requests, or NULL */
	uint64_t pong_ms;    /* when we last answered a keep-alive */
	uint64_t rest_ms;    /* it was told to rest until then; shed.c */
	unsigned unrested;   /* requests refused meanwhile */
	uint64_t source_key;
	uint16_t port;            /* FLOW_CLIENT: that it came to */
	bool counted;             /* in its source's open count */
	bool plain;               /* a trusted link, no TLS */
	bool greeted;             /* a whole message has arrived */
	bool partial;             /* one has begun */
	bool ending;              /* said so; reads no more */
	bool asking;              /* minting.c: home has its question */
	bool proven;              /* peer is what it says: not yet so for a
				     partner found by SRV that has just come */
	uint32_t alias_told;      /* life of the owner that may use it */
	uint64_t retire_ms;       /* ends then, or when nothing waits; 0: no */
	char peer[EDGE_PEER_MAX]; /* proven identity, as in proxy_hop */
	char source[ADDR_TEXT_MAX];
};

struct flow *flow_create(struct edge *e, enum flow_kind kind);
void flow_drop(struct flow *f); /* one that never got a connection */
/* The edge goes away: ends the connection, leaves the rest to it. */
void flow_abandon(struct flow *f);
extern const struct conn_ops flow_conn_ops;
extern const struct conn_limits flow_limits;
struct flow *flow_find(struct edge *e, uint64_t id);
/* Any live flow of that proven peer. */
struct flow *flow_of_peer(struct edge *e, struct slice peer);
/* From 5061: may the partner that it is go on? */
bool flow_is_known(const struct flow *f);
/* It has proved to be that partner, found by SRV. */
void flow_prove(struct flow *f, const char *key);
struct proxy_hop flow_hop(const struct flow *f);
void flow_end(struct flow *f, bool flushed);
/* For requests, beside what is kept for answers. */
bool flow_has_room(const struct flow *f, size_t len);
/* From now on it is that user's. */
void flow_sign_in(struct flow *f, struct slice aor);
/* Bytes of SIP, as this connection carries them; 0 or -E... of conn_write().
 */
int flow_write(struct flow *f, struct slice bytes);
/* An answer; there is room for it, and who does not read loses the
 * connection. */
int flow_write_answer(struct flow *f, struct slice bytes);
/* A request of a transaction elsewhere or here; 0 or -E... */
int flow_write_request(struct flow *f, uint32_t slot, uint64_t txn,
		       uint16_t branch, struct slice bytes);
/* One of edge/notice.h, home's number of it; likewise. */
int flow_write_notice(struct flow *f, uint64_t txn, uint64_t notice,
		      struct slice bytes);

/* -- for those who read from it: flow.c, front.c, websocket.c -- */

/* The bytes of a stream of SIP. */
size_t flow_take_sip(struct flow *f, struct slice data);
/* What the framer found: handled, answered, or the flow ends. */
void flow_heard(struct flow *f, enum sip_frame_result found, struct slice bytes,
		const struct reject *reject);
/* A message has begun and is not whole: its deadline runs from its first byte
 * on. moved: something before it was consumed. */
void flow_set_deadline(struct flow *f, bool partial, bool moved);
/* No answer to what nobody here speaks (SIP-11); those to earlier requests
 * still leave. */
void flow_not_ours(struct flow *f);
