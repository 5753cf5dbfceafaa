/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to relay/: a request on its way through the checks, and what makes
 * a dialect. request.c decodes, checks, applies and replies; rfc.c and ms.c
 * are the tables.
 */
#pragma once

#include "relay/relay_int.h"

/* One message on its way through the checks. */
struct request {
	struct relay *relay;
	const struct relay_flow *flow;
	const struct relay_packet *packet;
	const struct relay_dialect *dialect;
	const struct stun_msg *m;
	struct relay_alloc *alloc; /* of this flow, or NULL */
	struct stun_proof proof;
	bool proven;
	bool by_home; /* the user is one of home's: home_users.h */
	bool later;   /* answered by whoever the act left it to */
	/* where the answer leaves, and where it goes (RFC 5780) */
	struct relay_flow back;
	bool elsewhere; /* not where the request came from and went */
	bool padded;    /* the answer is as long as the request */
	void *join;     /* a connection with a peer, joined after the answer */
	/* what the answer tells */
	uint32_t lifetime_s;
	bool reserved;
	uint8_t token[RESERVATION_BYTES];
	const struct reject *family_error; /* of the additional family */
};

enum rule_flag {
	RULE_AUTH = 1 << 0,   /* who asks has to prove it */
	RULE_ALLOC = 1 << 1,  /* there has to be an allocation, and his */
	RULE_SILENT = 1 << 2, /* never answered */
};

/* One row for each message of a dialect. */
struct rule {
	enum stun_method method;
	enum stun_class class;
	unsigned flags;
	/* Checks, then applies. NULL, or why not. */
	const struct reject *(*act)(struct request *q);
	/* Fields of the success answer. */
	void (*answer)(struct request *q, struct stun_writer *w);
};

struct relay_dialect {
	const char *name;
	const struct stun_dialect *wire;
	const struct rule *rules;
	size_t rule_count;
	bool permanent; /* permissions last as long as the allocation */
	bool idle;      /* traffic restarts the lifetime */
	/* the code that is told for a row; 0: nothing is */
	int (*code)(const struct reject *why, const struct request *q);
	/* what a challenge has beside realm and nonce */
	void (*challenge)(struct request *q, struct stun_writer *w);
};

extern const struct relay_dialect relay_dialect_rfc, relay_dialect_classic,
	relay_dialect_ms, relay_dialect_messenger;

void request_handle(struct relay *r, const struct relay_flow *flow,
		    const struct relay_packet *p,
		    const struct relay_dialect *d);
/* Is there an allocation of this flow, and is it his? */
const struct reject *request_check_alloc(const struct request *q);
/* The answer as bytes, for who sends it in our stead. why NULL: success. */
struct slice request_answer(struct request *q, const struct reject *why,
			    uint8_t out[static REPLY_BYTES]);
