/* SPDX-License-Identifier: Apache-2.0 */
/* What the DNS says of a partner, as one worker knows it. */
#pragma once

#include "edge/partner_int.h"

/* A server that may be dialled. */
struct names_target {
	struct ipc_target at; /* its name points to the member below */
	char name[NET_NAME_MAX];
};

/* Owner: struct edge, in its map, by key of the partner. */
struct names {
	struct map_node node;
	struct edge *edge;
	uint64_t ask; /* id of the question under way, 0: none */
	struct timer deadline;
	uint64_t fresh_until_ms;
	uint64_t good_ms; /* when an answer was good last; 0: never */
	bool known;       /* target holds an answer, perhaps stale */
	bool stale;
	bool looking; /* names_look() is at work: it tells by itself */
	uint64_t limited_until_ms; /* its owner said: not before then */
	int error;                 /* of the last answer: 0 or -E... */
	char text[NET_ERROR_MAX];
	struct names_target *target;
	struct access_target *judged; /* the same, for judgement */
	size_t count;
	struct buf digests; /* of certificates, as the resolver told */
	struct list parked; /* requests that wait to be judged */
	size_t parked_count;
	char key[ACCESS_KEY_MAX];
};

/* NULL: out of memory. */
struct names *names_get(struct edge *e, struct slice key);
struct names *names_find(struct edge *e, struct slice key);
/* Asks the resolver unless what is known still holds. */
enum names_result names_look(struct names *n);
/* Entries of IPC_TARGETS_TLSA for that host, when NAMES_READY. NAMES_FAILED:
 * *none tells whether there are decidedly none. r: is judged again when they
 * are there, or NULL: its partner's attempts are. */
enum names_result names_tlsa(struct edge *e, struct slice host,
			     struct proxy_request *r, struct slice *digests,
			     bool *none);
/* Why names_look() said NAMES_FAILED. */
enum edge_refusal names_refusal(const struct names *n);
