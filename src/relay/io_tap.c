/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP with peers: relay ports that listen and are dialled from, connections
 * of MS-TURN, cut into RFC 4571 packets, and those that are joined with one of
 * the client's (RFC 6062).
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/io_pipe.h"
#include "stun/frame.h"

enum {
	BACKLOG = 16,
	READ_BYTES = 2 * FRAME_MAX,
	WRITE_BYTES = 256 * 1024,
	PIECE_BYTES = 1200, /* of a pipe: the caps see packets */
	RETRY_MS = 20,
};

/* A listening relay port. */
struct tap_port {
	struct relay_io *io;
	struct relay_port *port;
	struct acceptor *acceptor;
};

/* ---- life ---- */

static void tap_end(struct tap *t)
{
	if (t->closing)
		return;
	t->closing = true;
	conn_close(t->conn);
}

/* It stands for nothing any more; its memory goes with the connection. */
static void tap_detach(struct tap *t)
{
	struct stream *s = t->joined;
	if (!t->io)
		return;
	timer_stop(&t->retry);
	list_remove(&t->node);
	t->io = NULL;
	t->joined = NULL;
	if (s) {
		s->tap = NULL;
		stream_end_flushed(s);
	}
}

static void on_ready(void *arg, struct conn *c)
{
	struct tap *t = arg;
	(void)c;
	if (t->link && !t->closing)
		relay_link_up(t->link);
}

static void on_end(void *arg, struct conn *c, enum conn_end why,
		   const char *text)
{
	struct tap *t = arg;
	struct relay_link *l = t->link;
	(void)c;
	(void)why;
	(void)text;
	tap_detach(t);
	free(t);
	if (l)
		relay_link_gone(l);
}

/* ---- pipes ---- */

static void resume(struct tap *t)
{
	if (t->closing || !t->joined)
		return;
	conn_pause(t->conn, false);
	conn_pause(t->joined->conn, false);
}

static void on_retry(struct timer *timer, void *arg)
{
	(void)timer;
	resume(arg);
}

static void on_tap_sent(void *arg)
{
	resume(arg);
}

static void on_stream_sent(void *arg)
{
	struct stream *s = arg;
	if (s->tap)
		resume(s->tap);
}

/* What may go on now, in pieces: the caps hold streams back, they drop
 * nothing. */
static size_t allowed(struct tap *t, bool up, struct slice data)
{
	size_t done = 0;
	while (done < data.len) {
		size_t left = data.len - done;
		size_t piece = left < PIECE_BYTES ? left : PIECE_BYTES;
		if (t->link && !relay_link_pass(t->link, up, piece))
			break;
		done += piece;
	}
	if (done < data.len && !timer_running(&t->retry))
		timer_start(&t->retry, RETRY_MS);
	return done;
}

struct pipe_end {
	struct conn *conn;
	void (*when_sent)(void *arg);
};

static size_t move(struct tap *t, bool up, struct slice data)
{
	const struct pipe_end ends[2] = {
		{ t->conn, on_tap_sent },
		{ t->joined->conn, on_stream_sent },
	};
	const struct pipe_end *to = &ends[!up], *from = &ends[up];
	if (!conn_writable(to->conn, data.len)) {
		conn_pause(from->conn, true);
		conn_when_sent(to->conn, to->when_sent);
		return 0;
	}
	size_t done = allowed(t, up, data);
	if (done < data.len)
		conn_pause(from->conn, true);
	/* it has room; what it says of memory ends the pipe */
	if (done && conn_write(to->conn, slice_head(data, done)))
		tap_end(t);
	return done;
}

size_t tap_up(struct tap *t, struct slice data)
{
	return t->closing ? data.len : move(t, true, data);
}

void tap_join(struct tap *t, struct stream *s)
{
	t->joined = s;
	s->tap = t;
	conn_pause(t->conn, false);
}

void tap_client_gone(struct tap *t)
{
	t->joined = NULL;
	t->closing = true;
	conn_close_flushed(t->conn);
}

