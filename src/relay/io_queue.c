/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes out. Packets of one batch are gathered with pointers into the
 * receive buffers, then sent socket by socket, a run at a time; those of one
 * flow and length go as one (UDP_SEGMENT). What the kernel does not take is
 * dropped and counted: it is UDP.
 */
#include <errno.h>
#include <sys/socket.h>

#include "base/metrics.h"
#include "relay/relay_io_int.h"

/* ---- control messages ---- */

static void put_control(struct queued *q, int level, int type, const void *data,
			size_t len)
{
	struct cmsghdr *c =
		(struct cmsghdr *)(void *)(q->control + q->control_len);
	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(c), data, len);
	q->control_len += CMSG_SPACE(len);
}

static void put_number(struct queued *q, int level, int type, int value)
{
	put_control(q, level, type, &value, sizeof(value));
}

static void put_marks(struct queued *q, bool six, const struct relay_out *out)
{
	int level = six ? IPPROTO_IPV6 : IPPROTO_IP;
	if (out->ttl)
		put_number(q, level, six ? IPV6_HOPLIMIT : IP_TTL, out->ttl);
	if (out->tos)
		put_number(q, level, six ? IPV6_TCLASS : IP_TOS, out->tos);
}

/* From the address that the client came to. */
static void put_source(struct queued *q, bool six_socket,
		       const struct relay_addr *local)
{
	struct in6_pktinfo six = { .ipi6_ifindex = 0 };
	struct in_pktinfo four = { .ipi_ifindex = 0 };
	if (!six_socket) {
		memcpy(&four.ipi_spec_dst, local->ip, 4);
		put_control(q, IPPROTO_IP, IP_PKTINFO, &four, sizeof(four));
		return;
	}
	if (local->family == 6) {
		memcpy(&six.ipi6_addr, local->ip, 16);
	} else {
		six.ipi6_addr.s6_addr[10] = 0xff;
		six.ipi6_addr.s6_addr[11] = 0xff;
		memcpy(&six.ipi6_addr.s6_addr[12], local->ip, 4);
	}
	put_control(q, IPPROTO_IPV6, IPV6_PKTINFO, &six, sizeof(six));
}

/* ---- entries ---- */

static void set_to(struct queued *q, bool six_socket,
		   const struct relay_addr *a)
{
	struct addr to = relay_addr_to(a);
	if (!six_socket) {
		memcpy(&q->to, &to.u.in, sizeof(to.u.in));
		q->to_len = sizeof(to.u.in);
		return;
	}
	q->to = (struct sockaddr_in6){ .sin6_family = AF_INET6,
				       .sin6_port = htons(a->port) };
	q->to_len = sizeof(q->to);
	if (a->family == 6) {
		memcpy(&q->to.sin6_addr, a->ip, 16);
		return;
	}
	q->to.sin6_addr.s6_addr[10] = 0xff;
	q->to.sin6_addr.s6_addr[11] = 0xff;
	memcpy(&q->to.sin6_addr.s6_addr[12], a->ip, 4);
}

static struct queued *entry(struct relay_io *io, int fd,
			    const struct relay_out *out)
{
	if (!out->borrowed && out->bytes.len > COPY_BYTES) {
		metric_add(M_TURN_UNSENT, 1);
		return NULL;
	}
	if (io->out->count == QUEUE)
		queue_flush(io);
	struct queued *q = &io->out->item[io->out->count++];
	q->fd = fd;
	q->bytes = out->bytes;
	q->control_len = 0;
	q->dont_fragment = out->dont_fragment;
	if (!out->borrowed) {
		memcpy(q->copy, out->bytes.ptr, out->bytes.len);
		q->bytes.ptr = q->copy;
	}
	return q;
}

void queue_to_client(struct relay_io *io, const struct relay_flow *to,
		     const struct relay_out *out)
{
	const struct relay_udp *u = udp_find(io, to->socket);
	struct queued *q = u ? entry(io, u->fd, out) : NULL;
	if (!q)
		return;
	set_to(q, u->six, &to->client);
	put_source(q, u->six, &to->local);
	put_marks(q, to->client.family == 6, out);
}

void queue_to_peer(struct relay_io *io, const struct relay_sock *s,
		   const struct relay_addr *peer, const struct relay_out *out)
{
	struct queued *q = entry(io, s->fd, out);
	if (!q)
		return;
	set_to(q, s->family == 6, peer);
	put_marks(q, s->family == 6, out);
}

/* ---- sending ---- */

/* Messages of one socket: packets, and trains of them (UDP_SEGMENT). */
struct run {
	size_t count; /* messages */
	struct mmsghdr msg[QUEUE];
	struct iovec iov[QUEUE];
};

