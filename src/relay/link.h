/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP between relay ports and peers: RFC 6062, where each connection is joined
 * with one of the client's own, and MS-TURN, where all travel in the client's
 * frames. The engine decides, the I/O's functions below move the bytes.
 */
#pragma once

#include "relay/relay.h"

enum {
	LINKS_MAX = 64,         /* of an allocation */
	LINKS_PENDING_MAX = 16, /* not joined yet (TURN-11) */
	LINK_DIAL_MS = 30000,   /* RFC 6062 5.2 */
	LINK_BIND_MS = 30000,   /* RFC 6062 5.3 */
};

struct relay_link;

/* A ConnectionBind that another relay process has to serve: user and
 * connection are proven and known there; the answer is written by it. */
struct relay_join {
	uint32_t slot; /* of that process */
	uint32_t id;   /* of the connection */
	uint64_t user;
	struct slice yes, no; /* STUN answers */
};

struct relay_link_ops {
	/* A port that listens and can be dialled from. 0 with *io,
	 * -EADDRINUSE: the next one is tried. */
	int (*listen)(void *arg, struct relay_port *port,
		      const struct relay_addr *at, void **io);
	void (*unlisten)(void *arg, void *io);
	/* Peers that connected already are told now: they may stand in the
	 * way of a dial. */
	void (*accept)(void *arg, void *io);
	/* relay_link_up() or relay_link_gone() follows within LINK_DIAL_MS, not
	 * from within. */
	int (*dial)(void *arg, struct relay_link *l,
		    const struct relay_addr *to, void **io);
	/* All or nothing: -ENOBUFS. */
	int (*write)(void *arg, void *io, struct slice bytes);
	void (*close)(void *arg, void *io); /* nobody is told */
	/* From now on what comes by one goes out by the other. */
	void (*join)(void *arg, const struct relay_flow *flow, void *io);
	/* Hands the client's connection to another process. */
	void (*pass_on)(void *arg, const struct relay_flow *flow,
			const struct relay_join *join);
};

/* ---- what the I/O tells ---- */

/* A peer connected to the port. NULL: it may not; close it. */
struct relay_link *relay_link_incoming(struct relay_port *port,
				       const struct relay_addr *from, void *io);
void relay_link_up(struct relay_link *l);
/* Ended, or could not be made; l is not valid any more. */
void relay_link_gone(struct relay_link *l);
/* MS-TURN: one RFC 4571 packet with its head. */
void relay_link_packet(struct relay_link *l, const struct relay_packet *p);
/* True for connections that the client joins with one of its own. */
bool relay_link_joins(const struct relay_link *l);
/* May these bytes of a joined connection go on now? Counts them if so. */
bool relay_link_pass(struct relay_link *l, bool up, size_t len);
/* Where the port of that link is bound: dial from there. */
struct relay_addr relay_link_port(const struct relay_link *l);
/* Another process proved that this user may join that connection: what is to
 * be joined, or NULL. */
void *relay_link_claim(struct relay *r, uint32_t id, uint64_t user);
