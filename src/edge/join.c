/* SPDX-License-Identifier: Apache-2.0 */
/* Two connections that pass bytes on to each other. */
#include "edge/join.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "stun/frame.h"

enum {
	READ_BYTES = 64 * 1024,
	WRITE_BYTES = 256 * 1024,
	PIECE_BYTES = 16 * 1024, /* a record of TLS */
};

/* Owner: its inner connection, until on_end. */
struct join {
	struct flow *flow; /* NULL: it has ended */
	struct conn *inner;
	bool ms; /* frames of MS-TURN */
};

/* The flow's connection calls back with the flow, the inner one with the join.
 */
static void on_flow_sent(void *arg)
{
	struct flow *f = arg;
	if (f->join)
		conn_pause(f->join->inner, false);
}

static void on_inner_sent(void *arg)
{
	struct join *j = arg;
	if (j->flow)
		conn_pause(j->flow->conn, false);
}

/* Towards the client a frame is a record of TLS, as where a relay ends TLS:
 * some read no more than one of them at a time. What is no whole frame goes as
 * it is. */
static size_t frame_of(const struct join *j, struct slice data)
{
	struct frame f;
	int err = j->ms ? frame_next_ms(&f, data, FRAME_MAX)
			: frame_next_rfc(&f, data, FRAME_MAX);
	return err || f.kind == FRAME_MORE ? data.len : f.consumed;
}

/* As much as the other takes now; it is asked for the rest when that left. */
static size_t pass(const struct join *j, struct slice data, bool up)
{
	struct conn *outer = j->flow->conn;
	struct conn *to = up ? j->inner : outer;
	size_t used = 0;
	while (used < data.len) {
		struct slice left = slice_from(data, used);
		struct slice piece =
			slice_head(left, up ? PIECE_BYTES : frame_of(j, left));
		int err = conn_writable(to, piece.len) ? conn_write(to, piece)
						       : -ENOBUFS;
		if (err == -ENOBUFS) {
			conn_pause(up ? outer : j->inner, true);
			conn_when_sent(to, up ? on_inner_sent : on_flow_sent);
			return used;
		}
		if (err)
			return data.len; /* it ends, and its on_end is near */
		used += piece.len;
	}
	return used;
}

static size_t take(struct flow *f, struct slice data)
{
	if (!f->join || f->ending)
		return data.len;
	return pass(f->join, data, true);
}

static void on_ready(void *arg, struct conn *c)
{
	(void)arg;
	(void)c;
}

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct join *j = arg;
	(void)c;
	if (!j->flow || j->flow->ending)
		return data.len;
	return pass(j, data, false);
}

/* The relay has ended it, or is gone. */
static void on_end(void *arg, struct conn *c, enum conn_end why,
		   const char *text)
{
	struct join *j = arg;
	(void)c;
	(void)why;
	(void)text;
	if (j->flow) {
		j->flow->join = NULL;
		if (!j->flow->ending)
			flow_end(j->flow, true);
	}
	free(j);
}

static const struct conn_ops inner_ops = { on_ready, on_bytes, on_end };
static const struct conn_limits inner_limits = { .read_bytes = READ_BYTES,
						 .write_bytes = WRITE_BYTES };

static void local_of(const struct flow *f, char out[static ADDR_TEXT_MAX])
{
	struct addr a = { .u.in6 = { .sin6_family = AF_UNSPEC } };
	socklen_t len = sizeof(a);
	out[0] = '\0';
	if (!getsockname(conn_fd(f->conn), &a.u.sa, &len))
		addr_text(&a, out);
}

static int hand_over(struct flow *f, int fd)
{
	struct edge *e = f->edge;
	char local[ADDR_TEXT_MAX];
	local_of(f, local);
	const struct ipc_relay_stream m = { .client = slice_str(f->source),
					    .local = slice_str(local) };
	return e->ops->send_fd(e->arg, PROC_RELAY, e->slot, IPC_RELAY_STREAM,
			       &m, fd);
}

static int join_make(struct flow *f, struct join *j)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		       pair) < 0)
		return -errno;
	int err = hand_over(f, pair[1]);
	close(pair[1]);
	if (err) {
		close(pair[0]);
		return err;
	}
	return conn_accept(&j->inner, f->edge->loop, pair[0],
			   f->edge->current->tls_plain, &inner_limits,
			   &inner_ops, j);
}

bool join_open(struct flow *f, bool ms)
{
	if (!f->edge->current->conf->relays)
		return false;
	struct join *j = calloc(1, sizeof(*j));
	int err = j ? join_make(f, j) : -ENOMEM;
	if (err) {
		free(j);
		return false;
	}
	j->flow = f;
	j->ms = ms;
	f->join = j;
	f->take = take;
	metric_add(M_RELAY_STREAMS, 1);
	/* the relay has limits and deadlines of its own */
	timer_stop(&f->deadline);
	source_left(f);
	return true;
}

void join_leave(struct flow *f)
{
	struct join *j = f->join;
	if (!j)
		return;
	f->join = NULL;
	j->flow = NULL;
	conn_close_flushed(j->inner);
}
