/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to a next hop: looked up, dialled address by address, dialled
 * again when it ends. One that did not live long counts as a failure, so that
 * a server which closes every connection is not dialled in a circle (NET-03).
 */
#include "edge/contexts.h"
#include "edge/inside.h"

#include <stdio.h>

#include "base/cursor.h"
#include "ipc/targets.h"

enum {
	BACKOFF_FIRST_MS = 1000,
	BACKOFF_MAX_MS = 30000,
	JITTER_MS = 250,
	STABLE_MS = 5000,
	HANDSHAKE_MS = 4000,
	LOOKUP_MS = 6000,
	WRITE_BYTES = 8 << 20,
};

static const struct conn_limits limits = { .handshake_ms = HANDSHAKE_MS,
					   .write_bytes = WRITE_BYTES };

void inside_retry(struct inside_hop *h, const char *why)
{
	uint64_t jitter = crypto_random_u64() % JITTER_MS;
	h->backoff_ms = h->backoff_ms ? h->backoff_ms * 2 : BACKOFF_FIRST_MS;
	if (h->backoff_ms > BACKOFF_MAX_MS)
		h->backoff_ms = BACKOFF_MAX_MS;
	if (!h->fixed)
		h->address_count = 0; /* looked up again */
	timer_start(&h->redial, h->backoff_ms + jitter);
	inside_down(h, why);
}

static int dial(struct inside_hop *h, const struct addr *to)
{
	struct edge *e = h->edge;
	struct flow *f = flow_create(e, FLOW_NEXT_HOP);
	if (!f)
		return -1;
	addr_text(to, f->source);
	f->plain = h->plain;
	f->hop = h;
	h->flow = f;
	h->ready = false;
	memcpy(f->peer, h->peer, sizeof(f->peer));
	int err = conn_dial(&f->conn, e->loop, to, contexts_of(f), h->host,
			    &limits, &flow_conn_ops, f);
	if (!err)
		return 0;
	h->flow = NULL;
	f->hop = NULL;
	flow_drop(f);
	return err;
}

static void dial_next(struct inside_hop *h, const char *why)
{
	while (h->address_next < h->address_count) {
		if (!dial(h, &h->address[h->address_next++]))
			return;
		why = "it cannot be dialled";
	}
	inside_retry(h, why);
}

static void look_up(struct inside_hop *h)
{
	struct edge *e = h->edge;
	struct ipc_targets_get ask = { .id = ++e->last_ask,
				       .kind = IPC_TARGETS_HOST,
				       .port = h->port,
				       .name = slice_str(h->host) };
	if (!e->resolver.incarnation)
		return; /* inside_resolver_up() */
	if (e->ops->send(e->arg, PROC_RESOLVER, 0, IPC_TARGETS_GET, &ask)) {
		inside_retry(h, "the resolver cannot be reached");
		return;
	}
	h->ask = ask.id;
	timer_start(&h->redial, LOOKUP_MS);
}

void inside_dial(struct inside_hop *h)
{
	timer_stop(&h->redial);
	h->ask = 0;
	h->address_next = 0;
	if (h->address_count)
		dial_next(h, "it has no address");
	else if (h->fixed)
		inside_retry(h, "it has no address");
	else
		look_up(h);
}

/* The back-off is over, or the resolver has not answered. */
static void on_redial(struct timer *t, void *arg)
{
	struct inside_hop *h = arg;
	(void)t;
	if (h->ask) {
		h->ask = 0;
		inside_retry(h, "the resolver does not answer");
	} else {
		inside_dial(h);
	}
}

void inside_dial_init(struct inside_hop *h)
{
	timer_init(&h->redial, h->edge->timers, on_redial, h);
}

void inside_hop_targets(struct inside_hop *h, const struct ipc_targets *m)
{
	struct cur c = cur_init(m->targets);
	struct ipc_target t;
	char text[NET_ERROR_MAX];
	h->ask = 0;
	timer_stop(&h->redial);
	h->address_count = 0;
	h->address_next = 0;
	while (!m->error && ipc_target_next(&c, &t) == 1)
		for (size_t i = 0; i < t.count; i++)
			if (h->address_count < INSIDE_ADDRESSES_MAX)
				h->address[h->address_count++] = t.addr[i];
	if (slice_cstr(m->text, text, sizeof(text)) || !text[0])
		snprintf(text, sizeof(text), "it has no address");
	dial_next(h, text);
}

void inside_ready(struct flow *f)
{
	struct inside_hop *h = f->hop;
	h->ready = true;
	h->ready_ms = timers_now(f->edge->timers);
	h->address_next = 0;
	inside_health_begin(h);
}

void inside_ended(struct flow *f, const char *text)
{
	struct inside_hop *h = f->hop;
	uint64_t lived = timers_now(f->edge->timers) - h->ready_ms;
	bool was_ready = h->ready;
	f->hop = NULL;
	h->flow = NULL;
	h->ready = false;
	inside_health_stop(h);
	if (!was_ready)
		dial_next(h, text);
	else if (h->state == INSIDE_DOWN || lived < STABLE_MS)
		inside_retry(h, text);
	else
		inside_dial(h);
}
