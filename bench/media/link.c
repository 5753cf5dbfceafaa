/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of many clients and peers over few sockets, in batches. The first
 * eight bytes of a payload say when it was sent.
 */
#include <errno.h>
#include <time.h> /* for the next one */

#include <linux/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/media/load.h"

enum {
	SOCKET_BYTES = 8 << 20,
	CONTROL = 64,
	AGAIN_MS = 300,
	TRIES = 100,
	STREAM_ROOM = 1 << 16,
};

_Noreturn void load_fail(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- sockets ---- */

static int udp_socket(const struct sockaddr_in *at)
{
	const int one = 1, room = SOCKET_BYTES;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)))
		load_fail("bind");
	setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	return fd;
}

static void stream_open(struct load *l, struct flow *f)
{
	f->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	f->out = malloc(STREAM_ROOM);
	if (f->fd < 0 || !f->out ||
	    bind(f->fd, (struct sockaddr *)&f->client, sizeof(f->client)) ||
	    connect(f->fd, (struct sockaddr *)&l->server, sizeof(l->server)))
		load_fail("connect");
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = f };
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, f->fd, &ev))
		load_fail("epoll_ctl");
}

void link_open(struct load *l)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	socklen_t len = sizeof(any);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!l->tcp)
		l->client_fd = udp_socket(&any);
	l->peer_fd = udp_socket(&l->peer);
	if (!l->tcp && getsockname(l->client_fd, (struct sockaddr *)&any, &len))
		load_fail("getsockname");
	len = sizeof(l->peer);
	getsockname(l->peer_fd, (struct sockaddr *)&l->peer, &len);
	for (size_t i = 0; i < l->flows; i++) {
		struct flow *f = &l->flow[i];
		uint32_t ip = ntohl(l->first.sin_addr.s_addr) + (uint32_t)i;
		f->fd = -1;
		f->client = (struct sockaddr_in){ .sin_family = AF_INET,
						  .sin_addr = { htonl(ip) },
						  .sin_port = any.sin_port };
		if (l->tcp)
			stream_open(l, f);
	}
}

/* ---- one message ---- */

static size_t put_source(void *control, const struct sockaddr_in *from)
{
	struct cmsghdr *c = control;
	const struct in_pktinfo info = { .ipi_spec_dst = from->sin_addr };
	*c = (struct cmsghdr){ .cmsg_level = IPPROTO_IP,
			       .cmsg_type = IP_PKTINFO,
			       .cmsg_len = CMSG_LEN(sizeof(info)) };
	memcpy(CMSG_DATA(c), &info, sizeof(info));
	return CMSG_SPACE(sizeof(info));
}

static size_t put_train(void *control, uint16_t size)
{
	struct cmsghdr *c = control;
	*c = (struct cmsghdr){ .cmsg_level = IPPROTO_UDP,
			       .cmsg_type = UDP_SEGMENT,
			       .cmsg_len = CMSG_LEN(sizeof(size)) };
	memcpy(CMSG_DATA(c), &size, sizeof(size));
	return CMSG_SPACE(sizeof(size));
}

void link_send(struct load *l, struct flow *f, struct slice bytes)
{
	_Alignas(16) uint8_t control[CONTROL];
	struct iovec iov = { (void *)(uintptr_t)bytes.ptr, bytes.len };
	struct msghdr h = { .msg_name = &l->server,
			    .msg_namelen = sizeof(l->server),
			    .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control };
	if (l->tcp) {
		if (send(f->fd, bytes.ptr, bytes.len, MSG_NOSIGNAL) !=
		    (ssize_t)bytes.len)
			load_fail("send");
		return;
	}
	h.msg_controllen = put_source(control, &f->client);
	sendmsg(l->client_fd, &h, 0);
}

int link_receive(struct load *l, uint8_t *bytes, size_t size,
		 struct sockaddr_in *at)
{
	_Alignas(16) uint8_t control[CONTROL];
	struct iovec iov = { bytes, size };
	struct msghdr h = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(l->client_fd, &h, MSG_DONTWAIT);
	if (n < 0)
		return -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c; c = CMSG_NXTHDR(&h, c)) {
		struct in_pktinfo info;
		if (c->cmsg_type != IP_PKTINFO)
			continue;
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		at->sin_addr = info.ipi_addr;
	}
	return (int)n;
}

