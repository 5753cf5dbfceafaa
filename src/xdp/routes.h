/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Next hops for the fast path: asked of the system (xdp/ask.h), kept as rows
 * of a table, and asked again when routes, neighbours or links change. Needs
 * no privilege once its sockets are open. One loop, one thread.
 */
#pragma once

#include "loop/loop.h"
#include "xdp/ask.h"
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

/* Which row a packet between these addresses takes. A row that exists may be
 * invalid yet. One reference more. -EHOSTUNREACH: none that the fast path
 * could use. */
int routes_find(struct routes *r, const struct ask_ends *w, uint32_t *row);
void routes_give(struct routes *r, uint32_t row);
