/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receiving: many datagrams a system call, and trains, datagrams of one flow
 * that the kernel hands over as one (UDP_GRO). Ports that have a packet or two
 * each share a batch, so that what they send to clients leaves together.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "relay/relay_io_int.h"

/* A train of the largest kind, each packet with its own head- and tailroom. */
enum { APART_BYTES = 128 << 10 };

static void reset(struct in_batch *in, size_t i)
{
	struct msghdr *h = &in->msg[i].msg_hdr;
	h->msg_namelen = sizeof(in->from[i]);
	h->msg_controllen = sizeof(in->control[i]);
	h->msg_flags = 0;
}

int batch_open(struct in_batch **out)
{
	struct in_batch *in = calloc(1, sizeof(*in));
	if (!in)
		return -ENOMEM;
	in->buffer = malloc((size_t)BATCH * BUFFER_BYTES);
	in->apart = malloc(APART_BYTES);
	if (!in->buffer || !in->apart) {
		batch_free(in);
		return -ENOMEM;
	}
	for (size_t i = 0; i < BATCH; i++) {
		in->iov[i] = (struct iovec){ in->buffer + i * BUFFER_BYTES +
						     RELAY_HEADROOM,
					     PACKET_MAX };
		in->msg[i].msg_hdr =
			(struct msghdr){ .msg_name = &in->from[i],
					 .msg_iov = &in->iov[i],
					 .msg_iovlen = 1,
					 .msg_control = in->control[i] };
		reset(in, i);
	}
	*out = in;
	return 0;
}

void batch_free(struct in_batch *in)
{
	if (!in)
		return;
	free(in->buffer);
	free(in->apart);
	free(in);
}

/* ---- what the network says of a packet ---- */

static void local_of(struct marks *m, const struct in6_addr *a)
{
	struct addr x = { .u.in6 = { .sin6_family = AF_INET6,
				     .sin6_addr = *a } };
	m->local = relay_addr_of(&x);
}

static void read_six(struct marks *m, const struct cmsghdr *c)
{
	struct in6_pktinfo info;
	int number;
	switch (c->cmsg_type) {
	case IPV6_PKTINFO:
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		local_of(m, &info.ipi6_addr);
		return;
	case IPV6_HOPLIMIT:
		memcpy(&number, CMSG_DATA(c), sizeof(number));
		m->ttl = (uint8_t)number;
		return;
	case IPV6_TCLASS:
		memcpy(&number, CMSG_DATA(c), sizeof(number));
		m->tos = (uint8_t)number;
		return;
	default:
		return;
	}
}

static void read_four(struct marks *m, const struct cmsghdr *c)
{
	struct in_pktinfo info;
	int number;
	switch (c->cmsg_type) {
	case IP_PKTINFO:
		memcpy(&info, CMSG_DATA(c), sizeof(info));
		m->local = (struct relay_addr){ .family = 4 };
		memcpy(m->local.ip, &info.ipi_addr, 4);
		return;
	case IP_TTL:
		memcpy(&number, CMSG_DATA(c), sizeof(number));
		m->ttl = (uint8_t)number;
		return;
	case IP_TOS:
		m->tos = *CMSG_DATA(c); /* one byte here */
		return;
	default:
		return;
	}
}

static void read_marks(struct marks *m, struct msghdr *h)
{
	int size;
	*m = (struct marks){ .ttl = 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level == IPPROTO_IPV6) {
			read_six(m, c);
		} else if (c->cmsg_level == IPPROTO_IP) {
			read_four(m, c);
		} else if (c->cmsg_level == IPPROTO_UDP &&
			   c->cmsg_type == UDP_GRO) {
			memcpy(&size, CMSG_DATA(c), sizeof(size));
			m->train = size > 0 ? (size_t)size : 0;
		}
	}
}

/* ---- batches ---- */

void batch_done(struct relay_io *io)
{
	queue_flush(io);
	io->in->used = 0;
	io->in->apart_at = 0;
}

int batch_receive(struct relay_io *io, int fd)
{
	enum { FEW = 8 };
	struct in_batch *in = io->in;
	if (BATCH - in->used < FEW)
		batch_done(io);
	in->first = in->used;
	in->asked = BATCH - in->used;
	int n = recvmmsg(fd, in->msg + in->first, (unsigned)in->asked,
			 MSG_DONTWAIT, NULL);
	in->used += n > 0 ? (size_t)n : 0;
	return n;
}

bool batch_more(const struct relay_io *io, int n)
{
	return n > 0 && (size_t)n == io->in->asked;
}

void batch_message(struct relay_io *io, size_t i, struct received *out)
{
	struct in_batch *in = io->in;
	struct mmsghdr *m = &in->msg[in->first + i];
	struct addr from = { .u.in6 = in->from[in->first + i] };
	read_marks(&out->marks, &m->msg_hdr);
	out->from = relay_addr_of(&from);
	out->next = m->msg_hdr.msg_iov->iov_base;
	out->left = m->msg_len;
	out->whole = out->marks.train == 0 || out->left <= out->marks.train;
	out->over = false;
	reset(in, in->first + i);
}

bool batch_packet(struct received *r, struct relay_packet *p)
{
	size_t len =
		r->whole || r->left < r->marks.train ? r->left : r->marks.train;
	if (r->over)
		return false;
	*p = (struct relay_packet){ .ptr = r->next,
				    .len = len,
				    .ttl = r->marks.ttl,
				    .tos = r->marks.tos };
	r->next += len;
	r->left -= len;
	r->over = r->left == 0;
	return true;
}

bool batch_apart(struct relay_io *io, struct relay_packet *p)
{
	struct in_batch *in = io->in;
	size_t need = RELAY_HEADROOM + p->len + RELAY_TAILROOM;
	if (need > APART_BYTES)
		return false;
	if (in->apart_at + need > APART_BYTES) {
		queue_flush(io);
		in->apart_at = 0;
	}
	uint8_t *at = in->apart + in->apart_at + RELAY_HEADROOM;
	memcpy(at, p->ptr, p->len);
	in->apart_at += need;
	p->ptr = at;
	return true;
}
