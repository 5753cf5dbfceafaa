/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Next hops for the fast path: asked of the kernel's routes and neighbours
 * over netlink, kept as rows of a table, and asked again when those change.
 * The kernel answers within the call that asks, so nothing here waits. Needs
 * no privilege once its sockets are open. One loop, one thread.
 */
#pragma once

#include "loop/loop.h"
#include "xdp/table.h"

struct routes;

/* Opens the sockets: before a sandbox forbids it. */
int routes_create(struct routes **out, struct loop *l);
void routes_free(struct routes *r); /* tolerates NULL */
/* From now on rows can be had. changed(arg): routes or links are other ones
 * now; what was found should be looked up again. Neighbours that come and go
 * are handled here. */
int routes_begin(struct routes *r, struct table *t, void (*changed)(void *arg),
		 void *arg);

/* Which row a packet between these addresses takes: family 4 or 6, network
 * order, IPv4 in the first four bytes. A row that exists may be invalid yet.
 * One reference more. -EHOSTUNREACH: none that the fast path could use. */
struct routes_wish {
	uint8_t family;
	uint8_t from[16], to[16];
};
int routes_find(struct routes *r, const struct routes_wish *w, uint32_t *row);
void routes_give(struct routes *r, uint32_t row);
