/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to relay/: bindings in the kernel's fast path (xdp/plane.h). What is
 * there is a copy of what stands here; without it every packet still works.
 * One thread, the engine's; memory only, next hops come from a function.
 */
#pragma once

#include "relay/relay_int.h"
#include "xdp/table.h"

struct fast;

/* Of what is in the kernel, for people. */
size_t fast_count(const struct fast *f);

/* Where packets between these addresses leave; a reference that give() takes
 * back. */
struct fast_hops {
	int (*find)(void *arg, const struct relay_addr *from,
		    const struct relay_addr *to, uint32_t *row);
	void (*give)(void *arg, uint32_t row);
	void *arg;
};

/* The engine feeds the table from now on, and counts what went through it. */
int fast_begin(struct relay *r, struct table *t, const struct fast_hops *hops);
void fast_end(struct relay *r); /* the table is the caller's; twice is fine */
/* Routes are other ones now: every next hop is looked up again. */
void fast_reroute(struct relay *r);

/* ---- the engine tells ---- */

/* A binding counts: puts it in if it can go there. */
void fast_bind(struct relay_alloc *a, uint32_t slot);
/* Its times changed. */
void fast_refresh(struct relay_alloc *a, const struct relay_slot *x);
/* It is over; call before the slot is freed. */
void fast_unbind(struct relay_alloc *a, struct relay_slot *x);
/* The allocation ends, its bindings are gone. */
void fast_alloc_end(struct relay_alloc *a);
/* Another configuration. */
void fast_reconfigure(struct relay_alloc *a);

/* The buckets that both paths use. */
uint64_t *fast_tat(struct relay_alloc *a);
bool fast_shared_pass(struct relay_alloc *a, uint64_t now_ns, size_t bytes);
