/* SPDX-License-Identifier: Apache-2.0 */
/* The null relay: flows, their sockets, their peers. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
	NULL_BATCH = 32,
	NULL_HEAD = 4,
	NULL_PACKET = 2048,
	NULL_STREAM = 1 << 16,
	NULL_FLOWS = 16384,
};

struct null_flow {
	struct sockaddr_in client, peer;
	int port;   /* its relay port's socket; 0: no flow */
	int stream; /* the client's connection, or -1 */
	size_t in_len;
	uint8_t *in;
};

struct null {
	int epoll, udp, tcp;
	struct null_flow flow[NULL_FLOWS]; /* by hash of the client */
	uint8_t room[NULL_BATCH][NULL_HEAD + NULL_PACKET];
	struct sockaddr_in from[NULL_BATCH];
	struct mmsghdr in[NULL_BATCH], out[NULL_BATCH];
	struct iovec in_iov[NULL_BATCH], out_iov[NULL_BATCH];
};

/* The client's, or where it would be. */
struct null_flow *null_find(struct null *n, const struct sockaddr_in *client);
/* bytes: what the client said first. Answers in place; its length. */
size_t null_begin(struct null *n, struct null_flow *f,
		  const struct sockaddr_in *client, uint8_t *bytes);
void null_accept(struct null *n);
/* Frames of a client. */
void null_frames(struct null *n, struct null_flow *f);
/* Packets of a peer, of which count are in n->in. */
void null_to_stream(struct null *n, struct null_flow *f, size_t count);
