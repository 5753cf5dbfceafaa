/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on a table: its ports, its clock, what left it. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "relay/link.h"
#include "relay/relay.h"
#include "stun/channel.h"
#include "stun/msturn.h"
#include "stun/write.h"

enum { RIG_SENT = 64, RIG_BYTES = 2048, RIG_PORTS = 4096, RIG_ELSEWHERE = 3 };

/* What left the engine. */
struct rig_sent {
	bool to_peer;
	struct relay_flow flow; /* to_client */
	struct relay_addr from; /* to_peer: the relay port */
	struct relay_addr peer;
	struct relay_out out;
	size_t len;
	uint8_t bytes[RIG_BYTES];
};

struct rig_port {
	struct relay_port *port;
	struct relay_addr at;
	bool open;
};

/* A connection with a peer. */
struct rig_tap {
	struct relay_link *link;
	bool open, joined;
	struct relay_flow flow; /* that it is joined with */
	char sent[64];          /* what was written to it last */
};

struct rig {
	struct timers *timers;
	struct relay *relay;
	struct relay_conf conf;
	struct relay_user users[2];
	struct addr own[1];
	struct addr_prefix allow[2];
	struct credential_secrets secrets;
	struct hasher *hasher;
	uint64_t now_ms;
	struct rig_port port[RIG_PORTS];
	size_t open;    /* ports that are open */
	int open_error; /* what open() says */
	struct rig_tap tap[128];
	size_t taps, taps_open;
	int dial_error;            /* what dial() says */
	struct relay_addr waiting; /* a peer that accept() finds */
	unsigned hung_up;
	uint32_t socket, next_id; /* by which clients come; of requests */
	uint32_t passed, handed;  /* slot that somebody was given to, + 1 */
	size_t count;             /* sent since the last look */
	struct rig_sent sent[RIG_SENT];
	char nonce[8][STUN_NONCE_BYTES]; /* of each client */
	uint8_t nonce_len[8];
};

static inline struct relay_addr rig_addr(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(slice_str(text), true, &a), 0);
	return relay_addr_of(&a);
}

static inline struct relay_flow rig_flow(unsigned client)
{
	struct relay_flow f = { .client = rig_addr("198.18.0.1:4000"),
				.local = rig_addr("9.9.9.9:3478"),
				.transport = RELAY_UDP };
	/* clients 4 and 5 come by TCP, 6 and 7 with frames of MS-TURN */
	if (client >= 4)
		f.transport = client < 6 ? RELAY_TCP : RELAY_MS_TCP;
	f.client.port = (uint16_t)(f.client.port + client);
	f.client.ip[3] += client == RIG_ELSEWHERE;
	return f;
}

static inline int rig_open(void *arg, struct relay_port *port,
			   const struct relay_addr *at, void **io)
{
	struct rig *g = arg;
	size_t unused = RIG_PORTS;
	if (g->open_error)
		return g->open_error;
	for (size_t i = 0; i < RIG_PORTS; i++) {
		if (!g->port[i].open && unused == RIG_PORTS)
			unused = i;
		if (g->port[i].open && relay_addr_equal(&g->port[i].at, at))
			return -EADDRINUSE;
	}
	assert_true(unused < RIG_PORTS);
	g->port[unused] = (struct rig_port){ port, *at, true };
	g->open++;
	*io = &g->port[unused];
	return 0;
}

static inline void rig_close(void *arg, void *io)
{
	struct rig *g = arg;
	struct rig_port *p = io;
	assert_true(p->open);
	p->open = false;
	g->open--;
}

static inline struct rig_sent *rig_keep(struct rig *g,
					const struct relay_out *out)
{
	struct rig_sent *s = &g->sent[g->count++ % RIG_SENT];
	assert_true(out->bytes.len <= RIG_BYTES);
	*s = (struct rig_sent){ .out = *out, .len = out->bytes.len };
	memcpy(s->bytes, out->bytes.ptr, s->len);
	return s;
}

static inline void rig_to_client(void *arg, const struct relay_flow *to,
				 const struct relay_out *out)
{
	rig_keep(arg, out)->flow = *to;
}

static inline void rig_to_peer(void *arg, void *io,
			       const struct relay_addr *peer,
			       const struct relay_out *out)
{
	const struct rig_port *p = io;
	struct rig_sent *s = rig_keep(arg, out);
	assert_true(p->open);
	s->to_peer = true;
	s->from = p->at;
	s->peer = *peer;
}

static inline void rig_hang_up(void *arg, const struct relay_flow *flow)
{
	struct rig *g = arg;
	(void)flow;
	g->hung_up++;
}

static inline uint64_t rig_now_s(void *arg)
{
	const struct rig *g = arg;
	return 1700000000 + g->now_ms / 1000;
}

static inline int rig_sink(void *arg, struct slice line)
{
	(void)arg;
	(void)line;
	return 0;
}

static inline void rig_conf(struct rig *g)
{
	g->users[0] =
		(struct relay_user){ SLICE_LIT("alice"), SLICE_LIT("secret") };
	g->users[1] =
		(struct relay_user){ SLICE_LIT("bob"), SLICE_LIT("other") };
	addr_parse_host(SLICE_LIT("9.9.9.9"), 0, &g->own[0]);
	g->conf = (struct relay_conf){
		.realm = SLICE_LIT("edge.test"),
		.port_first = 50000,
		.port_last = 50999,
		.own = g->own,
		.own_count = 1,
		.users = g->users,
		.user_count = 2,
		.permissions_max = RELAY_PERMISSIONS,
		.channels_max = RELAY_CHANNELS,
		.lifetime_default_s = RELAY_LIFETIME_S,
		.lifetime_max_s = RELAY_LIFETIME_MAX_S,
	};
	addr_parse_host(SLICE_LIT("9.9.9.9"), 0, &g->conf.relay[0]);
	addr_parse_host(SLICE_LIT("2a00::9"), 0, &g->conf.relay[1]);
}

static inline void rig_apply(struct rig *g)
{
	static const uint8_t key[STUN_NONCE_KEY_BYTES] = { 1, 2, 3 };
	relay_configure(g->relay, &g->conf, &g->secrets, key);
}
