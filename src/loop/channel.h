/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel to another process: a SOCK_SEQPACKET socket, batches, descriptor
 * passing, flow control (architecture 2). It carries opaque messages; their
 * catalogue is ipc/.
 *
 * Reading never stops because writing is full. What waits to be written is
 * bounded by class:
 *   CHANNEL_REQUEST  refused with -ENOBUFS over soft_bytes: the caller answers
 *                    503 at admission
 *   CHANNEL_ANSWER   always taken: belongs to something admitted before, so
 *                    its number is bounded by what was admitted (hard_bytes is
 *                    the last guard: over it the channel is closed as broken)
 *   CHANNEL_BULK     trace and statistics: dropped and counted over soft_bytes
 * Messages leave in order, all classes together, one send a loop turn for as
 * many as fit; one larger than a datagram travels in parts. A waiting message
 * counts a few bytes more than its length, so that memory is bounded.
 */
#pragma once

#include "base/slice.h"
#include "loop/loop.h"

enum channel_class { CHANNEL_REQUEST, CHANNEL_ANSWER, CHANNEL_BULK };

struct channel;

struct channel_ops {
	/* One whole message; fd is -1, or a descriptor that now belongs to
	 * the callee. -1 too when this process had no descriptor left for it.
	 * msg lives until return. */
	void (*on_message)(void *arg, struct slice msg, int fd);
	/* The other side is gone or broke the framing. Called once, never from
	 * within channel_send(); the callee calls channel_close(). */
	void (*on_gone)(void *arg);
};

struct channel_conf {
	size_t soft_bytes;    /* waiting to be written; 0: 4 MiB */
	size_t hard_bytes;    /* 0: 64 MiB */
	size_t message_bytes; /* largest message either way; 0: 1 MiB */
};

/* A connected pair with the largest buffers that the kernel grants. */
int channel_pair(int fds[static 2]);
/* Takes fd over, unless it fails. */
int channel_open(struct channel **out, struct loop *l, int fd,
		 const struct channel_conf *conf, const struct channel_ops *ops,
		 void *arg);
/* What is queued is flushed if the socket takes it at once, else dropped. */
void channel_close(struct channel *c); /* tolerates NULL; in callbacks too */
/* fd -1, or a descriptor that is duplicated into the message; the caller keeps
 * its own. 0, -ENOBUFS (see above; too many waiting descriptors), -EMSGSIZE,
 * -EPIPE, -ENOMEM, -EMFILE. */
int channel_send(struct channel *c, enum channel_class class, struct slice msg,
		 int fd);
/* Would a CHANNEL_REQUEST of len bytes be taken now? */
bool channel_admits(const struct channel *c, size_t len);
size_t channel_queued_bytes(const struct channel *c);
