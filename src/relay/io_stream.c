/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients on TCP and TLS, frame by frame. A stream without an allocation for a
 * minute goes (TURN-10). What does not fit the queue towards a slow client is
 * dropped, as UDP would.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/metrics.h"
#include "relay/io_guest.h"
#include "relay/io_pipe.h"
#include "stun/demux.h"
#include "stun/frame.h"
#include "stun/msturn.h"

enum {
	READ_BYTES = 2 * FRAME_MAX,
	WRITE_BYTES = 256 * 1024,
};

static void end(struct stream *s)
{
	if (s->closing)
		return;
	s->closing = true;
	conn_close(s->conn);
}

static void on_idle(struct timer *t, void *arg)
{
	struct stream *s = arg;
	if (s->tap || guest_busy(s->io, &s->flow))
		timer_start(t, STREAM_IDLE_MS);
	else
		end(s);
}

/* ---- in ---- */

static int answer_hello(struct stream *s)
{
	uint8_t random[64], reply[MSTURN_HELLO_REPLY_BYTES];
	int err = crypto_random(random, sizeof(random));
	if (err)
		return err;
	msturn_hello_reply(reply, (uint32_t)(loop_wall_ms() / 1000), random);
	return conn_write(s->conn, slice_of(reply, sizeof(reply)));
}

/* Pseudo-TLS may come first: bytes consumed (MS-TURN 2.1.1). */
static size_t begin(struct stream *s, struct slice data)
{
	switch (demux_stream(data)) {
	case STREAM_MORE:
		return 0;
	case STREAM_HELLO:
		s->known = true;
		if (answer_hello(s))
			end(s);
		return MSTURN_HELLO_BYTES;
	default:
		s->known = true;
		return 0;
	}
}

static void take(struct stream *s, const struct frame *f)
{
	/* the engine does not write into what clients send */
	union {
		const uint8_t *in;
		uint8_t *out;
	} bytes = { f->body.ptr };
	const struct relay_packet p = { .ptr = bytes.out, .len = f->body.len };
	if (f->kind == FRAME_DATA)
		relay_client_data(s->io->engine, &s->flow, &p);
	else
		guest_packet(s->io, &s->flow, &p);
}

static size_t frames(struct stream *s, struct slice data)
{
	size_t used = 0;
	while (!s->closing && !s->tap) {
		struct frame f;
		struct slice rest = slice_from(data, used);
		int err = s->flow.transport == RELAY_MS_TCP
				  ? frame_next_ms(&f, rest, FRAME_MAX)
				  : frame_next_rfc(&f, rest, FRAME_MAX);
		if (err) {
			metric_add(M_TURN_NOT_OURS, 1);
			end(s);
			break;
		}
		if (f.kind == FRAME_MORE)
			break;
		used += f.consumed;
		s->rest = slice_from(data, used);
		take(s, &f);
	}
	if (s->tap && !s->closing && used < data.len)
		used += tap_up(s->tap, slice_from(data, used));
	return s->closing ? data.len : used;
}

static size_t on_bytes(void *arg, struct conn *c, struct slice data)
{
	struct stream *s = arg;
	size_t used = 0;
	(void)c;
	if (s->closing)
		return data.len;
	if (!s->known)
		used = begin(s, data);
	if (s->known && !s->closing)
		used += frames(s, slice_from(data, used));
	/* packets for peers point into these bytes */
	queue_flush(s->io);
	udp_bury(s->io);
	return used;
}

/* ---- out ---- */

void stream_write(const struct relay_flow *to, const struct relay_out *out)
{
	struct stream *s = to->conn;
	if (s->closing || conn_write(s->conn, out->bytes))
		metric_add(M_TURN_UNSENT, 1);
}

void stream_hang_up(const struct relay_flow *flow)
{
	if (flow->conn)
		end(flow->conn);
}

/* ---- life ---- */

static void on_ready(void *arg, struct conn *c)
{
	(void)arg;
	(void)c;
}

/* It is nobody's client any more; its memory goes with the connection. */
static void detach(struct stream *s)
{
	if (!s->io)
		return;
	guest_gone(s->io, &s->flow);
	if (s->tap)
		tap_client_gone(s->tap);
	s->tap = NULL;
	if (s->counted)
		crowd_leave(&s->io->crowd, &s->flow.client);
	timer_stop(&s->idle);
	list_remove(&s->node);
	s->io->stream_count--;
	s->io = NULL;
}

static void on_end(void *arg, struct conn *c, enum conn_end why,
		   const char *text)
{
	(void)c;
	(void)why;
	(void)text;
	detach(arg);
	free(arg);
}

static const struct conn_ops conn_ops = { on_ready, on_bytes, on_end };

/* What is queued leaves; on_end comes then. */
void stream_end_flushed(struct stream *s)
{
	if (s->closing)
		return;
	s->closing = true;
	conn_close_flushed(s->conn);
}

int stream_open(struct stream **out, struct relay_io *io, int fd,
		const struct relay_flow *flow, struct net_tls *tls)
{
	static const struct conn_limits limits = { .read_bytes = READ_BYTES,
						   .write_bytes = WRITE_BYTES };
	struct stream *s = calloc(1, sizeof(*s));
	if (!s) {
		close(fd);
		return -ENOMEM;
	}
	s->io = io;
	s->flow = *flow;
	s->flow.conn = s;
	s->known = flow->transport != RELAY_MS_TCP;
	s->tls = tls != io->plain;
	int err =
		conn_accept(&s->conn, io->loop, fd, tls, &limits, &conn_ops, s);
	if (err) {
		free(s);
		return err;
	}
	list_push_back(&io->streams, &s->node);
	io->stream_count++;
	timer_init(&s->idle, loop_timers(io->loop), on_idle, s);
	timer_start(&s->idle, STREAM_IDLE_MS);
	if (out)
		*out = s;
	return 0;
}

void streams_close(struct relay_io *io)
{
	LIST_EACH (it, tmp, &io->streams) {
		struct stream *s = container_of(it, struct stream, node);
		s->closing = true;
		detach(s);
		conn_close(s->conn);
	}
}
