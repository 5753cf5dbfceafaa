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
	PROXY_IDS = 64,
	PROXY_ARENA = 8192, /* bytes of a request: its own and headers */
	PROXY_ARENAS = 256, /* that are kept for the next ones */
};

struct source;

struct proxy {
	struct timers *timers;
	struct proxy_ops ops;
	void *arg;
	char *sent_by, *transport, *own_via;
	struct sip_via own; /* sent_by as others would read it */
	struct sip_limits limits, own_limits, response_limits;
	size_t max, max_per_source;
	size_t source_limit; /* at most max_per_source */
	uint64_t t1_ms;
	uint64_t next_id;
	bool random_ids;
	uint64_t ids[PROXY_IDS]; /* drawn from the back */
	size_t ids_left;
	uint64_t tag_seed[2];
	struct map by_id, by_key, by_merged, hops, sources;
	struct list *greed; /* sources by their count; see source.c */
	size_t greediest;
	size_t count; /* requests in by_id */
	size_t open;  /* of these: server transaction not terminated */
	const struct reject *refuse_new;
	unsigned depth;
	struct list dead;
	struct arena_pool arenas; /* of requests, PROXY_ARENA bytes each */
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
	const struct proxy_target *next; /* instead of it, in the arena */
	bool own;                        /* proxy_target.own */
	struct slice branch;             /* of our Via, with the cookie */
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
	struct slice reasons;      /* Reason lines of its CANCEL */
	struct buf last;           /* last response sent */
	unsigned sends;
	/* response context */
	struct ctrans *branch[PROXY_BRANCHES_MAX];
	uint16_t branch_count;
	uint16_t reserved; /* branches for targets that were not begun yet */
	unsigned pending;  /* branches without a final answer */
	unsigned active;   /* branches not terminated */
	bool hold;         /* branches are still being made */
	bool forwarded;    /* proxy_forward() was called */
	struct best best;
	struct challenge challenge[PROXY_CHALLENGES_MAX];
	size_t challenge_count;
	bool cancelled;
	bool taken; /* on_failed: the owner will answer */
	bool done;  /* the final answer was decided */
};
