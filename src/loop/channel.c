/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A channel: reading and putting parts together, flushing at the end of a
 * turn, and the ways to end. The frames are described in channel_queue.h. The
 * other side may be a process that was taken over: nothing that it sends is
 * trusted here.
 *
 * A channel has stopped once it was closed or its on_gone was called: then the
 * socket is closed and nothing waits any more. Its memory goes at the end of
 * the turn in which the owner closed it.
 */
#include "loop/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/metrics.h"
#include "loop/channel_queue.h"

enum {
	SOFT_BYTES = 4 * 1024 * 1024,
	HARD_BYTES = 64 * 1024 * 1024,
	MESSAGE_BYTES = 1024 * 1024,
	SOCKET_BYTES = 1024 * 1024,
	READS_PER_TURN = 16, /* datagrams: one busy channel, many others */
	SENDS_PER_TURN = 16,
	QUEUED_FDS_MAX = 256,
	RECEIVED_FDS_MAX = 8, /* in a datagram, so as to close what is surplus;
				 the kernel drops those beyond */
	RETRY_MS = 10,        /* the kernel lacks memory or descriptors */
};

struct channel {
	struct loop *loop;
	struct watch *watch;
	int fd;
	struct channel_conf conf;
	const struct channel_ops *ops;
	void *arg;

	struct queue queue;
	size_t datagram_bytes; /* what the socket takes */
	struct turn_hook flush;
	struct timer retry;
	const char *broken; /* why, found in channel_send(); told at turn end */
	bool write_dead;    /* nobody reads there; what they sent is read yet */
	bool blocked;       /* waiting for room in the socket, or for retry */

	uint8_t *datagram;  /* DATAGRAM_BYTES_MAX, for reading */
	struct buf partial; /* a message of which more parts come */
	bool in_parts;
	int partial_fd;

	bool stopped;
	struct turn_hook release;
};

int channel_pair(int fds[static 2])
{
	int size = SOCKET_BYTES;
	int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

	if (socketpair(AF_UNIX, type, 0, fds) < 0)
		return -errno;
	for (int i = 0; i < 2; i++) {
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
			       sizeof(size)) < 0)
			setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size,
				   sizeof(size));
	}
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Ends all activity; callbacks up the stack see `stopped`. */
static void channel_stop(struct channel *c)
{
	c->stopped = true;
	watch_close(c->watch);
	c->watch = NULL;
	close_fd(&c->fd);
	close_fd(&c->partial_fd);
	queue_clear(&c->queue);
	timer_stop(&c->retry);
	loop_cancel_turn_end(&c->flush);
}

/* why: NULL when the other side just closed. */
static void channel_gone(struct channel *c, const char *why)
{
	if (c->stopped)
		return;
	channel_stop(c);
	if (why)
		LOG(LOG_WARN, "channel.broken", KV_STR("why", why));
	c->ops->on_gone(c->arg);
}

/* Hands a whole message over; the partial one's memory is released after. */
static void deliver(struct channel *c, struct slice msg, int fd)
{
	c->in_parts = false;
	c->ops->on_message(c->arg, msg, fd);
	buf_free(&c->partial);
}

static const char *take_part(struct channel *c, struct slice part, bool more)
{
	if (c->partial.len + part.len > c->conf.message_bytes)
		return "too_long";
	buf_put(&c->partial, part);
	if (buf_failed(&c->partial))
		return "no_memory"; /* losing one message silently is worse */
	c->in_parts = true;
	if (more)
		return NULL;
	int fd = c->partial_fd;
	c->partial_fd = -1;
	deliver(c, buf_slice(&c->partial), fd);
	return NULL;
}

/* One frame; fd is taken when the frame is for it. Why it is bad, or NULL. */
static const char *take_frame(struct channel *c, uint8_t flags,
			      struct slice data, int *fd)
{
	bool more = flags & FRAME_MORE;
	bool next = flags & FRAME_NEXT;

	if (flags & ~(FRAME_MORE | FRAME_NEXT | FRAME_FD))
		return "flags";
	if (next != c->in_parts)
		return "part_order";
	if ((more || next) && slice_empty(data))
		return "empty_part";
	if (data.len > c->conf.message_bytes)
		return "too_long";
	int mine = flags & FRAME_FD ? *fd : -1;
	if (flags & FRAME_FD)
		*fd = -1;
	if (!more && !next) {
		deliver(c, data, mine);
		return NULL;
	}
	if (!next) {
		buf_init(&c->partial, c->conf.message_bytes);
		c->partial_fd = mine;
	}
	return take_part(c, data, more);
}

/* All frames of a datagram. fd: the first descriptor that came with it, or
 * -1; fd_lost: the kernel could not give us all. */
