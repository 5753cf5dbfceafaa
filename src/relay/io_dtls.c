/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients on DTLS, at the same port as all other datagrams (RFC 8656 2.1). A
 * stranger is asked for a cookie, as often as any stranger is answered
 * (TURN-04), and leaves nothing behind (TURN-16); a session without an
 * allocation for a minute goes.
 */
#include "net/dtls.h"

#include <errno.h>
#include <stdlib.h>

#include "base/metrics.h"
#include "relay/io_guest.h"

enum {
	FLOWS_MAX = 50000,
	SHAKING_MAX = 512,
	SHAKE_MS = 10000,
};

/* Owned by io->dtls_flows; freed when nothing of it is being called. */
struct dtls_flow {
	struct map_node node; /* key: the flow */
	struct list all;
	struct relay_io *io;
	struct relay_flow flow;
	struct dtls *dtls;
	struct timer late, idle;
	const struct relay_out *marks; /* of what is being sent */
	bool shaking, closing;
};

/* A stranger, for the moment of one datagram. */
struct stranger {
	struct relay_io *io;
	const struct relay_flow *flow;
};

/* ---- out ---- */

static void send_record(struct relay_io *io, const struct relay_flow *flow,
			const struct relay_out *marks, struct slice record)
{
	/* the record is gone in a moment; nobody writes around it */
	union {
		const uint8_t *in;
		uint8_t *out;
	} bytes = { record.ptr };
	struct relay_packet p = { .ptr = bytes.out, .len = record.len };
	if (!batch_apart(io, &p))
		return;
	const struct relay_out out = { .bytes = slice_of(p.ptr, p.len),
				       .borrowed = true,
				       .ttl = marks ? marks->ttl : 0,
				       .tos = marks ? marks->tos : 0 };
	queue_to_client(io, flow, &out);
}

static void ask_stranger(void *arg, struct slice record)
{
	const struct stranger *s = arg;
	if (strangers_pass(&s->io->dtls_strangers, &s->flow->client,
			   timers_now(loop_timers(s->io->loop))))
		send_record(s->io, s->flow, NULL, record);
}

static void on_out(void *arg, struct slice record)
{
	struct dtls_flow *f = arg;
	send_record(f->io, &f->flow, f->marks, record);
}

void dtls_write(const struct relay_flow *to, const struct relay_out *out)
{
	struct dtls_flow *f = to->conn;
	f->marks = out;
	if (f->closing || dtls_send(f->dtls, out->bytes))
		metric_add(M_TURN_UNSENT, 1);
	f->marks = NULL;
}

/* ---- life ---- */

static void flow_free(struct dtls_flow *f)
{
	struct relay_io *io = f->io;
	f->closing = true;
	timer_stop(&f->late);
	timer_stop(&f->idle);
	guest_gone(io, &f->flow);
	map_remove(&io->dtls_flows, &f->node);
	list_remove(&f->all);
	io->dtls_shaking -= f->shaking;
	crowd_leave(&io->crowd, &f->flow.client);
	dtls_free(f->dtls);
	free(f);
}

/* What is still in a call is freed behind it, at the latest by its timer. */
static void end(struct dtls_flow *f)
{
	if (f->closing)
		return;
	f->closing = true;
	dtls_close(f->dtls);
	timer_start(&f->idle, 0);
}

void dtls_hang_up(const struct relay_flow *flow)
{
	end(flow->conn);
}

static void on_idle(struct timer *t, void *arg)
{
	struct dtls_flow *f = arg;
	struct relay_io *io = f->io;
	if (!f->closing && guest_busy(io, &f->flow)) {
		timer_start(t, STREAM_IDLE_MS);
		return;
	}
	dtls_close(f->dtls);
	flow_free(f);
	batch_done(io);
}

static void wait_answer(struct dtls_flow *f)
{
	int64_t ms = dtls_late_ms(f->dtls);
	if (ms < 0)
		timer_stop(&f->late);
	else
		timer_start(&f->late, (uint64_t)ms);
}

static void on_late(struct timer *t, void *arg)
{
	struct dtls_flow *f = arg;
	struct relay_io *io = f->io;
	(void)t;
	if (dtls_late(f->dtls))
		flow_free(f);
	else
		wait_answer(f);
	batch_done(io);
}

/* ---- in ---- */

static void on_in(void *arg, struct slice plain)
{
	struct dtls_flow *f = arg;
	union {
		const uint8_t *in;
		uint8_t *out;
	} bytes = { plain.ptr };
	struct relay_packet p = { .ptr = bytes.out, .len = plain.len };
	/* what is sent on is pointed into until the batch is over */
	if (!f->closing && batch_apart(f->io, &p))
		guest_packet(f->io, &f->flow, &p);
}

