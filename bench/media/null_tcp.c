/* SPDX-License-Identifier: Apache-2.0 */
/* The null relay's clients on TCP: frames in, datagrams out, and back. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/media/null.h"

void null_accept(struct null *n)
{
	struct sockaddr_in client;
	socklen_t len = sizeof(client);
	uint8_t hello[NULL_HEAD + 6];
	int fd;
	while ((fd = accept4(n->tcp, (struct sockaddr *)&client, &len, 0)) >=
	       0) {
		/* the bench asks at once */
		if (recv(fd, hello, sizeof(hello), MSG_WAITALL) !=
		    (ssize_t)sizeof(hello)) {
			close(fd);
			continue;
		}
		struct null_flow *f = null_find(n, &client);
		size_t answer = null_begin(n, f, &client, hello);
		f->stream = fd;
		f->in = malloc(NULL_STREAM);
		if (!f->in || send(fd, hello, answer, 0) < 0)
			exit(1);
		struct epoll_event ev = { .events = EPOLLIN,
					  .data.ptr = (uint8_t *)f + 1 };
		epoll_ctl(n->epoll, EPOLL_CTL_ADD, fd, &ev);
		len = sizeof(client);
	}
}

static void flush(struct null *n, struct null_flow *f, size_t count)
{
	for (size_t at = 0; at < count;) {
		int done = sendmmsg(f->port, n->out + at,
				    (unsigned)(count - at), MSG_DONTWAIT);
		at += done > 0 ? (size_t)done : 1;
	}
}

void null_frames(struct null *n, struct null_flow *f)
{
	ssize_t got = recv(f->stream, f->in + f->in_len,
			   NULL_STREAM - f->in_len, MSG_DONTWAIT);
	size_t at = 0, count = 0;
	if (got == 0 || (got < 0 && errno != EAGAIN)) {
		epoll_ctl(n->epoll, EPOLL_CTL_DEL, f->stream, NULL);
		return;
	}
	f->in_len += got > 0 ? (size_t)got : 0;
	while (f->in_len - at >= NULL_HEAD) {
		size_t len = (size_t)(f->in[at + 2] << 8 | f->in[at + 3]);
		if (f->in_len - at < NULL_HEAD + len)
			break;
		n->out_iov[count] =
			(struct iovec){ f->in + at + NULL_HEAD, len };
		n->out[count].msg_hdr =
			(struct msghdr){ .msg_name = &f->peer,
					 .msg_namelen = sizeof(f->peer),
					 .msg_iov = &n->out_iov[count],
					 .msg_iovlen = 1 };
		at += NULL_HEAD + len;
		if (++count == NULL_BATCH) {
			flush(n, f, count);
			count = 0;
		}
	}
	flush(n, f, count);
	memmove(f->in, f->in + at, f->in_len - at);
	f->in_len -= at;
}

/* The connection blocks: who is slow slows the bench, and loses nothing. */
void null_to_stream(struct null *n, struct null_flow *f, size_t count)
{
	if (writev(f->stream, n->out_iov, (int)count) < 0)
		perror("writev");
}
