/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits of one discovered partner (SIP-27): how many requests a second,
 * how many of our addresses it has tried, how its requests were answered.
 * Pure: the clock is handed in.
 */
#pragma once

#include "access/access.h"
#include "base/buf.h"

enum {
	TALLY_SUSPICIOUS = 1, /* one request a second */
	TALLY_FULL = 2,       /* all addresses it may try; no new one */
};
enum { TALLY_ADDRESSES_MAX = 100000 };

struct tally_conf {
	uint32_t rate;      /* requests a second; at least 1 */
	uint32_t addresses; /* 0: as many as it likes */
	bool watched;       /* by the operator: slowly, and nothing new */
};

/* Owner: a struct keeper. All zero is a new one. */
struct tally {
	uint8_t state;      /* TALLY_... bits */
	uint64_t *address;  /* open addressing; 0: free */
	size_t count, room; /* room: 0 or a power of two */
	uint64_t credit;    /* thousandths of a request */
	uint64_t credit_ms; /* as of then */
	uint32_t good, bad; /* of the last hundred replies at most */
	uint64_t second, requests, last_requests; /* for people */
};

void tally_free(struct tally *t);
/* address: of the user who is asked for; empty: of nobody, or in a dialog.
 * *wait_ms: over the rate, until there is room again. */
enum access_limit tally_request(struct tally *t, const struct tally_conf *conf,
				struct slice address, uint64_t now_ms,
				uint32_t *wait_ms);
/* The final answer to one of its requests. */
void tally_reply(struct tally *t, uint16_t status);
/* Requests in the last whole second. */
uint64_t tally_rate(const struct tally *t, uint64_t now_ms);
/* The addresses, to be kept. Sticky error in out. */
void tally_encode(const struct tally *t, struct buf *out);
/* 0, -EBADMSG or -ENOMEM; into a new one. */
int tally_decode(struct tally *t, uint8_t state, struct slice addresses);
