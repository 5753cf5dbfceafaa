/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port table as firewall rules: everything else is dropped. For the edge
 * host itself, or for a firewall in front of it, which forwards. Each rule
 * carries the id of its row as a comment, and a counter. Loading the result
 * twice is harmless.
 */
#pragma once

#include "ports/ports.h"

enum firewall_format {
	FIREWALL_NFTABLES,  /* nft -f */
	FIREWALL_IPTABLES,  /* iptables-restore: IPv4 */
	FIREWALL_IP6TABLES, /* ip6tables-restore: IPv6 */
	FIREWALL_FIREWALLD, /* a shell script of firewall-cmd --permanent */
	FIREWALL_UFW        /* a shell script of ufw */
};

/* How administrators reach the host; kept open. */
struct firewall_ssh {
	uint16_t port; /* 0: none */
	struct addr_prefix from;
	bool from_any;
};

/* A partner's addresses as they were looked up. */
struct firewall_snapshot {
	const struct addr *partner; /* with any port */
	size_t count;
	const char *time; /* of the look-up, for people */
};

struct firewall_options {
	enum firewall_format format;
	bool perimeter; /* for a firewall in front; nftables, iptables */
	struct firewall_ssh ssh;
	/* Perimeter: the edge host's addresses, when rows name none. */
	const struct addr *edge;
	size_t edge_count;
	const struct firewall_snapshot *strict; /* NULL: partners from anywhere
						 */
};

enum { FIREWALL_ERROR_MAX = 256 };

/* "nftables", "iptables", "ip6tables", "firewalld", "ufw"; -EINVAL. */
int firewall_format_parse(struct slice text, enum firewall_format *out);
/* "22", "22,192.0.2.0/24", "none"; -EINVAL. */
int firewall_ssh_parse(struct slice text, struct firewall_ssh *out);
/* Appends the rules. 0; -EINVAL with error set: what is asked for cannot be
 * said in that format, or the edge's addresses are missing; -ENOMEM. */
int firewall_print(struct buf *out, const struct ports_table *t,
		   const struct firewall_options *o,
		   char error[static FIREWALL_ERROR_MAX]);
