/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the system over netlink: which way a packet takes, a
 * neighbour's address, what a device is. The kernel answers within the call
 * that asks, so nothing here waits. Needs no privilege once it is open.
 * Addresses are in network order, IPv4 in the first four bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct asker {
	int fd; /* -1: closed */
	uint32_t sequence;
};

/* groups: RTMGRP_..., of which it is to be told; 0: none. */
int ask_open(struct asker *k, uint32_t groups);
void ask_close(struct asker *k);

struct ask_ends {
	uint8_t family; /* 4 or 6 */
	uint8_t from[16], to[16];
};
struct ask_route {
	uint32_t device;
	uint8_t family;
	uint8_t via[16]; /* the gateway, or the destination itself */
	uint32_t mtu;    /* of the route; 0: the device's */
};
/* -EHOSTUNREACH: no single way of unicast. */
int ask_route(struct asker *k, const struct ask_ends *w, struct ask_route *out);
/* -ENOENT: none that could be used now. */
int ask_neighbour(struct asker *k, const struct ask_route *on, uint8_t mac[6]);

struct ask_device {
	uint8_t mac[6];
	uint16_t vlan;  /* host order, 0: it is no VLAN */
	uint32_t below; /* the device that the VLAN is on */
	uint32_t mtu;
};
/* -ENETDOWN: not of Ethernet, or not up. */
int ask_device(struct asker *k, uint32_t device, struct ask_device *out);
