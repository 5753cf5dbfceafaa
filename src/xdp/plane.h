/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory that the kernel's fast path and the relay processes share: each
 * region is one memory-mapped array of the kernel. The program in the kernel
 * reads what user space wrote, and writes counters and buckets; nothing here
 * needs a system call. Times are milliseconds of CLOCK_MONOTONIC; ports,
 * channels and addresses are in network byte order. For BPF too: no libc.
 *
 *	control	written by the supervisor
 *	beats	one line for each relay process: until when it is taken as alive
 *	index	hash of both directions' keys; entries are taken by one atomic
 *		exchange, so all relay processes write it
 *	slots	bindings; each relay process has its own part
 *	hops	next hops; each relay process has its own part
 *	purses	bandwidth of an allocation; each process has its own part
 *	cells	bandwidth of users, sources and all; index as in relay/cells.h
 *	counts	reasons, one row for each CPU; written by the program alone
 */
#pragma once

#include <stdint.h>

enum {
	PLANE_SLOTS = 65536,
	PLANE_BUCKETS = 32768,
	PLANE_WAYS = 8,
	PLANE_HOPS = 4096,
	PLANE_PURSES = 65536,
	PLANE_CELLS = 16384,
	PLANE_SHARED = 3,   /* cells that an allocation pays from */
	PLANE_COLUMNS = 64, /* relay processes */
	PLANE_LISTENERS = 4,
	PLANE_DEVICES = 32,
	PLANE_PACKET_BITS = 28,
};
#define PLANE_NONE UINT32_MAX

enum plane_reason {
#define REASON(ID, name, what) PLANE_##ID,
#include "xdp/reasons.tbl"
#undef REASON
	PLANE_REASONS
};

enum plane_region {
	PLANE_R_CONTROL,
	PLANE_R_BEATS,
	PLANE_R_INDEX,
	PLANE_R_SLOTS,
	PLANE_R_HOPS,
	PLANE_R_PURSES,
	PLANE_R_CELLS,
	PLANE_R_COUNTS,
	PLANE_REGIONS
};

/* now_ms = base_ms + ((jiffies - base_jiffies) * scale >> 24) */
struct plane_control {
	uint32_t on;
	uint32_t slots_each; /* of a relay process */
	uint64_t seed;
	uint64_t base_jiffies, base_ms, scale;
	uint16_t listen[PLANE_LISTENERS]; /* network order; 0: none */
	uint16_t first, last;             /* relay ports, host order */
	uint32_t devices;                 /* how many of the following */
	uint64_t spare;
	uint32_t device[PLANE_DEVICES]; /* that the program is on */
};

struct plane_beat {
	_Alignas(64) uint64_t until_ms;
};

/* tag in the upper half, slot + 1 in the lower one; 0: free. */
struct plane_bucket {
	_Alignas(64) uint64_t word[PLANE_WAYS];
};

enum plane_state { PLANE_FREE, PLANE_FILLING, PLANE_LIVE, PLANE_CLOSING };
/* OURS: the peer is a relayed address of this relay. */
enum plane_flag { PLANE_CLIENT6 = 1, PLANE_PEER6 = 2, PLANE_OURS = 4 };
/* To the peer; to the client; to him from a relayed address of ours, which no
 * packet of the wire may claim. */
enum { PLANE_UP, PLANE_DOWN, PLANE_INSIDE };

/* sum: bytes << 28 plus packets, one atomic addition for both; a difference of
 * fewer than 2^28 packets and 2^36 bytes tells them apart. */
struct plane_count {
	_Alignas(64) uint64_t sum;
	uint64_t last_ms;
	uint64_t dropped;
};

/* The two ends of a packet that comes in: client and local address on the
 * way up, peer and relay address on the way down. */
struct plane_ends {
	uint8_t from[16], to[16];
};

struct plane_slot {
	_Alignas(64) uint32_t state;
	uint32_t generation;
	uint64_t expires_ms[2];
	uint16_t flags;
	uint16_t channel;    /* 0: raw */
	uint16_t port[2][2]; /* [way][from, to] */
	uint32_t hop[2];
	uint32_t purse;    /* PLANE_NONE: no cap */
	uint16_t delta[2]; /* of the UDP checksum */
	uint16_t part[2];  /* of it what the addresses and UDP give */
	_Alignas(64) struct plane_ends ends[2];
	struct plane_count count[2];
};

/* sequence is odd while the row is written. */
struct plane_hop {
	_Alignas(64) uint32_t sequence;
	uint32_t valid;
	uint32_t device;
	uint32_t mtu;
	uint16_t vlan; /* host order; 0: none */
	uint8_t to[6], from[6];
	uint16_t zero;
	uint64_t probe_ms; /* written by the program */
};

/* Virtual time as in relay/cells.h; scale: nanoseconds a byte << 20, 0: no
 * cap. */
struct plane_purse {
	_Alignas(64) uint64_t tat_ns[2];
	uint64_t port_scale, shared_scale[PLANE_SHARED];
	uint32_t cell[PLANE_SHARED]; /* PLANE_NONE: none */
};

struct plane_cell {
	uint64_t tat_ns;
};

struct plane_counts {
	_Alignas(64) uint64_t packets[PLANE_REASONS];
	uint64_t bytes[PLANE_REASONS];
};

_Static_assert(sizeof(struct plane_control) == 192, "no holes");
_Static_assert(sizeof(struct plane_slot) == 256, "no holes");
_Static_assert(sizeof(struct plane_hop) == 64, "one line");
enum { PLANE_BURST_NS = 1000000000, PLANE_PROBE_MS = 10000 };

static inline uint64_t plane_packets(uint64_t difference)
{
	return difference & ((UINT64_C(1) << PLANE_PACKET_BITS) - 1);
}

static inline uint64_t plane_bytes(uint64_t difference)
{
	return difference >> PLANE_PACKET_BITS;
}

/* ---- keys and their hash, the same on both sides ---- */

struct plane_key {
	uint64_t from[2], to[2];
	uint16_t port_from, port_to;
	uint16_t channel;
	uint16_t way;
};

struct plane_hash {
	uint32_t bucket[2];
	uint32_t tag; /* never 0 */
};

static inline uint64_t plane_mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static inline struct plane_hash plane_hash(uint64_t seed,
					   const struct plane_key *k)
{
	uint64_t ports = (uint64_t)k->port_from | (uint64_t)k->port_to << 16 |
			 (uint64_t)k->channel << 32 | (uint64_t)k->way << 48;
	uint64_t h = plane_mix(seed, ports);
	h = plane_mix(h, k->from[0]);
	h = plane_mix(h, k->to[0]);
	if (k->from[1] | k->to[1]) {
		h = plane_mix(h, k->from[1]);
		h = plane_mix(h, k->to[1]);
	}
	h = plane_mix(h, seed);
	uint64_t more = plane_mix(h, seed);
	struct plane_hash r = {
		.bucket = { (uint32_t)h % PLANE_BUCKETS,
			    (uint32_t)more % PLANE_BUCKETS },
		.tag = (uint32_t)(h >> 32) | 1,
	};
	return r;
}
