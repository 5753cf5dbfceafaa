/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bindings: what a packet needs in order to be relayed, found by one look-up
 * in each direction. In the form of the kernel's fast path, four cache lines
 * a binding: what every packet reads, the addresses, and a line of counters
 * for each direction. Ports and channel are in network byte order.
 */
#pragma once

#include "relay/relay.h"

struct relay_alloc;

#define SLOT_NONE UINT32_MAX
enum slot_state { SLOT_FREE, SLOT_LIVE };
enum slot_flag {
	SLOT_CLIENT6 = 1 << 0,
	SLOT_PEER6 = 1 << 1,
	SLOT_RAW = 1 << 2, /* no channel header: MS-TURN's active peer */
};

struct slot_count {
	_Alignas(64) uint64_t packets;
	uint64_t bytes;
	uint64_t last_ms;
	uint64_t dropped;
};

struct relay_slot {
	_Alignas(64) uint32_t state;
	uint32_t generation;
	uint64_t up_expires_ms;   /* of the binding */
	uint64_t down_expires_ms; /* of binding and permission */
	uint16_t flags;
	uint16_t channel; /* 0: raw */
	uint16_t client_port, local_port, relay_port, peer_port;
	uint8_t transport;
	uint32_t fast; /* its slot in the kernel (fast.h), or SLOT_NONE */
	_Alignas(64) uint8_t client[16];
	uint8_t local[16], relay[16], peer[16];
	struct slot_count up, down;
};

struct slots;

int slots_create(struct slots **out);
void slots_free(struct slots *s);

/* A LIVE slot for these ends; its expiries are the caller's to set. -ENOMEM;
 * both look-ups must not have it yet. channel in host order, 0: raw. */
struct slot_ends {
	const struct relay_flow *flow;
	struct relay_addr relay, peer;
	uint16_t channel;
};
int slots_add(struct slots *s, const struct slot_ends *ends,
	      struct relay_alloc *owner, uint32_t *index);
/* The client has another 5-tuple now. */
void slots_move(struct slots *s, uint32_t index, const struct relay_flow *flow);
void slots_remove(struct slots *s, uint32_t index);
struct relay_slot *slots_at(struct slots *s, uint32_t index);
struct relay_alloc *slots_owner(struct slots *s, uint32_t index);
struct relay_addr slots_peer(const struct relay_slot *x);
/* SLOT_NONE when there is none. */
uint32_t slots_up(struct slots *s, const struct relay_flow *flow,
		  uint16_t channel);
uint32_t slots_down(struct slots *s, const struct relay_addr *relay,
		    const struct relay_addr *peer);
/* The bindings of one allocation are a chain: its head is the owner's. */
uint32_t slots_next(struct slots *s, uint32_t index);
void slots_set_next(struct slots *s, uint32_t index, uint32_t next);
