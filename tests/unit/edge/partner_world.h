/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker, alone (workers: 1, so that it owns every partner), with
 * connections that the test makes and ends, a resolver that the test answers
 * for, home as the test speaks for it, and time as the test says it.
 */
#pragma once

#include "support/certs.h"
#include "unit/edge/fake_drive.h"

#include "edge/partner_int.h"

enum { INCARNATION = 0x1000, SENT_MAX = 4096 };

struct sent {
	enum proc_role role;
	uint32_t slot;
	struct buf bytes; /* encoded */
};

struct world {
	struct fake_net net;
	struct loop *loop;
	struct timers *timers;
	struct edge *edge;
	struct test_cert ca, leaf;
	struct edge_conf conf;
	struct access_partner partner[3];
	struct addr_prefix allow[2];
	struct slice domain;
	struct sent *sent;
	size_t count, read;
	unsigned asked; /* requests that home sent */
	int resolver_error;
};

static inline int on_send(void *arg, enum proc_role role, uint32_t slot,
			  enum ipc_type type, const void *body)
{
	struct world *w = arg;
	if (role == PROC_RESOLVER && w->resolver_error)
		return w->resolver_error;
	assert_true(w->count < SENT_MAX);
	struct sent *s = &w->sent[w->count++];
	s->role = role;
	s->slot = slot;
	buf_init(&s->bytes, 0);
	ipc_encode(&s->bytes, type, body);
	if (!buf_failed(&s->bytes))
		return 0;
	buf_free(&s->bytes);
	w->count--;
	return -ENOBUFS;
}

static const struct edge_ops ops = { .send = on_send };

static inline void no_release(void *arg)
{
	(void)arg;
}

static inline void tell(struct world *w, enum proc_role role, uint32_t slot,
			enum ipc_type type, const void *body)
{
	struct proc_id from = { role, slot, 0x2000 + slot };
	struct ipc_msg m;
	struct buf b;
	buf_init(&b, 0);
	ipc_encode(&b, type, body);
	assert_int_equal(ipc_decode(buf_slice(&b), &m), 0);
	edge_message(w->edge, &from, &m);
	buf_free(&b);
}

static inline void forget(struct world *w)
{
	for (size_t i = 0; i < w->count; i++)
		buf_free(&w->sent[i].bytes);
	w->count = 0;
	w->read = 0;
}

/* The next message of that type since the last one was taken; false: none. */
static inline bool next_sent(struct world *w, enum ipc_type type,
			     struct ipc_msg *out)
{
	while (w->read < w->count) {
		struct buf *b = &w->sent[w->read++].bytes;
		assert_int_equal(ipc_decode(buf_slice(b), out), 0);
		if (out->type == type)
			return true;
	}
	return false;
}

static inline int world_setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct cert_spec ca = { .common_name = "ca", .authority = true };
	uint8_t ring[1 + SEAL_KEY_BYTES] = { 7, 1, 2, 3 };
	struct ipc_keys k = { slice_of(ring, sizeof(ring)) };
	struct proc_id home = { PROC_HOME, 0, 0x2000 };
	struct proc_id resolver = { PROC_RESOLVER, 0, 0x2000 };
	char error[256];
	fake_net = &w->net;
	w->sent = calloc(SENT_MAX, sizeof(*w->sent));
	certs_make(&w->ca, &ca, NULL);
	certs_leaf(&w->leaf, "edge.contoso.test", &w->ca);
	w->domain = SLICE_LIT("contoso.test");
	addr_parse_prefix(SLICE_LIT("192.0.2.0/24"), &w->allow[0]);
	addr_parse_prefix(SLICE_LIT("2001:db8::/32"), &w->allow[1]);
	w->partner[0] =
		(struct access_partner){ .domain = SLICE_LIT("fabrikam.test"),
					 .allow = w->allow,
					 .allow_count = 2 };
	w->partner[1] =
		(struct access_partner){ .domain = SLICE_LIT("litware.test"),
					 .edge = SLICE_LIT("sip.litware.test"),
					 .address =
						 SLICE_LIT("127.0.0.1:5061") };
	w->partner[2] = (struct access_partner){
		.domain = SLICE_LIT("proseware.test"),
		.edge = SLICE_LIT("edge.hosting.test"),
	};
	for (size_t i = 7; i < sizeof(ring); i++)
		ring[i] = (uint8_t)i;
	w->conf = (struct edge_conf){
		.name = SLICE_LIT("edge.contoso.test"),
		.tls = certs_conf(&w->leaf, &w->ca),
		.access = { .domains = &w->domain,
			    .domain_count = 1,
			    .partners = w->partner,
			    .partner_count = 3 },
		.workers = 1,
		.unauthenticated_per_source = 64,
		.new_per_source = 20,
		.request_timeout_ms = 20000,
	};
	assert_int_equal(loop_create(&w->loop), 0);
	w->timers = loop_timers(w->loop);
	assert_int_equal(
		edge_create(&w->edge, w->loop, 0, INCARNATION, &ops, w), 0);
	assert_int_equal(
		edge_prepare(w->edge, 1, &w->conf, no_release, w, error), 0);
	edge_commit(w->edge, 1);
	edge_peer_up(w->edge, &home);
	edge_peer_up(w->edge, &resolver);
	tell(w, PROC_STORE, 0, IPC_KEYS, &k);
	*state = w;
	return 0;
}

static inline int world_teardown(void **state)
{
	struct world *w = *state;
	forget(w);
	edge_free(w->edge);
	fake_free();
	loop_free(w->loop);
	certs_free(&w->leaf);
	certs_free(&w->ca);
	free(w->sent);
	free(w);
	fake_net = NULL;
	return 0;
}

#define WORLD_TEST(f) \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
