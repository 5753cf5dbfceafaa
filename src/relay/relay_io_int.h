/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the I/O half of relay/.
 *
 *   io.c            life, generations of listeners, the engine's functions
 *   io_udp.c        sockets: options, packets in, ICMP errors
 *   io_batch.c      receiving in batches, trains taken apart
 *   io_queue.c      what goes out, gathered and sent in batches
 *   io_door.c       new connections, until their first bytes told what they
 *                   are
 *   io_stream.c     clients on TCP (io_pipe.h)
 *   io_dtls.c       clients on DTLS
 *   io_tap.c        TCP with peers
 *   io_guest.c      clients that moved to another process (io_guest.h)
 *   fast_io.c       the fast path in the kernel
 */
#pragma once

#include <netinet/in.h>
#include <netinet/udp.h>

#include "base/list.h"
#include "base/map.h"
#include "net/net.h"
#include "relay/crowd.h"
#include "relay/relay_io.h"
#include "relay/strangers.h"
#include "xdp/table.h"

enum {
	BATCH = 32,         /* datagrams a system call */
	PACKET_MAX = 65535, /* of UDP */
	/* a little more than a power of two, so that the first lines of all
	 * buffers do not fall on the same cache sets */
	BUFFER_BYTES = RELAY_HEADROOM + PACKET_MAX + 1 + 576,
	QUEUE = 64,
	COPY_BYTES = 1280, /* of what is not borrowed */
	CONTROL_BYTES = 160,
};

/* A relay port's socket; freed at the end of the turn. */
struct relay_sock {
	int fd; /* -1: closed */
	struct relay_port *port;
	struct relay_sock *next_dead;
	uint8_t family;
};

struct relay_udp {
	struct list node;
	struct relay_io *io;
	uint32_t id;          /* relay_flow.socket */
	uint32_t generation;  /* the last one that wants it */
	bool kept;            /* an earlier one was committed with it */
	struct slice address; /* as configured; owned */
	struct addr at;
	int fd;
	bool six;
	struct watch *watch;
	struct acceptor *acceptor; /* TCP listener, and no watch */
};

struct queued {
	int fd;
	struct sockaddr_in6 to; /* or sockaddr_in */
	socklen_t to_len;
	struct slice bytes;
	bool dont_fragment;
	size_t control_len;
	_Alignas(16) uint8_t control[CONTROL_BYTES];
	uint8_t copy[COPY_BYTES];
};

struct out_queue {
	size_t count;
	struct queued item[QUEUE];
};

/* What packets are received into. */
struct in_batch {
	uint8_t *buffer; /* BATCH times BUFFER_BYTES */
	uint8_t *apart;  /* packets of trains, each with room around it */
	size_t apart_at;
	size_t used;         /* buffers that may still be pointed into */
	size_t first, asked; /* of the last call */
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in6 from[BATCH];
	_Alignas(16) uint8_t control[BATCH][CONTROL_BYTES];
};

/* What the network says of a packet. */
struct marks {
	struct relay_addr local;
	size_t train; /* bytes of each packet but the last; 0: it is one */
	uint8_t ttl, tos;
};

/* A message of a batch: one packet, or a train. */
struct received {
	struct relay_addr from;
	struct marks marks;
	uint8_t *next;
	size_t left;
	bool whole; /* one packet, with room in front of and behind it */
	bool over;
};

struct relay_generation {
	uint32_t number;
	bool prepared;
	const struct relay_conf *conf;
	struct net_tls *tls, *dtls; /* NULL: not here */
	void (*release)(void *arg);
	void *arg;
};

struct relay_io {
	struct loop *loop;
	struct relay *engine;
	uint8_t nonce_key[STUN_NONCE_KEY_BYTES];
	struct credential_secrets secrets;
	struct relay_generation now, next;
	struct list listeners;
	struct list doors, streams, taps;
	struct list dtls_all, guests_all;
	struct map dtls_flows, guests;
	size_t dtls_shaking;
	struct strangers dtls_strangers;
	size_t stream_count; /* with those at the door */
	struct crowd crowd;
	uint32_t last_id;
	int epoll; /* of all relay ports: one descriptor for the loop */
	struct watch *epoll_watch;
	struct relay_sock *dead;
	struct in_batch *in;
	struct out_queue *out;
	struct net_tls *plain;
	struct net_gate *gate;
	relay_pass_fn pass;
	relay_carry_fn carry;
	relay_ask_fn ask;
	void *pass_arg, *carry_arg, *ask_arg;
	bool draining;
	struct routes *routes; /* the fast path; NULL: none here */
	struct plane_regions regions;
	struct table *table;
	uint32_t fast_column;
};

/* io_udp.c */
int udp_port_open(struct relay_io *io, struct relay_port *port,
		  const struct relay_addr *at, void **sock);
void udp_port_close(struct relay_io *io, struct relay_sock *s);
int udp_listen(struct relay_udp *u);
void udp_bury(struct relay_io *io);
int udp_epoll_open(struct relay_io *io);
struct relay_udp *udp_find(const struct relay_io *io, uint32_t id);

/* io_batch.c */
int batch_open(struct in_batch **out);
void batch_free(struct in_batch *in); /* tolerates NULL */
/* As recvmmsg(); flushes what was queued when there is little room. */
int batch_receive(struct relay_io *io, int fd);
/* Is there more, after n came? */
bool batch_more(const struct relay_io *io, int n);
void batch_message(struct relay_io *io, size_t i, struct received *out);
/* The next packet of it, where it was received; false: no more. */
bool batch_packet(struct received *r, struct relay_packet *p);
/* Moves a packet of a train to where there is room around it. */
bool batch_apart(struct relay_io *io, struct relay_packet *p);
/* Sends what is queued; then the buffers are free again. */
void batch_done(struct relay_io *io);

/* io_queue.c */
void queue_to_client(struct relay_io *io, const struct relay_flow *to,
		     const struct relay_out *out);
void queue_to_peer(struct relay_io *io, const struct relay_sock *s,
		   const struct relay_addr *peer, const struct relay_out *out);
void queue_flush(struct relay_io *io);

/* fast_io.c */
void fast_io_open(struct relay_io *io);
void fast_io_close(struct relay_io *io);
/* io_door.c */
void door_accepted(void *arg, int fd, const struct addr *from);
void doors_close(struct relay_io *io);

/* io_dtls.c */
int dtls_flows_open(struct relay_io *io);
void dtls_flows_close(struct relay_io *io);
/* A datagram at a listener; false: it has nothing to do with DTLS. */
bool dtls_datagram(struct relay_io *io, const struct relay_flow *flow,
		   const struct relay_packet *p);
void dtls_write(const struct relay_flow *to, const struct relay_out *out);
void dtls_hang_up(const struct relay_flow *flow);

/* io_stream.c */
enum { STREAM_IDLE_MS = 60000 }; /* without an allocation (TURN-10) */
