/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One relay process's part of the memory that the kernel's fast path reads
 * (plane.h): bindings, next hops, buckets. Plain memory: no system call, no
 * clock. One thread. What an earlier process of the same column left behind is
 * wiped when its successor comes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "xdp/plane.h"

struct table;

struct plane_regions {
	void *at[PLANE_REGIONS];
};

/* Of one region; counts: for that many CPUs. */
size_t plane_region_bytes(enum plane_region r, uint32_t cpus);
const char *plane_reason_name(enum plane_reason r);
/* PASS, DROP or SENT? */
bool plane_reason_sent(enum plane_reason r);

/* Prepares the region of control for that many relay processes. */
void plane_init(struct plane_control *c, uint32_t columns, uint64_t seed);

/* regions stay the caller's, mapped until table_free(). -ENOMEM. */
int table_create(struct table **out, const struct plane_regions *regions,
		 uint32_t column);
/* Nothing of ours is left in the kernel's sight; tolerates NULL. */
void table_free(struct table *t);
/* Our bindings count until then. */
void table_beat(struct table *t, uint64_t until_ms);
/* Wipes the part of a process that is gone. */
void table_wipe(const struct plane_regions *regions, uint32_t column);

/* One end of a binding, addresses and ports in network order. */
struct table_end {
	uint8_t ip[16]; /* IPv4: the first four, the rest zero */
	uint16_t port;
};
struct table_binding {
	struct table_end client, local, peer, relay;
	bool client6, peer6;
	bool hairpin;     /* the peer is a relayed address of ours */
	uint16_t channel; /* 0: raw */
	uint32_t purse;
	uint32_t hop[2];
	uint64_t expires_ms[2];
};
/* Publishes it; all of it is looked up from now on. -ENOSPC. */
int table_add(struct table *t, const struct table_binding *b, uint64_t now_ms,
	      uint32_t *slot);
/* The slot is not used again for more than a second. */
void table_remove(struct table *t, uint32_t slot, uint64_t now_ms);
void table_expires(struct table *t, uint32_t slot, uint64_t up_ms,
		   uint64_t down_ms);
void table_set_hop(struct table *t, uint32_t slot, uint32_t way, uint32_t hop);
struct plane_slot *table_slot(struct table *t, uint32_t slot);
size_t table_count(const struct table *t);
/* Is the program on that device? */
bool table_has_device(const struct table *t, uint32_t device);

/* Bandwidth, in kbit/s; 0: no cap. cell: an index, or PLANE_NONE. */
struct table_caps {
	uint32_t port_kbit;
	struct {
		uint32_t kbit, cell;
	} shared[PLANE_SHARED];
};
int table_purse(struct table *t, const struct table_caps *caps,
		uint32_t *purse);
void table_purse_caps(struct table *t, uint32_t purse,
		      const struct table_caps *caps);
void table_purse_free(struct table *t, uint32_t purse);
uint64_t *table_purse_tat(struct table *t, uint32_t purse);
/* May these bytes pass that cell now? Counts them if so. */
bool table_cell_pass(struct table *t, uint32_t cell, uint64_t now_ns,
		     size_t bytes, uint32_t kbit);

/* Rows of next hops: made invalid, then set and set again. */
struct table_hop {
	uint32_t device, mtu;
	uint16_t vlan;
	uint8_t to[6], from[6];
	bool valid;
};
int table_hop(struct table *t, uint32_t *row); /* -ENOSPC */
void table_hop_set(struct table *t, uint32_t row, const struct table_hop *h);
void table_hop_free(struct table *t, uint32_t row);
