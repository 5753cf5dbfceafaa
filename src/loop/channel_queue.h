/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outgoing side of a channel: messages that wait, and how they are cut
 * into datagrams. Private to the directory.
 *
 * A datagram is a row of frames: flags (1 byte), length (4 bytes, big-endian),
 * that many bytes. A message that does not fit a datagram is several frames in
 * a row, each but the first with FRAME_NEXT, each but the last with FRAME_MORE
 * and never empty. A frame with FRAME_FD is the only one in its datagram and
 * the first of its message: the descriptor cannot go to another message.
 */
#pragma once

#include <sys/uio.h>

#include "base/list.h"
#include "base/slice.h"

enum {
	FRAME_MORE = 1,
	FRAME_NEXT = 2,
	FRAME_FD = 4,
	FRAME_HEADER_BYTES = 5,

	/* Larger ones would need large physically contiguous memory. */
	DATAGRAM_BYTES_MAX = 64 * 1024,
	DATAGRAM_BYTES_MIN = 256,

	BATCH_FRAMES_MAX = 128,
};

struct queue {
	struct list messages;
	size_t bytes;  /* queue_cost() of all */
	size_t fds;    /* descriptors waiting */
	size_t offset; /* bytes of the first message that are sent */
};

/* One datagram; points into the queue and into itself. */
struct batch {
	struct iovec iov[2 * BATCH_FRAMES_MAX];
	uint8_t header[BATCH_FRAMES_MAX][FRAME_HEADER_BYTES];
	size_t frames;
	int fd; /* goes with it, or -1; stays the queue's */
};

void queue_init(struct queue *q);
void queue_clear(struct queue *q);
/* What a message of len bytes counts while it waits. */
size_t queue_cost(size_t len);
bool queue_empty(const struct queue *q);
/* Copies msg, duplicates fd (-1: none). 0, -ENOMEM, or what dup gave. */
int queue_put(struct queue *q, struct slice msg, int fd);
/* Fills b with as many frames as fit max bytes; the queue is not empty. */
void queue_batch(const struct queue *q, struct batch *b, size_t max);
/* b was sent. */
void queue_sent(struct queue *q, const struct batch *b);