/* ---- packets of MS-TURN ---- */

static size_t packets(struct tap *t, struct slice data)
{
	struct relay_packet p = { .ptr = t->io->in->buffer + RELAY_HEADROOM };
	size_t used = 0;
	while (!t->closing && t->link) {
		struct slice rest = slice_from(data, used);
		p.len = frame_rtp_whole(rest);
		if (p.len == 0)
			break;
		used += p.len;
		/* what no frame can hold is passed over */
		if (p.len > PACKET_MAX)
			continue;
		memcpy(p.ptr, rest.ptr, p.len);
		relay_link_packet(t->link, &p);
	}
	return t->closing || !t->link ? data.len : used;
}

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct tap *t = arg;
	if (t->closing)
		return data.len;
	if (t->joined)
		return move(t, false, data);
	if (!t->link || !relay_link_joins(t->link))
		return packets(t, data);
	/* until the client joins it, the peer has to wait */
	conn_pause(c, true);
	return 0;
}

static const struct conn_ops conn_ops = { on_ready, on_bytes, on_end };
static const struct conn_limits limits = { .handshake_ms = LINK_DIAL_MS,
					   .read_bytes = READ_BYTES,
					   .write_bytes = WRITE_BYTES };

static struct tap *tap_new(struct relay_io *io)
{
	struct tap *t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->io = io;
	timer_init(&t->retry, loop_timers(io->loop), on_retry, t);
	list_push_back(&io->taps, &t->node);
	return t;
}

static void tap_forget(struct tap *t)
{
	list_remove(&t->node);
	free(t);
}

/* A connected socket; fd is taken over. */
static struct tap *tap_open(struct relay_io *io, int fd)
{
	struct tap *t = tap_new(io);
	if (!t) {
		close(fd);
		return NULL;
	}
	if (conn_accept(&t->conn, io->loop, fd, io->plain, &limits, &conn_ops,
			t)) {
		tap_forget(t);
		return NULL;
	}
	return t;
}

/* ---- ports ---- */

static void on_peer(void *arg, int fd, const struct addr *from)
{
	struct tap_port *p = arg;
	struct relay_addr peer = relay_addr_of(from);
	struct tap *t = tap_open(p->io, fd);
	if (!t)
		return;
	t->link = relay_link_incoming(p->port, &peer, t);
	if (t->link)
		return;
	/* nothing of it stays behind that would keep us from dialling him */
	const struct linger none = { .l_onoff = 1 };
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	tap_end(t);
}

/* Bound when nobody else has that port; only then others of our own, which
 * dial from it, may share it. */
static int port_bound(const struct relay_addr *at, bool alone, int *fd)
{
	struct addr a = relay_addr_to(at);
	const int on = 1;
	int s = socket(a.u.sa.sa_family,
		       SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s < 0)
		return -errno;
	bool done =
		!(at->family == 6 &&
		  setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on))) &&
		(alone ||
		 !setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on))) &&
		!bind(s, &a.u.sa, addr_len(&a)) &&
		(!alone ||
		 !setsockopt(s, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)));
	if (!done) {
		int err = -errno;
		close(s);
		return err;
	}
	*fd = s;
	return 0;
}

static int on_listen(void *arg, struct relay_port *port,
		     const struct relay_addr *at, void **io)
{
	struct relay_io *self = arg;
	struct tap_port *p = calloc(1, sizeof(*p));
	int fd = -1;
	if (!p)
		return -ENOMEM;
	int err = port_bound(at, true, &fd);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	if (!err)
		err = acceptor_open(&p->acceptor, self->loop, fd, on_peer, p);
	if (err) {
		if (fd >= 0)
			close(fd);
		free(p);
		return err;
	}
	p->io = self;
	p->port = port;
	*io = p;
	return 0;
}

static void on_unlisten(void *arg, void *io)
{
	struct tap_port *p = io;
	(void)arg;
	acceptor_close(p->acceptor);
	free(p);
}

