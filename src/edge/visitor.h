/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection that has just come, until it is a flow, a relay's, or refused:
 * counted by source, told apart by its first bytes.
 */
#pragma once

#include "edge/edge_int.h"

/* By value; fd and the count belong to whoever holds it. */
struct visitor {
	struct edge *edge;
	enum flow_kind kind;
	uint16_t port; /* that it came to */
	int fd;
	struct addr from;
	bool counted; /* in the open connections of its source */
	uint64_t source_key;
	char source[ADDR_TEXT_MAX]; /* from, as text */
	char listener[ADDR_TEXT_MAX];
};

/* accept.c */

/* Counts it; NULL: it may come in. */
const char *visitor_admit(struct visitor *v);
/* Closes it and says why in the log. */
void visitor_refuse(struct visitor *v, const char *why);
/* Closes it, not counted any more. */
void visitor_close(struct visitor *v);
/* It becomes a flow; v is done with. */
void visitor_flow(struct visitor *v);

/* door.c */

/* Does a load balancer speak from there? */
bool edge_is_balancer(const struct edge *e, const struct addr *from);
/* Has it to be looked at before TLS? */
bool edge_door_wanted(const struct visitor *v);
/* Takes v over. */
void edge_door_open(const struct visitor *v);
void edge_doors_close(struct edge *e);