/* ---- setting a flow up ---- */

static int wait_answer(struct load *l, struct flow *f, uint8_t *bytes)
{
	int fd = l->tcp ? f->fd : l->client_fd;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (poll(&p, 1, AGAIN_MS) <= 0)
		return -1;
	return (int)recv(fd, bytes, TURN_ROOM, MSG_DONTWAIT);
}

static struct turn_answer ask(struct load *l, struct flow *f,
			      struct turn_ask *a)
{
	static uint64_t last_id;
	uint8_t bytes[TURN_ROOM];
	struct turn_answer got;
	a->id = ++last_id;
	a->nonce = &f->nonce;
	for (int i = 0; i < TRIES; i++) {
		size_t len = turn_write(&l->user, a, bytes);
		link_send(l, f, slice_of(bytes, len));
		int n = wait_answer(l, f, bytes);
		if (n <= 0 ||
		    turn_read(&l->user, slice_of(bytes, (size_t)n), &f->nonce,
			      &got) ||
		    got.id != a->id)
			continue;
		if (got.code == 0)
			return got;
		a->id = ++last_id;
	}
	errno = ETIMEDOUT;
	load_fail("the relay does not do it");
}

/* The null relay is told a peer and tells a port. */
static void set_up_null(struct load *l, struct flow *f)
{
	uint8_t bytes[TURN_ROOM] = { 0, 0, 0, 6 };
	memcpy(bytes + 4, &l->peer.sin_addr, 4);
	memcpy(bytes + 8, &l->peer.sin_port, 2);
	link_send(l, f, slice_of(bytes, 10));
	if (wait_answer(l, f, bytes) != 6)
		load_fail("the null relay");
	f->relay = l->server;
	memcpy(&f->relay.sin_port, bytes + 4, 2);
}

void link_set_up(struct load *l, struct flow *f)
{
	struct turn_ask allocate = { .method = STUN_ALLOCATE };
	struct turn_ask bind = { .method = STUN_CHANNEL_BIND,
				 .peer = &l->peer };
	if (l->null) {
		set_up_null(l, f);
		return;
	}
	f->relay = ask(l, f, &allocate).relayed;
	ask(l, f, &bind);
}

/* ---- bursts ---- */

struct burst {
	struct mmsghdr msg[LOAD_BATCH];
	struct iovec iov[LOAD_BATCH];
	uint8_t bytes[LOAD_BATCH * LOAD_PACKET];
	_Alignas(16) uint8_t control[LOAD_BATCH][CONTROL];
};

/* head: with room for a ChannelData head. Packets of one train stand side by
 * side. */
static void fill_packet(const struct load *l, uint8_t *at, bool head)
{
	uint64_t now = clock_ns();
	const uint8_t channel[LOAD_HEAD] = { TURN_CHANNEL >> 8, 0,
					     (uint8_t)(l->bytes >> 8),
					     (uint8_t)l->bytes };
	if (head) {
		memcpy(at, channel, sizeof(channel));
		at += LOAD_HEAD;
	}
	memcpy(at, &now, sizeof(now));
}

static size_t send_burst(int fd, struct burst *s, size_t count)
{
	size_t done = 0;
	while (done < count) {
		int n = sendmmsg(fd, s->msg + done, (unsigned)(count - done),
				 0);
		if (n <= 0)
			return done;
		done += (size_t)n;
	}
	return done;
}

