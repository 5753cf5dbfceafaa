/* SPDX-License-Identifier: Apache-2.0 */
/* Clients and peers of a relay in one program. */
#pragma once

#include <stdio.h>

#include "bench/clock.h"
#include "bench/media/turn.h"

enum {
	LOAD_BATCH = 64,
	LOAD_HEAD = 4, /* ChannelData; the null relay has one as well */
	LOAD_PACKET = 1600,
};

/* A client, its relay port and its peer. Clients differ by their address;
 * over UDP all of them share a socket, and so do all peers. */
struct flow {
	struct sockaddr_in client, relay;
	struct turn_nonce nonce;
	int fd; /* its connection over TCP, else -1 */
	uint32_t out_at, out_len, in_len;
	uint8_t *out; /* frames that did not fit yet */
};

struct load {
	struct turn_user user;
	struct sockaddr_in server, peer, first; /* first: of the clients */
	bool null, tcp;
	size_t flows, bytes;
	struct flow *flow;
	int client_fd, peer_fd, epoll;
};

/* link.c: what goes over the sockets */
void link_open(struct load *l);
/* A request of a flow, sent until it is answered. */
void link_set_up(struct load *l, struct flow *f);
void link_send(struct load *l, struct flow *f, struct slice bytes);
/* A datagram to the clients' socket. -1: none. */
int link_receive(struct load *l, uint8_t *bytes, size_t size,
		 struct sockaddr_in *at);
/* Sends one packet for each of these flows, trains as one. Returns how many. */
struct link_burst {
	struct flow **flow;
	size_t count;
	size_t train; /* packets of one flow in a row */
};
size_t link_up(struct load *l, const struct link_burst *b);
size_t link_down(struct load *l, const struct link_burst *b);
/* What came meanwhile; fn is told when each was sent. */
typedef void (*link_fn)(void *arg, uint64_t sent_ns);
size_t link_drain(struct load *l, link_fn fn, void *arg);

_Noreturn void load_fail(const char *what);
