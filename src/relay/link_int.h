/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the engine: TCP connections with peers. link.c has their life,
 * connect.c what RFC 6062 says of them. */
#pragma once

#include "base/reject.h"
#include "relay/link.h"
#include "relay/relay_int.h"

/* The low bits of a connection's number name the process that has it. */
#define LINK_COLUMN_MASK (CELLS_COLUMNS - 1u)

enum link_state { LINK_DIALLING, LINK_UP, LINK_JOINED };

/* Owned by its allocation's list. */
struct relay_link {
	struct list node;
	struct map_node by_id; /* of those that are joined by number */
	struct relay_port *port;
	struct relay_addr peer;
	void *io;
	uint32_t id;
	enum link_state state;
	bool joins;         /* RFC 6062 */
	struct timer timer; /* until it is joined */
	/* the Connect that waits for its answer */
	bool asked, sha256;
	uint8_t transaction[STUN_ID_BYTES];
	struct stun_key key;
};

/* NULL: no memory, or too many. */
struct relay_link *link_new(struct relay_port *port,
			    const struct relay_addr *peer);
struct relay_link *link_dial(struct relay_port *port,
			     const struct relay_addr *peer);
void link_free(struct relay_link *l);  /* the I/O has forgotten it */
void link_close(struct relay_link *l); /* tells the I/O, then frees */
/* By the peer, whether up or not; or NULL. */
struct relay_link *link_find(const struct relay_alloc *a,
			     const struct relay_addr *peer);
/* All, or those that wait to be joined. */
unsigned links_count(const struct relay_alloc *a, bool pending);
/* Those of that port, or all. */
void links_clear(struct relay_alloc *a, const struct relay_port *port);
void links_recheck(struct relay_alloc *a);
/* RFC 4571 packets or a part of them, over a connection that is made if there
 * is none. 0, -ENOTCONN, -ENOBUFS. */
int link_send(struct relay_port *port, const struct relay_addr *peer,
	      struct slice bytes);

/* connect.c: answers the Connect, NULL: it worked; waits for the bind then. */
void connect_done(struct relay_link *l, const struct reject *why);
/* Tells the client of a peer that came. */
void connect_attempted(struct relay_link *l);
