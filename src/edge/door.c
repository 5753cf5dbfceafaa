/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Port 443 before TLS (architecture 7). The first bytes are only looked at:
 * pseudo-TLS and bare frames of MS-TURN, STUN, and a ClientHello that asks for
 * stun.turn (RFC 7443) when relays have keys, belong to a relay, which gets the
 * descriptor; other ClientHellos become flows; all else is closed without an
 * answer (SIP-11).
 *
 * A declared load balancer first says for whom it speaks. That header is read,
 * and from then on the connection is that client's, limits and all.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "edge/visitor.h"
#include "net/proxy_header.h"
#include "stun/demux.h"

enum {
	DOORS_MAX = 8192,
	DOOR_MS = 10000,
	PEEK_BYTES = 4096, /* a ClientHello with every extension there is */
	RECORD_HEAD = 5,   /* of TLS */
};

/* Owner: edge->doors, until it is told apart or its time is over. */
struct door {
	struct list node;
	struct visitor v;
	struct watch *watch;
	struct timer timer;
	size_t seen; /* bytes that did not suffice */
	bool header; /* a balancer's header has to come first */
};

bool edge_is_balancer(const struct edge *e, const struct addr *from)
{
	const struct edge_conf *c = e->current->conf;
	for (size_t i = 0; i < c->balancer_count; i++)
		if (addr_in_prefix(from, &c->balancers[i]))
			return true;
	return false;
}

bool edge_door_wanted(const struct visitor *v)
{
	return v->kind == FLOW_CLIENT && (v->edge->current->conf->relays ||
					  edge_is_balancer(v->edge, &v->from));
}

/* What was at the door goes on elsewhere. */
static struct visitor leave(struct door *d)
{
	struct visitor v = d->v;
	const int one = 1;
	timer_stop(&d->timer);
	watch_close(d->watch);
	list_remove(&d->node);
	v.edge->door_count--;
	(void)setsockopt(v.fd, SOL_SOCKET, SO_RCVLOWAT, &one, sizeof(one));
	free(d);
	return v;
}

static void not_ours(struct door *d)
{
	struct visitor v = leave(d);
	LOG_LIMITED(LOG_INFO, "conn.not_sip", slice_str(v.source),
		    KV_STR("source", v.source), KV_STR("peer", ""));
	visitor_close(&v);
}

static void refuse(struct door *d, const char *why)
{
	struct visitor v = leave(d);
	visitor_refuse(&v, why);
}

static void on_late(struct timer *t, void *arg)
{
	struct visitor v = leave(arg);
	(void)t;
	LOG_LIMITED(LOG_INFO, "conn.slow", slice_str(v.source),
		    KV_STR("source", v.source), KV_STR("peer", ""),
		    KV_STR("why", "first_bytes"));
	visitor_close(&v);
}

/* Is called again when `want` bytes are there, or no more will come. */
static void wait_for(struct door *d, size_t have, size_t want)
{
	int low = (int)want;
	if (have == d->seen ||
	    setsockopt(d->v.fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low)))
		not_ours(d);
	else
		d->seen = have;
}

/* Any relay will do for a stream; ours are as many as the workers. */
static void to_relay(struct door *d)
{
	struct visitor v = leave(d);
	struct edge *e = v.edge;
	const struct ipc_relay_stream m = { .client = slice_str(v.source) };
	metric_add(M_RELAY_STREAMS, 1);
	if (e->ops->send_fd(e->arg, PROC_RELAY, e->slot, IPC_RELAY_STREAM, &m,
			    v.fd))
		visitor_refuse(&v, "relay");
	else
		visitor_close(&v);
}

static void judge_hello(struct door *d, struct slice first)
{
	size_t whole = first.len < RECORD_HEAD
			       ? RECORD_HEAD
			       : RECORD_HEAD + (size_t)(first.ptr[3] << 8 |
							first.ptr[4]);
	if (first.len < whole && whole <= PEEK_BYTES) {
		wait_for(d, first.len, whole);
	} else if (d->v.edge->current->conf->relays_tls &&
		   demux_alpn(first, SLICE_LIT("stun.turn"))) {
		to_relay(d);
	} else {
		struct visitor v = leave(d);
		visitor_flow(&v);
	}
}

static void judge(struct door *d, struct slice first)
{
	bool relays = d->v.edge->current->conf->relays;
	switch (demux_stream(first)) {
	case STREAM_MORE:
		wait_for(d, first.len, first.len + 1);
		break;
	case STREAM_TLS:
		judge_hello(d, first);
		break;
	case STREAM_HELLO:
	case STREAM_MS:
	case STREAM_RFC:
		if (relays)
			to_relay(d);
		else
			not_ours(d);
		break;
	case STREAM_CLOSE:
		not_ours(d);
		break;
	}
}

static void read_header(struct door *d, struct slice first)
{
	uint8_t header[PROXY_HEADER_MAX];
	size_t len = 0;
	int err = proxy_header_read(first, &len, &d->v.from);
	if (err == -EAGAIN) {
		wait_for(d, first.len, len);
		return;
	}
	if (err || recv(d->v.fd, header, len, MSG_DONTWAIT) != (ssize_t)len) {
		refuse(d, "proxy_header");
		return;
	}
	d->header = false;
	d->seen = 0;
	addr_text(&d->v.from, d->v.source);
	const char *why = visitor_admit(&d->v);
	if (why)
		refuse(d, why);
	else
		wait_for(d, SIZE_MAX, 1);
}

static void on_first(void *arg, int events)
{
	struct door *d = arg;
	uint8_t first[PEEK_BYTES];
	(void)events;
	ssize_t n =
		recv(d->v.fd, first, sizeof(first), MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		struct visitor v = leave(d);
		visitor_close(&v);
	} else if (d->header) {
		read_header(d, slice_of(first, (size_t)n));
	} else {
		judge(d, slice_of(first, (size_t)n));
	}
}

void edge_door_open(const struct visitor *v)
{
	struct edge *e = v->edge;
	struct visitor refused = *v;
	struct door *d =
		e->door_count < DOORS_MAX ? calloc(1, sizeof(*d)) : NULL;
	if (!d) {
		visitor_refuse(&refused, "memory");
		return;
	}
	d->v = *v;
	d->header = edge_is_balancer(e, &v->from);
	list_push_back(&e->doors, &d->node);
	e->door_count++;
	timer_init(&d->timer, e->timers, on_late, d);
	timer_start(&d->timer, DOOR_MS);
	int err = watch_open(&d->watch, e->loop, v->fd, on_first, d);
	if (!err)
		err = watch_set(d->watch, WATCH_READ);
	if (err)
		refuse(d, "memory");
}

void edge_doors_close(struct edge *e)
{
	LIST_EACH (it, tmp, &e->doors) {
		struct visitor v = leave(container_of(it, struct door, node));
		visitor_close(&v);
	}
}
