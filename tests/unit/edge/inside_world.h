/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker of partner_world.h with two servers inside in place of home, and
 * clients as connections that the test makes.
 */
#pragma once

#include "edge/inside.h"
#include "unit/edge/partner_talk.h"

static const struct inside_hop_conf two_hops[] = {
	{ .host = { (const uint8_t *)"fe1.in.test", 11 }, .port = 5061 },
	{ .host = { (const uint8_t *)"fe2.in.test", 11 }, .port = 5071 },
};
static const struct slice peer_names[] = {
	{ (const uint8_t *)"fe1.in.test", 11 },
	{ (const uint8_t *)"fe2.in.test", 11 },
};

static inline void inside_conf(struct world *w, struct edge_conf *c,
			       const struct inside_hop_conf *hop, size_t count)
{
	*c = w->conf;
	c->inside = (struct inside_conf){
		.external = true,
		.name = SLICE_LIT("edge.contoso.test"),
		.port = 5070,
		.hop = hop,
		.hop_count = count,
		.peers = peer_names,
		.peer_count = 2,
		.tls = w->conf.tls,
		.health_ms = 10000,
	};
}

/* c lives as long as the worker. */
static inline void apply(struct world *w, const struct edge_conf *c)
{
	uint32_t number = w->edge->current->number + 1;
	char error[256];
	assert_int_equal(
		edge_prepare(w->edge, number, c, no_release, NULL, error), 0);
	edge_commit(w->edge, number);
	fake_turn();
}

static inline void hop_resolved(struct world *w, const char *name,
				const char *address)
{
	const struct target_spec t = { name, true, { address } };
	resolved(w, asked_for(w, name, IPC_TARGETS_HOST), 300, &t, 1);
}

static inline struct inside_hop *hop_at(struct world *w, size_t n)
{
	struct list *it = w->edge->inside.hops.next;
	while (n--)
		it = it->next;
	assert_true(it != &w->edge->inside.hops);
	return container_of(it, struct inside_hop, node);
}

/* Both are connected (0 and 1) and answer. */
static inline void both_up(struct world *w, const struct edge_conf *c)
{
	apply(w, c);
	hop_resolved(w, "fe1.in.test", "192.0.2.1:5061");
	hop_resolved(w, "fe2.in.test", "192.0.2.2:5071");
	fake_ready(0);
	fake_ready(1);
	answer(0, 0, 200, "");
	answer(1, 0, 200, "");
}

/* A connection of a client; its number. */
static inline size_t client(struct world *w)
{
	struct flow *f = flow_create(w->edge, FLOW_CLIENT);
	assert_non_null(f);
	f->port = 443;
	assert_int_equal(conn_accept(&f->conn, w->loop, -1, NULL, &flow_limits,
				     &flow_conn_ops, f),
			 0);
	fake_ready(w->net.count - 1);
	return w->net.count - 1;
}

static inline void says(size_t i, const char *method, const char *uri,
			const char *extra)
{
	char text[2048];
	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS phone.invalid;branch=z9hG4bK%zu%s%zu\r\n"
		 "Max-Forwards: 70\r\n"
		 "From: <sip:alice@contoso.test>;tag=1\r\n"
		 "To: <sip:alice@contoso.test>\r\n"
		 "Call-ID: call%zu\r\nCSeq: 1 %s\r\n%s"
		 "Content-Length: 0\r\n\r\n",
		 method, uri, i, method, strlen(extra), i, method, extra);
	fake_bytes(i, slice_str(text));
	fake_turn();
}

static inline bool heard(size_t i, const char *text)
{
	struct slice s = buf_slice(&fake_conn(i)->out);
	return s.len && memmem(s.ptr, s.len, text, strlen(text)) != NULL;
}
