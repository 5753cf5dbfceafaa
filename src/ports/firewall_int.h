/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between firewall.c, which turns rows into flat rules, and the formats, which
 * write them down.
 */
#pragma once

#include "ports/firewall.h"

enum { FIREWALL_ADDRESSES_MAX = 256 };

/* One family of one row: addresses are of that family; none: any. */
struct rule {
	const struct ports_row *row;
	bool inward;
	sa_family_t family;
	const struct addr *source, *destination;
	size_t source_count, destination_count;
};

struct rules {
	const struct rule *row;
	size_t count;
	const struct firewall_options *o;
};

typedef void (*firewall_fn)(struct buf *out, const struct rules *r);
void nft_print(struct buf *out, const struct rules *r);
void iptables_print(struct buf *out, const struct rules *r);
void firewalld_print(struct buf *out, const struct rules *r);
void ufw_print(struct buf *out, const struct rules *r);

/* "tcp" or "udp" */
const char *rule_transport(const struct rule *r);
void rule_ports(struct buf *out, struct ports_range p, const char *dash);
/* A port range that says nothing. */
bool range_open(struct ports_range p);
void put_host(struct buf *out, const struct addr *a);
void put_prefix(struct buf *out, const struct addr_prefix *p);
