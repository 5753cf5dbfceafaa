/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New connections, until their first bytes told what they are: they are only
 * looked at, so that TLS finds them where it expects them. Also those that
 * another process accepted.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/metrics.h"
#include "relay/io_guest.h"
#include "relay/io_pipe.h"
#include "stun/demux.h"
#include "stun/msturn.h"

enum {
	STREAMS_MAX = 50000,
	PEEK_BYTES = 64, /* a pseudo-TLS hello has 50 */
	AGAIN_MS = 10,
};

/* Owned by io->doors until it is told apart, or its time is over. */
struct door {
	struct list node;
	struct relay_io *io;
	int fd; /* -1: handed on */
	struct watch *watch;
	struct timer timer;
	struct relay_flow flow;
	size_t seen; /* bytes that did not suffice */
	struct timer again;
	uint64_t again_ms;
	bool counted;
};

static void door_close(struct door *d)
{
	timer_stop(&d->timer);
	timer_stop(&d->again);
	watch_close(d->watch);
	if (d->fd >= 0)
		close(d->fd);
	list_remove(&d->node);
	d->io->stream_count--;
	if (d->counted)
		crowd_leave(&d->io->crowd, &d->flow.client);
	free(d);
}

static void on_late(struct timer *t, void *arg)
{
	(void)t;
	door_close(arg);
}

static void refuse(struct door *d)
{
	metric_add(M_TURN_NOT_OURS, 1);
	door_close(d);
}

static void admit(struct door *d, enum relay_transport transport,
		  struct net_tls *tls)
{
	struct relay_io *io = d->io;
	struct relay_flow flow = d->flow;
	struct stream *s = NULL;
	int fd = d->fd;
	flow.transport = (uint8_t)transport;
	d->fd = -1;
	/* one watch a descriptor */
	watch_close(d->watch);
	d->watch = NULL;
	d->counted = stream_open(&s, io, fd, &flow, tls) != 0;
	if (s)
		s->counted = true;
	door_close(d);
}

/* Waits until there are more bytes than now. A kind of socket that does not
 * know how is looked at again after a while, and so is one whose other end has
 * said its last word. */
static void wait_more(struct door *d, size_t len)
{
	int low = (int)len + 1;
	if (len != d->seen) {
		d->seen = len;
		d->again_ms = AGAIN_MS;
		(void)setsockopt(d->fd, SOL_SOCKET, SO_RCVLOWAT, &low,
				 sizeof(low));
		return;
	}
	if (watch_set(d->watch, 0)) {
		refuse(d);
		return;
	}
	timer_start(&d->again, d->again_ms);
	d->again_ms *= 2;
}

static void on_again(struct timer *t, void *arg)
{
	struct door *d = arg;
	(void)t;
	if (watch_set(d->watch, WATCH_READ))
		refuse(d);
}

static void judge(struct door *d, struct slice first)
{
	const int one = 1;
	enum demux_stream what = demux_stream(first);
	if (what == STREAM_MORE) {
		wait_more(d, first.len);
		return;
	}
	setsockopt(d->fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	switch (what) {
	case STREAM_HELLO:
	case STREAM_MS:
		admit(d, RELAY_MS_TCP, d->io->plain);
		return;
	case STREAM_RFC:
		admit(d, RELAY_TCP, d->io->plain);
		return;
	case STREAM_TLS:
		if (d->io->now.tls)
			admit(d, RELAY_TLS, d->io->now.tls);
		else
			refuse(d);
		return;
	case STREAM_MORE:
	case STREAM_CLOSE:
		refuse(d);
		return;
	}
}

static void on_first(void *arg, int events)
{
	struct door *d = arg;
	uint8_t first[PEEK_BYTES];
	(void)events;
	ssize_t n = recv(d->fd, first, sizeof(first), MSG_PEEK | MSG_DONTWAIT);
	if (n > 0)
		judge(d, slice_of(first, (size_t)n));
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		door_close(d);
}

static struct relay_addr address_of(int fd, int (*ask)(int, struct sockaddr *,
						       socklen_t *))
{
	struct addr a = { .u.in6 = { .sin6_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);
	if (ask(fd, &a.u.sa, &len))
		a.u.sa.sa_family = AF_UNSPEC;
	return relay_addr_of(&a);
}

static int door_open(struct relay_io *io, int fd, const struct relay_flow *flow)
{
	bool room = io->engine && !io_closed(io, flow) &&
		    io->stream_count < STREAMS_MAX;
	bool few = room && crowd_enter(&io->crowd, &flow->client);
	struct door *d = few ? calloc(1, sizeof(*d)) : NULL;
	if (room && !few)
		metric_add(M_REJ_TURN_CROWD, 1);
	if (!d) {
		if (few)
			crowd_leave(&io->crowd, &flow->client);
		close(fd);
		return -ENOMEM;
	}
	d->io = io;
	d->fd = fd;
	d->flow = *flow;
	d->counted = true;
	timer_init(&d->timer, loop_timers(io->loop), on_late, d);
	timer_init(&d->again, loop_timers(io->loop), on_again, d);
	timer_start(&d->timer, STREAM_IDLE_MS);
	list_push_back(&io->doors, &d->node);
	io->stream_count++;
	int err = watch_open(&d->watch, io->loop, fd, on_first, d);
	if (!err)
		err = watch_set(d->watch, WATCH_READ);
	if (err)
		door_close(d);
	return err;
}

void door_accepted(void *arg, int fd, const struct addr *from)
{
	const struct relay_flow flow = { .client = relay_addr_of(from),
					 .local = address_of(fd, getsockname) };
	(void)door_open(arg, fd, &flow);
}

int relay_io_adopt(struct relay_io *io, int fd, const struct addr *client,
		   const struct addr *local)
{
	struct relay_flow flow = { .transport = RELAY_TCP };
	flow.client =
		client ? relay_addr_of(client) : address_of(fd, getpeername);
	flow.local = local ? relay_addr_of(local) : address_of(fd, getsockname);
	if (flow.client.family && flow.local.family)
		return door_open(io, fd, &flow);
	close(fd);
	return -EINVAL;
}

void doors_close(struct relay_io *io)
{
	LIST_EACH (it, tmp, &io->doors)
		door_close(container_of(it, struct door, node));
}
