/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to the I/O half of relay/: the client's stream and the tap, which is
 * our connection with a peer. Joined they are one pipe (RFC 6062): what comes
 * by one goes out by the other, and who cannot be written to is why the other
 * is not read.
 */
#pragma once

#include "relay/link.h"
#include "relay/relay_io_int.h"

struct tap;

/* Freed by its connection's end. */
struct stream {
	struct list node;
	struct relay_io *io; /* NULL: nobody's client any more */
	struct conn *conn;
	struct relay_flow flow;
	struct timer idle;
	struct tap *tap;   /* joined with it: bytes, no frames */
	struct slice rest; /* behind the frame that is being handled */
	bool known;        /* a hello is past, or cannot be */
	bool tls;
	bool counted; /* in the crowd of its source */
	bool closing;
};

/* Freed by its connection's end. */
struct tap {
	struct list node;
	struct relay_io *io;
	struct relay_link *link; /* NULL: forgotten; or a pair of sockets
				    behind which another process has it */
	struct conn *conn;
	struct stream *joined;
	struct timer retry; /* over the cap: when to go on */
	bool closing;
};

/* *out: NULL is fine. fd is taken over. */
int stream_open(struct stream **out, struct relay_io *io, int fd,
		const struct relay_flow *flow, struct net_tls *tls);
void stream_write(const struct relay_flow *to, const struct relay_out *out);
void stream_hang_up(const struct relay_flow *flow);
void streams_close(struct relay_io *io);
/* After what is queued has left. */
void stream_end_flushed(struct stream *s);

/* What the tap takes of what the client sent. */
size_t tap_up(struct tap *t, struct slice data);
void tap_join(struct tap *t, struct stream *s);
/* The client is gone. */
void tap_client_gone(struct tap *t);
void taps_close(struct relay_io *io);
extern const struct relay_link_ops tap_ops;
