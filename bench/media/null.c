/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The null relay: what any relay of packets has to pay. Batches in, one
 * look-up, batches out; no protocol, no rights, no limits. A client's first
 * packet names its peer and is answered with a port.
 *
 *   media_null IP:PORT
 */
#include "bench/media/null.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { ROOM = 4 << 20, EVENTS = 64, ROUNDS = 4 };

static void watch(struct null *n, int fd, void *what)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };
	epoll_ctl(n->epoll, EPOLL_CTL_ADD, fd, &ev);
}

struct null_flow *null_find(struct null *n, const struct sockaddr_in *client)
{
	uint64_t key =
		(uint64_t)client->sin_addr.s_addr << 16 | client->sin_port;
	size_t at = (size_t)(key * 0x9e3779b97f4a7c15 >> 50);
	for (;; at = (at + 1) % NULL_FLOWS) {
		struct null_flow *f = &n->flow[at];
		if (!f->port ||
		    (f->client.sin_addr.s_addr == client->sin_addr.s_addr &&
		     f->client.sin_port == client->sin_port))
			return f;
	}
}

size_t null_begin(struct null *n, struct null_flow *f,
		  const struct sockaddr_in *client, uint8_t *bytes)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	getsockname(n->udp, (struct sockaddr *)&at, &len);
	at.sin_port = 0;
	f->client = *client;
	f->stream = -1;
	f->peer.sin_family = AF_INET;
	memcpy(&f->peer.sin_addr, bytes + NULL_HEAD, 4);
	memcpy(&f->peer.sin_port, bytes + NULL_HEAD + 4, 2);
	f->port = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (f->port < 0 || bind(f->port, (struct sockaddr *)&at, sizeof(at)) ||
	    getsockname(f->port, (struct sockaddr *)&at, &len)) {
		perror("port");
		exit(1);
	}
	watch(n, f->port, f);
	bytes[3] = 2;
	memcpy(bytes + NULL_HEAD, &at.sin_port, 2);
	return NULL_HEAD + 2;
}

static int receive(struct null *n, int fd)
{
	for (size_t i = 0; i < NULL_BATCH; i++) {
		n->in_iov[i] =
			(struct iovec){ n->room[i] + NULL_HEAD, NULL_PACKET };
		n->in[i].msg_hdr = (struct msghdr){
			.msg_name = &n->from[i],
			.msg_namelen = sizeof(n->from[i]),
			.msg_iov = &n->in_iov[i],
			.msg_iovlen = 1,
		};
	}
	return recvmmsg(fd, n->in, NULL_BATCH, MSG_DONTWAIT, NULL);
}

static void put(struct null *n, size_t i, struct sockaddr_in *to, uint8_t *at,
		size_t len)
{
	n->out_iov[i] = (struct iovec){ at, len };
	n->out[i].msg_hdr = (struct msghdr){ .msg_name = to,
					     .msg_namelen = sizeof(*to),
					     .msg_iov = &n->out_iov[i],
					     .msg_iovlen = 1 };
}

static void send_all(struct null *n, int fd, size_t first, size_t count)
{
	while (count > 0) {
		int done = sendmmsg(fd, n->out + first, (unsigned)count,
				    MSG_DONTWAIT);
		size_t step = done > 0 ? (size_t)done : 1;
		first += step;
		count -= step;
	}
}

static void from_clients(struct null *n)
{
	int got = receive(n, n->udp), fd = -1;
	size_t first = 0;
	for (size_t i = 0; (int)i < got; i++) {
		struct null_flow *f = null_find(n, &n->from[i]);
		uint8_t *bytes = n->room[i] + NULL_HEAD;
		size_t len = n->in[i].msg_len;
		int to = f->port ? f->port : n->udp;
		if (to != fd) {
			send_all(n, fd, first, i - first);
			first = i;
			fd = to;
		}
		if (f->port) {
			put(n, i, &f->peer, bytes + NULL_HEAD, len - NULL_HEAD);
		} else {
			len = null_begin(n, f, &n->from[i], bytes);
			put(n, i, &n->from[i], bytes, len);
		}
	}
	if (got > 0)
		send_all(n, fd, first, (size_t)got - first);
}

static void from_peer(struct null *n, struct null_flow *f)
{
	int got = receive(n, f->port);
	for (size_t i = 0; (int)i < got; i++) {
		size_t len = n->in[i].msg_len;
		uint8_t *at = n->room[i];
		const uint8_t head[NULL_HEAD] = { 0x40, 0, (uint8_t)(len >> 8),
						  (uint8_t)len };
		memcpy(at, head, sizeof(head));
		put(n, i, &f->client, at, len + NULL_HEAD);
	}
	if (got > 0 && f->stream >= 0)
		null_to_stream(n, f, (size_t)got);
	else if (got > 0)
		send_all(n, n->udp, 0, (size_t)got);
}

static void sockets(struct null *n, const char *where)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	const int one = 1, room = ROOM;
	char host[64] = "";
	const char *colon = strchr(where, ':');
	if (!colon)
		exit(2);
	memcpy(host, where, (size_t)(colon - where) % sizeof(host));
	at.sin_port = htons((uint16_t)atoi(colon + 1));
	inet_pton(AF_INET, host, &at.sin_addr);
	n->epoll = epoll_create1(0);
	n->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	n->tcp = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(n->udp, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	setsockopt(n->udp, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(n->tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(n->udp, (struct sockaddr *)&at, sizeof(at)) ||
	    bind(n->tcp, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(n->tcp, 1024)) {
		perror(where);
		exit(1);
	}
	watch(n, n->udp, &n->udp);
	watch(n, n->tcp, &n->tcp);
}

/* A connection's events have the lowest bit of the pointer set. */
static void on_event(struct null *n, void *what)
{
	uintptr_t bits = (uintptr_t)what;
	if (what == &n->udp)
		from_clients(n);
	else if (what == &n->tcp)
		null_accept(n);
	else if (bits & 1)
		null_frames(n, (struct null_flow *)(bits - 1));
	else
		from_peer(n, what);
}

int main(int argc, char **argv)
{
	static struct null n;
	struct epoll_event ev[EVENTS];
	if (argc != 2)
		return 2;
	sockets(&n, argv[1]);
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		int got = epoll_wait(n.epoll, ev, EVENTS, -1);
		for (int i = 0; i < got; i++)
			on_event(&n, ev[i].data.ptr);
	}
}
