/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to relay/: the engine's objects and how its files call each other.
 *
 *   relay.c         life, packets in, demultiplexing
 *   alloc.c         an allocation and its ports
 *   alloc_timers.c  when it ends
 *   permission.c    permissions and bindings of an allocation
 *   data.c          packets between client and peer
 *   link.c          TCP connections with peers
 *   connect.c       what RFC 6062 says of them
 *   discovery.c     Binding, and NAT behaviour discovery (RFC 5780)
 *   mobility.c      allocations that go with their client (RFC 8016)
 */
#pragma once

#include "base/guess.h"
#include "base/list.h"
#include "base/map.h"
#include "relay/cells.h"
#include "relay/ports.h"
#include "relay/relay.h"
#include "relay/reservation.h"
#include "relay/slots.h"
#include "relay/strangers.h"
#include "relay/ticket.h"
#include "stun/msturn.h"
#include "stun/write.h"

enum {
	PERMISSION_MS = 300000, /* RFC 8656 9 */
	CHANNEL_MS = 600000,    /* RFC 8656 12 */
	NAME_KEPT = 64,         /* of the user, for audits */
	REPLY_BYTES = 1024,
	NS_PER_MS = 1000000,
};

enum { UP, DOWN }; /* to peers, to the client */

/* A relayed transport address. */
struct relay_port {
	struct relay *relay;
	struct relay_alloc *alloc;
	void *io;
	struct relay_addr at; /* where it is bound */
	bool tcp;
};

struct relay_permission {
	struct relay_addr peer; /* port 0 */
	uint64_t expires_ms;    /* UINT64_MAX: with the allocation */
};

/* What only MS-TURN keeps. */
struct relay_ms {
	struct msturn_sequence sequence;
	uint8_t nonce_len;
	uint8_t nonce[STUN_NONCE_BYTES];
};

/* Owned by relay->allocs; freed at the end of the turn that closes it. */
struct relay_alloc {
	struct map_node node; /* key: the flow */
	struct relay *relay;
	struct relay_flow flow;
	const struct relay_dialect *dialect;
	struct relay_port *port[2]; /* IPv4, IPv6; NULL: none */
	struct timer timer;
	struct list all;
	uint64_t id;
	uint64_t started_ms, expires_ms;
	uint64_t active_ms;  /* last packet, where that counts */
	uint32_t lifetime_s; /* as granted last */
	struct stun_key key;
	uint8_t last_id[STUN_ID_BYTES]; /* of the Allocate that made it */
	char *name;                     /* of the user, for audits */
	uint64_t user;
	uint32_t cell[RELAY_SHARES]; /* where it is counted */
	uint8_t name_len;
	bool by_home; /* with a password of SIP */
	struct relay_permission *permission;
	uint16_t permission_count, permission_room;
	uint16_t channel_count;
	uint16_t denied;    /* peers that were refused */
	struct list links;  /* TCP connections with peers */
	uint32_t slots;     /* chain of bindings */
	uint32_t active;    /* MS-TURN: the active peer's slot */
	uint32_t peers;     /* permissions ever made */
	uint32_t purse;     /* bandwidth in the kernel (fast.h) */
	uint64_t tat_ns[2]; /* bandwidth: up, down */
	uint64_t packets[2], bytes[2], dropped;
	struct relay_ms *ms;
	struct relay_mobility *mobility; /* NULL: it stays */
};

struct relay {
	struct timers *timers;
	struct relay_ops ops;
	void *arg;
	struct relay_conf conf;
	struct stun_auth auth;
	struct hasher *hasher;
	bool ready, draining;
	struct map allocs;
	struct list all;
	struct reservations *reservations;
	struct slots *slots;
	/* IPv4, IPv6; UDP and TCP never have the same one here, so that a
	 * relay address alone tells which allocation is meant */
	struct ports ports[2];
	struct map mobile; /* allocations that may move, by their number */
	struct map moved;  /* those that just did, by the flow they left */
	uint8_t ticket_keys[TICKET_KEY_BYTES];
	uint32_t life;    /* tickets of an earlier process are over */
	struct map links; /* connections that clients join by number */
	struct strangers strangers;
	struct guesses scanners; /* users whose peers were denied */
	struct home_users *home; /* keys of users that the store has */
	struct cells *cells;
	struct fast *fast; /* NULL: no fast path */
	void *own_shared;  /* memory of both, when it is ours alone */
	uint32_t column;
	uint64_t next_id;
	size_t count;
};

static inline uint64_t relay_now(const struct relay *r)
{
	return timers_now(r->timers);
}

struct request;

/* ---- allocations ---- */

struct alloc_wish {
	unsigned families;   /* bit 0 IPv4, bit 1 IPv6: must be had */
	unsigned additional; /* bit of the one that may fail */
	bool even, reserve;
	bool tcp; /* relayed transport */
	bool by_token;
	uint8_t token[RESERVATION_BYTES];
	uint32_t lifetime_s;
};

struct relay_alloc *alloc_find(const struct relay *r,
			       const struct relay_flow *flow);
/* On success q->alloc is it. */
const struct reject *alloc_create(struct request *q,
				  const struct alloc_wish *wish);
/* Ports go back at once. why: a word for the audit record. */
void alloc_close(struct relay_alloc *a, const char *why);
/* The same, and the client's stream is hung up; or only told elsewhere. */
void relay_end(struct relay_alloc *a, const char *why);
void alloc_expire(struct relay_alloc *a);
/* The address that is told: the public one behind NAT. */
struct relay_addr alloc_relayed(const struct relay_alloc *a, unsigned family);
/* Port of the family of that peer, or NULL. */
struct relay_port *alloc_port(const struct relay_alloc *a,
			      const struct relay_addr *peer);
/* 0 or -E...: no port. at: address; the port is chosen, or is at->port. */
struct port_wish {
	struct relay_addr at;
	bool even, tcp;
};
int port_open(struct relay *r, const struct port_wish *wish,
	      struct relay_port **out);
void port_close(struct relay_port *p); /* tolerates NULL */
void alloc_view(const struct relay_alloc *a, struct relay_view *v);

/* alloc_timers.c */
void alloc_timer_init(struct relay_alloc *a);
void alloc_set_lifetime(struct relay_alloc *a, uint32_t lifetime_s);
void alloc_timer_stop(struct relay_alloc *a);

/* ---- permissions and bindings ---- */

/* Adds or refreshes. NULL, or why not. */
const struct reject *permission_add(struct relay_alloc *a,
				    const struct relay_addr *peer);
bool permission_has(const struct relay_alloc *a, const struct relay_addr *peer);
/* Could these be added? Reads only. */
bool permission_room(const struct relay_alloc *a, const struct relay_addr *peer,
		     size_t count);
const struct reject *binding_check(const struct relay_alloc *a,
				   uint16_t channel,
				   const struct relay_addr *peer);
const struct reject *binding_add(struct relay_alloc *a, uint16_t channel,
				 const struct relay_addr *peer);
/* MS-TURN: the peer whose packets go without head. */
const struct reject *binding_set_active(struct relay_alloc *a,
					const struct relay_addr *peer);
void binding_remove(struct relay_alloc *a, uint32_t slot);
void bindings_clear(struct relay_alloc *a);
/* Ends what peers are denied by the configuration in force. */
void permissions_recheck(struct relay_alloc *a);
/* May this allocation speak with that peer? Logs and counts a no. */
const struct reject *peer_permit(struct relay_alloc *a,
				 const struct relay_addr *peer, bool with_port);
