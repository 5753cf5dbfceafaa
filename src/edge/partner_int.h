/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of a partner share. A partner belongs to one worker, found
 * by rendezvous hashing over the slots (architecture 3); the others write
 * through it.
 *
 *   partner.c         who owns it, its queue, which connection a request takes
 *   partner_dial.c    one round of connecting: candidates, race, back-off
 *   partner_names.c   what the DNS says of it, in every worker that asks
 *   partner_keep.c    keep-alive, idle close, silent partners and their probe
 *   partner_alias.c   connections that the partner opened and lets us use
 *   partner_status.c  rows for the operator, state lines for the log
 *
 * States, as the operator sees them:
 *
 *   idle        no connection, and nothing is known against dialling
 *   connecting  a round is under way, or the DNS is asked
 *   up          at least one connection stands
 *   down        the last round failed: no attempt before the back-off is over
 *   silent      it takes requests and answers none: refused at once, one
 *               probe every 30 seconds (NET-02)
 */
#pragma once

#include "edge/edge_int.h"
#include "edge/partner.h"
#include "ipc/targets.h"

enum {
	PARTNER_CONNECTIONS_MAX = 4,
	PARTNER_AVOIDED_MAX = 4,
	PARTNER_TARGETS_MAX = 8, /* of an SRV answer; the rest is not dialled */
};

enum partner_state {
	PARTNER_IDLE,
	PARTNER_CONNECTING,
	PARTNER_UP,
	PARTNER_DOWN,
	PARTNER_SILENT
};

/* Ours to a partner: dialled, and perhaps ready. Owner: its flow, which frees
 * it; the partner only lists it. */
struct partner_link {
	struct list node; /* of partner.links, when ready */
	struct partner *partner;
	struct flow *flow;
	uint64_t ready_ms;
	uint64_t used_ms;   /* last request written, or message received */
	uint64_t heard_ms;  /* last byte */
	uint64_t pinged_ms; /* the pong is awaited since then; 0: none */
	bool ready;
	char target[NET_NAME_MAX]; /* the name that it proved */
};

/* One round of connecting. Owner: its partner. */
struct partner_dial;

/* A request on its way to a partner. */
struct partner_request {
	uint32_t slot; /* whose transaction it is */
	uint64_t txn;
	uint16_t branch;
	uint8_t attempt; /* 0, or: another server than before (RFC 3263 4.3) */
	struct slice bytes;
};

/* A connection that the partner opened to some worker, and lets us use. */
struct partner_alias {
	uint32_t slot;
	uint64_t flow;
};

/* A server that said 503 or went away: others are preferred until then. */
struct partner_avoided {
	uint64_t until_ms;
	char target[NET_NAME_MAX];
};

/* Owner: struct edge, in its map; lives as long as the worker. */
struct partner {
	struct map_node node;
	struct edge *edge;
	struct list links; /* ready ones */
	size_t link_count;
	struct partner_dial *dial; /* NULL: none under way */
	bool asking;               /* the dial waits for names */
	struct list waiting;
	size_t waiting_bytes, waiting_count;
	struct timer again; /* somebody waits for the end of the back-off */
	uint64_t not_before_ms;
	uint32_t backoff_ms;
	enum edge_refusal last; /* why it failed last */
	bool failed;            /* since it was up last */
	bool exhausted;         /* and no server of it could be reached */
	char text[NET_ERROR_MAX];
	char refused[32]; /* why a request of it was, last; or empty */
	uint64_t refused_s;
	uint64_t used_ms;               /* by partner_get() */
	struct access_partner unlisted; /* what it is when no entry names it */

	struct partner_avoided avoided[PARTNER_AVOIDED_MAX];
	struct partner_alias alias[PARTNER_CONNECTIONS_MAX];
	size_t alias_count;

	unsigned timeouts; /* requests in a row that were not answered */
	bool silent;
	bool pongs;        /* it answers keep-alives */
	uint64_t probe_ms; /* when the next is due */
	bool probing;
	uint64_t probed_ms;

	enum partner_state told; /* in the log */
	unsigned lines;          /* that may be written now */
	uint64_t lines_ms;       /* when one was added last */
	char key[ACCESS_KEY_MAX];
};

/* partner.c */
struct partner *partner_of_node(struct map_node *n);
struct partner *partner_find(struct edge *e, struct slice key);
struct partner *partner_get(struct edge *e, struct slice key); /* or NULL */
const struct access_partner *partner_row(struct partner *p);   /* or NULL */
bool partner_avoids(const struct partner *p, const char *target);
void partner_avoid(struct partner *p, const char *target, uint32_t ms);
/* What waits goes where it can: to a ready connection, or fails. */
void partner_flush(struct partner *p);
void partner_fail_waiting(struct partner *p, enum edge_refusal why);

/* partner_dial.c */
/* Begins a round, unless one is under way. */
void partner_dial(struct partner *p);
void partner_dial_named(struct partner *p); /* the names are there, or not */
void partner_dial_stop(struct partner *p);
bool partner_dialling(const struct partner *p);
/* A round, or all connections, failed: back-off and the reason. */
void partner_down(struct partner *p, enum edge_refusal why, const char *text);
/* The last connection broke: when it had not failed before, it is dialled
 * again almost at once, since one process of many may have ended there. */
void partner_lost(struct partner *p, const char *text);
/* The TLSA records of that server are there, or not: attempts that wait for
 * them go on. */
void partners_proof_settled(struct edge *e, const char *target);
void partner_attempt_ended(struct partner *p, struct flow *f, enum conn_end why,
			   const char *text);
/* May a name of that partner lead to this address (DNS-03)? */
bool partner_may_dial(const struct access_partner *row, const struct addr *to);

/* partner_keep.c */
void partner_sweep(struct partner *p);
void partner_silence_ends(struct partner *p);
void partner_probe(struct partner *p, struct partner_link *l);

/* partner_alias.c */
bool partner_alias_write(struct partner *p, const struct partner_request *r);

/* partner_status.c */
enum partner_state partner_state(const struct partner *p);
/* The state may have changed: a line in the log, a minute apart (NET-03). */
void partner_say(struct partner *p);
