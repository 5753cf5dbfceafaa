/* SPDX-License-Identifier: Apache-2.0 */
/* What was written on a connection and is not answered yet. */
#pragma once

#include "base/list.h"
#include "base/map.h"
#include "edge/reject.h"

struct edge;

/* A request written on a flow, by whoever owns its transaction. */
struct pending {
	struct map_node node; /* key: the three numbers below */
	struct list order;    /* oldest first */
	struct {
		uint64_t txn;
		uint32_t slot;
		uint32_t branch;
	} key;
	uint64_t since_ms; /* or since it was heard of */
	bool heard;        /* a provisional response came */
	size_t bytes;
	uint64_t notice; /* home's number (edge/notice.h); 0: a transaction's */
};

struct pending_set {
	struct map map;
	struct list order;
	struct list spare; /* for the next ones */
	size_t spares;
};

int pending_init(struct pending_set *set);
void pending_free(struct pending_set *set);
/* key: its numbers, when it was written, and whose it is. One that stands
 * already stays as it is. */
int pending_add(struct pending_set *set, const struct pending *key);
/* NULL: it is not waited for here. */
struct pending *pending_get(const struct pending_set *set, uint32_t slot,
			    uint64_t txn, uint16_t branch);
void pending_done(struct pending_set *set, struct pending *p);
/* Something but a final response came: it is not forgotten by the peer. */
void pending_heard(struct pending_set *set, struct pending *p, uint64_t now_ms);
/* How many of those that went were never heard of. */
size_t pending_expire(struct pending_set *set, uint64_t before_ms);
/* Fails all of them, here and at other workers; empties the set. */
void pending_fail(struct edge *e, struct pending_set *set,
		  enum edge_refusal why);
