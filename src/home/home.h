/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in home: registrar (RFC 3261 10, RFC 3327 Path), digest
 * authentication (RFC 8760) and message delivery for our own users. SIP logic
 * only; its two kinds of neighbour are edge workers and the store, reached by
 * the messages of ipc/. One process; users and bindings are cached here, the
 * truth is in the store. State is addressed by hash(address-of-record) mod H,
 * H = 1.
 */
#pragma once

#include "home/home_conf.h"
#include "ipc/ipc.h"
#include "loop/timers.h"

struct home;

struct home_ops {
	/* To one edge worker (by slot), or to the store. 0, -ENOBUFS (full),
	 * -EPIPE (not there now). body: struct of that type. */
	int (*to_edge)(void *arg, uint32_t slot, enum ipc_type type,
		       const void *body);
	int (*to_store)(void *arg, enum ipc_type type, const void *body);
	/* Seconds since 1970. */
	uint64_t (*wall_s)(void *arg);
};

int home_create(struct home **out, struct timers *timers,
		const struct home_conf *conf, const struct home_ops *ops,
		void *arg);
void home_free(struct home *h);
/* Another configuration: conf lives until the next call or home_free(). */
void home_configure(struct home *h, const struct home_conf *conf);

/* A message from an edge worker or from the store. */
void home_from_edge(struct home *h, const struct proc_id *from,
		    const struct ipc_msg *m);
void home_from_store(struct home *h, const struct ipc_msg *m);
/* A worker is there (its flows can be reached), or gone with all its flows. */
void home_edge_up(struct home *h, const struct proc_id *edge);
void home_edge_gone(struct home *h, const struct proc_id *edge);
/* The store is there: load keys and bindings; or gone: what waits fails. */
void home_store_up(struct home *h);
void home_store_gone(struct home *h);
/* No new requests; home_busy() tells how many are left. */
void home_drain(struct home *h);
size_t home_busy(const struct home *h);
/* Rows for status pages, by the callback. */
void home_status(struct home *h,
		 void (*row)(void *arg, const char *table, struct slice pairs),
		 void *arg);