static void on_accept(void *arg, void *io)
{
	struct tap_port *p = io;
	(void)arg;
	acceptor_now(p->acceptor);
}

static int on_dial(void *arg, struct relay_link *l, const struct relay_addr *to,
		   void **io)
{
	struct relay_io *self = arg;
	struct relay_addr from = relay_link_port(l);
	struct addr a = relay_addr_to(to);
	struct tap *t = tap_new(self);
	int fd = -1;
	int err = t ? port_bound(&from, false, &fd) : -ENOMEM;
	if (!err && connect(fd, &a.u.sa, addr_len(&a)) && errno != EINPROGRESS)
		err = -errno;
	if (!err) {
		err = conn_connecting(&t->conn, self->loop, fd, self->plain,
				      &limits, &conn_ops, t);
		fd = -1;
	}
	if (err) {
		if (fd >= 0)
			close(fd);
		if (t)
			tap_forget(t);
		return err;
	}
	t->link = l;
	*io = t;
	return 0;
}

static int on_write(void *arg, void *io, struct slice bytes)
{
	struct tap *t = io;
	(void)arg;
	return conn_write(t->conn, bytes);
}

static void on_close(void *arg, void *io)
{
	struct tap *t = io;
	(void)arg;
	t->link = NULL;
	tap_detach(t);
	tap_end(t);
}

static void on_join(void *arg, const struct relay_flow *flow, void *io)
{
	(void)arg;
	tap_join(io, flow->conn);
}

/* ---- another process has the other half ---- */

/* TLS ends here: the other process gets one end of a pair. */
static int far_end(struct stream *s, int *fd)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       pair))
		return -errno;
	struct tap *t = tap_open(s->io, pair[0]);
	if (!t) {
		close(pair[1]);
		return -ENOMEM;
	}
	tap_join(t, s);
	*fd = pair[1];
	return 0;
}

static void on_pass_on(void *arg, const struct relay_flow *flow,
		       const struct relay_join *join)
{
	struct relay_io *io = arg;
	struct stream *s = flow->conn;
	int fd = conn_fd(s->conn);
	int err = s->tls ? far_end(s, &fd) : 0;
	if (!err)
		err = io->pass ? io->pass(io->pass_arg, join,
					  s->tls ? SLICE_NONE : s->rest, fd)
			       : -EPIPE;
	if (s->tls && fd >= 0 && !err)
		close(fd);
	if (!s->tls || err)
		stream_hang_up(flow);
}

void relay_io_on_pass(struct relay_io *io, relay_pass_fn fn, void *arg)
{
	io->pass = fn;
	io->pass_arg = arg;
}

void relay_io_join(struct relay_io *io, const struct relay_join *join,
		   struct slice rest, int fd)
{
	const struct relay_flow nowhere = { .transport = RELAY_TCP };
	struct tap *t =
		io->engine ? relay_link_claim(io->engine, join->id, join->user)
			   : NULL;
	struct slice answer = t ? join->yes : join->no;
	struct stream *s = NULL;
	/* nothing was sent by it yet: there is room */
	ssize_t n =
		send(fd, answer.ptr, answer.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!t || n != (ssize_t)answer.len) {
		close(fd);
	} else if (stream_open(&s, io, fd, &nowhere, io->plain) == 0) {
		tap_join(t, s);
		if (conn_write(t->conn, rest) == 0)
			return;
	}
	if (t)
		tap_end(t);
}

void taps_close(struct relay_io *io)
{
	LIST_EACH (it, tmp, &io->taps) {
		struct tap *t = container_of(it, struct tap, node);
		t->link = NULL;
		tap_detach(t);
		tap_end(t);
	}
}

const struct relay_link_ops tap_ops = {
	.listen = on_listen,
	.unlisten = on_unlisten,
	.accept = on_accept,
	.dial = on_dial,
	.write = on_write,
	.close = on_close,
	.join = on_join,
	.pass_on = on_pass_on,
};
