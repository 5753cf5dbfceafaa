/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages waiting on a channel; what leaves together in one datagram.
 */
#include "loop/channel_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct message {
	struct list node;
	size_t len;
	int fd;
	uint8_t bytes[];
};

static void message_free(struct message *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m);
}

/* The first one, which is sent. */
static void drop(struct queue *q, struct message *m)
{
	list_remove(&m->node);
	q->bytes -= queue_cost(m->len);
	q->offset = 0;
	if (m->fd >= 0)
		q->fds--;
	message_free(m);
}

void queue_init(struct queue *q)
{
	*q = (struct queue){ 0 };
	list_init(&q->messages);
}

void queue_clear(struct queue *q)
{
	LIST_EACH (it, tmp, &q->messages) {
		message_free(container_of(it, struct message, node));
	}
	queue_init(q);
}

size_t queue_cost(size_t len)
{
	return len + sizeof(struct message);
}

bool queue_empty(const struct queue *q)
{
	return list_empty(&q->messages);
}

int queue_put(struct queue *q, struct slice msg, int fd)
{
	struct message *m = malloc(sizeof(*m) + msg.len);

	if (!m)
		return -ENOMEM;
	m->node = (struct list){ NULL, NULL };
	m->len = msg.len;
	m->fd = -1;
	if (msg.len)
		memcpy(m->bytes, msg.ptr, msg.len);
	if (fd >= 0) {
		m->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (m->fd < 0) {
			int err = -errno;
			free(m);
			return err;
		}
		q->fds++;
	}
	list_push_back(&q->messages, &m->node);
	q->bytes += queue_cost(m->len);
	return 0;
}

static void put_frame(struct batch *b, const struct message *m, size_t from,
		      size_t len)
{
	union {
		const uint8_t *in;
		void *out;
	} data = { .in = m->bytes + from }; /* iovec has no const */
	uint8_t *h = b->header[b->frames];
	struct iovec *iov = &b->iov[2 * b->frames++];

	h[0] = (uint8_t)((from + len < m->len ? FRAME_MORE : 0) |
			 (from ? FRAME_NEXT : 0) |
			 (m->fd >= 0 && !from ? FRAME_FD : 0));
	h[1] = (uint8_t)(len >> 24);
	h[2] = (uint8_t)(len >> 16);
	h[3] = (uint8_t)(len >> 8);
	h[4] = (uint8_t)len;
	iov[0] = (struct iovec){ h, FRAME_HEADER_BYTES };
	iov[1] = (struct iovec){ data.out, len };
}

void queue_batch(const struct queue *q, struct batch *b, size_t max)
{
	size_t room = max;
	size_t from = q->offset;

	b->frames = 0;
	b->fd = -1;
	LIST_EACH (it, tmp, &q->messages) {
		struct message *m = container_of(it, struct message, node);
		size_t left = m->len - from;
		bool fits = left + FRAME_HEADER_BYTES <= room;
		bool has_fd = m->fd >= 0 && !from;
		/* Only at the beginning of a datagram: parts, descriptors. */
		if (b->frames && (!fits || has_fd))
			break;
		put_frame(b, m, from, fits ? left : room - FRAME_HEADER_BYTES);
		if (has_fd)
			b->fd = m->fd;
		if (!fits || has_fd || b->frames == BATCH_FRAMES_MAX)
			break;
		room -= left + FRAME_HEADER_BYTES;
		from = 0;
	}
}

void queue_sent(struct queue *q, const struct batch *b)
{
	size_t i = 0;

	LIST_EACH (it, tmp, &q->messages) {
		struct message *m = container_of(it, struct message, node);
		if (i == b->frames)
			break;
		q->offset += b->iov[2 * i++ + 1].iov_len;
		if (q->offset == m->len)
			drop(q, m);
	}
}