static size_t datagrams(struct load *l, const struct link_burst *b, bool up)
{
	static struct burst s;
	size_t size = l->bytes + (up ? LOAD_HEAD : 0);
	size_t messages = b->count / b->train;
	for (size_t i = 0; i < messages; i++) {
		struct flow *f = b->flow[i * b->train];
		uint8_t *at = s.bytes + i * b->train * size;
		struct msghdr *h = &s.msg[i].msg_hdr;
		for (size_t k = 0; k < b->train; k++)
			fill_packet(l, at + k * size, up);
		s.iov[i] = (struct iovec){ at, b->train * size };
		*h = (struct msghdr){
			.msg_name = up ? &l->server : &f->relay,
			.msg_namelen = sizeof(l->server),
			.msg_iov = &s.iov[i],
			.msg_iovlen = 1,
			.msg_control = s.control[i],
		};
		if (up)
			h->msg_controllen =
				put_source(s.control[i], &f->client);
		if (b->train > 1)
			h->msg_controllen +=
				put_train(s.control[i] + h->msg_controllen,
					  (uint16_t)size);
	}
	return b->train *
	       send_burst(up ? l->client_fd : l->peer_fd, &s, messages);
}

static bool stream_flush(struct flow *f)
{
	ssize_t n = send(f->fd, f->out + f->out_at, f->out_len - f->out_at,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		f->out_at += (uint32_t)n;
	if (f->out_at < f->out_len)
		return false;
	f->out_at = f->out_len = 0;
	return true;
}

static size_t frames(struct load *l, const struct link_burst *b)
{
	size_t size = l->bytes + LOAD_HEAD, sent = 0;
	for (size_t i = 0; i < b->count; i++) {
		struct flow *f = b->flow[i];
		if (f->out_at && !stream_flush(f))
			continue;
		if (f->out_len + size > STREAM_ROOM)
			continue;
		fill_packet(l, f->out + f->out_len, true);
		f->out_len += (uint32_t)size;
		sent++;
		if (i + 1 == b->count || b->flow[i + 1] != f)
			stream_flush(f);
	}
	return sent;
}

size_t link_up(struct load *l, const struct link_burst *b)
{
	return l->tcp ? frames(l, b) : datagrams(l, b, true);
}

size_t link_down(struct load *l, const struct link_burst *b)
{
	return datagrams(l, b, false);
}

/* ---- what comes ---- */

static size_t drain_datagrams(int fd, size_t head, link_fn fn, void *arg)
{
	static uint8_t bytes[LOAD_BATCH][LOAD_PACKET];
	static struct mmsghdr msg[LOAD_BATCH];
	static struct iovec iov[LOAD_BATCH];
	size_t total = 0;
	int n;
	do {
		for (size_t i = 0; i < LOAD_BATCH; i++) {
			iov[i] = (struct iovec){ bytes[i], LOAD_PACKET };
			msg[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
							  .msg_iovlen = 1 };
		}
		n = recvmmsg(fd, msg, LOAD_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			uint64_t sent;
			memcpy(&sent, bytes[i] + head, sizeof(sent));
			fn(arg, sent);
		}
		total += n > 0 ? (size_t)n : 0;
	} while (n == LOAD_BATCH);
	return total;
}

/* All frames have the same size. */
static size_t drain_stream(struct load *l, struct flow *f, link_fn fn,
			   void *arg)
{
	static uint8_t bytes[STREAM_ROOM];
	size_t size = l->bytes + LOAD_HEAD, count = 0;
	ssize_t n = recv(f->fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	for (size_t at = 0; n > 0 && at < (size_t)n;) {
		size_t want = size - f->in_len, left = (size_t)n - at;
		if (f->in_len == 0 && left >= LOAD_HEAD + sizeof(uint64_t)) {
			uint64_t sent;
			memcpy(&sent, bytes + at + LOAD_HEAD, sizeof(sent));
			fn(arg, sent);
		}
		if (left < want) {
			f->in_len += (uint32_t)left;
			break;
		}
		f->in_len = 0;
		at += want;
		count++;
	}
	return count;
}

size_t link_drain(struct load *l, link_fn fn, void *arg)
{
	size_t n = drain_datagrams(l->peer_fd, 0, fn, arg);
	if (!l->tcp)
		return n + drain_datagrams(l->client_fd, LOAD_HEAD, fn, arg);
	struct epoll_event ev[LOAD_BATCH];
	int ready = epoll_wait(l->epoll, ev, LOAD_BATCH, 0);
	for (int i = 0; i < ready; i++)
		n += drain_stream(l, ev[i].data.ptr, fn, arg);
	return n;
}