static const char *take_datagram(struct channel *c, struct slice datagram,
				 int *fd, bool fd_lost)
{
	struct cur cur = cur_init(datagram);

	for (bool alone = true; cur_left(&cur); alone = false) {
		uint8_t flags = cur_u8(&cur);
		struct slice data = cur_bytes(&cur, cur_u32(&cur));
		if (cur_failed(&cur))
			return "length";
		bool wants_fd = flags & FRAME_FD;
		if (wants_fd && (!alone || cur_left(&cur)))
			return "descriptor_frame";
		if (wants_fd && *fd < 0 && !fd_lost)
			return "no_descriptor";
		const char *why = take_frame(c, flags, data, fd);
		if (why || c->stopped)
			return why;
	}
	return NULL;
}

/* Keeps the first descriptor, closes what is surplus. */
static int take_fds(struct msghdr *mh)
{
	int first = -1;

	for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm;
	     cm = CMSG_NXTHDR(mh, cm)) {
		if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
			continue;
		size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(cm) + i * sizeof(int),
			       sizeof(int));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

/* Reads one datagram. 0, or -E... when there is no other now. */
static int read_one(struct channel *c)
{
	union {
		struct cmsghdr align;
		uint8_t space[CMSG_SPACE(RECEIVED_FDS_MAX * sizeof(int))];
	} control;
	struct iovec iov = { c->datagram, DATAGRAM_BYTES_MAX };
	struct msghdr mh = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space),
	};
	ssize_t n = recvmsg(c->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (n < 0)
		return -errno;
	int fd = take_fds(&mh);
	const char *why = NULL;
	bool fd_lost = mh.msg_flags & MSG_CTRUNC;
	if (fd_lost && fd < 0)
		LOG_LIMITED(LOG_ERROR, "fd.exhausted", SLICE_NONE,
			    KV_STR("where", "channel"));
	if (mh.msg_flags & MSG_TRUNC)
		why = "datagram_too_long";
	else if (n > 0)
		why = take_datagram(c, slice_of(c->datagram, (size_t)n), &fd,
				    fd_lost);
	close_fd(&fd); /* nobody took it */
	if (n == 0 || why)
		channel_gone(c, why);
	return 0;
}

static void read_some(struct channel *c)
{
	for (int i = 0; i < READS_PER_TURN && !c->stopped; i++) {
		int err = read_one(c);
		if (err == -EAGAIN) {
			if (c->write_dead)
				channel_gone(c, NULL);
			return;
		}
		/* ECONNRESET: closed with our messages unread. It is told
		 * once; what they sent before can still be read. */
		if (err && err != -EINTR && err != -ECONNRESET)
			channel_gone(c, "read");
	}
}

static int send_one(struct channel *c)
{
	struct batch b;
	union {
		struct cmsghdr header;
		uint8_t space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };

	queue_batch(&c->queue, &b, c->datagram_bytes);
	struct msghdr mh = {
		.msg_iov = b.iov,
		.msg_iovlen = 2 * b.frames,
	};
	if (b.fd >= 0) {
		mh.msg_control = control.space;
		mh.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &b.fd, sizeof(int));
	}
	if (sendmsg(c->fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	queue_sent(&c->queue, &b);
	return 0;
}

/* What to do about a failed send. True: try again at once. */
static bool send_failed(struct channel *c, int err)
{
	switch (err) {
	case -EINTR:
		return true;
	case -EMSGSIZE:
		if (c->datagram_bytes <= DATAGRAM_BYTES_MIN)
			break;
		c->datagram_bytes /= 2;
		return true;
	case -EAGAIN:
		c->blocked = true;
		watch_set(c->watch, WATCH_READ | WATCH_WRITE);
		return false;
	case -ENOBUFS:
	case -ENOMEM:
	case -ETOOMANYREFS:
		c->blocked = true;
		timer_start(&c->retry, RETRY_MS);
		return false;
	case -EPIPE:
	case -ECONNRESET:
		c->write_dead = true;
		queue_clear(&c->queue);
		return false;
	default:
		break;
	}
	c->broken = "write";
	return false;
}

static void send_some(struct channel *c, int most)
{
	for (int i = 0; i < most && !queue_empty(&c->queue); i++) {
		int err = send_one(c);
		if (err && !send_failed(c, err))
			return;
	}
}

static void on_flush(void *arg)
{
	struct channel *c = arg;

	if (c->broken) {
		channel_gone(c, c->broken);
		return;
	}
	if (c->blocked || c->write_dead)
		return;
	send_some(c, SENDS_PER_TURN);
	if (c->broken)
		channel_gone(c, c->broken);
	else if (c->write_dead) /* the end of file is behind what they sent */
		read_some(c);
	else if (!queue_empty(&c->queue) && !c->blocked)
		watch_set(c->watch, WATCH_READ | WATCH_WRITE);
}

static void unblock(struct channel *c)
{
	c->blocked = false;
	timer_stop(&c->retry);
	loop_at_turn_end(c->loop, &c->flush);
}

static void on_retry(struct timer *t, void *arg)
{
	(void)t;
	unblock(arg);
}

static void on_watch(void *arg, int events)
{
	struct channel *c = arg;

	if (events & WATCH_WRITE) {
		watch_set(c->watch, WATCH_READ);
		unblock(c);
	}
	if (events & WATCH_READ)
		read_some(c);
}

static void channel_release(void *arg)
{
	struct channel *c = arg;

	buf_free(&c->partial);
	free(c->datagram);
	free(c);
}

static int check_socket(int fd, size_t *datagram_bytes)
{
	int type = 0;
	int granted = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return -errno;
	if (type != SOCK_SEQPACKET)
		return -EINVAL;
	len = sizeof(granted);
	if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &granted, &len) < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return -errno;
	/* Half of it, so that one datagram never fills the socket alone. */
	*datagram_bytes = granted > 0 ? (size_t)granted / 2 : 0;
	if (*datagram_bytes > DATAGRAM_BYTES_MAX)
		*datagram_bytes = DATAGRAM_BYTES_MAX;
	if (*datagram_bytes < DATAGRAM_BYTES_MIN)
		*datagram_bytes = DATAGRAM_BYTES_MIN;
	return 0;
}

