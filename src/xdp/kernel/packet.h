/* SPDX-License-Identifier: Apache-2.0 */
/* A packet on its way through the program: what was found, what will be done,
 * and how memory is read. Part of xdp/forward.h. */
#pragma once

#include "xdp/plane.h"

enum {
	ETH_BYTES = 14,
	VLAN_BYTES = 4,
	V4_BYTES = 20,
	V6_BYTES = 40,
	UDP_BYTES = 8,
	CHANNEL_BYTES = 4,
	MS_MARK_AT = 20,
	MS_MARK_END = 28,
	PACKET_LEN_MAX = 9216, /* one buffer is no longer */
	TYPE_V4 = 0x0800,
	TYPE_V6 = 0x86dd,
	TYPE_VLAN = 0x8100,
	PROTOCOL_UDP = 17,
	FIXED_POINT = 20,
};

#define FWD static __attribute__((always_inline)) inline
/* The verifier sees a mask only where the compiler cannot prove it needless. */
#define OPAQUE(x) __asm__ volatile("" : "+r"(x))

FWD uint16_t net16(uint16_t x)
{
	return __builtin_bswap16(x);
}

/* The kernel's frames may be read at any address; ordinary C has to ask. */
#ifdef __bpf__
#define GET(type, p, v) ((v) = *(const type *)(const void *)(p))
#define PUT(type, p, v) (*(type *)(void *)(p) = (v))
#else
#define GET(type, p, v) __builtin_memcpy(&(v), (p), sizeof(type))
#define PUT(type, p, v) __builtin_memcpy((p), &(v), sizeof(type))
#endif

FWD uint16_t get16(const uint8_t *p)
{
	uint16_t v;
	GET(uint16_t, p, v);
	return v;
}

FWD uint32_t get32(const uint8_t *p)
{
	uint32_t v;
	GET(uint32_t, p, v);
	return v;
}

FWD void put16(uint8_t *p, uint16_t v)
{
	PUT(uint16_t, p, v);
}

FWD void put32(uint8_t *p, uint32_t v)
{
	PUT(uint32_t, p, v);
}

/* What was found; addresses and ports stand in the key. */
struct packet {
	struct plane_key key;
	uint8_t *payload;
	uint32_t len;   /* of the payload */
	uint32_t heads; /* bytes in front of it */
	uint32_t six;
	uint16_t csum;
	uint8_t ttl, tos;
	uint32_t frame; /* bytes of IP, for counting */
};

/* What will be done. */
struct plan {
	struct plane_slot *slot;
	struct plane_slot *first; /* hairpin: the sender's, slot is the other */
	struct plane_hop hop;
	uint32_t way;
	uint32_t six;  /* goes out as */
	uint32_t skip; /* bytes in front of the data that go */
	uint32_t data; /* bytes of it */
	uint32_t surplus;
	uint32_t channel_head; /* is put in front */
	uint16_t csum;
	uint8_t ttl, tos;
};

FWD uint32_t plan_length(const struct plan *d)
{
	return (d->six ? V6_BYTES : V4_BYTES) + UDP_BYTES +
	       (d->channel_head ? CHANNEL_BYTES : 0) + d->data;
}