enum {
	TRAIN_PACKETS = 64, /* as many as every system takes */
	TRAIN_BYTES = 64000,
	SEGMENT_SPACE = CMSG_SPACE(sizeof(uint16_t)),
};

/* Every packet of a train has the length of the first, but for the last. */
static bool joins(const struct queued *first, const struct mmsghdr *train,
		  const struct queued *q)
{
	const struct msghdr *h = &train->msg_hdr;
	size_t size = first->bytes.len;
	return size && q->bytes.len && q->bytes.len <= size &&
	       h->msg_iov[h->msg_iovlen - 1].iov_len == size &&
	       h->msg_iovlen < TRAIN_PACKETS &&
	       (h->msg_iovlen + 1) * size <= TRAIN_BYTES &&
	       q->to_len == first->to_len &&
	       q->control_len == first->control_len &&
	       memcmp(&q->to, &first->to, q->to_len) == 0 &&
	       memcmp(q->control, first->control, q->control_len) == 0;
}

static void begin_message(struct run *run, size_t i, struct queued *q)
{
	run->msg[run->count++].msg_hdr = (struct msghdr){
		.msg_name = &q->to,
		.msg_namelen = q->to_len,
		.msg_iov = &run->iov[i],
		.msg_iovlen = 1,
		.msg_control = q->control_len ? q->control : NULL,
		.msg_controllen = q->control_len,
	};
}

static void end_message(struct run *run, struct queued *first)
{
	struct msghdr *h = &run->msg[run->count - 1].msg_hdr;
	uint16_t size = (uint16_t)first->bytes.len;
	if (h->msg_iovlen == 1)
		return;
	put_control(first, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size));
	h->msg_control = first->control;
	h->msg_controllen = first->control_len;
}

/* Packets that go the same way in a row become trains. */
static void fill(struct run *run, struct queued *item, size_t count)
{
	struct queued *first = item;
	run->count = 0;
	for (size_t i = 0; i < count; i++) {
		/* the kernel only reads */
		union {
			const uint8_t *in;
			void *out;
		} bytes = { item[i].bytes.ptr };
		run->iov[i] = (struct iovec){ bytes.out, item[i].bytes.len };
		struct mmsghdr *open = i ? &run->msg[run->count - 1] : NULL;
		if (open && joins(first, open, &item[i])) {
			open->msg_hdr.msg_iovlen++;
			continue;
		}
		if (open)
			end_message(run, first);
		first = &item[i];
		begin_message(run, i, first);
	}
	end_message(run, first);
}

/* A train that cannot go as one: a packet of it is too long for the way, or
 * the system knows no trains. */
static void send_apart(int fd, const struct msghdr *train)
{
	for (size_t i = 0; i < train->msg_iovlen; i++) {
		struct msghdr one = *train;
		one.msg_iov = train->msg_iov + i;
		one.msg_iovlen = 1;
		one.msg_controllen -= SEGMENT_SPACE;
		if (one.msg_controllen == 0)
			one.msg_control = NULL;
		if (sendmsg(fd, &one, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			metric_add(M_TURN_UNSENT, 1);
	}
}

static void give_up(int fd, const struct msghdr *h, int err)
{
	if (h->msg_iovlen > 1 && err != EAGAIN)
		send_apart(fd, h);
	else
		metric_add(M_TURN_UNSENT, h->msg_iovlen);
}

/* A socket first tells the error of an earlier packet: so once more. */
static void send_run(struct run *run, int fd)
{
	size_t at = 0;
	bool again = false;
	while (at < run->count) {
		int n = sendmmsg(fd, run->msg + at, (unsigned)(run->count - at),
				 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n > 0) {
			at += (size_t)n;
			again = false;
		} else if (!again && errno != EAGAIN) {
			again = true;
		} else {
			give_up(fd, &run->msg[at].msg_hdr, errno);
			at++;
			again = false;
		}
	}
}

static void set_df(int fd, int how)
{
	int family = 0;
	socklen_t len = sizeof(family);
	getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &how,
			   sizeof(how));
	else
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how));
}

void queue_flush(struct relay_io *io)
{
	struct out_queue *o = io->out;
	struct run run;
	for (size_t i = 0, n; i < o->count; i += n) {
		struct queued *q = &o->item[i];
		for (n = 0; i + n < o->count && o->item[i + n].fd == q->fd &&
			    o->item[i + n].dont_fragment == q->dont_fragment;)
			n++;
		fill(&run, q, n);
		if (q->dont_fragment)
			set_df(q->fd, IP_PMTUDISC_DO);
		send_run(&run, q->fd);
		if (q->dont_fragment)
			set_df(q->fd, IP_PMTUDISC_DONT);
	}
	o->count = 0;
}