static void receive(struct dtls_flow *f, struct slice datagram)
{
	bool was_open = dtls_open(f->dtls);
	int err = dtls_receive(f->dtls, datagram);
	if (!was_open && dtls_open(f->dtls)) {
		f->shaking = false;
		f->io->dtls_shaking--;
		if (!f->closing)
			timer_start(&f->idle, STREAM_IDLE_MS);
	}
	if (err || f->closing) {
		dtls_close(f->dtls);
		flow_free(f);
		return;
	}
	wait_answer(f);
}

static const struct dtls_ops flow_ops = { on_out, on_in };
static const struct dtls_ops stranger_ops = { ask_stranger, NULL };

static struct dtls_flow *find(struct relay_io *io,
			      const struct relay_flow *flow)
{
	struct map_node *n =
		map_find(&io->dtls_flows, slice_of(flow, RELAY_FLOW_KEY));
	return n ? container_of(n, struct dtls_flow, node) : NULL;
}

static int flow_open(struct relay_io *io, const struct relay_flow *flow,
		     struct dtls *dtls, struct dtls_flow **out)
{
	struct dtls_flow *f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->io = io;
	f->flow = *flow;
	f->flow.conn = f;
	f->dtls = dtls;
	f->shaking = true;
	int err = map_insert(&io->dtls_flows, &f->node,
			     slice_of(&f->flow, RELAY_FLOW_KEY));
	if (err) {
		free(f);
		return err;
	}
	list_push_back(&io->dtls_all, &f->all);
	io->dtls_shaking++;
	timer_init(&f->late, loop_timers(io->loop), on_late, f);
	timer_init(&f->idle, loop_timers(io->loop), on_idle, f);
	timer_start(&f->idle, SHAKE_MS);
	dtls_adopt(dtls, &flow_ops, f);
	*out = f;
	return 0;
}

/* It has shown that it hears us. */
static int admit(struct relay_io *io, const struct relay_flow *flow,
		 struct dtls *dtls, struct dtls_flow **out)
{
	struct dtls_flow *before = find(io, flow);
	if (before)
		flow_free(before);
	if (io_closed(io, flow) || io->dtls_flows.count >= FLOWS_MAX ||
	    io->dtls_shaking >= SHAKING_MAX)
		return -EBUSY;
	if (!crowd_enter(&io->crowd, &flow->client)) {
		metric_add(M_REJ_TURN_CROWD, 1);
		return -EDQUOT;
	}
	int err = flow_open(io, flow, dtls, out);
	if (err)
		crowd_leave(&io->crowd, &flow->client);
	return err;
}

static void hello(struct relay_io *io, const struct relay_flow *flow,
		  struct slice datagram)
{
	struct stranger s = { .io = io, .flow = flow };
	const struct dtls_stranger who = {
		.path = slice_of(flow, RELAY_FLOW_KEY),
		.datagram = datagram,
		.now_s = loop_wall_ms() / 1000,
	};
	struct dtls *dtls = NULL;
	struct dtls_flow *f = NULL;
	if (!io->now.dtls || flow->client.port == 0 ||
	    dtls_listen(io->now.dtls, &who, &stranger_ops, &s, &dtls))
		return;
	if (admit(io, flow, dtls, &f))
		dtls_free(dtls);
	else
		receive(f, datagram);
}

bool dtls_datagram(struct relay_io *io, const struct relay_flow *flow,
		   const struct relay_packet *p)
{
	struct slice datagram = slice_of(p->ptr, p->len);
	struct relay_flow mine = *flow;
	if (!dtls_is_record(datagram) ||
	    (!io->now.dtls && io->dtls_flows.count == 0))
		return false;
	mine.transport = RELAY_DTLS;
	struct dtls_flow *f = find(io, &mine);
	/* packets without a head may look like this */
	if (!f && guest_busy(io, flow))
		return false;
	bool anew = dtls_is_hello(datagram) &&
		    (!f || (dtls_open(f->dtls) &&
			    !dtls_same_hello(f->dtls, datagram)));
	if (anew)
		hello(io, &mine, datagram);
	else if (f)
		receive(f, datagram);
	else
		metric_add(M_TURN_NOT_OURS, 1);
	return true;
}

int dtls_flows_open(struct relay_io *io)
{
	int err = map_init(&io->dtls_flows);
	if (err)
		return err;
	return strangers_init(&io->dtls_strangers,
			      timers_now(loop_timers(io->loop)));
}

void dtls_flows_close(struct relay_io *io)
{
	LIST_EACH (it, tmp, &io->dtls_all)
		flow_free(container_of(it, struct dtls_flow, all));
	map_free(&io->dtls_flows);
}