static void set_conf(struct channel_conf *to, const struct channel_conf *from)
{
	if (from)
		*to = *from;
	if (!to->soft_bytes)
		to->soft_bytes = SOFT_BYTES;
	if (!to->hard_bytes)
		to->hard_bytes = HARD_BYTES;
	if (!to->message_bytes)
		to->message_bytes = MESSAGE_BYTES;
	if (to->hard_bytes < to->soft_bytes)
		to->hard_bytes = to->soft_bytes;
}

int channel_open(struct channel **out, struct loop *l, int fd,
		 const struct channel_conf *conf, const struct channel_ops *ops,
		 void *arg)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	int err = check_socket(fd, &c->datagram_bytes);
	if (err)
		goto fail;
	err = -ENOMEM;
	c->datagram = malloc(DATAGRAM_BYTES_MAX);
	if (!c->datagram)
		goto fail;
	err = watch_open(&c->watch, l, fd, on_watch, c);
	if (err)
		goto fail;
	err = watch_set(c->watch, WATCH_READ);
	if (err) {
		watch_close(c->watch);
		goto fail;
	}
	set_conf(&c->conf, conf);
	c->loop = l;
	c->fd = fd;
	c->ops = ops;
	c->arg = arg;
	c->partial_fd = -1;
	c->flush = (struct turn_hook){ .fn = on_flush, .arg = c };
	c->release = (struct turn_hook){ .fn = channel_release, .arg = c };
	queue_init(&c->queue);
	buf_init(&c->partial, c->conf.message_bytes);
	timer_init(&c->retry, loop_timers(l), on_retry, c);
	*out = c;
	return 0;
fail:
	free(c->datagram);
	free(c);
	return err;
}

void channel_close(struct channel *c)
{
	if (!c || list_linked(&c->release.node))
		return;
	if (!c->stopped) {
		if (!c->write_dead && !c->broken)
			send_some(c, INT32_MAX);
		channel_stop(c);
	}
	loop_at_turn_end(c->loop, &c->release);
}

static bool admits(const struct channel *c, size_t len, bool fd)
{
	return c->queue.bytes + queue_cost(len) <= c->conf.soft_bytes &&
	       !(fd && c->queue.fds >= QUEUED_FDS_MAX);
}

int channel_send(struct channel *c, enum channel_class class, struct slice msg,
		 int fd)
{
	if (c->stopped || c->broken || c->write_dead)
		return -EPIPE;
	if (msg.len > c->conf.message_bytes)
		return -EMSGSIZE;
	if (class != CHANNEL_ANSWER && !admits(c, msg.len, fd >= 0)) {
		metric_add(class == CHANNEL_BULK ? M_CHANNEL_DROPPED
						 : M_CHANNEL_REFUSED,
			   1);
		return -ENOBUFS;
	}
	if (c->queue.bytes + queue_cost(msg.len) > c->conf.hard_bytes) {
		c->broken = "queue_full";
		loop_at_turn_end(c->loop, &c->flush);
		return -EPIPE;
	}
	int err = queue_put(&c->queue, msg, fd);
	if (!err)
		loop_at_turn_end(c->loop, &c->flush);
	return err;
}

bool channel_admits(const struct channel *c, size_t len)
{
	return !c->stopped && !c->broken && !c->write_dead &&
	       len <= c->conf.message_bytes && admits(c, len, false);
}

size_t channel_queued_bytes(const struct channel *c)
{
	return c->queue.bytes;
}
