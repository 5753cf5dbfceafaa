/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UDP sockets. Relay ports hang on an epoll set of their own, of which the
 * loop sees one descriptor: a port then costs us 32 bytes and no handle of
 * the loop's library.
 */
#include <errno.h>
#include <time.h> /* for the next one */

#include <linux/errqueue.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/io_guest.h"

enum {
	ROUNDS = 4, /* batches of one socket in a turn: others wait too */
	EVENTS = 64,
	LISTENER_BYTES = 4 << 20,
};

/* ---- making sockets ---- */

struct option {
	int level, name, value;
};

static const struct option options4[] = {
	{ IPPROTO_IP, IP_RECVTTL, 1 },
	{ IPPROTO_IP, IP_RECVTOS, 1 },
	{ IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT },
};

static const struct option options6[] = {
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1 },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, 1 },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT },
};

/* Where trains form they come as one; older systems hand over each packet. */
static const struct option trains[] = { { IPPROTO_UDP, UDP_GRO, 1 } };

static int set_options(int fd, const struct option *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (setsockopt(fd, list[i].level, list[i].name, &list[i].value,
			       sizeof(list[i].value)))
			return -errno;
	}
	return 0;
}

#define SET(fd, list) set_options(fd, list, sizeof(list) / sizeof((list)[0]))

static int listener_options(int fd, bool six)
{
	static const struct option both[] = {
		{ SOL_SOCKET, SO_REUSEADDR, 1 },
		{ SOL_SOCKET, SO_REUSEPORT, 1 },
	};
	static const struct option four[] = { { IPPROTO_IP, IP_PKTINFO, 1 } };
	static const struct option dual[] = {
		{ IPPROTO_IPV6, IPV6_V6ONLY, 0 },
		{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 },
	};
	static const struct option room[] = {
		{ SOL_SOCKET, SO_RCVBUF, LISTENER_BYTES },
		{ SOL_SOCKET, SO_SNDBUF, LISTENER_BYTES },
	};
	int err = SET(fd, both);
	(void)SET(fd, room); /* as much as the system grants */
	(void)SET(fd, trains);
	/* IPv4 comes by a socket of IPv6 too, with its own marks */
	if (!err)
		err = SET(fd, options4);
	if (!err && !six)
		err = SET(fd, four);
	if (!err && six)
		err = SET(fd, dual);
	if (!err && six)
		err = SET(fd, options6);
	return err;
}

