/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TURN server of one process: allocations, permissions, channels, for
 * RFC 8656 and for MS-TURN (two tables, one engine). Sans-I/O: packets and
 * virtual time in, packets out through a table of functions; no socket, no
 * clock. One thread. RFC 8489, 8656; relay_io.h puts sockets under it.
 */
#pragma once

#include "loop/timers.h"
#include "relay/relay_addr.h"
#include "relay/relay_conf.h"
#include "stun/auth.h"

struct relay;
struct relay_port; /* a relayed transport address */
struct relay_link_ops;
struct cells;
struct reservations;

enum relay_transport {
	RELAY_UDP,
	RELAY_TCP,    /* STUN and ChannelData frames */
	RELAY_MS_TCP, /* frames of MS-TURN */
	RELAY_TLS,
	RELAY_DTLS,
};

/* A client's 5-tuple. The first RELAY_FLOW_KEY bytes have no holes. */
struct relay_flow {
	struct relay_addr client, local;
	uint8_t transport; /* enum relay_transport */
	uint8_t zero[3];
	uint32_t socket; /* the I/O's: which socket it came by */
	void *conn;      /* the I/O's: of a stream, else NULL */
};
/* In `socket`, with a slot in the other bits: another process has the
 * client's end of it (RFC 8016). */
#define RELAY_AWAY 0x80000000U
static inline bool relay_flow_away(const struct relay_flow *f)
{
	return f->socket & RELAY_AWAY;
}
enum { RELAY_FLOW_KEY = 2 * sizeof(struct relay_addr) + 4 };

/* Writable bytes that stand in front of and behind every packet of a peer:
 * headers are put there, the payload never moves. */
enum { RELAY_HEADROOM = 64, RELAY_TAILROOM = 4 };

struct relay_packet {
	uint8_t *ptr;
	size_t len;
	uint8_t ttl; /* as it came; 0: unknown */
	uint8_t tos; /* DSCP and ECN */
};

struct relay_out {
	struct slice bytes;
	bool borrowed; /* part of the packet that is being handled: it lives
			  until the I/O's batch is over; else: copy now */
	bool dont_fragment;
	uint8_t ttl; /* 0: the system's default */
	uint8_t tos;
};

/* A user of the built-in home, by name, or by hash when that is empty. */
struct relay_key_ask {
	uint64_t id;
	struct slice name, userhash, realm;
};
struct relay_key {
	struct slice aor, md5, sha256; /* RFC 8489 9.2.2 */
};

struct relay_ops {
	/* Binds a relay port at that address. 0 with *io, -EADDRINUSE: the
	 * next one is tried, else no port can be had now. */
	int (*open)(void *arg, struct relay_port *port,
		    const struct relay_addr *at, void **io);
	void (*close)(void *arg, void *io);
	void (*to_client)(void *arg, const struct relay_flow *to,
			  const struct relay_out *out);
	void (*to_peer)(void *arg, void *io, const struct relay_addr *peer,
			const struct relay_out *out);
	/* Ends a stream: not from within relay_flow_gone(). */
	void (*hang_up)(void *arg, const struct relay_flow *flow);
	/* Seconds since 1970: credentials and nonces only. */
	uint64_t (*now_s)(void *arg);
	/* The socket that sends datagrams from there, as relay_flow has it; 0:
	 * there is none. */
	uint32_t (*socket_at)(void *arg, const struct relay_addr *local);
	/* The request shows that this process has the client's allocation:
	 * it gets that packet and all that follow on the flow. 0, or -E...:
	 * it cannot be reached. NULL: we are alone. */
	int (*hand_over)(void *arg, uint32_t slot,
			 const struct relay_flow *flow,
			 const struct relay_packet *p);
	/* TCP with peers (link.h); NULL: none is offered */
	const struct relay_link_ops *links;
	/* Whose key is that? relay_key_answered() ends it. 0 or -E...: nobody
	 * can be asked. NULL: there are no such users. */
	int (*ask_key)(void *arg, const struct relay_key_ask *ask);
};

struct relay_setup {
	struct timers *timers;
	const struct relay_ops *ops;
	void *arg;
	/* shared with the other relay processes; NULL: this one is alone */
	struct cells *cells;
	struct reservations *reservations;
	uint32_t column; /* our slot */
};

int relay_create(struct relay **out, const struct relay_setup *setup);
void relay_free(struct relay *r); /* tolerates NULL */
/* conf and secrets are borrowed until the next call. The first one opens for
 * business; later ones check every live session again: what is denied now is
 * cut (TURN-05). nonce_key: shared by all relay processes. */
void relay_configure(struct relay *r, const struct relay_conf *conf,
		     const struct credential_secrets *secrets,
		     const uint8_t nonce_key[static STUN_NONCE_KEY_BYTES]);

/* A datagram, or one whole frame of a stream (MS-TURN: a message). */
void relay_client_packet(struct relay *r, const struct relay_flow *flow,
			 const struct relay_packet *p);
/* MS-TURN on a stream: raw data. */
void relay_client_data(struct relay *r, const struct relay_flow *flow,
		       const struct relay_packet *p);
void relay_peer_packet(struct relay_port *port, const struct relay_addr *peer,
		       const struct relay_packet *p);
/* The network said that a packet to that peer did not arrive (RFC 8656 11.5):
 * ICMP type, code, and the next hop's MTU or 0. */
void relay_peer_error(struct relay_port *port, const struct relay_addr *peer,
		      uint8_t type, uint8_t code, uint32_t data);
/* The stream is gone, and its allocation with it, unless the client has a
 * ticket to come back with (RFC 8016). */
void relay_flow_gone(struct relay *r, const struct relay_flow *flow);
/* The process that had the client's end of these flows is gone. */
void relay_slot_gone(struct relay *r, uint32_t slot);

/* Answers to ask_key(): the key, if there is one, then the end of it: 0;
 * -ENOENT nobody; -ENOKEY, -EKEYREJECTED: he has none, or for another realm;
 * other -E... . */
void relay_key_found(struct relay *r, uint64_t id, const struct relay_key *k);
void relay_key_answered(struct relay *r, uint64_t id, int err);
void relay_keys_lost(struct relay *r); /* no answer will come */
/* The account has changed; gone: it may not be used any more. */
void relay_user_changed(struct relay *r, struct slice aor, bool gone);

/* Has this 5-tuple an allocation? */
bool relay_flow_busy(const struct relay *r, const struct relay_flow *flow);

/* No new allocations; those that stand go on. */
void relay_drain(struct relay *r);
/* Where that client is sent then; family 0: nowhere. */
struct relay_addr relay_alternate(const struct relay *r,
				  const struct relay_flow *flow);
size_t relay_count(const struct relay *r); /* allocations */
/* Ends it; -ENOENT. */
int relay_kill(struct relay *r, uint64_t id);

/* A session, for people. */
struct relay_view {
	uint64_t id;
	const char *dialect; /* "rfc", "ms" */
	uint8_t transport;
	struct slice user; /* printable or not: escape it */
	struct relay_addr client;
	struct relay_addr relayed[2]; /* family 0: none */
	uint64_t age_s, left_s;
	uint64_t packets[2], bytes[2]; /* up: to peers, down: to the client */
	uint64_t dropped;
	unsigned permissions, channels;
};
typedef void (*relay_view_fn)(void *arg, const struct relay_view *v);
void relay_each(struct relay *r, relay_view_fn fn, void *arg);
const char *relay_transport_name(enum relay_transport t);