int relay_udp_open(const struct addr *at, int *fd)
{
	bool six = at->u.sa.sa_family == AF_INET6;
	int s = socket(at->u.sa.sa_family,
		       SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	int err = listener_options(s, six);
	if (!err && bind(s, &at->u.sa, addr_len(at)))
		err = -errno;
	if (err) {
		close(s);
		return err;
	}
	*fd = s;
	return 0;
}

static int port_options(int fd, bool six)
{
	static const struct option four[] = { { IPPROTO_IP, IP_RECVERR, 1 } };
	static const struct option only[] = {
		{ IPPROTO_IPV6, IPV6_V6ONLY, 1 },
		{ IPPROTO_IPV6, IPV6_RECVERR, 1 },
	};
	int err = six ? SET(fd, only) : SET(fd, four);
	(void)SET(fd, trains);
	if (!err)
		err = six ? SET(fd, options6) : SET(fd, options4);
	return err;
}

static int port_socket(const struct relay_addr *at, int *fd)
{
	struct addr a = relay_addr_to(at);
	int s = socket(a.u.sa.sa_family,
		       SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	/* exclusive: nobody may take a part of its packets */
	int err = port_options(s, at->family == 6);
	if (!err && bind(s, &a.u.sa, addr_len(&a)))
		err = -errno;
	if (err) {
		close(s);
		return err;
	}
	*fd = s;
	return 0;
}

int udp_port_open(struct relay_io *io, struct relay_port *port,
		  const struct relay_addr *at, void **sock)
{
	struct relay_sock *s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->port = port;
	s->family = at->family;
	int err = port_socket(at, &s->fd);
	if (err) {
		free(s);
		return err;
	}
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = s };
	if (epoll_ctl(io->epoll, EPOLL_CTL_ADD, s->fd, &ev)) {
		err = -errno;
		close(s->fd);
		free(s);
		return err;
	}
	*sock = s;
	return 0;
}

void udp_port_close(struct relay_io *io, struct relay_sock *s)
{
	/* what was relayed before leaves by it yet */
	queue_flush(io);
	close(s->fd);
	s->fd = -1;
	s->port = NULL;
	s->next_dead = io->dead;
	io->dead = s;
}

/* Events of this turn may still name them. */
void udp_bury(struct relay_io *io)
{
	while (io->dead) {
		struct relay_sock *s = io->dead;
		io->dead = s->next_dead;
		free(s);
	}
}

/* ---- receiving ---- */

static void client_datagram(struct relay_io *io, const struct relay_flow *flow,
			    const struct relay_packet *p)
{
	if (!dtls_datagram(io, flow, p))
		guest_packet(io, flow, p);
}

static void on_listener(void *arg, int events)
{
	struct relay_udp *u = arg;
	struct relay_io *io = u->io;
	struct relay_flow flow = { .transport = RELAY_UDP, .socket = u->id };
	struct received r;
	struct relay_packet p;
	(void)events;
	int n = 0;
	for (int round = 0; round == 0 || (round < ROUNDS && batch_more(io, n));
	     round++) {
		n = batch_receive(io, u->fd);
		for (int i = 0; i < n; i++) {
			batch_message(io, (size_t)i, &r);
			flow.client = r.from;
			flow.local = r.marks.local;
			flow.local.port = addr_port(&u->at);
			while (batch_packet(&r, &p))
				client_datagram(io, &flow, &p);
		}
		batch_done(io);
	}
	udp_bury(io);
}

int udp_listen(struct relay_udp *u)
{
	int err = watch_open(&u->watch, u->io->loop, u->fd, on_listener, u);
	return err ? err : watch_set(u->watch, WATCH_READ);
}

/* Packets of a train are taken apart: a head is written in front of each. */
static void peer_message(struct relay_io *io, struct relay_sock *s,
			 struct received *r)
{
	struct relay_packet p;
	while (s->fd >= 0 && batch_packet(r, &p)) {
		if (r->whole || batch_apart(io, &p))
			relay_peer_packet(s->port, &r->from, &p);
	}
}

/* What is sent waits for the end of the batch, of which the next port may use
 * the rest. */
static void receive_port(struct relay_io *io, struct relay_sock *s)
{
	struct received r;
	int n = 0;
	for (int round = 0; round == 0 || (round < ROUNDS && batch_more(io, n));
	     round++) {
		if (s->fd < 0)
			return;
		n = batch_receive(io, s->fd);
		for (int i = 0; i < n; i++) {
			batch_message(io, (size_t)i, &r);
			peer_message(io, s, &r);
		}
	}
}

/* ---- ICMP ---- */

static void told_error(struct relay_sock *s, const struct relay_addr *peer,
		       const struct sock_extended_err *e)
{
	if (e->ee_origin == SO_EE_ORIGIN_ICMP ||
	    e->ee_origin == SO_EE_ORIGIN_ICMP6)
		relay_peer_error(s->port, peer, e->ee_type, e->ee_code,
				 e->ee_info);
}

static bool receive_error(struct relay_sock *s)
{
	_Alignas(16) uint8_t control[256];
	struct addr to = { .u.in6 = { .sin6_family = AF_UNSPEC } };
	uint8_t byte;
	struct iovec iov = { &byte, sizeof(byte) };
	struct msghdr h = { .msg_name = &to,
			    .msg_namelen = sizeof(to),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	if (recvmsg(s->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	struct relay_addr peer = relay_addr_of(&to);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		struct sock_extended_err e;
		bool four = c->cmsg_level == IPPROTO_IP &&
			    c->cmsg_type == IP_RECVERR;
		bool six = c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_RECVERR;
		if (!four && !six)
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		told_error(s, &peer, &e);
	}
	return true;
}

static void on_port(struct relay_io *io, struct relay_sock *s, uint32_t events)
{
	enum { ERRORS = 16 };
	for (int i = 0; events & EPOLLERR && i < ERRORS && s->fd >= 0; i++) {
		if (!receive_error(s))
			break;
	}
	if (events & EPOLLIN && s->fd >= 0)
		receive_port(io, s);
}

static void on_ports(void *arg, int events)
{
	struct relay_io *io = arg;
	struct epoll_event ev[EVENTS];
	(void)events;
	int n = epoll_wait(io->epoll, ev, EVENTS, 0);
	for (int i = 0; i < n; i++)
		on_port(io, ev[i].data.ptr, ev[i].events);
	batch_done(io);
	udp_bury(io);
}

int udp_epoll_open(struct relay_io *io)
{
	io->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (io->epoll < 0)
		return -errno;
	int err =
		watch_open(&io->epoll_watch, io->loop, io->epoll, on_ports, io);
	return err ? err : watch_set(io->epoll_watch, WATCH_READ);
}
